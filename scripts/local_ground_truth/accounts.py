"""Who is who: workers by name and pass code, the requester by a code, sessions by cookie.

On this machine alone a pass code is a worker's choice: whoever sits here may use any name that
has none. Where the local network reaches the portal, every worker has one; a name is new only to
somebody with the invitation, which the requester hands out.

Hashes and sessions last; counted failures and the requester's own codes are those of one run.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import threading
import unicodedata
from dataclasses import dataclass
from typing import NoReturn

from hooks.core.errors import FewclickError
from scripts.local_ground_truth.attempt_limit import AttemptLimit
from scripts.local_ground_truth.database import Database
from scripts.local_ground_truth.pass_codes import (
    check_pass_code,
    hash_pass_code,
    is_pass_code,
    make_pass_code,
)

MAX_NAME_CHARACTERS = 64
SESSION_SECONDS = 30 * 24 * 3600.0
FREE_ATTEMPTS, FREE_ATTEMPTS_OF_AN_ADDRESS = 5, 30
REQUESTER = "the requester"
WRONG = "Name and pass code do not go together."
WRONG_IN_NETWORK = f"{WRONG} For a new name, the invitation is needed."
"""The same for names that there are and for others: whoever asks learns neither."""


class SignInError(FewclickError):
    """Somebody cannot be let in; the message is for them, `status` is HTTP's."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Account:
    """A worker as the requester sees them; times are seconds since 1970."""

    name: str
    has_pass_code: bool
    created_at: float
    signed_in_at: float | None


class Accounts:
    """Every method is one transaction.

    Args:
        in_network: whether other machines reach the portal, so that pass codes are needed.

    Attributes:
        invitation: what a new worker needs in the network; "" where none is needed.
        requester_code: opens the requester's pages in this run.
    """

    def __init__(self, database: Database, *, in_network: bool) -> None:
        self._database = database
        self.in_network = in_network
        self.invitation = make_pass_code() if in_network else ""
        self.requester_code = make_pass_code()
        self._by_name = AttemptLimit(FREE_ATTEMPTS)
        self._by_address = AttemptLimit(FREE_ATTEMPTS_OF_AN_ADDRESS)
        # Each hash takes 16 MiB: a crowd of guesses waits, and costs no more than one at a time.
        self._hashing = threading.Lock()

    def sign_in(
        self, name: str, pass_code: str, invitation: str, *, address: str, now: float
    ) -> str:
        """The token of a new session of a worker.

        Args:
            address: where the request came from, to count failures by.

        Raises:
            SignInError: name, pass code or invitation is not right, or too many were not.
            PassCodeError: a new worker's pass code is too short or too long.
        """
        name = clean_name(name)
        key = name.casefold()
        self._check_limits(key, address, now)
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT pass_code FROM workers WHERE name_key = ?", (key,)
            ).fetchone()
        stored = None if row is None else row["pass_code"]
        if stored is not None:
            with self._hashing:
                right = is_pass_code(pass_code, stored)
            if not right:
                self._fail(key, address, now, WRONG_IN_NETWORK if self.in_network else WRONG)
        else:
            stored = self._admit(key, pass_code, invitation, address, now)
        self._by_name.succeeded(f"{key}\n{address}")
        token = secrets.token_urlsafe(32)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO workers (name_key, name, pass_code, created_at, signed_in_at)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT (name_key) DO UPDATE"
                " SET pass_code = COALESCE(workers.pass_code, excluded.pass_code),"
                " signed_in_at = excluded.signed_in_at",
                (key, name, stored, now, now),
            )
            _open_session(connection, token, key, now)
        return token

    def sign_in_requester(self, code: str, *, address: str, now: float) -> str:
        """The token of a new session of the requester. Raises SignInError."""
        self._check_limits(REQUESTER, address, now)
        if not _equal(code.strip().lower(), self.requester_code):
            self._fail(REQUESTER, address, now, "This is not the requester's pass code.")
        self._by_name.succeeded(f"{REQUESTER}\n{address}")
        token = secrets.token_urlsafe(32)
        with self._database.transaction() as connection:
            _open_session(connection, token, None, now)
        return token

    def worker(self, token: str, now: float) -> str | None:
        """The name of the worker whose session it is; None if it is none's."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT w.name, w.pass_code FROM sessions AS s"
                " JOIN workers AS w ON w.name_key = s.name_key"
                " WHERE s.token_hash = ? AND s.expires_at > ?",
                (_hash(token), now),
            ).fetchone()
        if row is None or (self.in_network and row["pass_code"] is None):
            return None
        return str(row["name"])

    def is_requester(self, token: str, now: float) -> bool:
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT 1 FROM sessions WHERE token_hash = ? AND name_key IS NULL"
                " AND expires_at > ?",
                (_hash(token), now),
            ).fetchone()
        return row is not None

    def sign_out(self, token: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM sessions WHERE token_hash = ?", (_hash(token),))

    def give_pass_code(self, name: str, now: float) -> str:
        """A new pass code for a worker, who may be new; it ends the worker's sessions.

        Raises:
            SignInError: the name cannot be one.
        """
        name = clean_name(name)
        key, code = name.casefold(), make_pass_code()
        with self._hashing:
            stored = hash_pass_code(code)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO workers (name_key, name, pass_code, created_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (name_key) DO UPDATE SET pass_code = excluded.pass_code",
                (key, name, stored, now),
            )
            connection.execute("DELETE FROM sessions WHERE name_key = ?", (key,))
        return code

    def all(self) -> list[Account]:
        """Every worker, by name."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM workers ORDER BY name_key").fetchall()
        return [
            Account(
                row["name"], row["pass_code"] is not None, row["created_at"], row["signed_in_at"]
            )
            for row in rows
        ]

    def _admit(
        self, key: str, pass_code: str, invitation: str, address: str, now: float
    ) -> str | None:
        """The hash to keep for a name that has no pass code yet; None for none."""
        if self.in_network and not _equal(invitation.strip().lower(), self.invitation):
            with self._hashing:
                hash_pass_code(pass_code)  # takes as long as a name that there is
            self._fail(key, address, now, WRONG_IN_NETWORK)
        if not pass_code and not self.in_network:
            return None
        check_pass_code(pass_code)
        with self._hashing:
            return hash_pass_code(pass_code)

    def _check_limits(self, key: str, address: str, now: float) -> None:
        wait = max(
            self._by_name.seconds_to_wait(f"{key}\n{address}", now),
            self._by_address.seconds_to_wait(address, now),
        )
        if wait > 0:
            seconds = int(wait) + 1
            raise SignInError(f"Too many attempts. Try again in {seconds} seconds.", 429)

    def _fail(self, key: str, address: str, now: float, message: str) -> NoReturn:
        self._by_name.failed(f"{key}\n{address}", now)
        self._by_address.failed(address, now)
        raise SignInError(message, 403)


def clean_name(name: str) -> str:
    """A name in one spelling. Raises SignInError if it cannot be one."""
    cleaned = " ".join(unicodedata.normalize("NFC", name).split())
    if not 0 < len(cleaned) <= MAX_NAME_CHARACTERS:
        raise SignInError(f"A name has 1 to {MAX_NAME_CHARACTERS} characters.", 400)
    if any(unicodedata.category(character) in ("Cc", "Cf") for character in cleaned):
        raise SignInError("A name has letters, not invisible characters.", 400)
    return cleaned


def _open_session(connection: sqlite3.Connection, token: str, key: str | None, now: float) -> None:
    connection.execute("DELETE FROM sessions WHERE expires_at <= ?", (now,))
    connection.execute(
        "INSERT INTO sessions (token_hash, name_key, expires_at) VALUES (?, ?, ?)",
        (_hash(token), key, now + SESSION_SECONDS),
    )


def _hash(token: str) -> str:
    """The token has 256 random bits, so that a plain hash cannot be turned back."""
    return hashlib.sha256(token.encode()).hexdigest()


def _equal(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())
