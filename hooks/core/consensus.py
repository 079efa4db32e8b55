"""Several workers' label maps become one, by a plurality vote for every pixel.

Ties go to the foreground, then to the label that comes first; void pixels (255) do not vote. The
result does not depend on the order of the workers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np

from hooks.core.masks import BACKGROUND, VOID, LabelMap

AGREEMENT_FLOOR = 0.5
"""Two workers whose agreement is below this labeled different things."""


class Status(StrEnum):
    """What a consolidated label is worth."""

    CONSENSUS = "consensus"
    SINGLE_ANNOTATOR = "single-annotator"
    """One usable answer: nothing to compare it with."""
    NEEDS_ADJUDICATION = "needs-adjudication"
    """There is a result, and a reason why a person should look at it."""
    FAILED = "failed"
    """There is no result."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One worker's label map, uint8 (height, width), VOID where the worker abstains."""

    worker_id: str
    label_map: LabelMap


@dataclass(frozen=True, slots=True)
class Consensus:
    """What the votes add up to.

    Attributes:
        label_map: uint8 (height, width); VOID where nobody voted.
        confidence: class index to soft IoU, 0 to 1, for the background and every class present.
            0 for a single annotator, as Ground Truth does: there is no evidence.
        image_confidence: mean over the foreground classes present, weighted by their area; that
            of the background when there is none.
        agreement: worker id to the mean agreement with each other worker, 0 to 1; None alone.
        reason: why a person should look at it; empty for a consensus.
    """

    label_map: LabelMap
    confidence: Mapping[int, float]
    image_confidence: float
    agreement: Mapping[str, float | None]
    status: Status
    reason: str


def consolidate(votes: Sequence[Vote], num_classes: int) -> Consensus:
    """Consolidate one photo's votes.

    Args:
        votes: at least one, of different workers, all of the same shape.
        num_classes: labels and background; at most 255.

    Raises:
        ValueError: no votes, shapes that differ, or more classes than a label map holds.
    """
    if not votes:
        raise ValueError("there are no votes to consolidate")
    if num_classes > VOID:
        raise ValueError(f"{num_classes} classes; a label map holds at most {VOID}")
    if len({vote.label_map.shape for vote in votes}) != 1:
        raise ValueError("the workers' label maps differ in shape")
    votes = sorted(votes, key=lambda vote: vote.worker_id)
    label_map, confidence = _vote(votes, num_classes)
    pairs = _pair_agreements(votes, num_classes)
    if len(votes) == 1:
        confidence = dict.fromkeys(confidence, 0.0)
    status, reason = _status(votes, pairs)
    return Consensus(
        label_map=label_map,
        confidence=confidence,
        image_confidence=_image_confidence(label_map, confidence),
        agreement=_mean_agreements(votes, pairs),
        status=status,
        reason=reason,
    )


def _vote(votes: Sequence[Vote], num_classes: int) -> tuple[LabelMap, dict[int, float]]:
    """The plurality label map, and the soft IoU of every class in it.

    With S_k a pixel's share of votes for class k and P the result, class k's soft IoU is
    sum(min(S_k, [P = k])) / sum(max(S_k, [P = k])).
    """
    shape = votes[0].label_map.shape
    voters = np.zeros(shape, dtype=np.uint16)
    present = np.zeros(256, dtype=bool)
    for vote in votes:
        voters += vote.label_map != VOID
        present |= np.bincount(vote.label_map.ravel(), minlength=256) > 0
    winner = np.zeros(shape, dtype=np.uint8)
    most = np.zeros(shape, dtype=np.uint16)
    foreground = [index for index in range(1, num_classes) if present[index]]
    # A later class must have more votes, the background more than any.
    for index in [*foreground, BACKGROUND]:
        count = _count(votes, index)
        better = count > most
        winner[better] = index
        most[better] = count[better]
    confidence = {}
    turnout = np.maximum(voters, 1)
    for index in [BACKGROUND, *foreground]:
        chosen = (winner == index) & (voters > 0)
        area = int(np.count_nonzero(chosen))
        if area == 0 and index != BACKGROUND:
            continue
        share = _count(votes, index) / turnout
        inside = float(share[chosen].sum())
        union = area + float(share.sum()) - inside
        confidence[index] = inside / union if union else 1.0
    winner[voters == 0] = VOID
    return winner, confidence


def _count(votes: Sequence[Vote], index: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    count = np.zeros(votes[0].label_map.shape, dtype=np.uint16)
    for vote in votes:
        count += vote.label_map == index
    return count


def _pair_agreements(votes: Sequence[Vote], num_classes: int) -> dict[tuple[str, str], float]:
    """Mean IoU over the foreground classes that either worker has, pixels void to one left out."""
    agreements = {}
    for first, second in combinations(votes, 2):
        both = first.label_map.astype(np.uint16) * 256 + second.label_map
        table = np.bincount(both.ravel(), minlength=65536).reshape(256, 256)
        table = table[:num_classes, :num_classes]
        overlap = np.diag(table)[1:]
        union = table.sum(axis=0)[1:] + table.sum(axis=1)[1:] - overlap
        seen = union > 0
        agreement = float((overlap[seen] / union[seen]).mean()) if seen.any() else 1.0
        agreements[first.worker_id, second.worker_id] = agreement
    return agreements


def _mean_agreements(
    votes: Sequence[Vote], pairs: Mapping[tuple[str, str], float]
) -> dict[str, float | None]:
    means: dict[str, float | None] = {}
    for vote in votes:
        own = [value for pair, value in pairs.items() if vote.worker_id in pair]
        means[vote.worker_id] = sum(own) / len(own) if own else None
    return means


def _status(votes: Sequence[Vote], pairs: Mapping[tuple[str, str], float]) -> tuple[Status, str]:
    if len(votes) == 1:
        return Status.SINGLE_ANNOTATOR, ""
    if max(pairs.values()) < AGREEMENT_FLOOR:
        return Status.NEEDS_ADJUDICATION, f"no two of the {len(votes)} workers agree."
    drew = {
        vote.worker_id
        for vote in votes
        if ((vote.label_map != BACKGROUND) & (vote.label_map != VOID)).any()
    }
    empty = len(votes) - len(drew)
    agreeing = any(
        set(pair) <= drew and agreement >= AGREEMENT_FLOOR for pair, agreement in pairs.items()
    )
    if 2 * empty > len(votes) and agreeing:
        return (
            Status.NEEDS_ADJUDICATION,
            f"{empty} of {len(votes)} workers drew nothing, the others agree with each other.",
        )
    if 2 * empty == len(votes) and drew:
        return (
            Status.NEEDS_ADJUDICATION,
            f"{empty} of {len(votes)} workers drew nothing, the others did.",
        )
    return Status.CONSENSUS, ""


def _image_confidence(label_map: LabelMap, confidence: Mapping[int, float]) -> float:
    areas = np.bincount(label_map.ravel(), minlength=256)
    foreground = [index for index in confidence if index != BACKGROUND]
    total = sum(int(areas[index]) for index in foreground)
    if total == 0:
        return confidence[BACKGROUND]
    return sum(confidence[index] * int(areas[index]) for index in foreground) / total
