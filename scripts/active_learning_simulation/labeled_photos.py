"""The photos of a simulation with what is known of them, at the scale of the canvas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from model_endpoint.reference_photos import ReferencePhoto
from scripts.active_learning_simulation.photo_features import CANVAS, canvas_size
from scripts.progress import counting

MASK_SIDE = CANVAS // 2
"""Pixels of the canvas as masks have it: labels are made and IoUs are taken at this scale."""
SMALLEST_SIDE = 6.0
"""Pixels of the canvas; nobody boxes what is smaller."""

Masks = npt.NDArray[np.bool_]
Edges = npt.NDArray[np.float64]
"""(boxes, 4): left, top, right, bottom in canvas pixels."""


@dataclass(frozen=True, slots=True)
class References:
    """What is true of every photo.

    Attributes:
        masks: bool (photos, MASK_SIDE, MASK_SIDE), where any object is.
        boxes: of every photo's objects.
    """

    masks: Masks
    boxes: tuple[Edges, ...]


def read_references(photos: Sequence[ReferencePhoto]) -> References:
    """The references of photos, read from their masks."""
    masks = np.zeros((len(photos), MASK_SIDE, MASK_SIDE), bool)
    boxes = []
    with counting("reading references", len(photos)) as advance:
        for place, photo in enumerate(photos):
            found = []
            for index in range(len(photo.object_names)):
                mask = photo.read_mask(index)
                size = canvas_size(mask.shape[1], mask.shape[0])
                half = (size.width // 2, size.height // 2)
                seen = np.asarray(
                    Image.fromarray(mask.astype(np.uint8) * 255).resize(half, Image.Resampling.BOX)
                )
                masks[place, : half[1], : half[0]] |= seen > 127
                edges = _edges(mask, size.width / mask.shape[1], size.height / mask.shape[0])
                if edges is not None:
                    found.append(edges)
            boxes.append(np.array(found, float).reshape(-1, 4))
            advance()
    return References(masks, tuple(boxes))


def _edges(mask: npt.NDArray[np.bool_], across: float, down: float) -> list[float] | None:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return None
    left, right = columns[0] * across, (columns[-1] + 1) * across
    top, bottom = rows[0] * down, (rows[-1] + 1) * down
    if min(right - left, bottom - top) < SMALLEST_SIDE:
        return None
    return [left, top, right, bottom]
