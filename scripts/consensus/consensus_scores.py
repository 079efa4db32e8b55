"""How good a consolidated label map is, and how well a number ranks or separates.

Scores are means over the foreground classes that the truth or the result has.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from hooks.core.masks import LabelMap, Mask, iou

BOUNDARY_TOLERANCE = 2.0
"""Pixels of a photo whose shorter side is REFERENCE_SIDE."""
REFERENCE_SIDE = 512
LEAST_TOLERANCE = 1.5

Numbers = npt.NDArray[np.float64]


def mean_iou(result: LabelMap, truth: LabelMap, classes: int) -> float:
    """Mean intersection over union, 0 to 1; 1 where both are empty."""
    found = [
        iou(result == index, truth == index)
        for index in range(1, classes + 1)
        if (result == index).any() or (truth == index).any()
    ]
    return float(np.mean(found)) if found else 1.0


def mean_boundary_f(result: LabelMap, truth: LabelMap, classes: int) -> float:
    """Mean F score of the outlines, 0 to 1: harmonic mean of precision and recall.

    An outline's pixel is right where the other outline is within 2 px of it, for a photo of 512 px
    (in proportion for others, at least 1.5 px).
    """
    tolerance = max(BOUNDARY_TOLERANCE * min(truth.shape) / REFERENCE_SIDE, LEAST_TOLERANCE)
    found = [
        _boundary_f(result == index, truth == index, tolerance)
        for index in range(1, classes + 1)
        if (result == index).any() or (truth == index).any()
    ]
    return float(np.mean(found)) if found else 1.0


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Spearman's rank correlation, ties ranked by their mean; None without any variation."""
    ranks = _ranks(first), _ranks(second)
    if len(first) < 2 or any(float(rank.std()) == 0 for rank in ranks):
        return None
    return float(np.corrcoef(*ranks)[0, 1])


def area_under_curve(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """Chance that a random positive's number is above a random negative's, ties half."""
    if not positive or not negative:
        return None
    ranks = _ranks([*positive, *negative])
    count = len(positive)
    above = float(ranks[:count].sum()) - count * (count + 1) / 2
    return above / (count * len(negative))


def _boundary_f(result: Mask, truth: Mask, tolerance: float) -> float:
    outlines = _outline(result), _outline(truth)
    if not all(outline.any() for outline in outlines):
        return 0.0
    shares = []
    for one, other in (outlines, outlines[::-1]):
        distance = cv2.distanceTransform(
            (~other).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
        )
        shares.append(float((distance[one] <= tolerance).mean()))
    precision, recall = shares
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _outline(mask: Mask) -> Mask:
    """Pixels of a mask that have a neighbour outside it; outside the photo is inside."""
    padded = np.pad(mask, 1, mode="edge")
    core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~core


def _ranks(values: Sequence[float]) -> Numbers:
    """Ranks from 1 on, float64; equal values share their mean rank."""
    _, inverse, counts = np.unique(
        np.asarray(values, np.float64), return_inverse=True, return_counts=True
    )
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], np.float64)
