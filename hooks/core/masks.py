"""Masks and label maps, and the forms they travel in.

A *mask* is one object: bool, shape (height, width). A *label map* is all classes of one photo:
uint8, shape (height, width), 0 background, 1 to 254 the job's labels in order, 255 void. On the
wire a mask is cut to its box and written as COCO's compressed run lengths; in storage a label map
is a palette PNG.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core import photo
from hooks.core.errors import MaskError
from hooks.core.geometry import EMPTY_BOX, Box, Size

Mask: TypeAlias = npt.NDArray[np.bool_]
LabelMap: TypeAlias = npt.NDArray[np.uint8]

BACKGROUND = 0
VOID = 255

_DIGIT_BITS = 5
_FIRST_CHARACTER = 48
_MAX_DIGITS = 7  # 35 bits: run lengths of any photo, and their differences


def bounding_box(mask: Mask) -> Box:
    """The smallest box that holds every true pixel; EMPTY_BOX when there is none."""
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return EMPTY_BOX
    columns = np.flatnonzero(mask.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    return Box(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)


def iou(first: Mask, second: Mask) -> float:
    """Intersection over union, 0 to 1; two empty masks agree fully."""
    union = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / union if union else 1.0


def encode_rle(mask: Mask) -> str:
    """COCO's compressed run lengths of a mask: column by column, zeros first.

    The format is that of `pycocotools.mask` (`counts` of an RLE): each run length, from the
    third on as the difference to the one two before it, is written in groups of five bits, low
    group first, a sixth bit saying that more follow, as characters from "0" on.
    """
    flat = np.asarray(mask, dtype=bool).ravel(order="F")
    if flat.size == 0:
        return ""
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = np.concatenate(([0], changes, [flat.size]))
    runs = np.diff(edges).astype(np.int64)
    if flat[0]:
        runs = np.concatenate(([0], runs))
    values = runs.copy()
    values[3:] -= runs[1:-2]
    return _write_digits(values)


def decode_rle(counts: str, size: Size) -> Mask:
    """The mask of `size` that `counts` describes; the inverse of `encode_rle`.

    Raises:
        MaskError: the text is not run lengths, or they do not fill `size` exactly.
    """
    if size.pixels == 0 and not counts:
        return np.zeros(size.shape, dtype=bool)
    if len(counts) > 2 * _MAX_DIGITS + _MAX_DIGITS * size.pixels:
        raise MaskError("the run lengths are longer than any mask of this size.")
    values = _read_digits(counts)
    runs = values.copy()
    # Undo the differences: the odd and the even runs are each a running sum, from the third
    # (index 1 and 2) on.
    runs[1::2] = np.cumsum(values[1::2])
    runs[2::2] = np.cumsum(values[2::2])
    if runs.min(initial=0) < 0 or int(runs.sum()) != size.pixels:
        raise MaskError(f"the run lengths do not fill {size.width} x {size.height} pixels.")
    flat = np.repeat(np.arange(runs.size) % 2 == 1, runs)
    return flat.reshape(size.shape, order="F")


def _write_digits(values: npt.NDArray[np.int64]) -> str:
    remaining = values.copy()
    digits = np.zeros((values.size, _MAX_DIGITS), dtype=np.uint8)
    used = np.zeros((values.size, _MAX_DIGITS), dtype=bool)
    active = np.ones(values.size, dtype=bool)
    for place in range(_MAX_DIGITS):
        digit = remaining & 0x1F
        remaining = remaining >> _DIGIT_BITS  # arithmetic: keeps the sign
        finished = ((remaining == 0) & (digit & 0x10 == 0)) | (
            (remaining == -1) & (digit & 0x10 != 0)
        )
        digits[:, place] = digit + np.where(finished, 0, 0x20) + _FIRST_CHARACTER
        used[:, place] = active
        active = active & ~finished
        if not active.any():
            break
    return digits[used].tobytes().decode("ascii")


def _read_digits(counts: str) -> npt.NDArray[np.int64]:
    try:
        codes = np.frombuffer(counts.encode("ascii"), dtype=np.uint8).astype(np.int64)
    except UnicodeEncodeError as error:
        raise MaskError("the run lengths hold characters that do not belong there.") from error
    codes -= _FIRST_CHARACTER
    if codes.size == 0 or codes.min() < 0 or codes.max() > 0x3F or codes[-1] & 0x20:
        raise MaskError("the run lengths are not COCO's compressed run lengths.")
    ends = np.flatnonzero(codes & 0x20 == 0)
    starts = np.concatenate(([0], ends[:-1] + 1))
    if (ends - starts).max() >= _MAX_DIGITS:
        raise MaskError("a run length is longer than any photo.")
    places = np.arange(codes.size) - np.repeat(starts, ends - starts + 1)
    parts = (codes & 0x1F) << (_DIGIT_BITS * places)
    values = np.add.reduceat(parts, starts)
    negative = codes[ends] & 0x10 != 0
    values[negative] -= np.int64(1) << (_DIGIT_BITS * (ends - starts + 1))[negative]
    return values


@dataclass(frozen=True, slots=True)
class CroppedMask:
    """A mask as it travels: cut to its box, run-length encoded."""

    box: Box
    counts: str

    @classmethod
    def from_mask(cls, mask: Mask) -> CroppedMask:
        box = bounding_box(mask)
        return cls(box, encode_rle(mask[box.slices()]))

    @classmethod
    def from_json(cls, value: object) -> CroppedMask:
        """Raises MaskError unless `value` is {"box": [left, top, width, height], "counts": str}."""
        box = value.get("box") if isinstance(value, Mapping) else None
        counts = value.get("counts") if isinstance(value, Mapping) else None
        if (
            not isinstance(counts, str)
            or not isinstance(box, list)
            or len(box) != 4
            or not all(isinstance(edge, int) and not isinstance(edge, bool) for edge in box)
        ):
            raise MaskError("a mask needs a box of four whole numbers and its run lengths.")
        return cls(Box(*box), counts)

    def to_json(self) -> dict[str, Any]:
        return {"box": self.box.to_list(), "counts": self.counts}

    def to_mask(self, size: Size) -> Mask:
        """The whole mask, shape (height, width) of `size`.

        Raises:
            MaskError: the box does not lie in `size` or the run lengths do not fill the box.
        """
        if not self.box.lies_in(size):
            raise MaskError(
                f"the mask's box {self.box.to_list()} does not lie in a photo of "
                f"{size.width} x {size.height} pixels."
            )
        mask = np.zeros(size.shape, dtype=bool)
        mask[self.box.slices()] = decode_rle(self.counts, Size(self.box.width, self.box.height))
        return mask


@dataclass(frozen=True, slots=True)
class PlacedMask:
    """A mask cut to its box, bool of the box's shape, and where in the photo the box lies."""

    box: Box
    mask: Mask

    @classmethod
    def cut(cls, mask: Mask, left: int = 0, top: int = 0) -> PlacedMask:
        """The smallest one that holds `mask`, whose upper left corner is at (left, top)."""
        inner = bounding_box(mask)
        if inner.is_empty:
            return cls(EMPTY_BOX, np.zeros((0, 0), dtype=bool))
        moved = Box(left + inner.left, top + inner.top, inner.width, inner.height)
        return cls(moved, mask[inner.slices()].copy())

    @property
    def area(self) -> int:
        return int(np.count_nonzero(self.mask))

    def to_mask(self, size: Size) -> Mask:
        """The whole mask, shape (height, width) of `size`."""
        return self.within(Box(0, 0, size.width, size.height))

    def iou(self, other: PlacedMask) -> float:
        """Intersection over union, 0 to 1; two empty masks agree fully."""
        left, top = max(self.box.left, other.box.left), max(self.box.top, other.box.top)
        right = min(self.box.right, other.box.right)
        bottom = min(self.box.bottom, other.box.bottom)
        shared = 0
        if left < right and top < bottom:
            window = Box(left, top, right - left, bottom - top)
            shared = int(np.count_nonzero(self.within(window) & other.within(window)))
        union = self.area + other.area - shared
        return shared / union if union else 1.0

    def within(self, window: Box) -> Mask:
        """What of it lies in a window, bool of the window's shape."""
        mask = np.zeros((window.height, window.width), dtype=bool)
        left, top = max(self.box.left, window.left), max(self.box.top, window.top)
        right, bottom = min(self.box.right, window.right), min(self.box.bottom, window.bottom)
        if left < right and top < bottom:
            shared = Box(left, top, right - left, bottom - top)
            mask[shared.seen_from(window).slices()] = self.mask[shared.seen_from(self.box).slices()]
        return mask


def write_label_map(
    label_map: LabelMap, colors: Mapping[int, str], *, orientation: int = 1
) -> bytes:
    """A label map as a palette PNG: the pixel value is the class, the palette its colour.

    `label_map` is that of the upright photo; the file gets the photo's own pixel grid and, when
    `orientation` is not 1, its EXIF orientation (see `hooks.core.photo`).

    `colors` maps class index to "#rrggbb"; classes without one are shown black.
    """
    image = Image.fromarray(photo.to_file_grid(label_map, orientation))
    palette = bytearray(3 * 256)
    for index, color in colors.items():
        palette[3 * index : 3 * index + 3] = bytes.fromhex(color.removeprefix("#"))
    image.putpalette(bytes(palette))  # turns the greyscale image into a palette one
    stream = io.BytesIO()
    if orientation == 1:
        image.save(stream, format="PNG")
    else:
        image.save(stream, format="PNG", exif=photo.orientation_exif(orientation))
    return stream.getvalue()
