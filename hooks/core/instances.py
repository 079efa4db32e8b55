"""Several workers' objects of one photo become one list of objects, each with its own mask.

Objects of one label that overlap are taken for the same thing, the best overlaps first, at most one
of each worker. An object stays if workers with half of the weight saw it, and the masks of those
who did are consolidated as label maps are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hooks.core.consensus import Vote, consolidate
from hooks.core.geometry import EMPTY_BOX, Box, Size
from hooks.core.masks import PlacedMask
from hooks.core.matching import join
from hooks.core.shares import TOLERANCE, shares

MATCH_IOU = 0.5
"""Masks that do not overlap each other cannot have two such partners each, which is why taking the
best overlap first is right."""
QUORUM = 0.5
_MARGIN = 8
"""Pixels round the masks of an object that are looked at, so that smoothing sees background."""


@dataclass(frozen=True, slots=True)
class DrawnInstance:
    """One object that a worker drew; `label` is its class index."""

    label: int
    placed: PlacedMask


@dataclass(frozen=True, slots=True)
class InstanceVote:
    """All objects that one worker drew on a photo; none is an answer too."""

    worker_id: str
    instances: Sequence[DrawnInstance]


@dataclass(frozen=True, slots=True)
class FusedInstance:
    """An object that a quorum saw.

    Attributes:
        confidence: of the consolidated mask (see `consensus`), times the share of the weight that
            saw the object, 0 to 1; 0 for a single annotator.
        worker_ids: who drew it, ascending.
    """

    label: int
    placed: PlacedMask
    confidence: float
    worker_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InstanceQuality:
    """How one worker's objects compare with the result.

    Attributes:
        matched: objects of the result that the worker drew.
        missed: objects of the result that the worker did not draw.
        extra: objects that the worker drew and too few others did.
    """

    matched: int
    missed: int
    extra: int


@dataclass(frozen=True, slots=True)
class InstanceConsensus:
    """What the votes add up to; `instances` from large to small, `workers` by worker id."""

    instances: tuple[FusedInstance, ...]
    workers: Mapping[str, InstanceQuality]


def consolidate_instances(
    votes: Sequence[InstanceVote], size: Size, weights: Mapping[str, float] | None = None
) -> InstanceConsensus:
    """Consolidate one photo's objects.

    Args:
        votes: at least one, of different workers.
        size: of the upright photo.
        weights: worker id to a positive weight; 1 for whoever is not in it.

    Raises:
        ValueError: no votes, two of one worker, or a weight that is not a positive number.
    """
    share = shares([vote.worker_id for vote in votes], weights)
    entries = sorted(
        (
            (found.label, _key(found.placed.box), vote.worker_id, number)
            for vote in votes
            for number, found in enumerate(vote.instances)
        ),
    )
    own = {vote.worker_id: vote.instances for vote in votes}
    drawn = [own[worker_id][number] for _, _, worker_id, number in entries]
    owners = [worker_id for _, _, worker_id, _ in entries]
    clusters = join(owners, _matches(drawn))
    fused = []
    counts = {worker_id: [0, 0, 0] for worker_id in share}
    for cluster in clusters:
        seen = math.fsum(share[worker_id] for worker_id in cluster)
        kept = seen >= QUORUM - TOLERANCE
        for worker_id, count in counts.items():
            if kept:
                count[0 if worker_id in cluster else 1] += 1
            elif worker_id in cluster:
                count[2] += 1
        if kept:
            members = {worker_id: drawn[index] for worker_id, index in cluster.items()}
            fused.append(_fuse(members, share, min(seen, 1.0), size, alone=len(votes) == 1))
    fused.sort(key=lambda found: (-found.placed.area, found.label, _key(found.placed.box)))
    return InstanceConsensus(
        tuple(found for found in fused if found.placed.area),
        {worker_id: InstanceQuality(*count) for worker_id, count in counts.items()},
    )


def _key(box: Box) -> tuple[int, int, int, int]:
    return (box.top, box.left, box.height, box.width)


def _matches(drawn: Sequence[DrawnInstance]) -> Iterator[tuple[int, int]]:
    """Pairs of objects of one label that overlap enough, best first."""
    found = []
    for first, one in enumerate(drawn):
        for second in range(first + 1, len(drawn)):
            other = drawn[second]
            if other.label != one.label:
                break  # they are sorted by label
            if (overlap := one.placed.iou(other.placed)) >= MATCH_IOU:
                found.append((-overlap, first, second))
    for _, first, second in sorted(found):
        yield first, second


def _fuse(
    members: Mapping[str, DrawnInstance],
    share: Mapping[str, float],
    seen: float,
    size: Size,
    *,
    alone: bool,
) -> FusedInstance:
    label = next(iter(members.values())).label
    window = _window([found.placed.box for found in members.values()], size)
    votes = [
        Vote(worker_id, found.placed.within(window).astype(np.uint8))
        for worker_id, found in members.items()
    ]
    result = consolidate(votes, 2, priors=share)
    placed = PlacedMask.cut(result.label_map == 1, window.left, window.top)
    # Alone in having seen it: there is nothing to hold the outline against, only the quorum.
    confidence = 0.0 if alone else seen * (result.confidence.get(1, 0.0) if len(votes) > 1 else 1.0)
    return FusedInstance(label, placed, confidence, tuple(sorted(members)))


def _window(boxes: Sequence[Box], size: Size) -> Box:
    boxes = [box for box in boxes if not box.is_empty]
    if not boxes:
        return EMPTY_BOX
    left = max(min(box.left for box in boxes) - _MARGIN, 0)
    top = max(min(box.top for box in boxes) - _MARGIN, 0)
    right = min(max(box.right for box in boxes) + _MARGIN, size.width)
    bottom = min(max(box.bottom for box in boxes) + _MARGIN, size.height)
    return Box(left, top, right - left, bottom - top)
