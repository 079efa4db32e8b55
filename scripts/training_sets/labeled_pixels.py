"""A labeled image fetched and decoded: photo, label map, objects, fitting together."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.errors import PhotoError
from hooks.core.geometry import Size
from hooks.core.mask_reader import decode_colors
from hooks.core.masks import BACKGROUND, VOID, LabelMap, Mask, PlacedMask
from hooks.core.photo import (
    MAX_PHOTO_BYTES,
    PhotoHeader,
    open_photo,
    read_header,
    upright,
)
from scripts.training_sets.export_plan import PlannedImage

JPEG_QUALITY = 95
SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp"}
"""Of photos that are passed on as they are; others become PNG."""
MEDIA_TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
}
_CHECKED_SCALE = 8

Fetch = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Instance:
    """One object: its class index, and its pixels in the upright photo."""

    index: int
    placed: PlacedMask


@dataclass(frozen=True, slots=True)
class LabeledPixels:
    """A planned image with its pixels.

    Attributes:
        photo: the file's bytes, to be read without regard to any orientation tag: turned photos
            have been turned and saved anew.
        suffix: ".jpg" or what else the bytes are.
        size: of the photo and of the label map.
        label_map: uint8 (height, width): the set's class indices, 0 background, 255 void.
        instances: the objects; no two share a pixel, and together they are all of the label map's
            classes. Empty unless they were asked for.
        problem: a sentence on what is odd about the mask; "" if nothing is.
        original: the photo is as it was.
    """

    planned: PlannedImage
    photo: bytes
    suffix: str
    size: Size
    label_map: LabelMap
    instances: tuple[Instance, ...] = ()
    problem: str = ""
    original: bool = True

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.suffix]

    def class_pixels(self) -> dict[int, int]:
        """Class index to how many pixels it has; classes without any are left out."""
        counts = Image.fromarray(self.label_map).histogram()
        return {index: count for index, count in enumerate(counts) if count}


def read_pixels(
    planned: PlannedImage, fetch: Fetch, *, jpeg: bool, instances: bool
) -> LabeledPixels:
    """Fetch and decode one image.

    Args:
        jpeg: photos of other kinds are saved as JPEG.
        instances: also find the objects.

    Raises:
        FileNotFoundError, PermissionError: photo or mask is not there or may not be read.
        PhotoError, MaskError: one of them cannot be used, or they do not fit together.
    """
    address = planned.source_ref
    raw = fetch(address)
    if len(raw) > MAX_PHOTO_BYTES:
        raise PhotoError(address, f"the file has {len(raw)} bytes; at most {MAX_PHOTO_BYTES}.")
    header = read_header(raw, address)
    photo, suffix = _passed_on(raw, header, address, jpeg=jpeg)
    classes = {
        (int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)): index
        for color, index in planned.colors.items()
    }
    label_map, problem = decode_colors(fetch(planned.mask_ref), classes, header)
    found = _instances(planned, label_map, header, fetch) if instances else ()
    return LabeledPixels(
        planned, photo, suffix, header.size, label_map, tuple(found), problem, photo is raw
    )


def _passed_on(raw: bytes, header: PhotoHeader, address: str, *, jpeg: bool) -> tuple[bytes, str]:
    """The photo's bytes and their suffix: as they are, if the photo is upright and of a fit kind.

    Either way every pixel has been decoded once, so that no damaged file is passed on.
    """
    known = header.format in SUFFIXES and header.orientation == 1
    if known and header.format == "JPEG" and _has_plain_colors(raw, address):
        return raw, ".jpg"
    pixels = open_photo(raw, address)
    if known and header.format != "JPEG" and not jpeg:
        return raw, SUFFIXES[header.format]
    kind, suffix = ("JPEG", ".jpg") if jpeg or header.format == "JPEG" else ("PNG", ".png")
    return _saved(pixels, kind), suffix


def _has_plain_colors(raw: bytes, address: str) -> bool:
    """Whether a JPEG has colours that every reader knows.

    Reads it at an eighth of its size, which decodes the whole stream in a fraction of the time.

    Raises:
        PhotoError: damaged.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(raw), formats=("JPEG",)) as image:
                mode = image.mode
                small = tuple(max(side // _CHECKED_SCALE, 1) for side in image.size)
                image.draft(None, (small[0], small[1]))
                image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise PhotoError(address, f"the photo's pixels cannot be read ({error}).") from error
    return mode in ("RGB", "L")


def _saved(pixels: npt.NDArray[np.uint8], kind: str) -> bytes:
    stream = io.BytesIO()
    options: dict[str, Any] = {"quality": JPEG_QUALITY} if kind == "JPEG" else {}
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def _instances(
    planned: PlannedImage, label_map: LabelMap, header: PhotoHeader, fetch: Fetch
) -> list[Instance]:
    """The label's own objects where it knows them, cut to the label map; else connected regions.

    What of a class no object covers is split into its regions too, so that nothing is lost.
    """
    left = label_map.copy()
    left[left == VOID] = BACKGROUND
    found = []
    for mask in _known_objects(planned, header, fetch):
        # The label map has the last word on classes: it was decided pixel by pixel.
        inside = left[mask]
        counts = np.bincount(inside, minlength=1)
        counts[BACKGROUND] = 0
        if counts.any():
            index = int(counts.argmax())
            mask &= left == index
            left[mask] = BACKGROUND
            found.append(Instance(index, PlacedMask.cut(mask)))
    for index in np.unique(left[left != BACKGROUND]):
        found += [Instance(int(index), placed) for placed in regions(left == index)]
    return found


def _known_objects(planned: PlannedImage, header: PhotoHeader, fetch: Fetch) -> list[Mask]:
    if not planned.details_ref:
        return []
    try:
        address = json.loads(fetch(planned.details_ref)).get("instances-ref")
        if address is None:
            return []
        with Image.open(io.BytesIO(fetch(address)), formats=("PNG",)) as image:
            numbers = upright(np.asarray(image), header.orientation)
    except (OSError, SyntaxError, ValueError, AttributeError):
        # The label map is whole without them; its regions stand in.
        return []
    if numbers.shape != header.size.shape:
        return []
    return [numbers == number for number in np.unique(numbers) if number]


def regions(mask: Mask) -> list[PlacedMask]:
    """The 8-connected regions of a mask, in reading order of their boxes."""
    import cv2  # an extra

    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    found = []
    for number in range(1, count):
        left, top, width, height, _ = (int(value) for value in stats[number])
        box = labels[top : top + height, left : left + width]
        found.append(PlacedMask.cut(box == number, left, top))
    return found
