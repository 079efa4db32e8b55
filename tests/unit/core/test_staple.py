"""STAPLE on patterns of votes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hooks.core.ballots import Ballots
from hooks.core.masks import VOID
from hooks.core.staple import _dense, elect_by_staple

maps = hnp.arrays(np.uint8, (3, 4), elements=st.sampled_from([0, 1, 7, VOID]))


def compare(label_maps: list[npt.NDArray[np.uint8]]) -> Ballots:
    return Ballots.of(label_maps)


def test_workers_who_err_at_random_are_found_out() -> None:
    rng = np.random.default_rng(1)
    truth = (np.arange(4000).reshape(40, 100) % 100 < 40).astype(np.uint8)
    label_maps = [
        np.where(rng.random(truth.shape) < error, 1 - truth, truth).astype(np.uint8)
        for error in (0.05, 0.1, 0.4, 0.4, 0.4)
    ]
    ballots = compare(label_maps)
    winners, skill = elect_by_staple(ballots, [1, 0])
    result = label_maps[0].copy()
    result.ravel()[ballots.places] = winners
    votes = np.stack(label_maps).sum(axis=0)
    plurality = (2 * votes > len(label_maps)).astype(np.uint8)
    assert (result != truth).mean() < 0.07 < (plurality != truth).mean()
    assert skill == pytest.approx([0.95, 0.9, 0.6, 0.6, 0.6], abs=0.05)


@given(st.lists(maps, min_size=1, max_size=6))
def test_a_label_that_nobody_gave_a_photo_is_not_elected(
    label_maps: list[npt.NDArray[np.uint8]],
) -> None:
    winners, skill = elect_by_staple(compare(label_maps), [1, 7, 0])
    assert set(winners.tolist()) <= {0, *np.stack(label_maps).ravel().tolist()} - {VOID}
    assert ((skill >= 0) & (skill <= 1 + 1e-9)).all()


@given(hnp.arrays(np.int64, 6, elements=st.integers(0, 1 << 40)))
def test_codes_are_renumbered_without_gaps(code: npt.NDArray[np.int64]) -> None:
    number, used = _dense(code)
    assert used[number].tolist() == code.tolist()
    assert sorted(set(number.tolist())) == list(range(len(used)))
