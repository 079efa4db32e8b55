"""How low a mean may be: right in the long run, and in the limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hooks.core.active_learning.mean_bound import how_many_needed, is_above, lower_bound

VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(VALUES, st.sampled_from([None, 1, 10, 300]))
@settings(max_examples=30, deadline=None)
def test_the_bound_lies_below_the_mean(values: list[float], unseen: int | None) -> None:
    assert lower_bound(values, 0.05, unseen) <= np.mean(values) + 1e-6


@given(VALUES, st.floats(0.01, 0.95), st.floats(0.01, 0.2))
@settings(max_examples=60, deadline=None)
def test_a_mean_that_is_not_above_the_target_is_never_shown_to_be(
    values: list[float], target: float, error: float
) -> None:
    if np.mean(values) <= target:
        assert not is_above(values, target, error)


@given(VALUES)
@settings(max_examples=20, deadline=None)
def test_very_many_unseen_ones_are_a_population_without_end(values: list[float]) -> None:
    assert lower_bound(values, 0.05, 10_000_000) == pytest.approx(
        lower_bound(values, 0.05), abs=0.006
    )


def test_nothing_seen_shows_nothing_and_nothing_unseen_needs_nothing() -> None:
    assert not is_above([], 0.6, 0.05, 10)
    assert is_above([0.1], 0.6, 0.05, 0)


def test_a_bound_goes_on_from_what_was_found() -> None:
    values = np.random.default_rng(2).uniform(0.6, 1.0, 80).tolist()
    assert is_above(values, 0.6, 0.01, 200)
    bound = lower_bound(values, 0.01, 200, at_least=0.6)
    assert 0.7 < bound < np.mean(values)


def test_a_certain_number_of_perfect_values_is_enough_and_one_less_is_not() -> None:
    needed = how_many_needed(0.6, 0.05)
    assert needed is not None
    # The chance of so many is 0.6 to their power, if each is worth 1 or 0: no test needs fewer.
    assert 0.6**needed <= 0.05 < 0.6 ** (needed - 3)
    assert is_above([1.0] * needed, 0.6, 0.05)
    assert not is_above([1.0] * (needed - 1), 0.6, 0.05)


def test_no_number_of_values_that_do_not_reach_the_target_is_enough() -> None:
    assert how_many_needed(0.6, 0.05, like=(0.7, 0.4)) is None


@pytest.mark.parametrize("unseen", [15, 200])
@pytest.mark.parametrize("kind", ["all or nothing", "even", "a few failures"])
def test_values_at_the_target_pass_no_more_often_than_the_error_says(
    kind: str, unseen: int
) -> None:
    rng = np.random.default_rng(7)
    error, trials, passed = 0.1, 1500, 0
    for _ in range(trials):
        chance = rng.random(40 + unseen)
        everything = {
            "all or nothing": (chance < 0.5).astype(float),
            "even": chance,
            "a few failures": np.where(chance < 0.1, 0.0, 0.75),
        }[kind]
        drawn, others = everything[:40], everything[40:]
        # The mean of the others is what it is: it may not be shown to be higher.
        passed += is_above(drawn.tolist(), max(float(others.mean()), 1e-9), error, unseen)
    # Three standard errors of the simulation above what is promised.
    assert passed / trials <= error + 3 * (error * (1 - error) / trials) ** 0.5
