"""An earlier label out of a file of the user's: what the manifest line of a task says of it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from hooks.core.categories import LabelCategories
from hooks.core.errors import FewclickError
from hooks.core.masks import write_label_map
from hooks.core.photo import PhotoHeader

FULL = 255


class EarlierLabelError(FewclickError):
    """A file holds no label of the photo."""


def mask_fields(
    file: Path,
    attribute: str,
    labels: LabelCategories,
    photo: PhotoHeader,
    put: Callable[[bytes], str],
) -> dict[str, Any]:
    """The fields of a manifest line for a mask.

    Args:
        photo: the mask has its upright size.
        put: stores a PNG and gives its address.

    Raises:
        EarlierLabelError: no such mask; the message says what is wrong with it.
    """
    try:
        with Image.open(io.BytesIO(_read(file))) as image:
            values = np.array(image.convert("L") if image.mode in ("1", "RGB", "RGBA") else image)
    except UnidentifiedImageError as error:
        raise EarlierLabelError(f"{file} is not an image.") from error
    if values.ndim != 2 or values.shape != (photo.size.height, photo.size.width):
        raise EarlierLabelError(
            f"{file} has {values.shape[1]} x {values.shape[0]} pixels, the photo "
            f"{photo.size.width} x {photo.size.height}."
        )
    if set(np.unique(values)) <= {0, FULL}:
        values = (values == FULL).astype(np.uint8)
    if values.max() > len(labels):
        raise EarlierLabelError(
            f"{file} has a pixel of value {values.max()}; the labels have numbers 1 to "
            f"{len(labels)}."
        )
    colors = labels.colors()
    png = write_label_map(values.astype(np.uint8), colors, orientation=photo.orientation)
    named = {
        str(index): {"class-name": labels.name(index), "hex-color": color}
        for index, color in colors.items()
    }
    return {attribute: {"mask-ref": put(png), "internal-color-map": named}}


def box_fields(
    file: Path, attribute: str, labels: LabelCategories, photo: PhotoHeader
) -> dict[str, Any]:
    """The fields of a manifest line for boxes.

    Raises:
        EarlierLabelError: no list of boxes, or one of no label that there is.
    """
    try:
        boxes = json.loads(_read(file))
    except ValueError as error:
        raise EarlierLabelError(f"{file} is not JSON: {error}.") from error
    if not isinstance(boxes, list):
        raise EarlierLabelError(f"{file} must hold a list of boxes.")
    names = list(labels)
    annotations = []
    for number, box in enumerate(boxes, start=1):
        if not isinstance(box, dict) or box.get("label") not in names:
            raise EarlierLabelError(
                f"{file}: box {number} needs a label, one of {', '.join(names)}."
            )
        sides = {side: box.get(side) for side in ("left", "top", "width", "height")}
        annotations.append({"class_id": names.index(box["label"]), **sides})
    size = {"width": photo.size.width, "height": photo.size.height, "depth": 3}
    class_map = {str(index): name for index, name in enumerate(names)}
    value = {"image_size": [size], "annotations": annotations, "class-map": class_map}
    return {attribute: value}


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise EarlierLabelError(f"{file} cannot be read: {error.strerror}.") from error
