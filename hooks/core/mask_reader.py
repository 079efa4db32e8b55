"""Mask PNGs of labels, decoded to label maps of the upright photo."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from hooks.core.errors import MaskError, PhotoError
from hooks.core.geometry import Size
from hooks.core.label_reader import Color, ColorMap
from hooks.core.masks import BACKGROUND, VOID, LabelMap
from hooks.core.photo import PhotoHeader, read_header, upright

MAX_MASK_BYTES = 40 * 1024 * 1024
_STRIP_ROWS = 256
_LISTED_COLORS = 5
_BLACK: Color = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class DecodedMask:
    """A label map and what its classes are.

    Attributes:
        label_map: uint8 (height, width) of the upright photo: 0 background, 255 void.
        names: a class's name is `names[index - 1]`.
        warnings: sentences about what was odd, such as colours that the map does not have.
    """

    label_map: LabelMap
    names: tuple[str, ...]
    warnings: tuple[str, ...]


def decode_mask(
    png: bytes, color_map: ColorMap, photo: PhotoHeader, labels: Sequence[str] | None = None
) -> DecodedMask:
    """Decode a label's PNG by colour.

    A colour that the map does not have is void (255): nobody said what is there. Black means void
    in this tool's masks, so it draws no warning. Wholly transparent pixels of such a colour are
    background.

    A PNG that carries an orientation tag is turned by it; one without is taken to be upright, as
    built-in jobs write it, unless only the photo file's own pixel grid has its size.

    Args:
        labels: gives class indices of its own order (1 for the first), so that masks of different
            lines agree; classes that are not in it become void. Without it, the map's own order.

    Raises:
        MaskError: too many bytes, not a PNG, damaged, or of another size than the photo.
    """
    names = color_map.names if labels is None else tuple(labels)
    place = {name: index for index, name in enumerate(names, start=1)}
    renumbered = [BACKGROUND, *(place.get(name, VOID) for name in color_map.names)]
    classes = {color: renumbered[index] for color, index in color_map.index_of_color.items()}
    label_map, problem = decode_colors(png, classes, photo)
    problems = [problem] if problem else []
    foreign = [name for name in color_map.names if name not in place]
    if foreign:
        problems.append(f"classes that are not wanted are void: {', '.join(foreign)}.")
    return DecodedMask(label_map, names, tuple(problems))


def decode_colors(
    png: bytes, classes: Mapping[Color, int], photo: PhotoHeader
) -> tuple[LabelMap, str]:
    """The label map whose classes the colours stand for, and a sentence on other colours, or "".

    Args:
        classes: colour to class, 0 to 255; several colours may be one class.

    Raises:
        MaskError: as `decode_mask`.
    """
    if len(png) > MAX_MASK_BYTES:
        raise MaskError(f"the mask is {len(png)} bytes; at most {MAX_MASK_BYTES} are read.")
    image, orientation = _open(png, photo)
    if image.mode == "P" and "transparency" not in image.info:
        label_map, count, unknown = _read_palette(image, classes)
    else:
        label_map, count, unknown = _read_classes(image, classes)
    problem = ""
    if count:
        problem = (
            f"{count} pixels have a colour that the colour map does not have "
            f"({', '.join(unknown)}); they are void."
        )
    return upright(label_map, orientation), problem


def _open(png: bytes, photo: PhotoHeader) -> tuple[Image.Image, int]:
    """The decoded image and the orientation that turns it upright."""
    try:
        header = read_header(png, "the mask")
    except PhotoError as error:
        raise MaskError(f"the mask cannot be read: {error.problem}") from error
    if header.format != "PNG":
        raise MaskError(f"the mask is a {header.format}, not a PNG: its colours are not exact.")
    orientation = header.orientation
    if header.size != photo.size:
        if orientation != 1 or header.size != photo.file_size:
            raise MaskError(
                f"the mask is {_shown(header.size)} pixels upright, the photo {_shown(photo.size)}."
            )
        orientation = photo.orientation
    try:
        with warnings.catch_warnings():
            # Pillow warns at a size of its own; read_header has checked ours.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(png), formats=("PNG",))
            image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise MaskError(f"the mask is damaged ({error}).") from error
    return image, orientation


def _shown(size: Size) -> str:
    return f"{size.width} x {size.height}"


def _read_palette(
    image: Image.Image, classes: Mapping[Color, int]
) -> tuple[LabelMap, int, list[str]]:
    """As `_read_classes`: of at most 256 colours each is looked up once.

    Pillow's own histogram and table do in C what takes numpy ten times as long.
    """
    palette = image.getpalette("RGB") or []
    table = [VOID] * 256
    unknown, listed = 0, set[int]()
    for place, count in enumerate(image.histogram()):
        if count:
            # A place past the palette's end is shown black.
            red, green, blue = palette[3 * place : 3 * place + 3] or _BLACK
            color = (red, green, blue)
            table[place] = classes.get(color, VOID)
            if color not in classes and color != _BLACK:
                unknown += count
                listed.add(_packed(color))
    label_map = np.asarray(image.point(table))
    return label_map, unknown, [f"#{code:06x}" for code in sorted(listed)[:_LISTED_COLORS]]


def _read_classes(
    image: Image.Image, classes: Mapping[Color, int]
) -> tuple[LabelMap, int, list[str]]:
    """Class of every pixel in the file's grid; number and first colours of unknown pixels."""
    if image.mode.startswith("I"):  # 16-bit greyscale: Pillow would clip it
        image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
    known = np.array([_packed(color) for color in classes], np.uint32)
    order = known.argsort()
    known = known[order]
    values = np.array(list(classes.values()), np.uint8)[order]
    label_map = np.empty((image.height, image.width), np.uint8)
    count, listed = 0, set[int]()
    # In strips: a mask of a hundred million pixels would need gigabytes in one piece.
    for top in range(0, image.height, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, image.height)
        rgba = np.asarray(image.crop((0, top, image.width, bottom)).convert("RGBA"))
        packed = rgba[..., :3].astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
        nearest = np.searchsorted(known, packed).clip(max=len(known) - 1)
        found = known[nearest] == packed
        clear = rgba[..., 3] == 0
        label_map[top:bottom] = np.where(
            found, values[nearest], np.where(clear, BACKGROUND, VOID)
        ).astype(np.uint8)
        unknown = packed[~found & ~clear & (packed != _packed(_BLACK))]
        count += unknown.size
        if unknown.size and len(listed) < _LISTED_COLORS:
            listed.update(np.unique(unknown)[:_LISTED_COLORS].tolist())
    return label_map, count, [f"#{code:06x}" for code in sorted(listed)[:_LISTED_COLORS]]


def _packed(color: Color) -> int:
    return color[0] << 16 | color[1] << 8 | color[2]
