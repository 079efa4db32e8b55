"""Several workers' bounding boxes of one photo become one list of boxes.

Boxes of one class that overlap are taken for the same object, the best overlaps first, at most one
of each worker; an object stays if workers with half of the weight saw it, and each of its edges is
the weighted median of theirs, which one sloppy worker does not move. Three workers or more are
first compared with each other, and whoever agrees little counts little. The result does not depend
on the order of workers or boxes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hooks.core.consensus import Status
from hooks.core.errors import AnswerError
from hooks.core.labeled_box import LabeledBox, box_edges, edge_ious, fuse_boxes, ious
from hooks.core.matching import join
from hooks.core.shares import TOLERANCE, shares

MATCH_IOU = 0.5
"""Two boxes with this overlap or more may be of one object. Non-overlapping objects cannot have
two such partners each, which is why taking the best overlap first is right."""
QUORUM = 0.5
AGREEMENT_FLOOR = 0.5
"""Below this the workers drew different things."""
FEW = 3
"""Of fewer workers nothing says who is wrong."""
LEAST_WEIGHT = 0.05
"""Of a worker who agrees with nobody, where one who agrees fully has 1. Simulated workers (seed 7
for the choice, another for the check) are consolidated better with weights in proportion to
agreement than with equal ones, and no better with its square or after a second round."""
MAX_BOXES = 1000
"""Of one worker; more is no answer that a person drew, and costs the square of it."""


@dataclass(frozen=True, slots=True)
class BoxVote:
    """All boxes that one worker drew on a photo; none is an answer too."""

    worker_id: str
    boxes: Sequence[LabeledBox]

    def __post_init__(self) -> None:
        if len(self.boxes) > MAX_BOXES:
            raise AnswerError(f"{len(self.boxes)} boxes on one photo; at most {MAX_BOXES} count.")


@dataclass(frozen=True, slots=True)
class FusedBox:
    """A box that a quorum saw.

    Attributes:
        agreement: mean IoU of the workers' boxes with this one, times the share of the workers who
            drew it, 0 to 1; 0 for a single annotator, as there is no evidence.
        share: the part of the workers' weight that saw it.
        worker_ids: who drew it, ascending.
    """

    box: LabeledBox
    agreement: float
    share: float
    worker_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BoxQuality:
    """How one worker's boxes compare with the result.

    Attributes:
        share: the worker's part of the weight; all workers' sum to 1.
        matched: boxes of the result that this worker and somebody else drew.
        missed: boxes of the result that this worker did not draw.
        extra: boxes that this worker drew and nobody else did, or too few.
        mean_iou: of the matched boxes with what the others alone would have made of them; None
            when nothing matched.
        agreement: sum of those IoUs over matched + (missed + extra) / 2, which is the panoptic
            quality of Kirillov et al. 2019; 1 for nothing where nothing is, None alone.
    """

    worker_id: str
    share: float
    matched: int
    missed: int
    extra: int
    mean_iou: float | None
    agreement: float | None


@dataclass(frozen=True, slots=True)
class BoxConsensus:
    """What the votes add up to.

    Attributes:
        boxes: by class, then from left to right.
        agreement: mean over all objects that anybody saw of how far the workers agree with what
            became of them: a kept box's agreement, or the share of those who did not draw a
            dropped one. 1 when nobody drew anything; 0 for a single annotator.
        workers: worker id to BoxQuality, ascending.
        reason: why a person should look at it; empty otherwise.
    """

    boxes: tuple[FusedBox, ...]
    agreement: float
    workers: Mapping[str, BoxQuality]
    status: Status
    reason: str


@dataclass(frozen=True, slots=True)
class _Cluster:
    """Boxes of one class by worker that are taken for one object."""

    members: Mapping[str, LabeledBox]
    share: float

    @property
    def kept(self) -> bool:
        return self.share >= QUORUM - TOLERANCE


def consolidate_boxes(
    votes: Sequence[BoxVote],
    weights: Mapping[str, float] | None = None,
    *,
    robust: bool = True,
) -> BoxConsensus:
    """Consolidate one photo's boxes.

    Args:
        votes: at least one, of different workers.
        weights: worker id to a positive weight; 1 for whoever is not in it.
        robust: weigh workers by their agreement with each other too.

    Raises:
        ValueError: no votes, two of one worker, or a weight that is not a positive number.
    """
    share = shares([vote.worker_id for vote in votes], weights)
    objects = _objects(votes)
    result = _consolidate(votes, objects, share)
    if not robust or len(votes) < FEW:
        return result
    earned = {
        worker_id: share[worker_id] * max(quality.agreement or 0.0, LEAST_WEIGHT)
        for worker_id, quality in result.workers.items()
    }
    return _consolidate(votes, objects, shares(earned, earned))


def _consolidate(
    votes: Sequence[BoxVote],
    objects: Sequence[Mapping[str, LabeledBox]],
    share: Mapping[str, float],
) -> BoxConsensus:
    clusters = [
        _Cluster(members, math.fsum(share[worker_id] for worker_id in members))
        for members in objects
    ]
    alone = len(votes) == 1
    kept = [cluster for cluster in clusters if cluster.kept]
    fused = [_fused(cluster, share, alone=alone) for cluster in kept]
    agreed = [found.agreement for found in fused]
    agreed += [1 - cluster.share for cluster in clusters if not cluster.kept]
    agreement = 0.0 if alone else math.fsum(agreed) / len(agreed) if agreed else 1.0
    status, reason = _status(votes, clusters, share, agreement)
    return BoxConsensus(
        boxes=tuple(sorted(fused, key=lambda found: (found.box, found.worker_ids))),
        agreement=agreement,
        workers={
            worker_id: _quality(worker_id, clusters, share, alone=alone) for worker_id in share
        },
        status=status,
        reason=reason,
    )


def _objects(votes: Sequence[BoxVote]) -> list[dict[str, LabeledBox]]:
    """Boxes joined by descending IoU, never two of one worker: by worker id, ascending."""
    # In an order of their own, so that ties do not follow the order of the votes.
    entries = sorted((box, vote.worker_id) for vote in votes for box in vote.boxes)
    found = join([worker_id for _, worker_id in entries], _matches([box for box, _ in entries]))
    return [
        {worker_id: entries[index][0] for worker_id, index in sorted(members.items())}
        for members in found
    ]


def _matches(boxes: Sequence[LabeledBox]) -> Iterator[tuple[int, int]]:
    """Pairs of indices of boxes of one class that overlap enough, best first.

    One row of the table of overlaps at a time, so that memory grows with the matches only.
    """
    if len(boxes) < 2:
        return
    edges = box_edges(boxes)
    labels = np.array([box.label for box in boxes])
    overlaps, firsts, seconds = [], [], []
    for index in range(len(boxes) - 1):
        row = edge_ious(edges[index], edges[index + 1 :])
        row[labels[index + 1 :] != labels[index]] = 0
        others = np.flatnonzero(row >= MATCH_IOU)
        overlaps.append(row[others])
        firsts.append(np.full(others.shape, index))
        seconds.append(index + 1 + others)
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    for place in np.lexsort((second, first, -np.concatenate(overlaps))):
        yield int(first[place]), int(second[place])


def _fused(cluster: _Cluster, share: Mapping[str, float], *, alone: bool) -> FusedBox:
    box = _fuse(cluster.members, share)
    weights = [share[worker_id] for worker_id in cluster.members]
    overlaps = ious(box, list(cluster.members.values()))
    agreement = 0.0 if alone else float(np.average(overlaps, weights=weights)) * cluster.share
    return FusedBox(box, min(agreement, 1.0), min(cluster.share, 1.0), tuple(cluster.members))


def _fuse(members: Mapping[str, LabeledBox], share: Mapping[str, float]) -> LabeledBox:
    return fuse_boxes(list(members.values()), [share[worker_id] for worker_id in members])


def _quality(
    worker_id: str, clusters: Sequence[_Cluster], share: Mapping[str, float], *, alone: bool
) -> BoxQuality:
    if alone:  # nothing to compare with
        return BoxQuality(worker_id, share[worker_id], 0, 0, 0, None, None)
    overlaps = []
    missed = extra = 0
    for cluster in clusters:
        own = cluster.members.get(worker_id)
        others = {name: box for name, box in cluster.members.items() if name != worker_id}
        if own is None:
            missed += cluster.kept
        elif cluster.kept and others:
            overlaps.append(own.iou(_fuse(others, share)))
        else:
            extra += 1
    counted = len(overlaps) + (missed + extra) / 2
    return BoxQuality(
        worker_id=worker_id,
        share=share[worker_id],
        matched=len(overlaps),
        missed=missed,
        extra=extra,
        mean_iou=math.fsum(overlaps) / len(overlaps) if overlaps else None,
        agreement=math.fsum(overlaps) / counted if counted else 1.0,
    )


def _status(
    votes: Sequence[BoxVote],
    clusters: Sequence[_Cluster],
    share: Mapping[str, float],
    agreement: float,
) -> tuple[Status, str]:
    if len(votes) == 1:
        return Status.SINGLE_ANNOTATOR, ""
    drew = sum(bool(vote.boxes) for vote in votes)
    kept = [cluster for cluster in clusters if cluster.kept]
    disputed = sum(cluster.share <= QUORUM + TOLERANCE for cluster in kept)
    unsettled = _unsettled(clusters, share)
    reasons = []
    if 2 * drew > len(votes) and not kept:
        reasons.append(f"{drew} of {len(votes)} workers drew boxes, half of them never the same.")
    if disputed:
        reasons.append(f"boxes that only half of the workers drew: {disputed}.")
    if unsettled:
        reasons.append(f"boxes on whose class the workers do not agree: {unsettled}.")
    if agreement < AGREEMENT_FLOOR and not reasons:
        reasons.append(f"the workers' boxes agree by {agreement:.0%} only.")
    return (Status.NEEDS_ADJUDICATION if reasons else Status.CONSENSUS), " ".join(reasons)


def _unsettled(clusters: Sequence[_Cluster], share: Mapping[str, float]) -> int:
    """Objects that a quorum drew, but under several classes, so that no box of them was kept."""
    dropped = [cluster for cluster in clusters if not cluster.kept]
    outlines = [next(iter(cluster.members.values())) for cluster in dropped]
    counted: set[int] = set()
    found = 0
    for outline in outlines:
        near = np.flatnonzero(ious(outline, outlines) >= MATCH_IOU).tolist()
        drew = {worker_id for other in near for worker_id in dropped[other].members}
        quorum = math.fsum(share[worker_id] for worker_id in drew) >= QUORUM - TOLERANCE
        if quorum and counted.isdisjoint(near):
            counted.update(near)
            found += 1
    return found
