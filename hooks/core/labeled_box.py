"""A rectangle with a class, as workers draw it, and what several of one object make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from hooks.core.errors import AnswerError
from hooks.core.shares import TOLERANCE

FURTHEST = 1_000_000
SMALLEST_SIDE = 0.01
"""Pages send hundredths of a pixel."""

Edges: TypeAlias = npt.NDArray[np.float64]
"""(boxes, 4): left, top, right, bottom."""


@dataclass(frozen=True, slots=True, order=True)
class LabeledBox:
    """A rectangle in image pixels (x right, y down), not necessarily of whole pixels.

    Attributes:
        label: class index, as in a label map.

    Raises:
        AnswerError: an edge is not a number of any photo, or the rectangle has no area.
    """

    label: int
    left: float
    top: float
    width: float
    height: float

    def __post_init__(self) -> None:
        # Written so that a NaN fails them.
        if not all(
            abs(edge) <= FURTHEST for edge in (self.left, self.top, self.right, self.bottom)
        ):
            raise AnswerError(f"a box has an edge that is not within {FURTHEST} pixels.")
        if not (self.width >= SMALLEST_SIDE and self.height >= SMALLEST_SIDE):
            raise AnswerError(f"a box of {self.width} x {self.height} pixels has no area.")

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def iou(self, other: LabeledBox) -> float:
        """Intersection over union, 0 to 1, whatever the classes."""
        return float(ious(self, [other])[0])


@dataclass(frozen=True, slots=True)
class ScoredBox:
    """A box, and how sure whoever made it is of it, 0 to 1: workers by agreement, or a model."""

    box: LabeledBox
    confidence: float


def ious(box: LabeledBox, others: Sequence[LabeledBox]) -> npt.NDArray[np.float64]:
    """Intersection over union of a box with each of the others, whatever the classes, (others,)."""
    return edge_ious(box_edges([box])[0], box_edges(others))


def box_edges(boxes: Sequence[LabeledBox]) -> Edges:
    rows = [(box.left, box.top, box.right, box.bottom) for box in boxes]
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


def edge_ious(one: npt.NDArray[np.float64], others: Edges) -> npt.NDArray[np.float64]:
    """Intersection over union of one box's edges (4,) with each of the others', (others,)."""
    sides = np.minimum(one[2:], others[:, 2:]) - np.maximum(one[:2], others[:, :2])
    shared = np.prod(np.maximum(sides, 0.0), axis=1)
    area = np.prod(one[2:] - one[:2])
    return np.asarray(shared / (area + np.prod(others[:, 2:] - others[:, :2], axis=1) - shared))


def fuse_boxes(boxes: Sequence[LabeledBox], weights: Sequence[float]) -> LabeledBox:
    """One box of one class out of several: weighted medians of the edges.

    Of two boxes the weighted mean, as a median would be one of them. The right edge's median lies
    right of the left edge's, since every box's right edge does.
    """
    edges, weight = box_edges(boxes), np.array(weights)
    left, top, right, bottom = (
        float(np.average(values, weights=weight))
        if len(boxes) <= 2
        else weighted_median(values, weight)
        for values in edges.T
    )
    width, height = max(right - left, SMALLEST_SIDE), max(bottom - top, SMALLEST_SIDE)
    return LabeledBox(boxes[0].label, left, top, width, height)


def weighted_median(values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> float:
    """The value with half of the weight on either side; between two such, their mean."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order]) / weights.sum()
    at = int(np.argmax(below >= 0.5 - TOLERANCE))
    if below[at] <= 0.5 + TOLERANCE and at + 1 < len(order):
        return float(values[order[at]] + values[order[at + 1]]) / 2
    return float(values[order[at]])
