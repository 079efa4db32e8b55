"""Bounding boxes of several workers, worked out by hand, and what must hold for any boxes."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.boxes import MAX_BOXES, BoxConsensus, BoxVote, consolidate_boxes
from hooks.core.consensus import Status
from hooks.core.errors import AnswerError
from hooks.core.labeled_box import LabeledBox

CAT, DOG = 1, 2


def cat(left: float, top: float, width: float, height: float) -> LabeledBox:
    return LabeledBox(CAT, left, top, width, height)


def merge(*drawn: Sequence[LabeledBox], robust: bool = False, **weights: float) -> BoxConsensus:
    """With the given weights alone, so that what comes out can be worked out by hand."""
    votes = [BoxVote(f"w{number}", boxes) for number, boxes in enumerate(drawn)]
    return consolidate_boxes(votes, weights, robust=robust)


def only_box(result: BoxConsensus) -> LabeledBox:
    (found,) = result.boxes
    return found.box


HERE = cat(10, 10, 100, 50)
THERE = cat(300, 200, 40, 40)


def test_three_workers_edges_are_medians() -> None:
    result = merge([cat(10, 10, 100, 50)], [cat(12, 9, 98, 53)], [cat(11, 14, 139, 46)])
    # left 10 11 12, top 9 10 14, right 110 110 150, bottom 60 60 62
    assert only_box(result) == cat(11, 10, 99, 50)


def test_two_workers_edges_are_means() -> None:
    result = merge([cat(10, 10, 100, 50)], [cat(20, 12, 80, 48)])
    assert only_box(result) == cat(15, 11, 90, 49)
    assert result.status is Status.CONSENSUS


def test_a_heavier_worker_pulls_the_edges() -> None:
    result = merge([cat(10, 10, 100, 50)], [cat(20, 10, 90, 50)], w0=3, w1=1)
    assert only_box(result) == cat(12.5, 10, 97.5, 50)
    three = merge([HERE], [cat(20, 10, 90, 50)], [cat(30, 10, 80, 50)], w2=5)
    assert only_box(three) == cat(30, 10, 80, 50)


def test_one_sloppy_worker_does_not_move_the_box() -> None:
    assert only_box(merge([HERE], [HERE], [cat(25, 20, 110, 60)])) == HERE


@pytest.mark.parametrize(
    ("drawn", "kept"),
    [
        pytest.param([[HERE], [HERE], []], 1, id="two of three saw it"),
        pytest.param([[HERE], [], []], 0, id="one of three did"),
        pytest.param([[HERE], []], 1, id="one of two: kept, and looked at"),
        pytest.param([[HERE, THERE], [HERE, THERE], [HERE]], 2, id="two objects"),
        pytest.param([[], [], []], 0, id="nothing here"),
        pytest.param([[HERE], [LabeledBox(DOG, 10, 10, 100, 50)]], 2, id="two classes, a tie"),
    ],
)
def test_a_box_stays_if_half_of_the_workers_saw_it(
    drawn: list[list[LabeledBox]], kept: int
) -> None:
    assert len(merge(*drawn).boxes) == kept


def test_weights_decide_what_a_quorum_is() -> None:
    assert only_box(merge([HERE], [], [], w0=2)) == HERE
    assert merge([HERE], [HERE], [], w2=5).boxes == ()


BESIDE = [cat(60, 40, 100, 50), cat(340, 230, 40, 40), cat(0, 300, 30, 30)]


def test_workers_who_agree_with_nobody_hardly_count() -> None:
    """Two of five draw beside everything; the other three overlook one object or another."""
    other = cat(500, 10, 60, 60)
    honest = [[HERE, THERE, other], [HERE, other], [THERE, other]]
    drawn = [*honest, BESIDE, []]
    plain, robust = merge(*drawn), merge(*drawn, robust=True)
    assert [found.box for found in plain.boxes] == [other]
    assert [found.box.iou(box) for found, box in zip(robust.boxes, honest[0], strict=True)] == (
        pytest.approx([1, 1, 1])
    )
    assert max(robust.workers[worker].share for worker in ("w3", "w4")) < 0.05
    assert robust.agreement > plain.agreement


def test_two_workers_are_not_weighed_against_each_other() -> None:
    assert merge([HERE, THERE], [HERE], robust=True) == merge([HERE, THERE], [HERE])


def test_priors_count_beside_agreement() -> None:
    result = merge([HERE], [HERE], [HERE], robust=True, w0=2)
    assert result.workers["w0"].share == pytest.approx(0.5)


def test_the_best_overlap_is_matched_first() -> None:
    """The second worker's boxes both overlap the first's; the nearer one is the same object."""
    near, beside = cat(12, 10, 100, 50), cat(40, 10, 100, 50)
    result = merge([HERE], [near, beside], [HERE])
    assert only_box(result) == HERE
    assert (result.workers["w1"].matched, result.workers["w1"].extra) == (1, 1)


def test_the_agreement_is_overlap_times_share() -> None:
    result = merge([HERE], [HERE], [])
    assert result.boxes[0].agreement == pytest.approx(2 / 3)
    assert result.boxes[0].share == pytest.approx(2 / 3)
    assert result.boxes[0].worker_ids == ("w0", "w1")
    halves = merge([cat(0, 0, 100, 10)], [cat(0, 0, 60, 10)])  # fused: 80 wide
    assert halves.boxes[0].agreement == pytest.approx((80 / 100 + 60 / 80) / 2)
    assert halves.agreement == halves.boxes[0].agreement


def test_the_images_agreement_counts_what_was_dropped_too() -> None:
    result = merge([HERE, THERE], [HERE], [HERE])
    assert result.agreement == pytest.approx((1 + 2 / 3) / 2)
    assert merge([], []).agreement == 1


def test_workers_are_measured_against_what_the_others_drew() -> None:
    result = merge([HERE, THERE], [HERE, THERE], [cat(10, 10, 80, 50), cat(500, 10, 20, 20)])
    careful, sloppy = result.workers["w0"], result.workers["w2"]
    assert (careful.matched, careful.missed, careful.extra) == (2, 0, 0)
    # The others' mean is 90 wide, the own box 100; where both other workers agree it is 1.
    assert careful.mean_iou == pytest.approx((0.9 + 1) / 2)
    assert (sloppy.matched, sloppy.missed, sloppy.extra) == (1, 1, 1)
    assert sloppy.mean_iou == pytest.approx(0.8)
    assert sloppy.agreement == pytest.approx(0.8 / 2)
    assert sloppy.share == pytest.approx(1 / 3)


def test_of_two_workers_nobody_is_to_blame() -> None:
    result = merge([HERE], [])
    assert (result.workers["w0"].extra, result.workers["w1"].missed) == (1, 1)
    assert result.workers["w0"].agreement == result.workers["w1"].agreement == 0


def test_a_single_annotator_is_no_evidence() -> None:
    result = merge([HERE, THERE])
    assert [found.box for found in result.boxes] == [HERE, THERE]
    assert result.status is Status.SINGLE_ANNOTATOR
    assert [found.agreement for found in result.boxes] == [0, 0]
    assert result.agreement == 0
    assert result.workers["w0"].mean_iou is None
    assert result.workers["w0"].agreement is None


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        pytest.param([[HERE], [HERE]], "", id="agreed"),
        pytest.param([[], [], []], "", id="agreed that there is nothing"),
        pytest.param([[HERE], [HERE], [HERE, THERE]], "", id="one box too many"),
        pytest.param([[HERE], []], "only half of the workers drew: 1", id="one of two"),
        pytest.param(
            [[HERE], [THERE], [cat(600, 0, 9, 9)]], "never the same", id="three different boxes"
        ),
        pytest.param(
            [[HERE, THERE], [HERE, LabeledBox(DOG, 300, 200, 40, 40)], [HERE]],
            "on whose class the workers do not agree: 1",
            id="two say it is there, not what it is",
        ),
    ],
)
def test_the_status_says_whether_to_look_again(drawn: list[list[LabeledBox]], reason: str) -> None:
    result = merge(*drawn)
    assert result.status is (Status.NEEDS_ADJUDICATION if reason else Status.CONSENSUS)
    assert reason in result.reason


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        pytest.param((0, 0, 0, 5), "has no area", id="no width"),
        pytest.param((0, 0, 5, -5), "has no area", id="negative height"),
        pytest.param((0, float("nan"), 5, 5), "not within", id="not a number"),
        pytest.param((0, 0, float("inf"), 5), "not within", id="endless"),
        pytest.param((1e300, 0, 5, 5), "not within", id="beyond any photo"),
    ],
)
def test_what_is_no_box_is_refused(
    values: tuple[float, float, float, float], complaint: str
) -> None:
    with pytest.raises(AnswerError, match=complaint):
        cat(*values)


def test_more_boxes_than_anybody_draws_are_refused() -> None:
    BoxVote("w", [HERE] * MAX_BOXES)
    with pytest.raises(AnswerError, match="1001 boxes"):
        BoxVote("w", [HERE] * (MAX_BOXES + 1))


def test_what_cannot_be_consolidated_is_refused() -> None:
    with pytest.raises(ValueError, match="no votes"):
        consolidate_boxes([])
    with pytest.raises(ValueError, match="w0 votes twice"):
        consolidate_boxes([BoxVote("w0", []), BoxVote("w0", [])])
    for weight in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="weight of worker w0"):
            merge([HERE], [], w0=weight)


tenths = st.integers(0, 400).map(lambda value: value / 10)
boxes = st.builds(
    LabeledBox,
    label=st.sampled_from([CAT, DOG, 3]),
    left=tenths,
    top=tenths,
    width=st.integers(1, 400).map(lambda value: value / 10),
    height=st.integers(1, 400).map(lambda value: value / 10),
)
answers = st.lists(st.lists(boxes, max_size=5), min_size=1, max_size=6)
weight_lists = st.lists(st.sampled_from([0.5, 1.0, 2.0, 3.7]), min_size=6, max_size=6)


@given(answers, weight_lists, st.randoms(use_true_random=False))
def test_the_order_of_workers_and_boxes_changes_nothing(
    drawn: list[list[LabeledBox]], weights: list[float], rng: random.Random
) -> None:
    weight_of = {f"w{number}": weight for number, weight in enumerate(weights)}
    votes = [BoxVote(f"w{number}", own) for number, own in enumerate(drawn)]
    first, plain = (consolidate_boxes(votes, weight_of, robust=robust) for robust in (True, False))
    votes = [BoxVote(vote.worker_id, rng.sample(vote.boxes, len(vote.boxes))) for vote in votes]
    rng.shuffle(votes)
    assert consolidate_boxes(votes, weight_of) == first
    assert consolidate_boxes(votes, weight_of, robust=False) == plain


@given(answers)
def test_tuples_and_lists_are_the_same(drawn: list[list[LabeledBox]]) -> None:
    votes = tuple(BoxVote(f"w{number}", tuple(own)) for number, own in enumerate(drawn))
    assert consolidate_boxes(votes) == merge(*drawn, robust=True)


@given(st.lists(boxes, max_size=5), st.integers(2, 6))
def test_the_same_boxes_from_everybody_come_out_again(
    drawn: list[LabeledBox], workers: int
) -> None:
    result = merge(*[drawn] * workers, robust=True)
    assert len(result.boxes) == len(drawn)
    for found, given_box in zip(result.boxes, sorted(drawn), strict=True):
        assert found.box.iou(given_box) == pytest.approx(1)
        assert found.agreement == pytest.approx(1)
    assert result.agreement == pytest.approx(1)
    assert result.status is Status.CONSENSUS
    assert all(worker.agreement == pytest.approx(1) for worker in result.workers.values())


@given(answers)
def test_classes_may_be_numbered_otherwise(drawn: list[list[LabeledBox]]) -> None:
    renamed = {CAT: 3, DOG: CAT, 3: DOG}

    def rename(box: LabeledBox) -> LabeledBox:
        return LabeledBox(renamed[box.label], box.left, box.top, box.width, box.height)

    plain = merge(*drawn, robust=True)
    other = merge(*[[rename(box) for box in own] for own in drawn], robust=True)
    expected = sorted((rename(found.box), found.worker_ids) for found in plain.boxes)
    assert [(found.box, found.worker_ids) for found in other.boxes] == expected
    assert other.agreement == pytest.approx(plain.agreement)


@given(answers, weight_lists)
def test_every_figure_stays_in_its_range(
    drawn: list[list[LabeledBox]], weights: list[float]
) -> None:
    weight_of = {f"w{number}": weight for number, weight in enumerate(weights)}
    result = merge(*drawn, robust=True, **weight_of)
    assert 0 <= result.agreement <= 1 + 1e-9
    assert sum(worker.share for worker in result.workers.values()) == pytest.approx(1)
    for found in result.boxes:
        assert 0 <= found.agreement <= found.share + 1e-9 <= 1 + 2e-9
        assert len(set(found.worker_ids)) == len(found.worker_ids)
    for number, own in enumerate(drawn):
        worker = result.workers[f"w{number}"]
        if len(drawn) > 1:
            assert worker.matched + worker.extra == len(own)
            assert worker.agreement is not None
            assert 0 <= worker.agreement <= 1 + 1e-9
