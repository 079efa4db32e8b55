"""Label maps compared: what is kept must say the same as the maps themselves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hooks.core.ballots import Ballots, count_labels
from hooks.core.masks import VOID
from hooks.core.pair_agreement import PairAgreement

maps = hnp.arrays(np.uint8, (3, 4), elements=st.sampled_from([0, 1, 2, VOID]))
several = st.lists(maps, min_size=2, max_size=5)


def compare(label_maps: list[npt.NDArray[np.uint8]]) -> Ballots:
    return Ballots.of(label_maps)


@given(several)
def test_every_pixel_is_either_agreed_or_disputed(label_maps: list[npt.NDArray[np.uint8]]) -> None:
    ballots = compare(label_maps)
    assert int(ballots.agreed.sum()) + len(ballots.places) == label_maps[0].size
    for worker, label_map in enumerate(label_maps):
        assert ballots.votes[worker].tolist() == label_map.ravel()[ballots.places].tolist()
        assert (
            ballots.counts[worker].tolist()
            == np.bincount(label_map.ravel(), minlength=256).tolist()
        )


@given(several)
def test_pairs_are_compared_where_both_say_something(
    label_maps: list[npt.NDArray[np.uint8]],
) -> None:
    ballots = compare(label_maps)
    first, second = label_maps[:2]
    both = (first != VOID) & (second != VOID)
    overlap = ballots.overlaps(0, 1)
    areas = ballots.seen_by_both(0, 1)
    for index in (0, 1, 2):
        assert overlap[index] == np.count_nonzero(both & (first == index) & (second == index))
        assert areas[0][index] == np.count_nonzero(both & (first == index))
        assert areas[1][index] == np.count_nonzero(both & (second == index))


@given(several, st.sampled_from([0, 1, VOID]))
def test_a_map_of_one_label_needs_its_counts_only(
    label_maps: list[npt.NDArray[np.uint8]], label: int
) -> None:
    label_maps = [*label_maps, np.full((3, 4), label, np.uint8)]
    counts = np.stack([count_labels(each) for each in label_maps])
    everybody = list(range(len(label_maps)))
    whole = PairAgreement.of(Ballots.of(label_maps), everybody, counts)
    rest = Ballots.of(label_maps[:-1])
    short = PairAgreement.of(rest, everybody[:-1], counts)
    assert np.array_equal(whole.iou, short.iou)
    assert np.array_equal(whole.differences, short.differences)
    assert np.array_equal(whole.same, short.same)


def test_labels_are_counted_in_any_shape() -> None:
    assert count_labels(np.zeros((0,), np.uint8)).sum() == 0
    counts = count_labels(np.asfortranarray(np.array([[1, 2], [1, 255]], np.uint8)))
    assert (counts[1], counts[2], counts[VOID], counts.sum()) == (2, 1, 1, 4)
