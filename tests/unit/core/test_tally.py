"""Votes counted label by label."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hooks.core import tally as tally_module
from hooks.core.ballots import Ballots
from hooks.core.masks import VOID
from hooks.core.tally import UNITS, Tally, whole_weights

maps = hnp.arrays(np.uint8, (3, 4), elements=st.sampled_from([0, 1, 7, VOID]))


@given(st.lists(maps, min_size=1, max_size=9), st.data())
def test_shares_add_up(label_maps: list[npt.NDArray[np.uint8]], data: st.DataObject) -> None:
    weights = np.array(data.draw(st.lists(st.integers(1, 100), min_size=9, max_size=9)), float)
    weights = weights[: len(label_maps)] / weights[: len(label_maps)].sum()
    tally = Tally(Ballots.of(label_maps), weights)
    assert tally.full <= UNITS
    assert set(tally.classes) == {0, *np.stack(label_maps).ravel().tolist()} - {VOID}
    assert tally.classes[-1] == 0
    shares = sum(tally.share(index).astype(int) for index in tally.classes)
    assert np.array_equal(shares, tally.total())


def test_equal_weights_tie_exactly() -> None:
    for workers in range(1, 10):
        assert len(set(whole_weights(np.full(workers, 1 / workers)).tolist())) == 1


def test_nobody_is_rounded_away() -> None:
    assert whole_weights(np.array([0.9999, 0.0001])).tolist() == [254, 1]


def test_shares_that_are_not_kept_are_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    label_maps = [np.array([[1, 0, 2]], np.uint8), np.array([[0, 0, 1]], np.uint8)]
    tally = Tally(Ballots.of(label_maps), np.array([0.5, 0.5]))
    kept = [tally.share(index).tolist() for index in tally.classes]
    monkeypatch.setattr(tally_module, "KEPT_BYTES", 0)
    tally = Tally(Ballots.of(label_maps), np.array([0.5, 0.5]))
    assert [tally.share(index).tolist() for index in tally.classes] == kept
