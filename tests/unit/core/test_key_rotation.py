"""How signing keys follow each other, and when the old ones go."""

from __future__ import annotations

import base64
import json

import pytest

from hooks.core.errors import ContractError
from hooks.core.key_rotation import RETIREMENT_SECONDS, add_key
from hooks.core.task_token import SigningKeys, TaskGrant

FIRST = json.dumps({"current": "k1", "k1": "a" * 64})
MONTH = 30 * 24 * 3600
NOW = 1_800_000_000


def test_a_new_key_signs_and_the_one_before_verifies() -> None:
    grant = TaskGrant("pets", "ab", "s3://b/a.jpg", NOW + MONTH)
    before = SigningKeys.from_secret(FIRST)
    after = SigningKeys.from_secret(add_key(FIRST, "b" * 64, NOW))
    assert (after.current, sorted(after.keys)) == (f"k{NOW}", ["k1", f"k{NOW}"])
    assert TaskGrant.verify(grant.mint(before), after, NOW) == grant
    assert not before.know(grant.mint(after))


def test_no_grant_ends_before_its_time_because_of_a_rotation() -> None:
    """Whatever was signed verifies until it ends, however many rotations come between."""
    secret, now = FIRST, NOW
    signed = []
    for number in range(8):
        keys = SigningKeys.from_secret(secret)
        ends = now + RETIREMENT_SECONDS - 24 * 3600 - 1
        signed.append(TaskGrant("pets", str(number), "s3://b/a.jpg", ends).mint(keys))
        now += MONTH // 3
        secret = add_key(secret, chr(98 + number) * 64, now)
        for grant in signed:
            # Functions may have the keys of some minutes ago.
            with_this = SigningKeys.from_secret(secret)
            if grant_ends(grant) > now:
                TaskGrant.verify(grant, with_this, now)


def grant_ends(grant: str) -> int:
    payload = grant.split(".")[1]
    ends: int = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"]
    return ends


def test_keys_whose_grants_have_all_ended_are_dropped() -> None:
    secret, now = FIRST, NOW
    for number in range(12):
        secret = add_key(secret, chr(98 + number) * 64, now)
        now += MONTH
    keys = SigningKeys.from_secret(secret)
    assert len(keys.keys) <= 4
    assert "k1" not in keys.keys
    assert max(keys.keys) == keys.current


@pytest.mark.parametrize(
    ("secret", "key", "problem"),
    [
        (FIRST, "short", "32 characters"),
        (json.dumps({"current": "main", "main": "a" * 64}), "b" * 64, '"main" is no id'),
        ("nonsense", "b" * 64, "signing key"),
        (json.dumps({"current": f"k{NOW}", f"k{NOW}": "a" * 64}), "b" * 64, "already"),
    ],
    ids=["a short key", "an id without a time", "no secret", "twice in a second"],
)
def test_what_cannot_be_rotated_is_left_alone(secret: str, key: str, problem: str) -> None:
    with pytest.raises(ContractError, match=problem):
        add_key(secret, key, NOW)
