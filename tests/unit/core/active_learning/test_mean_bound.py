"""How low a mean may be: right by the definition, in the long run, and in the limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hooks.core.active_learning.mean_bound import (
    BETS,
    how_many_needed,
    log_evidence,
    lower_bound,
)

VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(VALUES, st.sampled_from([None, 1, 10, 300]))
@settings(max_examples=40, deadline=None)
def test_the_bound_lies_below_the_mean(values: list[float], unseen: int | None) -> None:
    assert lower_bound(values, 0.05, unseen) <= np.mean(values) + 1e-6


@given(VALUES, st.floats(0.01, 0.98), st.sampled_from([None, 1, 10, 300]))
@settings(max_examples=60, deadline=None)
def test_more_is_harder_to_show(values: list[float], target: float, unseen: int | None) -> None:
    easier, harder = (log_evidence(values, mean, unseen) for mean in (target, target + 0.01))
    assert harder <= easier + 1e-9


@given(VALUES)
@settings(max_examples=20, deadline=None)
def test_very_many_unseen_ones_are_a_population_without_end(values: list[float]) -> None:
    finite = log_evidence(values, 0.5, 10_000_000)
    assert finite == pytest.approx(log_evidence(values, 0.5), abs=1e-3)


def test_the_evidence_of_one_value_is_the_mean_of_the_bets_fortunes() -> None:
    fortunes = [1 - bet + bet * 0.9 / 0.6 for bet in BETS]
    assert log_evidence([0.9], 0.6) == pytest.approx(math.log(np.mean(fortunes)))


def test_nothing_seen_shows_nothing_and_nothing_unseen_needs_nothing() -> None:
    assert log_evidence([], 0.6, 10) == 0
    assert log_evidence([0.1], 0.6, 0) == math.inf


def test_a_certain_number_of_perfect_values_is_enough_and_one_less_is_not() -> None:
    needed = how_many_needed(0.6, 0.05)
    assert needed is not None
    assert lower_bound([1.0] * needed, 0.05) >= 0.6
    assert lower_bound([1.0] * (needed - 1), 0.05) < 0.6


def test_no_number_of_values_that_do_not_reach_the_target_is_enough() -> None:
    assert how_many_needed(0.6, 0.05, like=(0.7, 0.4)) is None


@pytest.mark.parametrize("unseen", [20, 200])
def test_values_just_below_the_target_pass_no_more_often_than_the_error_says(unseen: int) -> None:
    # Half perfect and half useless is the hardest distribution to tell.
    rng = np.random.default_rng(7)
    error, trials, passed = 0.1, 1500, 0
    for _ in range(trials):
        everything = (rng.random(40 + unseen) < 0.5).astype(float)
        drawn, others = everything[:40], everything[40:]
        # The mean of the others is what it is: the bound must lie below it.
        evidence = log_evidence(drawn.tolist(), max(others.mean(), 1e-9), unseen)
        passed += evidence >= math.log(1 / error)
    assert passed / trials <= error
