"""A PNG whose pixel values are class indices."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.errors import MaskError, PhotoError
from hooks.core.mask_reader import MAX_MASK_BYTES
from hooks.core.masks import VOID, LabelMap
from hooks.core.photo import read_header
from scripts.auto_labeling.answers.model_answer import UnreadableAnswerError
from scripts.auto_labeling.answers.photo_frame import PhotoFrame


def read_index_image(png: bytes, frame: PhotoFrame, classes: int) -> LabelMap:
    """The label map of a PNG with one 8-bit value a pixel, of the upright photo's size.

    Args:
        classes: values below it are classes; else only 255, void, may stand there.

    Raises:
        UnreadableAnswerError: not such a PNG, damaged, of another photo, or with other values.
    """
    return checked_label_map(decode_index_image(png), frame, classes, "the PNG")


def decode_index_image(png: bytes) -> LabelMap:
    """The values of a PNG with one of 8 bits a pixel. Raises UnreadableAnswerError."""
    if len(png) > MAX_MASK_BYTES:
        raise UnreadableAnswerError(f"the PNG has {len(png)} bytes; at most {MAX_MASK_BYTES}.")
    values = _decoded(png)
    if values.ndim == 2 and values.dtype == np.bool_:
        values = values.astype(np.uint8) * 255
    if values.ndim != 2 or values.dtype != np.uint8:
        raise UnreadableAnswerError("the PNG does not have one 8-bit value a pixel.")
    return values


def checked_label_map(values: LabelMap, frame: PhotoFrame, classes: int, what: str) -> LabelMap:
    """Class indices a model gave, of the upright photo's size. Raises UnreadableAnswerError."""
    counts = Image.fromarray(values).histogram()
    unknown = [value for value in range(classes, VOID) if counts[value]]
    if unknown:
        raise UnreadableAnswerError(
            f"{what} has the class {unknown[0]}, and the model's classes are {classes}."
        )
    try:
        return frame.label_map(values)
    except MaskError as error:
        raise UnreadableAnswerError(f"{what} is of another photo: {error}") from error


def _decoded(png: bytes) -> npt.NDArray[Any]:
    try:
        header = read_header(png, "the PNG")
        if header.format != "PNG":
            raise UnreadableAnswerError(f"the answer is a {header.format}, not a PNG.")
        with warnings.catch_warnings():
            # Pillow warns at a size of its own; read_header has checked ours.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
                return np.asarray(image)
    except PhotoError as error:
        raise UnreadableAnswerError(f"the PNG cannot be read: {error.problem}") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise UnreadableAnswerError(f"the PNG is damaged ({error}).") from error
