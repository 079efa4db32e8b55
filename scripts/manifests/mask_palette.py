"""Mask PNGs beside their colour maps: whether both say the same, and masks painted anew.

A label says twice what a pixel is: by the palette index, which is the class id, and by the colour,
which the colour map names. Ground Truth's jobs of the summer of 2020 wrote wrong indices, other
tools wrong colours; readers differ in what they go by, so both must be right.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.errors import MaskError, PhotoError
from hooks.core.manifest_colors import MendedColorMap, mend_color_map, normal_color
from hooks.core.masks import VOID, write_label_map
from hooks.core.photo import PhotoHeader, read_header, upright

BLACK = "#000000"


@dataclass(frozen=True, slots=True)
class MaskProblem:
    """One thing that is wrong with a mask; `problem` and `fix` are sentences."""

    problem: str
    fix: str
    repairable: bool
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class _Pixels:
    """A mask's file: palette indices or colours, in the file's own grid.

    Attributes:
        codes: per pixel, a place in `colors`.
        colors: "#rrggbb" of each code; of a palette PNG each code is the palette index.
    """

    codes: npt.NDArray[np.intp]
    colors: Mapping[int, str]
    has_palette: bool
    header: PhotoHeader


def check_mask(
    png: bytes, color_map: Mapping[str, Any], photo: PhotoHeader | None
) -> list[MaskProblem]:
    """Everything that is wrong with a mask, given its label's colour map and its photo."""
    try:
        pixels = _read(png)
    except MaskError as error:
        return [MaskProblem(str(error), "Write the mask as a palette PNG.", False)]
    problems = []
    if photo is not None and pixels.header.size != photo.size:
        turned = pixels.header.orientation == 1 and pixels.header.size == photo.file_size
        if not turned:
            mask, of_photo = pixels.header.size, photo.size
            problems.append(
                MaskProblem(
                    f"is {mask.width} x {mask.height} pixels, its photo "
                    f"{of_photo.width} x {of_photo.height}.",
                    "Mask and photo must have one size: label the photo as it is now.",
                    False,
                )
            )
    return problems + _check_colors(pixels, color_map)


def _check_colors(pixels: _Pixels, color_map: Mapping[str, Any]) -> list[MaskProblem]:
    by_color, by_index = _by_color(pixels, color_map), _by_index(pixels, color_map)
    if not pixels.has_palette:
        known = by_color is not None
        return [
            MaskProblem(
                "is no palette PNG: its pixels are colours, not class ids.",
                "Write it as a palette PNG whose indices are the class ids.",
                known,
                harmless=known,
            )
        ] + ([] if known else [_unknown_colors(pixels, color_map)])
    if by_color is None and by_index is None:
        return [_unknown_colors(pixels, color_map)]
    if by_color is None:
        index = next(
            (
                code
                for code, color in pixels.colors.items()
                if _class_of_color(color, color_map) is None
            ),
            next(iter(pixels.colors)),
        )
        return [
            MaskProblem(
                f"shows class {index} in {pixels.colors[index]}, not in the colour of its map.",
                "Give the palette the colours of the map.",
                True,
            )
        ]
    if by_index != by_color:
        wrong = next(code for code in by_color if str(code) != by_color[code])
        return [
            MaskProblem(
                f"has palette index {wrong} in the colour of class {by_color[wrong]}.",
                "Give each pixel the index of the class that its colour stands for.",
                True,
                harmless=True,
            )
        ]
    return []


def repaint_mask(png: bytes, color_map: Mapping[str, Any]) -> tuple[bytes, MendedColorMap]:
    """The mask as a palette PNG after a mended colour map, and that map.

    Colours decide what a pixel is; where they cannot, palette indices do.

    Raises:
        MaskError: neither says which class every pixel is.
        ContractError: the colour map says too little to be mended.
    """
    pixels = _read(png)
    palette = pixels.colors if pixels.has_palette else {}
    mended = mend_color_map(color_map, palette.get)
    colored = {
        key: {**entry, "hex-color": mended.old_color_of_key.get(key)}
        for key, entry in color_map.items()
    }
    keys = _by_color(pixels, colored) or _by_index(pixels, colored)
    if keys is None:
        raise MaskError(f"the mask {_unknown_colors(pixels, colored).problem}")
    classes = np.full(max(pixels.colors, default=0) + 1, VOID, np.uint8)
    for code, key in keys.items():
        classes[code] = mended.new_of_key.get(key, VOID)
        if key == "0":
            classes[code] = mended.new_of_key.get("0", 0)
    label_map = upright(classes[pixels.codes], pixels.header.orientation)
    colors = {int(key): str(entry["hex-color"]) for key, entry in mended.value.items()}
    return write_label_map(label_map, colors, orientation=pixels.header.orientation), mended


def _by_color(pixels: _Pixels, color_map: Mapping[str, Any]) -> dict[int, str] | None:
    """Code to class key by the colours; None unless they tell for every pixel."""
    keys = {code: _class_of_color(color, color_map) for code, color in pixels.colors.items()}
    return None if None in keys.values() else {code: str(key) for code, key in keys.items()}


def _by_index(pixels: _Pixels, color_map: Mapping[str, Any]) -> dict[int, str] | None:
    """Code to class key by the palette indices; None unless they tell for every pixel."""
    allowed = {"0", str(VOID), *color_map}
    keys = {code: str(code) for code in pixels.colors}
    return keys if pixels.has_palette and allowed.issuperset(keys.values()) else None


def _class_of_color(color: str, color_map: Mapping[str, Any]) -> str | None:
    """The key of the only class of a colour; white and black have a meaning of their own."""
    keys = [
        key
        for key, entry in color_map.items()
        if isinstance(entry, Mapping) and normal_color(entry.get("hex-color")) == color
    ]
    if not keys and color == BLACK:
        return str(VOID)
    if not keys and color == "#ffffff" and "0" not in color_map:
        return "0"
    return keys[0] if len(keys) == 1 else None


def _unknown_colors(pixels: _Pixels, color_map: Mapping[str, Any]) -> MaskProblem:
    unknown = sorted(
        {color for color in pixels.colors.values() if _class_of_color(color, color_map) is None}
    )
    more = " …" if len(unknown) > 5 else ""
    return MaskProblem(
        f"has colours that stand for no one class: {', '.join(unknown[:5])}{more}.",
        "Add them to the colour map, or label the photo again.",
        False,
    )


def _read(png: bytes) -> _Pixels:
    try:
        header = read_header(png, "the mask")
    except PhotoError as error:
        raise MaskError(f"cannot be read: {error.problem}") from error
    if header.format != "PNG":
        raise MaskError(f"is a {header.format}, whose colours are not exact.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(png), formats=("PNG",))
            image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise MaskError(f"is damaged ({error}).") from error
    if image.mode == "P":
        indices = np.asarray(image)
        palette = bytes(image.getpalette("RGB") or b"").ljust(768, b"\0")
        used = np.flatnonzero(np.bincount(indices.ravel(), minlength=256))
        colors = {int(code): f"#{palette[3 * code : 3 * code + 3].hex()}" for code in used}
        return _Pixels(indices.astype(np.intp), colors, True, header)
    rgba = np.asarray(image.convert("RGBA")).astype(np.uint32)
    # What nobody painted is transparent in some tools' masks: background.
    rgba[rgba[..., 3] == 0] = 255
    packed = rgba[..., :3] @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    found, codes = np.unique(packed, return_inverse=True)
    if len(found) > 256:
        raise MaskError(f"has {len(found)} colours, more than a mask has classes.")
    colors = {code: f"#{int(value):06x}" for code, value in enumerate(found)}
    return _Pixels(codes.reshape(packed.shape), colors, False, header)
