"""The PNGs that workers submit: a label image, read by colour, and an instance image, by value.

Whatever a browser, a Crowd element or a hostile worker sends comes through here: sizes are checked
against the photo's before a pixel is decoded.
"""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from hooks.core.errors import AnswerError
from hooks.core.geometry import Size
from hooks.core.masks import BACKGROUND, VOID, LabelMap

MAX_COLOR_DISTANCE = 32.0
"""A colour this near to a label's, in RGB, is taken for it; further ones are void."""

MAX_INEXACT_SHARE = 0.02
"""Above this share of approximate colours the answer is flagged: it was smoothed somewhere."""

MAX_ASPECT_ERROR = 0.01

MAX_COLORS = 65_536
"""A drawing has a few hundred colours, smoothed edges included. Noise has millions, and would
take the memory of the whole batch."""

_BACKGROUND_COLORS = ((255, 255, 255), (0, 0, 0))


@dataclass(frozen=True, slots=True)
class LabelImage:
    """A decoded label image: uint8 (height, width) of the photo's size, and what was odd in it."""

    label_map: LabelMap
    warnings: tuple[str, ...]


def read_label_image(
    png: object, size: Size, class_of_color: Mapping[tuple[int, int, int], int]
) -> LabelImage:
    """Decode a base64 PNG by colour.

    Transparent, white and black pixels are background, unless a label has that colour. A colour
    that is near no label's is void (255): the worker abstains there. An image of another size but
    the same shape is scaled without mixing colours.

    Args:
        class_of_color: (red, green, blue) to class index; VOID for labels the job does not have.

    Raises:
        AnswerError: not a PNG, truncated, or of another shape than the photo.
    """
    image = _open_png(png, size, "label image")
    palette, values = _colors(image)
    classes, exact = _classify(palette, class_of_color)
    label_map = classes[values]
    counts = np.bincount(values.ravel(), minlength=len(palette))
    inexact = int(counts[~exact].sum())
    warnings = []
    if inexact > MAX_INEXACT_SHARE * label_map.size:
        share = inexact / label_map.size
        warnings.append(f"{share:.1%} of the pixels have no label's exact colour.")
    if image.size != size:
        warnings.append(
            f"the label image is {image.width} x {image.height} pixels, the photo "
            f"{size.width} x {size.height}; it was scaled."
        )
        label_map = _scaled(label_map, size)
    return LabelImage(np.ascontiguousarray(label_map), tuple(warnings))


def read_instance_image(png: object, size: Size) -> npt.NDArray[np.uint16]:
    """Decode a base64 greyscale PNG, 8 or 16 bit, whose values are object ids; 0 is none.

    Raises:
        AnswerError: not a greyscale PNG of the photo's size.
    """
    image = _open_png(png, size, "instance image")
    if image.size != size or image.mode not in ("L", "I;16", "I"):
        raise AnswerError("the instance image is not a greyscale PNG of the photo's size.")
    return np.asarray(image).astype(np.uint16)


def write_png(image: Image.Image) -> str:
    """An image as base64 PNG."""
    stream = io.BytesIO()
    image.save(stream, format="PNG")
    return base64.b64encode(stream.getvalue()).decode("ascii")


def _open_png(png: object, size: Size, name: str) -> Image.Image:
    if not isinstance(png, str):
        raise AnswerError(f"the {name} is missing.")
    try:
        data = base64.b64decode(png.removeprefix("data:image/png;base64,"), validate=True)
        with warnings.catch_warnings():
            # Pillow warns at a size of its own, ours is checked below, and of odd animations.
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=("PNG",))
    except binascii.Error as error:
        raise AnswerError(f"the {name} is not base64.") from error
    except UnidentifiedImageError as error:
        raise AnswerError(f"the {name} is not a PNG.") from error
    except Exception as error:  # a damaged file makes Pillow raise IndexError and others as well
        raise AnswerError(f"the {name} cannot be opened ({error}).") from error
    wrong_shape = (
        abs(image.width * size.height - image.height * size.width)
        > MAX_ASPECT_ERROR * image.width * size.height
    )
    # Twice the photo each way is as far as a browser's pixel ratio goes; more is no drawing of it.
    if wrong_shape or image.width * image.height > 4 * size.pixels:
        raise AnswerError(
            f"the {name} is {image.width} x {image.height} pixels, the photo "
            f"{size.width} x {size.height}."
        )
    try:
        image.load()
    except Exception as error:
        raise AnswerError(f"the {name} is damaged ({error}).") from error
    return image


def _colors(
    image: Image.Image,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.intp]]:
    """(distinct RGBA colours (n, 4), index of each pixel's colour (height, width))."""
    if image.mode == "P":
        # Our own page's form: the palette is the list of colours, nothing to search for.
        values = np.asarray(image).astype(np.intp)
        table = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(1, 256))
        palette = image.getpalette() or []
        table.putpalette(palette + [0] * (768 - len(palette)))
        if "transparency" in image.info:
            table.info["transparency"] = image.info["transparency"]
        return np.asarray(table.convert("RGBA")).reshape(256, 4), values
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
    rgba = np.ascontiguousarray(np.asarray(image.convert("RGBA")))
    packed = rgba.view(np.uint32).reshape(rgba.shape[:2])
    distinct, inverse = np.unique(packed, return_inverse=True)
    if distinct.size > MAX_COLORS:
        raise AnswerError(f"the label image has {distinct.size} colours; it is no drawing.")
    return distinct.view(np.uint8).reshape(-1, 4), inverse.reshape(packed.shape)


def _classify(
    palette: npt.NDArray[np.uint8], class_of_color: Mapping[tuple[int, int, int], int]
) -> tuple[LabelMap, npt.NDArray[np.bool_]]:
    """Class of every palette entry, and whether its colour was exactly that class's."""
    known = dict.fromkeys(_BACKGROUND_COLORS, BACKGROUND) | dict(class_of_color)
    found = np.full(len(palette), VOID, dtype=np.uint8)
    nearest = np.full(len(palette), np.inf, dtype=np.float32)
    for color, index in known.items():
        distance = np.linalg.norm(palette[:, :3] - np.array(color, dtype=np.float32), axis=1)
        closer = distance < nearest
        found[closer] = index
        nearest[closer] = distance[closer]
    found[nearest > MAX_COLOR_DISTANCE] = VOID
    clear = palette[:, 3] < 128
    found[clear] = BACKGROUND
    return found, clear | (nearest == 0)


def _scaled(label_map: LabelMap, size: Size) -> LabelMap:
    return np.asarray(
        Image.fromarray(label_map).resize((size.width, size.height), Image.Resampling.NEAREST)
    )
