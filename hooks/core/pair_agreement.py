"""How far every two workers agree, and on how much they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from hooks.core.ballots import LABELS, Ballots, Counts
from hooks.core.masks import BACKGROUND, VOID


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """All pairs of workers, every array symmetric, (workers, workers).

    Attributes:
        iou: mean IoU over the foreground labels that either worker has, pixels void to one left
            out; 1 where both drew nothing. float64, diagonal 1.
        differences: pixels on which both say something and not the same, int64, diagonal 0.
        same: pixel for pixel the same, void pixels included, bool, diagonal true.
        shared, covered: by label, pixels that both call so and that either does, void to neither,
            int64 (workers, workers, 256), zeros on the diagonal.
    """

    iou: npt.NDArray[np.float64]
    differences: npt.NDArray[np.int64]
    same: npt.NDArray[np.bool_]
    shared: npt.NDArray[np.int64]
    covered: npt.NDArray[np.int64]

    @classmethod
    def of(
        cls, ballots: Ballots, compared: Sequence[int], counts: npt.NDArray[np.int64]
    ) -> PairAgreement:
        """Compare all workers.

        Args:
            ballots: of the workers in `compared`; all others' label maps hold one label only, so
                that their counts say all there is to know.
            compared: the workers' rows in `counts`, ascending.
            counts: pixels by label of every worker, int64 (workers, 256).
        """
        workers = len(counts)
        row = {worker: number for number, worker in enumerate(compared)}
        agreement = np.eye(workers)
        differences = np.zeros((workers, workers), np.int64)
        shared = np.zeros((workers, workers, LABELS), np.int64)
        covered = np.zeros((workers, workers, LABELS), np.int64)
        for i, j in combinations(range(workers), 2):
            if i in row and j in row:
                overlap = ballots.overlaps(row[i], row[j])
                first, second = ballots.seen_by_both(row[i], row[j])
            else:
                uniform, other = (j, i) if i in row else (i, j)
                overlap, first, second = _with_uniform(counts[uniform], counts[other])
            shared[i, j] = shared[j, i] = overlap
            covered[i, j] = covered[j, i] = first + second - overlap
            ious = _ious(overlap, first + second - overlap)[BACKGROUND + 1 : VOID]
            seen = ious[~np.isnan(ious)]
            agreement[i, j] = agreement[j, i] = float(seen.mean()) if len(seen) else 1.0
            differences[i, j] = differences[j, i] = int(first.sum() - overlap.sum())
        # Void pixels differ from nothing, so that the counts are asked too.
        same = (differences == 0) & (counts[:, None] == counts[None]).all(axis=2)
        return cls(agreement, differences, same, shared, covered)

    def of_label(self, index: int, weights: npt.NDArray[np.float64]) -> float | None:
        """Mean IoU of all pairs on one label, a pair weighing as the product of its two weights.

        Pairs of which neither has the label say nothing; None if that leaves none.
        """
        ious = _ious(self.shared[:, :, index], self.covered[:, :, index])
        pair = np.where(np.isnan(ious), 0.0, np.outer(weights, weights))
        total = float(pair.sum())
        return float(np.nansum(pair * ious)) / total if total else None


def _ious(shared: npt.NDArray[np.int64], covered: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """NaN where nothing is covered."""
    ious = np.full(shared.shape, np.nan)
    np.divide(shared, covered, out=ious, where=covered > 0)
    return ious


def _with_uniform(uniform: Counts, other: Counts) -> tuple[Counts, Counts, Counts]:
    """Overlap, and both areas where both say something, with a worker of one label only."""
    label = int(uniform.argmax())
    overlap = np.zeros(LABELS, np.int64)
    if label == VOID:
        return overlap, overlap, overlap
    area = other.copy()
    area[VOID] = 0
    overlap[label] = area[label]
    own = np.zeros(LABELS, np.int64)
    own[label] = area.sum()
    return overlap, own, area
