"""Objects of several workers, matched and fused."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.geometry import Size
from hooks.core.instances import (
    DrawnInstance,
    InstanceConsensus,
    InstanceQuality,
    InstanceVote,
    consolidate_instances,
)
from hooks.core.masks import Mask, PlacedMask, iou

SIZE = Size(120, 80)


def square(left: int, top: int, side: int = 20) -> Mask:
    mask = np.zeros(SIZE.shape, dtype=bool)
    mask[top : top + side, left : left + side] = True
    return mask


def vote(worker_id: str, *objects: tuple[int, Mask]) -> InstanceVote:
    return InstanceVote(
        worker_id, [DrawnInstance(label, PlacedMask.cut(mask)) for label, mask in objects]
    )


def merge(*votes: InstanceVote, weights: dict[str, float] | None = None) -> InstanceConsensus:
    return consolidate_instances(votes, SIZE, weights)


def test_touching_objects_stay_apart_and_each_is_fused() -> None:
    result = merge(
        vote("a", (1, square(10, 10)), (1, square(30, 10))),
        vote("b", (1, square(31, 10)), (1, square(11, 10))),
        vote("c", (1, square(10, 11)), (1, square(30, 11))),
    )
    assert len(result.instances) == 2
    for found, left in zip(
        sorted(result.instances, key=lambda f: f.placed.box.left), (10, 30), strict=True
    ):
        assert iou(found.placed.to_mask(SIZE), square(left, 10)) > 0.9
        assert found.worker_ids == ("a", "b", "c")
        assert found.confidence > 0.85
    assert result.workers["a"] == InstanceQuality(matched=2, missed=0, extra=0)


def test_an_object_stays_if_half_of_the_workers_saw_it() -> None:
    result = merge(
        vote("a", (1, square(10, 10)), (2, square(60, 30))),
        vote("b", (1, square(10, 10))),
        vote("c", (1, square(80, 50))),
    )
    (found,) = result.instances
    assert found.worker_ids == ("a", "b")
    assert found.confidence == pytest.approx(2 / 3)
    assert result.workers == {
        "a": InstanceQuality(matched=1, missed=0, extra=1),
        "b": InstanceQuality(matched=1, missed=0, extra=0),
        "c": InstanceQuality(matched=0, missed=1, extra=1),
    }


def test_labels_are_not_mixed() -> None:
    result = merge(vote("a", (1, square(10, 10))), vote("b", (2, square(10, 10))))
    assert [(found.label, found.worker_ids) for found in result.instances] == [
        (1, ("a",)),
        (2, ("b",)),
    ]


def test_a_trusted_worker_alone_can_be_a_quorum() -> None:
    votes = (vote("a", (1, square(10, 10))), vote("b"), vote("c"))
    assert not merge(*votes).instances
    assert len(merge(*votes, weights={"a": 3.0}).instances) == 1


def test_one_worker_is_no_evidence() -> None:
    (found,) = merge(vote("a", (1, square(10, 10)))).instances
    assert found.confidence == 0.0
    assert np.array_equal(found.placed.to_mask(SIZE), square(10, 10))


def test_nobody_drew_anything() -> None:
    assert merge(vote("a"), vote("b")).instances == ()


squares = st.builds(square, st.integers(0, 100), st.integers(0, 60), st.integers(1, 30))
objects = st.lists(st.tuples(st.integers(1, 2), squares), max_size=4)


def told(result: InstanceConsensus) -> list[tuple[object, ...]]:
    return [
        (each.label, each.placed.box, each.placed.mask.tobytes(), each.confidence, each.worker_ids)
        for each in result.instances
    ]


@given(st.lists(objects, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_no_order_changes_anything(
    drawings: list[list[tuple[int, Mask]]], rng: random.Random
) -> None:
    votes = [vote(f"w{number}", *drawn) for number, drawn in enumerate(drawings)]
    first = merge(*votes)
    shuffled = [
        InstanceVote(each.worker_id, rng.sample(each.instances, len(each.instances)))
        for each in votes
    ]
    rng.shuffle(shuffled)
    second = merge(*shuffled)
    assert first.workers == second.workers
    assert told(first) == told(second)
