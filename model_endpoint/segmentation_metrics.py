"""How good label maps are against references: counts of pixels by class, and what follows of them.

Void pixels (255) of the reference count nowhere. The mean is over all classes that the references
have, the background among them, as SageMaker's built-in segmentation reports it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from hooks.core.masks import VOID, LabelMap


class Confusion:
    """Pixels by class of the reference (row) and of the prediction (column)."""

    def __init__(self, classes: int) -> None:
        self.counts: npt.NDArray[np.int64] = np.zeros((classes, classes), np.int64)

    def add(self, predicted: LabelMap, reference: LabelMap) -> None:
        """Count one photo; both are uint8 (height, width) of the same classes.

        Raises:
            ValueError: a class outside 0 to `classes` - 1 that is not void in the reference.
        """
        known = reference != VOID
        classes = len(self.counts)
        codes = reference[known].astype(np.int64) * classes + predicted[known]
        if codes.size and (reference[known].max() >= classes or predicted[known].max() >= classes):
            raise ValueError(f"there are classes past the last, {classes - 1}")
        self.counts += np.bincount(codes, minlength=classes**2).reshape(classes, classes)

    @property
    def pixel_accuracy(self) -> float:
        """Share of the pixels that have the right class; 0 if there are none."""
        return float(np.trace(self.counts) / max(self.counts.sum(), 1))

    def ious(self) -> Mapping[int, float]:
        """Class to intersection over union, for the classes that the references have."""
        hits = np.diag(self.counts)
        expected, found = self.counts.sum(1), self.counts.sum(0)
        union = expected + found - hits
        return {int(index): float(hits[index] / union[index]) for index in np.flatnonzero(expected)}

    @property
    def mean_iou(self) -> float:
        """Mean over the classes that the references have; 0 if there are none."""
        scores = list(self.ious().values())
        return sum(scores) / len(scores) if scores else 0.0
