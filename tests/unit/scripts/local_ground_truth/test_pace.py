"""How fast answers come, and when a job will be done at that pace."""

from __future__ import annotations

import pytest

from scripts.local_ground_truth.pace import (
    Answered,
    by_worker,
    per_hour,
    seconds_left,
    seconds_per_answer,
)

HOUR = 3600.0


def answers(worker: str, *times: tuple[float, float]) -> list[Answered]:
    return [Answered(worker, accepted, submitted) for accepted, submitted in times]


def test_the_rate_is_that_of_the_last_hour() -> None:
    night_before = answers("ann", *((t, t + 60) for t in range(0, 600, 60)))
    this_morning = answers("ann", *((9 * HOUR + t, 9 * HOUR + t + 60) for t in range(0, 1800, 60)))
    assert per_hour(night_before + this_morning, 10 * HOUR - 1) == 30
    assert per_hour(night_before, 10 * HOUR) == 0


def test_a_job_that_has_just_begun_is_measured_from_its_beginning() -> None:
    assert per_hour(answers("ann", (0, 60), (60, 120)), 120) == 60
    assert per_hour(answers("ann", (0, 1)), 2) == 60  # not 1800: one answer says little


def test_the_forecast_is_the_rest_at_that_rate() -> None:
    assert seconds_left(30, 60) == 1800
    assert seconds_left(0, 0) == 0
    assert seconds_left(30, 0) is None


def test_a_coffee_break_does_not_move_the_typical_time() -> None:
    times = answers("ann", (0, 30), (30, 70), (70, 4000))
    assert seconds_per_answer(times) == 40
    assert seconds_per_answer([]) is None


def test_workers_come_with_their_pace_and_their_reasons() -> None:
    done = answers("bob", (0, 10)) + answers("Ann", (0, 20), (20, 60))
    given_back = [("bob", "too dark"), ("bob", "too dark"), ("cyd", "")]
    ann, bob, cyd = by_worker(done, given_back, 3600)
    assert (ann.worker, ann.answers, ann.seconds, ann.last_at) == ("Ann", 2, 30, 60)
    assert ann.per_hour == pytest.approx(2)
    assert bob.given_back == {"too dark": 2}
    assert (cyd.answers, cyd.seconds, cyd.last_at, cyd.given_back) == (0, None, None, {"": 1})
