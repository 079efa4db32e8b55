"""What one photo says of every worker who labeled it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from hooks.core.masks import BACKGROUND
from hooks.core.pair_agreement import PairAgreement
from hooks.core.worker_weights import FEWEST, Weights

OUTLIER = 0.25
"""A worker whose weight is below this share of an equal one strayed from the rest."""


class Flag(StrEnum):
    """What is odd about a worker's label map; a hint to look, not a verdict."""

    EMPTY = "empty"
    """Nothing drawn."""
    CONSTANT = "constant"
    """One label all over."""
    OUTLIER = "outlier"
    """Far from what the others say."""
    COPY = "copy"
    """Pixel for pixel another worker's, and something is drawn."""


@dataclass(frozen=True, slots=True)
class WorkerQuality:
    """What one photo says of one worker.

    Attributes:
        weight: that the worker had in the vote; all sum to 1.
        relative_weight: number of workers times the weight that this photo alone suggests: 1 is
            like the others. None with fewer than three workers, where it says nothing.
        agreement: mean IoU with the other workers, each weighted by its own weight; None alone.
        boundary_deviation: area on which the worker differs from the result over the length of the
            result's outline, in pixels; None where the worker drew no outline.
    """

    worker_id: str
    weight: float
    relative_weight: float | None
    agreement: float | None
    boundary_deviation: float | None
    flags: tuple[Flag, ...]


def assess(
    worker_ids: Sequence[str],
    counts: npt.NDArray[np.int64],
    pairs: PairAgreement,
    weights: Weights,
    evidence: Weights,
    deviations: Mapping[int, float],
) -> dict[str, WorkerQuality]:
    """Every worker's quality, by id.

    Args:
        counts: pixels by label, int64 (workers, 256).
        weights: that the workers had, sum 1.
        evidence: that this photo alone would give them, sum 1.
        deviations: a worker's row to the mean distance from the result, in pixels.
    """
    workers = len(worker_ids)
    qualities = {}
    for worker, worker_id in enumerate(worker_ids):
        relative = workers * float(evidence[worker]) if workers >= FEWEST else None
        flags: list[Flag] = []
        uniform = bool(counts[worker].max() == counts[worker].sum())
        if uniform:
            flags.append(Flag.EMPTY if counts[worker, BACKGROUND] else Flag.CONSTANT)
        elif np.count_nonzero(pairs.same[worker]) > 1:
            flags.append(Flag.COPY)
        if relative is not None and relative < OUTLIER:
            flags.append(Flag.OUTLIER)
        qualities[worker_id] = WorkerQuality(
            worker_id=worker_id,
            weight=float(weights[worker]),
            relative_weight=relative,
            agreement=_agreement(pairs, worker, weights),
            boundary_deviation=None if uniform else deviations[worker],
            flags=tuple(flags),
        )
    return qualities


def _agreement(pairs: PairAgreement, worker: int, weights: Weights) -> float | None:
    others = [other for other in range(len(weights)) if other != worker]
    if not others:
        return None
    shares = weights[others] if weights[others].sum() > 0 else np.ones(len(others))
    return float(np.average(pairs.iou[worker, others], weights=shares))
