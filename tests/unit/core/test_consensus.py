"""The plurality vote, worked out by hand on small grids."""

from __future__ import annotations

import random

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hooks.core.consensus import Consensus, Status, Vote, consolidate
from hooks.core.masks import VOID
from tests.grid import label_grid


def merge(*pictures: str, num_classes: int = 3) -> Consensus:
    return consolidate(
        [Vote(f"w{number}", label_grid(picture)) for number, picture in enumerate(pictures)],
        num_classes,
    )


@pytest.mark.parametrize(
    ("pictures", "expected"),
    [
        pytest.param(["11./11.", "11./1..", ".1./11."], "11./11.", id="majority"),
        pytest.param(["1.", ".1"], "11", id="a tie goes to the foreground"),
        pytest.param(["1", "2"], "1", id="a tie of labels goes to the first"),
        pytest.param(["2", "2", "1", ".", "."], "2", id="and to the foreground, not to more rows"),
        pytest.param(["1x", "xx", "2x"], "1x", id="void does not vote; no vote is void"),
        pytest.param(["1.", "1.", "1."], "1.", id="all the same"),
        pytest.param(["..", "..", "11"], "..", id="one against two empty ones"),
    ],
)
def test_the_vote(pictures: list[str], expected: str) -> None:
    assert np.array_equal(merge(*pictures).label_map, label_grid(expected))


def test_confidence_is_the_soft_iou_of_the_votes() -> None:
    result = merge("11..", "11..", "1...")
    # Class 1 wins pixels 0 and 1 with shares 1 and 2/3; nothing of it lies outside.
    assert result.confidence[1] == pytest.approx((1 + 2 / 3) / 2)
    # Background wins pixels 2 and 3 with share 1, and has 1/3 at pixel 1.
    assert result.confidence[0] == pytest.approx(2 / (2 + 1 / 3))
    assert result.image_confidence == result.confidence[1]
    assert set(result.confidence) == {0, 1}  # the label that nobody used is left out


def test_image_confidence_weighs_labels_by_their_area() -> None:
    result = merge("1112", "1112", "1111")
    expected = (3 * result.confidence[1] + 1 * result.confidence[2]) / 4
    assert result.image_confidence == pytest.approx(expected)


def test_agreement_is_with_each_of_the_others() -> None:
    result = merge("11..", "11..", "1...")
    assert result.agreement == pytest.approx({"w0": 0.75, "w1": 0.75, "w2": 0.5})


def test_one_worker_is_no_evidence() -> None:
    result = merge("12.")
    assert result.status is Status.SINGLE_ANNOTATOR
    assert result.image_confidence == 0.0
    assert set(result.confidence.values()) == {0.0}
    assert result.agreement == {"w0": None}


@pytest.mark.parametrize(
    ("pictures", "status"),
    [
        pytest.param(["111.", "11..", "111."], Status.CONSENSUS, id="three who agree"),
        pytest.param(["11..", "..11"], Status.NEEDS_ADJUDICATION, id="two who do not"),
        pytest.param(["1...", ".1..", "..1."], Status.NEEDS_ADJUDICATION, id="three who do not"),
        pytest.param(["....", "1111"], Status.NEEDS_ADJUDICATION, id="one empty of two"),
        pytest.param(
            ["....", "....", "....", "111.", "111."],
            Status.NEEDS_ADJUDICATION,
            id="empty majority, agreeing minority",
        ),
        pytest.param(["....", "....", "1..."], Status.CONSENSUS, id="empty majority, one other"),
        pytest.param(["....", "....", "...."], Status.CONSENSUS, id="all empty"),
    ],
)
def test_the_status_says_whether_to_look_again(pictures: list[str], status: Status) -> None:
    result = merge(*pictures)
    assert result.status is status
    assert bool(result.reason) == (status is Status.NEEDS_ADJUDICATION)


def test_all_empty_is_certain() -> None:
    result = merge("..", "..", "..")
    assert result.image_confidence == 1.0
    assert result.confidence == {0: 1.0}


def test_a_photo_on_which_nobody_votes_is_not_certain() -> None:
    result = merge("xx", "xx")
    assert result.status is Status.NEEDS_ADJUDICATION
    assert result.image_confidence == 0.0
    assert np.array_equal(result.label_map, label_grid("xx"))


maps = hnp.arrays(np.uint8, (4, 5), elements=st.sampled_from([0, 1, 2, VOID]))


@given(st.lists(maps, min_size=1, max_size=9), st.randoms(use_true_random=False))
def test_the_order_of_workers_changes_nothing(
    label_maps: list[npt.NDArray[np.uint8]], rng: random.Random
) -> None:
    votes = [Vote(f"w{number}", label_map) for number, label_map in enumerate(label_maps)]
    first = consolidate(votes, 3)
    rng.shuffle(votes)
    second = consolidate(votes, 3)
    assert np.array_equal(first.label_map, second.label_map)
    assert first.confidence == second.confidence
    assert first.agreement == second.agreement
    assert (first.status, first.reason) == (second.status, second.reason)


def winner_of(said: list[int]) -> int:
    """The rule for one pixel, as it is written in the module's first lines."""
    cast = [label for label in said if label != VOID]
    if not cast:
        return VOID
    return max(set(cast), key=lambda label: (cast.count(label), label != 0, -label))


@given(st.lists(maps, min_size=1, max_size=9))
def test_every_pixel_is_decided_by_the_rule(label_maps: list[npt.NDArray[np.uint8]]) -> None:
    votes = [Vote(f"w{number}", label_map) for number, label_map in enumerate(label_maps)]
    stack = np.stack(label_maps).reshape(len(votes), -1)
    expected = [winner_of(said) for said in stack.T.tolist()]
    result = consolidate(votes, 3)
    assert result.label_map.ravel().tolist() == expected


@given(st.lists(maps, min_size=2, max_size=9))
def test_confidence_is_the_soft_iou_over_all_pixels(
    label_maps: list[npt.NDArray[np.uint8]],
) -> None:
    votes = [Vote(f"w{number}", label_map) for number, label_map in enumerate(label_maps)]
    result = consolidate(votes, 3)
    stack = np.stack(label_maps)
    turnout = np.maximum((stack != VOID).sum(axis=0), 1)
    if (stack == VOID).all():
        return
    for index, confidence in result.confidence.items():
        share = (stack == index).sum(axis=0) / turnout
        chosen = result.label_map == index
        most = np.maximum(share, chosen).sum()
        soft_iou = np.minimum(share, chosen).sum() / most if most else 1.0
        assert confidence == pytest.approx(soft_iou)


@given(maps, st.integers(2, 9))
def test_the_same_map_from_everybody_comes_out_again(
    label_map: npt.NDArray[np.uint8], workers: int
) -> None:
    result = consolidate([Vote(str(number), label_map) for number in range(workers)], 3)
    assert np.array_equal(result.label_map, label_map)
    certain = float((label_map != VOID).any())
    assert all(value == pytest.approx(certain) for value in result.confidence.values())


@given(maps)
def test_memory_layout_does_not_matter(label_map: npt.NDArray[np.uint8]) -> None:
    other = np.asfortranarray(label_map)
    other.flags.writeable = False
    result = consolidate([Vote("a", label_map), Vote("b", other)], 3)
    assert np.array_equal(result.label_map, label_map)


def test_what_cannot_be_consolidated_is_refused() -> None:
    with pytest.raises(ValueError, match="no votes"):
        consolidate([], 3)
    with pytest.raises(ValueError, match="differ in shape"):
        merge("1.", "1")
    with pytest.raises(ValueError, match="256 classes"):
        merge("1", num_classes=256)
