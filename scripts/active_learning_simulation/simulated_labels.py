"""What people answer in a simulation: the references, drawn as unsteadily as people draw.

Masks come from `scripts.consensus`'s careful worker, in one photo of twenty from its sloppy one;
both work zoomed in on what they outline, so their errors grow with it. Boxes have edges that stray
by EDGE_STRAY of the box's own side, and of a hundred objects one is overlooked. Both agree with the
references to about 0.95 IoU; `human_iou` says to how much exactly, and it stands in the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hooks.core.geometry import Size
from scripts.active_learning_simulation.box_agreement import box_agreement
from scripts.active_learning_simulation.labeled_photos import Edges, Masks, References
from scripts.active_learning_simulation.photo_features import CANVAS
from scripts.consensus.worker_simulator import WorkerKind, draw

SLOPPY_SHARE = 0.05
MARGIN = 0.15
"""Of the sides of what is outlined, round it, that a worker has in view."""
EDGE_STRAY = 0.015
OVERLOOKED = 0.01


@dataclass(frozen=True, slots=True)
class HumanLabels:
    """Labels of all photos, as `References` has them."""

    masks: Masks
    boxes: tuple[Edges, ...]


def answer(references: References, sizes: Sequence[Size], seed: int) -> HumanLabels:
    """A label for every photo, each by a worker of its own; the same for the same seed."""
    masks = np.zeros_like(references.masks)
    boxes = []
    for place, size in enumerate(sizes):
        rng = np.random.default_rng((seed, place))
        seen = (place, slice(size.height // 2), slice(size.width // 2))
        masks[seen] = _draw_mask(references.masks[seen], rng)
        boxes.append(_draw_boxes(references.boxes[place], rng))
    return HumanLabels(masks, tuple(boxes))


def human_iou(labels: HumanLabels, references: References, *, boxes: bool) -> float:
    """The mean IoU of people's labels with the references."""
    if boxes:
        pairs = zip(labels.boxes, references.boxes, strict=True)
        return float(np.mean([box_agreement(drawn, true) for drawn, true in pairs]))
    return float(
        np.mean(
            [
                mask_agreement(drawn, true)
                for drawn, true in zip(labels.masks, references.masks, strict=True)
            ]
        )
    )


def mask_agreement(one: Masks, other: Masks) -> float:
    """IoU of two masks of one photo; 1 when both are empty."""
    either = int(np.count_nonzero(one | other))
    return float(np.count_nonzero(one & other) / either) if either else 1.0


def _draw_mask(true: Masks, rng: np.random.Generator) -> Masks:
    """A worker's mask; the reference where there is nothing to draw."""
    kind = WorkerKind.SLOPPY if rng.random() < SLOPPY_SHARE else WorkerKind.CAREFUL
    if not true.any():
        return true
    view = _zoomed(np.flatnonzero(true.any(1))), _zoomed(np.flatnonzero(true.any(0)))
    drawn = np.zeros_like(true)
    drawn[view] = draw(rng, np.ascontiguousarray(true[view], np.uint8), 1, kind) > 0
    # Nobody hands in a photo without its object.
    return drawn if drawn.any() else true


def _zoomed(occupied: npt.NDArray[np.intp]) -> slice:
    """Rows or columns where something is, and a margin."""
    first, end = int(occupied[0]), int(occupied[-1]) + 1
    margin = round(MARGIN * (end - first)) + 2
    return slice(max(first - margin, 0), end + margin)


def _draw_boxes(true: Edges, rng: np.random.Generator) -> Edges:
    kept = true[rng.random(len(true)) >= OVERLOOKED] if len(true) > 1 else true
    sides = np.tile(kept[:, 2:] - kept[:, :2], 2)
    drawn: Edges = np.clip(kept + rng.normal(0, EDGE_STRAY, kept.shape) * sides, 0, CANVAS)
    return drawn
