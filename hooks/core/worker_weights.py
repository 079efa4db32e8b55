"""How much each worker's word counts, from how much the workers differ from each other.

A worker's outline strays from the truth by some spread s_i, and two workers' masks differ on an
area that grows with both of their spreads. So D_ij, the number of pixels on which i and j differ,
is about s_i + s_j, and every pair (j, k) of the others gives an estimate

    s_i = (D_ij + D_ik - D_jk) / 2

Their median is not moved by a few bad workers. The weight falls with the spread, as the inverse
variance does in a weighted mean, only less steeply: D has noise.

Estimates from EM (Dawid-Skene, STAPLE) come out no better and saturate, because they take
neighbouring pixels to be independent.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float64]

SLOPE = 1.2
"""Power of the spread. This and SMALLEST_SPREAD were chosen on simulated workers, seed 7."""
SMALLEST_SPREAD = 0.12
"""Of the typical spread; a smaller one is luck, or a copied mask."""
FEWEST = 3
"""Two workers differ from each other; nothing says who is wrong."""


def robust_weights(differences: npt.NDArray[np.int64]) -> Weights:
    """Weights that sum to 1, float64 (workers,).

    Args:
        differences: pixels on which two workers differ, (workers, workers), symmetric.
    """
    count = len(differences)
    if count < FEWEST:
        return np.full(count, 1 / count)
    spreads = np.array([_spread(differences, worker) for worker in range(count)])
    typical = float(np.median(differences[np.triu_indices(count, 1)])) / 2
    weights = np.maximum(spreads, max(SMALLEST_SPREAD * typical, 1.0)) ** -SLOPE
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _spread(differences: npt.NDArray[np.int64], worker: int) -> float:
    others = [other for other in range(len(differences)) if other != worker]
    estimates = [
        (differences[worker, j] + differences[worker, k] - differences[j, k]) / 2
        for j, k in combinations(others, 2)
    ]
    return float(np.median(estimates))
