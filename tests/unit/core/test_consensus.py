"""Consolidation, worked out by hand on small grids, and what must hold whatever workers drew."""

from __future__ import annotations

import random

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hooks.core.consensus import Consensus, Method, Status, Vote, consolidate
from hooks.core.masks import VOID, iou
from hooks.core.worker_quality import Flag
from tests.grid import label_grid


def merge(
    *pictures: str, num_classes: int = 3, method: Method = Method.PLURALITY, **more: object
) -> Consensus:
    return consolidate(
        [Vote(f"w{number}", label_grid(picture)) for number, picture in enumerate(pictures)],
        num_classes,
        method=method,
        **more,  # type: ignore[arg-type]
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
def test_the_plurality(pictures: list[str], expected: str) -> None:
    assert np.array_equal(merge(*pictures).label_map, label_grid(expected))


def expected(agreement: float, agreeing: int) -> float:
    """The mean of so many is nearer to the truth than one of them by the fourth root."""
    return 1 - (1 - agreement) / max(agreeing, 1) ** 0.25


def test_confidence_is_the_workers_agreement_and_grows_with_those_who_agree() -> None:
    result = merge("11..", "11..", "1...")
    # Class 1: IoU 1 of the first two, 1/2 of both with the third; background 1, 2/3, 2/3.
    assert result.confidence[1] == pytest.approx(expected((1 + 0.5 + 0.5) / 3, 3))
    assert result.confidence[0] == pytest.approx(expected((1 + 2 / 3 + 2 / 3) / 3, 3))
    assert set(result.confidence) == {0, 1}  # the label that nobody used is left out
    assert merge("11..", "11..", "11..").confidence == {0: 1.0, 1: 1.0}


def test_image_confidence_is_the_mean_of_the_labels() -> None:
    result = merge("1112", "1112", "1111")
    assert result.image_confidence == pytest.approx(
        (result.confidence[1] + result.confidence[2]) / 2
    )


def test_workers_who_do_not_agree_make_nothing_surer() -> None:
    assert merge("11..", "..11").confidence[1] == 0.0


def test_agreement_is_with_each_of_the_others() -> None:
    result = merge("11..", "11..", "1...")
    agreement = {worker: quality.agreement for worker, quality in result.workers.items()}
    assert agreement == pytest.approx({"w0": 0.75, "w1": 0.75, "w2": 0.5})


def test_one_worker_is_no_evidence() -> None:
    result = merge("12.")
    assert result.status is Status.SINGLE_ANNOTATOR
    assert result.image_confidence == 0.0
    assert set(result.confidence.values()) == {0.0}
    quality = result.workers["w0"]
    assert (quality.weight, quality.agreement, quality.relative_weight) == (1.0, None, None)


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


@given(
    st.lists(maps, min_size=1, max_size=9),
    st.sampled_from(Method),
    st.randoms(use_true_random=False),
)
def test_the_order_of_workers_changes_nothing(
    label_maps: list[npt.NDArray[np.uint8]], method: Method, rng: random.Random
) -> None:
    votes = [Vote(f"w{number}", label_map) for number, label_map in enumerate(label_maps)]
    first = consolidate(votes, 3, method=method)
    rng.shuffle(votes)
    second = consolidate(votes, 3, method=method)
    assert np.array_equal(first.label_map, second.label_map)
    assert first.confidence == second.confidence
    assert first.workers == second.workers
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
    result = consolidate(votes, 3, method=Method.PLURALITY)
    assert result.label_map.ravel().tolist() == expected


@given(st.lists(maps, min_size=2, max_size=9), st.sampled_from(Method))
def test_confidence_is_a_share(label_maps: list[npt.NDArray[np.uint8]], method: Method) -> None:
    votes = [Vote(f"w{number}", label_map) for number, label_map in enumerate(label_maps)]
    result = consolidate(votes, 3, method=method)
    assert set(result.confidence) == {0, *np.unique(result.label_map).tolist()} - {VOID}
    assert all(-1e-9 <= value <= 1 + 1e-9 for value in result.confidence.values())


@given(maps, st.integers(2, 9), st.sampled_from(Method))
def test_the_same_map_from_everybody_comes_out_again(
    label_map: npt.NDArray[np.uint8], workers: int, method: Method
) -> None:
    votes = [Vote(str(number), label_map) for number in range(workers)]
    result = consolidate(votes, 3, method=method)
    assert np.array_equal(result.label_map, label_map)
    certain = float((label_map != VOID).any())
    assert all(value == pytest.approx(certain) for value in result.confidence.values())


def laid_out_otherwise(label_map: npt.NDArray[np.uint8], number: int) -> npt.NDArray[np.uint8]:
    """The same map by columns, as every second pixel of a larger one, or backwards; read-only."""
    wide = np.full((label_map.shape[0], 2 * label_map.shape[1]), 7, np.uint8)
    wide[:, ::2] = label_map
    other = (np.asfortranarray(label_map), wide[:, ::2], label_map[::-1].copy()[::-1])[number % 3]
    other.flags.writeable = False
    return other


@given(st.lists(maps, min_size=1, max_size=6), st.sampled_from(Method))
def test_memory_layout_does_not_matter(
    label_maps: list[npt.NDArray[np.uint8]], method: Method
) -> None:
    plain = [Vote(str(number), label_map) for number, label_map in enumerate(label_maps)]
    other = [
        Vote(str(number), laid_out_otherwise(label_map, number))
        for number, label_map in enumerate(label_maps)
    ]
    first, second = consolidate(plain, 3, method=method), consolidate(other, 3, method=method)
    assert np.array_equal(first.label_map, second.label_map)
    assert first.workers == second.workers
    assert first.confidence == second.confidence


HEIGHT, WIDTH = 120, 160


def disc(x: float, y: float, radius: float, label: int = 1) -> npt.NDArray[np.uint8]:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    inside = (columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 < radius**2
    return np.where(inside, label, 0).astype(np.uint8)


EMPTY = np.zeros((HEIGHT, WIDTH), np.uint8)
TRUTH = disc(80, 60, 40)
CAREFUL = [disc(81, 60, 40), disc(80, 61, 41), disc(79, 60, 39), disc(80, 58, 40)]


def score(label_maps: list[npt.NDArray[np.uint8]], method: Method = Method.ROBUST) -> float:
    votes = [Vote(f"w{number}", label_map) for number, label_map in enumerate(label_maps)]
    return iou(consolidate(votes, 3, method=method).label_map == 1, TRUTH == 1)


@pytest.mark.parametrize(
    "spoiler",
    [
        pytest.param(EMPTY, id="nothing drawn"),
        pytest.param(EMPTY + 1, id="all painted"),
        pytest.param(disc(30, 30, 25), id="another object"),
        pytest.param(disc(100, 80, 40), id="far off"),
    ],
)
def test_bad_workers_do_little_harm(spoiler: npt.NDArray[np.uint8]) -> None:
    label_maps = [*CAREFUL[:3], spoiler]
    assert score(label_maps) > 0.96
    votes = [Vote(f"w{number}", label_map) for number, label_map in enumerate(label_maps)]
    workers = consolidate(votes, 3).workers
    assert Flag.OUTLIER in workers["w3"].flags
    assert all(not workers[worker].flags for worker in ("w0", "w1", "w2"))
    assert workers["w3"].weight < min(workers[worker].weight for worker in ("w0", "w1", "w2"))


@pytest.mark.parametrize(
    "spoiler",
    [
        pytest.param(EMPTY, id="nothing drawn"),
        pytest.param(disc(30, 30, 25), id="another object"),
        pytest.param(disc(100, 80, 40), id="far off"),
    ],
)
def test_who_strays_hardly_lowers_what_the_others_are_worth(
    spoiler: npt.NDArray[np.uint8],
) -> None:
    def confidence(label_maps: list[npt.NDArray[np.uint8]]) -> float:
        votes = [Vote(str(number), label_map) for number, label_map in enumerate(label_maps)]
        return consolidate(votes, 3).confidence[1]

    assert confidence([*CAREFUL, spoiler]) == pytest.approx(confidence(CAREFUL), abs=0.004)


def test_two_bad_workers_of_five_outvote_nobody() -> None:
    label_maps = [*CAREFUL[:3], disc(80, 60, 52), EMPTY + 1]
    assert score(label_maps) > 0.96 > score(label_maps, Method.PLURALITY)


def test_two_outlines_become_the_one_between_them() -> None:
    result = consolidate([Vote("a", disc(80, 60, 36)), Vote("b", disc(80, 60, 44))], 3)
    assert iou(result.label_map == 1, TRUTH == 1) > 0.97


def test_two_who_drew_different_things_are_both_kept_and_looked_at() -> None:
    here, there = disc(40, 40, 25), disc(115, 80, 25)
    result = consolidate([Vote("a", here), Vote("b", there)], 3)
    assert np.array_equal(result.label_map > 0, (here > 0) | (there > 0))
    assert result.status is Status.NEEDS_ADJUDICATION


def test_one_who_drew_and_one_who_did_not() -> None:
    result = consolidate([Vote("a", EMPTY), Vote("b", TRUTH)], 3)
    assert np.array_equal(result.label_map, TRUTH)
    assert result.status is Status.NEEDS_ADJUDICATION
    assert result.confidence[1] == 0.0  # one says so, the other does not


def test_a_worker_known_to_be_careless_counts_for_less() -> None:
    votes = [Vote("a", disc(80, 60, 36)), Vote("b", disc(80, 60, 44))]
    trusted = consolidate(votes, 3, priors={"a": 5.0}).label_map
    equal = consolidate(votes, 3).label_map
    assert iou(trusted == 1, votes[0].label_map == 1) > iou(equal == 1, votes[0].label_map == 1)


def test_priors_do_not_change_what_the_photo_says_of_a_worker() -> None:
    votes = [Vote(f"w{number}", label_map) for number, label_map in enumerate(CAREFUL)]
    plain, weighted = consolidate(votes, 3), consolidate(votes, 3, priors={"w0": 9.0})
    assert weighted.workers["w0"].weight > plain.workers["w0"].weight
    assert weighted.workers["w0"].relative_weight == plain.workers["w0"].relative_weight


def test_deviation_is_in_pixels() -> None:
    votes = [Vote("a", TRUTH), Vote("b", TRUTH), Vote("c", disc(80, 60, 43))]
    workers = consolidate(votes, 3).workers
    near, far = workers["a"].boundary_deviation, workers["c"].boundary_deviation
    assert near is not None
    assert far is not None
    assert near < far
    assert near + far == pytest.approx(3, abs=0.5)  # the discs' radii differ by that
    assert consolidate([Vote("a", EMPTY)], 3).workers["a"].boundary_deviation is None


def test_what_is_odd_about_a_worker_is_flagged() -> None:
    votes = [Vote("a", TRUTH), Vote("b", TRUTH.copy()), Vote("c", CAREFUL[0]), Vote("d", EMPTY)]
    flags = {worker: quality.flags for worker, quality in consolidate(votes, 3).workers.items()}
    assert flags == {
        "a": (Flag.COPY,),
        "b": (Flag.COPY,),
        "c": (),
        "d": (Flag.EMPTY, Flag.OUTLIER),
    }
    painted = consolidate([Vote("a", EMPTY + 2), Vote("b", TRUTH)], 3)
    assert painted.workers["a"].flags == (Flag.CONSTANT,)


@given(st.permutations([1, 2, 3]), st.sampled_from([Method.ROBUST, Method.WEIGHTED]))
def test_the_order_of_classes_changes_nothing_away_from_ties(
    order: list[int], method: Method
) -> None:
    rng = np.random.default_rng(3)
    label_maps = []
    for _ in range(3):
        shift = rng.normal(0, 2, (3, 2))
        label_map = disc(40 + shift[0, 0], 40 + shift[0, 1], 25)
        label_map = np.maximum(label_map, disc(100 + shift[1, 0], 40 + shift[1, 1], 20, 2))
        label_maps.append(np.maximum(label_map, disc(80 + shift[2, 0], 90 + shift[2, 1], 22, 3)))
    renumber = np.array([0, *order], np.uint8)
    plain = consolidate([Vote(str(i), m) for i, m in enumerate(label_maps)], 4, method=method)
    renumbered = consolidate(
        [Vote(str(i), renumber[m]) for i, m in enumerate(label_maps)], 4, method=method
    )
    assert np.array_equal(renumber[plain.label_map], renumbered.label_map)


def test_staple_believes_who_agree() -> None:
    label_maps = [*CAREFUL, disc(100, 80, 40)]
    assert score(label_maps, Method.STAPLE) > 0.95


def test_a_photo_of_one_pixel() -> None:
    for method in Method:
        assert merge("1", "1", ".", method=method).label_map.tolist() == [[1]]


def test_what_cannot_be_consolidated_is_refused() -> None:
    with pytest.raises(ValueError, match="more than one vote"):
        consolidate([Vote("a", EMPTY), Vote("a", EMPTY)], 3)
    with pytest.raises(ValueError, match="label 7 in a map of 3 classes"):
        merge("17")
    with pytest.raises(ValueError, match="float64"):
        consolidate([Vote("a", np.zeros((2, 2)))], 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no votes"):
        consolidate([], 3)
    with pytest.raises(ValueError, match="differ in shape"):
        merge("1.", "1")
    with pytest.raises(ValueError, match="256 classes"):
        merge("1", num_classes=256)
