"""Whoever guesses waits longer and longer; whoever is right goes on at once."""

from __future__ import annotations

from scripts.local_ground_truth.attempt_limit import LONGEST_PAUSE_SECONDS, MAX_KEYS, AttemptLimit


def fail(limit: AttemptLimit, times: int, key: str = "ann", now: float = 0.0) -> float:
    for _ in range(times):
        limit.failed(key, now)
    return limit.seconds_to_wait(key, now)


def test_the_first_failures_cost_nothing_and_further_ones_double() -> None:
    limit = AttemptLimit(free=3)
    assert fail(limit, 2) == 0
    assert fail(limit, 1) == 2
    assert fail(limit, 1) == 4
    assert fail(limit, 1) == 8
    assert limit.seconds_to_wait("ann", 5.0) == 3
    assert limit.seconds_to_wait("bob", 0.0) == 0


def test_no_pause_is_longer_than_the_longest_and_all_end() -> None:
    limit = AttemptLimit(free=3)
    assert fail(limit, 200) == LONGEST_PAUSE_SECONDS
    assert limit.seconds_to_wait("ann", LONGEST_PAUSE_SECONDS) == 0


def test_success_and_time_make_a_new_start() -> None:
    limit = AttemptLimit(free=3)
    fail(limit, 5)
    limit.succeeded("ann")
    assert fail(limit, 2) == 0
    fail(limit, 5)
    assert fail(limit, 1, now=3 * LONGEST_PAUSE_SECONDS) == 0


def test_a_flood_of_names_takes_no_more_memory_than_that() -> None:
    limit = AttemptLimit(free=3)
    for number in range(MAX_KEYS + 10):
        limit.failed(str(number), 0.0)
    assert len(limit._failures) == MAX_KEYS
