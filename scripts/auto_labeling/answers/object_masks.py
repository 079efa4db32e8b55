"""Masks of single objects, as models give them: of the whole photo, or stretched to a box."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.errors import MaskError
from hooks.core.geometry import EMPTY_BOX, Box, Size
from hooks.core.masks import PlacedMask
from scripts.auto_labeling.answers.answer_json import numbers
from scripts.auto_labeling.answers.model_answer import UnreadableAnswerError
from scripts.auto_labeling.answers.photo_frame import PhotoFrame

HALF = 0.5
FURTHEST = 1000.0
"""Photos' sides that a box may be away; further out nothing of it is in the photo."""
LARGEST_BOX_MASK = 64
"""Side of the mask that Mask R-CNN makes of a box: 28 in most versions, 14 and 33 in some."""

Values = npt.NDArray[np.float64]


def read_object_mask(
    value: Any,
    box: tuple[float, float, float, float],
    frame: PhotoFrame,
    field: str,
    answer_size: Size | None = None,
) -> PlacedMask:
    """One object's mask in the upright photo; it may turn out empty.

    Args:
        value: rows of numbers: probabilities, 0 and 1, or 0 and 255.
        box: left, top, right, bottom in fractions of what the model saw.
        answer_size: of the picture that the answer's coordinates are of, where that is known:
            masks of that size are of the whole picture.

    Raises:
        UnreadableAnswerError: naming the field.
    """
    values = numbers(value, field, (-1, -1))
    if values.size == 0:
        raise UnreadableAnswerError(f"{field}: has no pixels.")
    if values.max() > 1:
        values = values / 255
    height, width = values.shape
    size = Size(width, height)
    if size != answer_size and is_box_mask(size, frame):
        if max(map(abs, box)) > FURTHEST:
            raise UnreadableAnswerError(f"{field}: its box is far out of the photo.")
        return _of_box(values, box, frame)
    try:
        return PlacedMask.cut(frame.mask(values > HALF))
    except MaskError as error:
        raise UnreadableAnswerError(f"{field}: is of another photo: {error}") from error


def is_box_mask(size: Size, frame: PhotoFrame) -> bool:
    """Whether masks of this size are a network's own, each of its box and not of the photo."""
    whole = size in (frame.photo.size, frame.photo.file_size)
    return not whole and size.width == size.height <= LARGEST_BOX_MASK


def rows_size(value: object) -> Size | None:
    """The size of rows of pixels; None if it is no such thing. No pixel is looked at."""
    if not isinstance(value, list) or not value or not isinstance(value[0], list) or not value[0]:
        return None
    return Size(len(value[0]), len(value))


def _of_box(
    values: Values, box: tuple[float, float, float, float], frame: PhotoFrame
) -> PlacedMask:
    """The values stretched over the box, and cut where they reach a half."""
    across, down = frame.seen
    left, right = math.floor(box[0] * across), math.ceil(box[2] * across)
    top, bottom = math.floor(box[1] * down), math.ceil(box[3] * down)
    # Only what lies in the photo is made: a model's box may reach far beyond it.
    first, upper = max(left, 0), max(top, 0)
    window = Box(
        first, upper, max(min(right, across) - first, 0), max(min(bottom, down) - upper, 0)
    )
    if window.is_empty:
        return PlacedMask(EMPTY_BOX, np.zeros((0, 0), bool))
    height, width = values.shape
    per_column, per_row = width / (right - left), height / (bottom - top)
    shown = (
        (window.left - left) * per_column,
        (window.top - top) * per_row,
        (window.right - left) * per_column,
        (window.bottom - top) * per_row,
    )
    image = Image.fromarray(values.astype(np.float32)).resize(
        (window.width, window.height), Image.Resampling.BILINEAR, box=shown
    )
    placed = PlacedMask.cut(np.asarray(image) > HALF, window.left, window.top)
    if not frame.file_grid or frame.photo.orientation == 1 or placed.box.is_empty:
        return placed
    return PlacedMask.cut(frame.mask(placed.to_mask(frame.seen)))
