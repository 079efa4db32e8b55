"""The PNGs that workers submit: a label image, read by colour, and an instance image, by value.

Whatever a browser, a Crowd element or a hostile worker sends comes through here: sizes are checked
against the photo's before a pixel is decoded, and colours are looked up a strip at a time, so that
a decoded image costs what Pillow needs for it (up to 4 bytes a pixel) and its label map (1 byte).
"""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from hooks.core.errors import AnswerError
from hooks.core.geometry import Size
from hooks.core.masks import BACKGROUND, VOID, LabelMap
from hooks.core.photo import MAX_PHOTO_PIXELS

MAX_COLOR_DISTANCE = 32.0
"""A colour this near to a label's, in RGB, is taken for it; further ones are void."""

MAX_INEXACT_SHARE = 0.02
"""Above this share of approximate colours the answer is flagged: it was smoothed somewhere."""

MAX_ASPECT_ERROR = 0.01

MAX_COLORS = 65_536
"""A drawing has a few hundred colours, smoothed edges included. Noise has millions, and would
take the memory of the whole batch."""

_STRIP_ROWS = 256
_DEPTH_AT = 24  # in the file, behind the signature and the header's length, type, width and height

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
    try:
        label_map, inexact = _read_colors(image, class_of_color)
    except AnswerError:
        raise
    except Exception as error:  # odd palettes and transparencies fail only when they are used
        raise AnswerError(f"the label image is damaged ({error}).") from error
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
    return LabelImage(label_map, tuple(warnings))


def read_instance_image(png: object, size: Size) -> npt.NDArray[np.uint16]:
    """Decode a base64 greyscale PNG, 8 or 16 bit, whose values are object ids; 0 is none.

    Raises:
        AnswerError: not a greyscale PNG of the photo's size.
    """
    image = _open_png(png, size, "instance image", depths=(8, 16))
    if image.size != size or image.mode not in ("L", "I;16", "I"):
        raise AnswerError("the instance image is not a greyscale PNG of the photo's size.")
    return np.asarray(image).astype(np.uint16)


def write_png(image: Image.Image) -> str:
    """An image as base64 PNG."""
    stream = io.BytesIO()
    image.save(stream, format="PNG")
    return base64.b64encode(stream.getvalue()).decode("ascii")


def _open_png(
    png: object, size: Size, name: str, *, depths: Collection[int] = (1, 2, 4, 8, 16)
) -> Image.Image:
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
    most = max(size.pixels, min(4 * size.pixels, MAX_PHOTO_PIXELS))
    if wrong_shape or image.width * image.height > most:
        raise AnswerError(
            f"the {name} is {image.width} x {image.height} pixels, the photo "
            f"{size.width} x {size.height}."
        )
    # Pillow stretches fewer bits to eight, which is right for colours and wrong for values.
    if data[_DEPTH_AT] not in depths:
        raise AnswerError(f"the {name} has {data[_DEPTH_AT]} bits a channel.")
    try:
        image.load()
    except Exception as error:
        raise AnswerError(f"the {name} is damaged ({error}).") from error
    return image


def _read_colors(
    image: Image.Image, class_of_color: Mapping[tuple[int, int, int], int]
) -> tuple[LabelMap, int]:
    """The label map in the image's own size, and how many pixels have no label's exact colour."""
    if image.mode == "P":
        # Our own page's form: the palette is the list of colours, nothing to search for.
        classes, exact = _classify(_palette(image), class_of_color)
        counts = np.array(image.histogram()[:256])
        return classes[np.asarray(image)], int(counts[~exact].sum())
    label_map = np.empty((image.height, image.width), dtype=np.uint8)
    inexact = 0
    seen = np.empty(0, dtype=np.uint32)
    for top in range(0, image.height, _STRIP_ROWS):
        strip = image.crop((0, top, image.width, min(top + _STRIP_ROWS, image.height)))
        packed = _rgba(strip).view(np.uint32).ravel()
        # A drawing is long runs of one colour; only their beginnings are worth sorting.
        starts = np.flatnonzero(np.append(True, packed[1:] != packed[:-1]))
        lengths = np.diff(starts, append=packed.size)
        distinct, colors = np.unique(packed[starts], return_inverse=True)
        seen = np.union1d(seen, distinct)
        if seen.size > MAX_COLORS:
            raise AnswerError(
                f"the label image has more than {MAX_COLORS} colours; it is no drawing."
            )
        classes, exact = _classify(distinct.view(np.uint8).reshape(-1, 4), class_of_color)
        label_map[top : top + _STRIP_ROWS].reshape(-1)[...] = np.repeat(classes[colors], lengths)
        inexact += int(lengths[~exact[colors]].sum())
    return label_map, inexact


def _palette(image: Image.Image) -> npt.NDArray[np.uint8]:
    """The 256 RGBA colours (256, 4) of a palette image; black where its palette ends."""
    table = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(1, 256))
    palette = image.getpalette() or []
    table.putpalette(palette + [0] * (768 - len(palette)))
    if "transparency" in image.info:
        table.info["transparency"] = image.info["transparency"]
    return np.asarray(table.convert("RGBA")).reshape(256, 4)


def _rgba(strip: Image.Image) -> npt.NDArray[np.uint8]:
    """RGBA pixels, C-contiguous (height, width, 4); 16 bits become 8."""
    if strip.mode.startswith("I"):
        strip = Image.fromarray((np.asarray(strip) // 257).astype(np.uint8))
    return np.ascontiguousarray(np.asarray(strip.convert("RGBA")))


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
