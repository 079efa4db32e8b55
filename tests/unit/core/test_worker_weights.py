"""Weights out of the areas on which workers differ."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.worker_weights import robust_weights


def differences(*spreads: float) -> npt.NDArray[np.int64]:
    """D_ij = s_i + s_j."""
    spread = np.array(spreads)
    table = (spread[:, None] + spread[None]).astype(np.int64)
    np.fill_diagonal(table, 0)
    return table


def test_who_strays_less_counts_more() -> None:
    weights = robust_weights(differences(100, 200, 400))
    assert weights.sum() == pytest.approx(1)
    assert weights[0] / weights[1] == pytest.approx(2**1.2)
    assert weights[1] / weights[2] == pytest.approx(2**1.2)


def test_a_bad_worker_does_not_move_the_others() -> None:
    good = robust_weights(differences(100, 200, 150, 120))
    with_bad = robust_weights(differences(100, 200, 150, 120, 90_000))
    assert with_bad[4] < 0.001
    assert with_bad[:4] / with_bad[:4].sum() == pytest.approx(good, rel=0.02)


def test_two_workers_count_the_same() -> None:
    assert robust_weights(differences(1, 1000)).tolist() == [0.5, 0.5]


def test_workers_who_do_not_differ_count_the_same() -> None:
    assert robust_weights(np.zeros((4, 4), np.int64)) == pytest.approx([0.25] * 4)


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=9))
def test_weights_are_positive_and_sum_to_one(spreads: list[int]) -> None:
    weights = robust_weights(differences(*spreads))
    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(1)
