"""Several workers' label maps become one, by a plurality vote for every pixel.

Ties go to the foreground, then to the label that comes first; void pixels (255) do not vote. The
result does not depend on the order of the workers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from hooks.core.masks import BACKGROUND, VOID, LabelMap, Mask

Ballots: TypeAlias = npt.NDArray[np.uint8]
"""What every worker says at every disputed pixel, shape (workers, pixels)."""

Counts: TypeAlias = npt.NDArray[np.int64]

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
    disputed, ballots, agreed = _compare(votes)
    winners, confidence = _vote(ballots, agreed, num_classes)
    label_map = votes[0].label_map.copy()
    label_map[disputed] = winners
    pairs = _pair_agreements([vote.worker_id for vote in votes], ballots, agreed, num_classes)
    nobody_voted = bool((label_map == VOID).all())
    if len(votes) == 1 or nobody_voted:
        confidence = dict.fromkeys(confidence, 0.0)
    status, reason = _status(votes, pairs)
    if nobody_voted:
        status, reason = Status.NEEDS_ADJUDICATION, "every worker abstains on every pixel."
    return Consensus(
        label_map=label_map,
        confidence=confidence,
        image_confidence=_image_confidence(label_map, confidence),
        agreement=_mean_agreements(votes, pairs),
        status=status,
        reason=reason,
    )


def _compare(votes: Sequence[Vote]) -> tuple[Mask, Ballots, Counts]:
    """Where any two workers differ (height, width), what each says there, and the rest by class.

    Only a few pixels in a hundred are disputed as a rule, so all that follows looks at those
    alone and counts the others, int64 (256,), as wholes.
    """
    first = votes[0].label_map
    disputed = np.zeros(first.shape, dtype=bool)
    for vote in votes[1:]:
        disputed |= vote.label_map != first
    ballots = np.stack([vote.label_map[disputed] for vote in votes])
    return disputed, ballots, np.bincount(first[~disputed], minlength=256)


def _vote(
    ballots: Ballots, agreed: Counts, num_classes: int
) -> tuple[npt.NDArray[np.uint8], dict[int, float]]:
    """The plurality at every disputed pixel, and the soft IoU of every class in the result.

    With S_k a pixel's share of votes for class k and P the result, class k's soft IoU is
    sum(min(S_k, [P = k])) / sum(max(S_k, [P = k])).
    """
    voters = np.count_nonzero(ballots != VOID, axis=0)
    winners = np.zeros(voters.shape, dtype=np.uint8)
    most = np.zeros(voters.shape, dtype=np.intp)
    present = (np.bincount(ballots.ravel(), minlength=256) + agreed) > 0
    foreground = [index for index in range(1, num_classes) if present[index]]
    # A later class must have more votes, the background more than any. Somebody votes at every
    # disputed pixel: where all abstain, all agree.
    for index in [*foreground, BACKGROUND]:
        count = np.count_nonzero(ballots == index, axis=0)
        better = count > most
        winners[better] = index
        most[better] = count[better]
    confidence = {}
    for index in [BACKGROUND, *foreground]:
        chosen = winners == index
        area = int(agreed[index]) + int(np.count_nonzero(chosen))
        if area == 0 and index != BACKGROUND:
            continue
        share = np.count_nonzero(ballots == index, axis=0) / voters
        inside = int(agreed[index]) + float(share[chosen].sum())
        union = area + float(share[~chosen].sum())
        confidence[index] = inside / union if union else 1.0
    return winners, confidence


def _pair_agreements(
    worker_ids: Sequence[str], ballots: Ballots, agreed: Counts, num_classes: int
) -> dict[tuple[str, str], float]:
    """Mean IoU over the foreground classes that either worker has, pixels void to one left out."""
    agreements = {}
    for first, second in combinations(range(len(worker_ids)), 2):
        both = ballots[first].astype(np.uint16) * 256 + ballots[second]
        table = np.bincount(both, minlength=65536).reshape(256, 256) + np.diag(agreed)
        table = table[:num_classes, :num_classes]
        overlap = np.diag(table)[1:]
        union = table.sum(axis=0)[1:] + table.sum(axis=1)[1:] - overlap
        seen = union > 0
        agreement = float((overlap[seen] / union[seen]).mean()) if seen.any() else 1.0
        agreements[worker_ids[first], worker_ids[second]] = agreement
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
