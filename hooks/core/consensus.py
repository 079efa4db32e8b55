"""Several workers' label maps become one, with a confidence and a word on every worker.

Four methods, of which `robust` is meant for use and the others for comparison:

* `robust`: workers weigh by how far they stray from each other (`worker_weights`), close votes are
  decided by those round them (`band_vote`). A label map of one label only, nothing drawn or
  everything painted, abstains unless most are such.
* `weighted`: the same weights, every pixel by itself.
* `plurality`: one worker, one vote.
* `staple`: the classic EM (`staple`).

Ties go to the foreground, then to the first label; void pixels (255) do not vote. No order matters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from hooks.core.ballots import LABELS, Ballots, count_labels
from hooks.core.band_vote import elect, outline_length, smooth
from hooks.core.masks import BACKGROUND, VOID, LabelMap
from hooks.core.pair_agreement import PairAgreement
from hooks.core.staple import elect_by_staple
from hooks.core.tally import Tally
from hooks.core.worker_quality import WorkerQuality, assess
from hooks.core.worker_weights import Weights, robust_weights

AGREEMENT_FLOOR = 0.5
"""Two workers whose agreement is below this labeled different things."""

NEARER, SURER = 0.25, 2.0
"""Powers of the number of workers who agree, and of the workers' weights, in `_confidence`."""


class Method(StrEnum):
    """How label maps are consolidated."""

    ROBUST = "robust"
    WEIGHTED = "weighted"
    PLURALITY = "plurality"
    STAPLE = "staple"


class Status(StrEnum):
    """What a label is worth."""

    CONSENSUS = "consensus"
    SINGLE_ANNOTATOR = "single-annotator"
    """One usable answer: nothing to compare it with."""
    NEEDS_ADJUDICATION = "needs-adjudication"
    """There is a result, and a reason why a person should look at it."""
    FAILED = "failed"
    """There is no result."""
    MACHINE = "machine"
    """A model made it (see `machine_label`); no consolidation gives it."""


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
        confidence: class index to the IoU with the truth that is to be expected, 0 to 1, for the
            background and every class present. 0 for a single annotator, as Ground Truth does:
            there is no evidence.
        image_confidence: mean over the foreground classes present; that of the background when
            there is none.
        workers: by worker id.
        reason: why a person should look at it; empty for a consensus.
    """

    label_map: LabelMap
    confidence: Mapping[int, float]
    image_confidence: float
    workers: Mapping[str, WorkerQuality]
    status: Status
    reason: str


def consolidate(
    votes: Sequence[Vote],
    num_classes: int,
    *,
    method: Method = Method.ROBUST,
    priors: Mapping[str, float] | None = None,
) -> Consensus:
    """Consolidate one photo's votes.

    Args:
        votes: at least one, of different workers, all of the same shape.
        num_classes: labels and background; at most 255.
        priors: worker id to how much the worker's earlier work lets it count, 1 like anybody,
            above 0; of use to `robust` and `weighted`.

    Raises:
        ValueError: no votes, shapes that differ, or labels or numbers of classes that a label map
            does not hold.
    """
    votes = sorted(votes, key=lambda vote: vote.worker_id)
    label_maps = _checked(votes, num_classes)
    uniform = np.array([label_map.min() == label_map.max() for label_map in label_maps])
    heard = _heard(uniform, method)
    compared = np.flatnonzero(heard).tolist()
    ballots = Ballots.of([label_maps[worker] for worker in compared])
    counts = _counted(label_maps, compared, ballots, num_classes)
    pairs = PairAgreement.of(ballots, compared, counts)

    evidence = _evidence(pairs, heard, uniform, method)
    weights = evidence * np.array([(priors or {}).get(vote.worker_id, 1.0) for vote in votes])
    if method is Method.STAPLE:
        tally = Tally(ballots, np.full(len(votes), 1 / len(votes)))
        winners, skill = elect_by_staple(ballots, tally.classes)
        evidence = weights = skill
    else:
        tally = Tally(ballots, weights[heard] / weights[heard].sum())
        winners = elect(tally)
    label_map = ballots.elected(label_maps[compared[0]], winners)
    length = outline_length(label_map)
    if method is Method.ROBUST and not _two_that_differ(pairs, compared):
        deviation = float(np.average(_areas_off(ballots, winners), weights=tally.units)) / length
        winners = smooth(label_map, tally, winners, deviation)
        label_map.ravel()[ballots.places] = winners
    deviations = dict(zip(compared, (_areas_off(ballots, winners) / length).tolist(), strict=True))
    nobody_voted = bool(ballots.agreed[VOID] == label_map.size)
    workers = assess(
        [vote.worker_id for vote in votes],
        counts,
        pairs,
        weights / weights.sum(),
        evidence / evidence.sum(),
        deviations,
    )
    present = set(np.flatnonzero(ballots.agreed + count_labels(winners)).tolist())
    confidence = _confidence(present, pairs, workers)
    if len(votes) == 1 or nobody_voted:
        confidence = dict.fromkeys(confidence, 0.0)
    status, reason = _status(counts, pairs)
    if nobody_voted:
        status, reason = Status.NEEDS_ADJUDICATION, "every worker abstains on every pixel."
    return Consensus(
        label_map=label_map,
        confidence=confidence,
        image_confidence=_image_confidence(confidence),
        workers=workers,
        status=status,
        reason=reason,
    )


def _checked(votes: Sequence[Vote], num_classes: int) -> list[LabelMap]:
    """The votes' label maps, C-contiguous."""
    if not votes:
        raise ValueError("there are no votes to consolidate")
    if not 1 <= num_classes <= VOID:
        raise ValueError(f"{num_classes} classes; a label map holds 1 to {VOID}")
    if len({vote.worker_id for vote in votes}) != len(votes):
        raise ValueError("a worker has more than one vote")
    shape = votes[0].label_map.shape
    if len(shape) != 2 or 0 in shape:
        raise ValueError(f"a label map of shape {shape}, not (height, width)")
    for vote in votes:
        if vote.label_map.shape != shape:
            raise ValueError(
                f"the workers' label maps differ in shape: {shape}, {vote.label_map.shape}"
            )
        if vote.label_map.dtype != np.uint8:
            raise ValueError(f"a label map of {vote.label_map.dtype}, not uint8")
    return [np.ascontiguousarray(vote.label_map) for vote in votes]


def _counted(
    label_maps: Sequence[LabelMap],
    compared: Sequence[int],
    ballots: Ballots,
    num_classes: int,
) -> npt.NDArray[np.int64]:
    """Pixels by label of every map, int64 (workers, 256)."""
    counts = np.zeros((len(label_maps), LABELS), np.int64)
    for worker, label_map in enumerate(label_maps):
        counts[worker, label_map[0, 0]] = label_map.size  # of one label only, if not compared
    counts[compared] = ballots.counts
    unknown = np.flatnonzero(counts[:, num_classes:VOID].any(axis=0))
    if len(unknown):
        raise ValueError(f"label {unknown[0] + num_classes} in a map of {num_classes} classes")
    return counts


def _heard(uniform: npt.NDArray[np.bool_], method: Method) -> npt.NDArray[np.bool_]:
    """Who votes: a map of one label only says where no outline is, unless most say the same."""
    everybody = np.ones(len(uniform), dtype=bool)
    if method in (Method.PLURALITY, Method.STAPLE) or 2 * np.count_nonzero(uniform) > len(uniform):
        return everybody
    return ~uniform


def _evidence(
    pairs: PairAgreement,
    heard: npt.NDArray[np.bool_],
    uniform: npt.NDArray[np.bool_],
    method: Method,
) -> Weights:
    """Weights by this photo alone, sum 1, 0 for who is not heard."""
    weights = np.zeros(len(heard))
    if method in (Method.PLURALITY, Method.STAPLE) or bool((heard & uniform).any()):
        weights[heard] = 1 / np.count_nonzero(heard)
    else:
        weights[heard] = _robust(pairs, np.flatnonzero(heard))
    return weights


def _robust(pairs: PairAgreement, workers: npt.NDArray[np.intp]) -> Weights:
    """Copies of one map say once how far it strays; else two copies would outweigh anybody."""
    copied = pairs.same[np.ix_(workers, workers)]
    original = copied.argmax(axis=1)
    originals, number = np.unique(original, return_inverse=True)
    kept = workers[originals]
    weights: Weights = robust_weights(pairs.differences[np.ix_(kept, kept)])[number]
    weights /= weights.sum()
    return weights


def _two_that_differ(pairs: PairAgreement, compared: Sequence[int]) -> bool:
    """Two outlines of different things have no mean."""
    return len(compared) == 2 and bool(pairs.iou[compared[0], compared[1]] < AGREEMENT_FLOOR)


def _areas_off(ballots: Ballots, winners: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Pixels on which each voter says something else than the result, float64 (voters,)."""
    off = [np.count_nonzero((own != winners) & (own != VOID)) for own in ballots.votes]
    return np.array(off, np.float64)


def _status(counts: npt.NDArray[np.int64], pairs: PairAgreement) -> tuple[Status, str]:
    workers = len(counts)
    if workers == 1:
        return Status.SINGLE_ANNOTATOR, ""
    agreeing = np.triu(pairs.iou >= AGREEMENT_FLOOR, 1)
    if not agreeing.any():
        return Status.NEEDS_ADJUDICATION, f"no two of the {workers} workers agree."
    drew = counts[:, BACKGROUND + 1 : VOID].any(axis=1)
    empty = workers - np.count_nonzero(drew)
    if 2 * empty > workers and agreeing[np.ix_(drew, drew)].any():
        return (
            Status.NEEDS_ADJUDICATION,
            f"{empty} of {workers} workers drew nothing, the others agree with each other.",
        )
    if 2 * empty == workers and drew.any():
        return (
            Status.NEEDS_ADJUDICATION,
            f"{empty} of {workers} workers drew nothing, the others did.",
        )
    return Status.CONSENSUS, ""


def _confidence(
    present: Set[int], pairs: PairAgreement, workers: Mapping[str, WorkerQuality]
) -> dict[int, float]:
    """How far the result can be trusted, by label: the IoU with the truth that is to be expected.

    Two workers' masks differ by both of their errors, so that their IoU is below the truth's. The
    mean of n workers comes nearer to the truth, by the square root of n if each errs on his own,
    not at all if they all err alike. People do both: the fourth root of n, those who agree with
    the others by half or more, was right to .01 on careful people (Weizmann's set), .08 too high
    on people who all drew too large (MTurk cells), .08 too low on simulated independent ones.
    Weights are squared: who strays says little of how far the others can be trusted.
    """
    weights = np.array([quality.weight for quality in workers.values()]) ** SURER
    if np.count_nonzero(weights) == 1:  # one drew, the others did not: all count for confidence
        weights = np.ones(len(weights))
    agreeing = sum(
        quality.weight > 0 and (quality.agreement or 0) >= AGREEMENT_FLOOR
        for quality in workers.values()
    )
    nearer = max(agreeing, 1) ** NEARER
    confidence = {}
    for index in sorted({BACKGROUND, *present} - {VOID}):
        agreement = pairs.of_label(index, weights)
        if agreement is None:  # nobody to compare with; that there is no background all agree
            agreement = float(index not in present)
        confidence[index] = 1 - (1 - agreement) / nearer
    return confidence


def _image_confidence(confidence: Mapping[int, float]) -> float:
    foreground = [value for index, value in confidence.items() if index] or [confidence[BACKGROUND]]
    return sum(foreground) / len(foreground)
