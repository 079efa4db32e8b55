"""How often something holds, and how two ways compare run by run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.active_learning_simulation.comparison import paired, share_of


@pytest.mark.parametrize(
    ("held", "runs", "low", "high"),
    # Exact intervals from published tables.
    [
        (20, 20, 0.8316, 1.0),
        (19, 20, 0.7513, 0.9987),
        (0, 20, 0.0, 0.1684),
        (5, 10, 0.1871, 0.8129),
    ],
)
def test_the_interval_of_a_share_is_the_exact_one(
    held: int, runs: int, low: float, high: float
) -> None:
    found = share_of([True] * held + [False] * (runs - held))
    assert (found.held, found.runs) == (held, runs)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_differences_are_taken_run_by_run() -> None:
    found = paired([0.5, 0.6, 0.9], [0.4, 0.6, 0.7])
    assert found.difference == pytest.approx(0.1)
    assert found.error == pytest.approx(0.1 / 3**0.5)
    assert (found.wins, found.losses, found.runs) == (2, 0, 3)
    assert found.low <= found.difference <= found.high


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20))
def test_a_way_does_not_differ_from_itself(values: list[float]) -> None:
    found = paired(values, values)
    assert (found.difference, found.low, found.high, found.wins) == (0, 0, 0, 0)


def test_without_runs_nothing_is_compared() -> None:
    with pytest.raises(ValueError, match="no runs"):
        paired([], [])
