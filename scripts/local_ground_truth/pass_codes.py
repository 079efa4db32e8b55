"""Pass codes: made, checked in constant time, and stored as salted scrypt hashes alone."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from hooks.core.errors import FewclickError

MIN_CHARACTERS = 6
MAX_CHARACTERS = 200
LOG2_COST, BLOCK_SIZE, LANES = 14, 8, 1
"""16 MiB and some 50 ms for each guess; see RFC 7914."""
SALT_BYTES = 16
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
"""No letters that are taken for digits when a code is read out."""


class PassCodeError(FewclickError):
    """A pass code that cannot be one; the message is for the person who chose it."""


def check_pass_code(code: str) -> None:
    """Raises PassCodeError for a code that is too short or too long."""
    if not MIN_CHARACTERS <= len(code) <= MAX_CHARACTERS:
        raise PassCodeError(f"A pass code has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters.")


def make_pass_code() -> str:
    """Three times four characters, 59 bits: `k7qm-2xpd-w9rt`."""
    return "-".join("".join(secrets.choice(READABLE) for _ in range(4)) for _ in range(3))


def hash_pass_code(code: str) -> str:
    """`scrypt$14$8$1$<salt>$<hash>`, both in hexadecimal."""
    salt = secrets.token_bytes(SALT_BYTES)
    digest = _scrypt(code, salt, LOG2_COST, BLOCK_SIZE, LANES)
    return f"scrypt${LOG2_COST}${BLOCK_SIZE}${LANES}${salt.hex()}${digest.hex()}"


def is_pass_code(code: str, stored: str) -> bool:
    """Whether `code` is the one that `stored` was made of."""
    _, cost, block, lanes, salt, digest = stored.split("$")
    found = _scrypt(code, bytes.fromhex(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(found, bytes.fromhex(digest))


def _scrypt(code: str, salt: bytes, log2_cost: int, block_size: int, lanes: int) -> bytes:
    return hashlib.scrypt(code.encode(), salt=salt, n=2**log2_cost, r=block_size, p=lanes)
