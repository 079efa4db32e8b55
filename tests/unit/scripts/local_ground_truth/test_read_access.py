"""Links stay the same for a while, and never until they expire."""

from __future__ import annotations

from itertools import count

from scripts.local_ground_truth.read_access import REUSED_SECONDS, ReadAccess


def test_a_link_is_given_again_until_it_gets_old() -> None:
    now, number = [0.0], count()
    access = ReadAccess(lambda address: f"{address}?{next(number)}", lambda: now[0])
    assert access("s3://b/1") == "s3://b/1?0"
    now[0] = REUSED_SECONDS - 1
    assert access("s3://b/1") == "s3://b/1?0"
    assert access("s3://b/2") == "s3://b/2?1"
    now[0] = REUSED_SECONDS
    assert access("s3://b/1") == "s3://b/1?2"
