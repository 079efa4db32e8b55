"""SIMPLE: drop the answers that agree least with the vote of the rest, and vote again.

Langerak, van der Heide, Kotte, Viergever, van Vulpen, Pluim: Label Fusion in Atlas-Based
Segmentation Using a Selective and Iterative Method for Performance Level Estimation (SIMPLE),
IEEE Transactions on Medical Imaging 29 (2010). An anchor for the benchmark: the strongest of the
known methods that need nothing but the masks.

The paper has one class; for several an answer's performance is its mean Dice coefficient over the
classes that it or the vote has, and the vote is a plurality. Ties go to the foreground.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hooks.core.masks import LabelMap

ALLOWED_DEVIATIONS = 1.0
"""An answer is dropped whose performance is this many standard deviations below the mean."""
MOST_ROUNDS = 10
LEAST_ANSWERS = 2
LEAST_WEIGHT = 1e-6

Weights = npt.NDArray[np.float64]


def consolidate_simple(label_maps: Sequence[LabelMap], classes: int) -> LabelMap:
    """The label map, uint8 (height, width), that SIMPLE makes of several of the same shape."""
    count = len(label_maps)
    kept = np.ones(count, bool)
    weights = np.ones(count)
    result = label_maps[0]
    for _ in range(MOST_ROUNDS):
        result = weighted_plurality(label_maps, np.where(kept, weights, 0), classes)
        performance = np.array([mean_dice(label_map, result, classes) for label_map in label_maps])
        weights = np.maximum(performance, LEAST_WEIGHT)
        own = performance[kept]
        least = own.mean() - ALLOWED_DEVIATIONS * own.std() - 1e-12
        still = kept & (performance >= least)
        if np.count_nonzero(still) < LEAST_ANSWERS or bool((still == kept).all()):
            break
        kept = still
    return result


def weighted_plurality(label_maps: Sequence[LabelMap], weights: Weights, classes: int) -> LabelMap:
    """The label with the largest sum of weights at every pixel; ties go to the foreground."""
    shape = label_maps[0].shape
    result = np.zeros(shape, np.uint8)
    best = np.zeros(shape, np.float32)
    for index in [*range(1, classes + 1), 0]:
        score = np.zeros(shape, np.float32)
        for label_map, weight in zip(label_maps, weights, strict=True):
            if weight > 0:
                score += (label_map == index) * np.float32(weight)
        better = score > best
        result[better] = index
        np.copyto(best, score, where=better)
    return result


def mean_dice(first: LabelMap, second: LabelMap, classes: int) -> float:
    """Mean Dice coefficient over the foreground classes of either map; 1 where both are empty."""
    found = []
    for index in range(1, classes + 1):
        one, other = first == index, second == index
        areas = np.count_nonzero(one) + np.count_nonzero(other)
        if areas:
            found.append(2 * np.count_nonzero(one & other) / areas)
    return float(np.mean(found)) if found else 1.0
