"""How the signing keys follow each other.

A new key signs from now on; the ones before verify until nothing that they signed can be good any
more. A key's id says when it began to sign, `k<seconds since 1970>`, and so when the one before
ended. The very first, `k1`, is older than all.
"""

from __future__ import annotations

import json
from itertools import pairwise

from hooks.core.errors import ContractError
from hooks.core.job_settings import MAX_LIFETIME_SECONDS
from hooks.core.task_token import SigningKeys

RETIREMENT_SECONDS = MAX_LIFETIME_SECONDS + 24 * 3600
"""How long a key verifies after it signed last: as long as a grant may be good, and a day for
functions that still had it in memory."""


def add_key(secret: str, new_key: str, now: float) -> str:
    """The secret with one more key, which signs from now on, and without those that have retired.

    Raises:
        ContractError: the secret or the key cannot be used.
    """
    keys = SigningKeys.from_secret(secret)
    new_id = f"k{int(now)}"
    if new_id in keys.keys:
        raise ContractError("signing key", f"there is a key {new_id} already.")
    by_age = [*sorted(keys.keys, key=_began), new_id]
    kept = {
        key_id: keys.keys[key_id].decode()
        for key_id, successor in pairwise(by_age)
        if _began(successor) + RETIREMENT_SECONDS > now
    }
    rotated = json.dumps({"current": new_id, **kept, new_id: new_key})
    SigningKeys.from_secret(rotated)
    return rotated


def _began(key_id: str) -> int:
    digits = key_id.removeprefix("k")
    if not digits.isdecimal():
        raise ContractError("signing key", f'"{key_id}" is no id of a key: k and a number.')
    return int(digits)
