"""Photos: opened safely, and upright.

Cameras store pixels as the sensor lay and note the rotation in an EXIF tag. Browsers apply that
tag, Pillow does not. This module is the only place that knows about it. Everything a worker sees
or sends is in the upright photo; a consolidated mask is written in the file's own pixel grid with
the same tag, so that a reader that honours the tag does so on both, and one that ignores it
ignores it on both.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from hooks.core.errors import PhotoError
from hooks.core.geometry import Size

MAX_PHOTO_BYTES = 40 * 1024 * 1024
MAX_PHOTO_PIXELS = 100_000_000
"""Ground Truth's own limits for an input image (developer guide, "Input data quotas")."""

ORIENTATION_TAG = 0x0112

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
"""Formats that are opened. Pillow knows many more, each a way in for a malformed file."""

# From the file's grid to the upright photo (Exif 2.32, section 4.6.4, "Orientation").
_TO_UPRIGHT: dict[int, Callable[[npt.NDArray[Any]], npt.NDArray[Any]]] = {
    1: lambda array: array,
    2: lambda array: array[:, ::-1],
    3: lambda array: array[::-1, ::-1],
    4: lambda array: array[::-1],
    5: lambda array: array.swapaxes(0, 1),
    6: lambda array: np.rot90(array, -1),
    7: lambda array: array[::-1, ::-1].swapaxes(0, 1),
    8: lambda array: np.rot90(array, 1),
}
# All but the two quarter turns undo themselves.
_TO_FILE_GRID = _TO_UPRIGHT | {6: _TO_UPRIGHT[8], 8: _TO_UPRIGHT[6]}
_SIDEWAYS = frozenset({5, 6, 7, 8})

Pixel = TypeVar("Pixel", bound=np.generic)


@dataclass(frozen=True, slots=True)
class PhotoHeader:
    """What the first bytes of a photo tell.

    `size` is that of the upright photo; `orientation` is the EXIF value, 1 to 8.
    """

    size: Size
    orientation: int
    format: str

    @property
    def file_size(self) -> Size:
        """The size of the file's own pixel grid."""
        if self.orientation in _SIDEWAYS:
            return Size(self.size.height, self.size.width)
        return self.size


def read_header(source: IO[bytes] | bytes, address: str) -> PhotoHeader:
    """Size and orientation, without decoding pixels.

    `source` may be only the beginning of the file, as long as it reaches the frame header.

    Raises:
        PhotoError: not a photo, empty, or more than MAX_PHOTO_PIXELS. `address` is named in it.
    """
    with _open(source, address) as image:
        return _header(image, address)


def open_photo(source: IO[bytes] | bytes, address: str) -> npt.NDArray[np.uint8]:
    """Decode a photo to upright RGB, uint8, shape (height, width, 3).

    Greyscale, palette, CMYK and 16-bit photos are converted; transparency is laid on white.

    Raises:
        PhotoError: not a photo, truncated, or more than MAX_PHOTO_PIXELS.
    """
    with _open(source, address) as image:
        header = _header(image, address)
        try:
            pixels = np.asarray(_to_rgb(image))
        except (OSError, SyntaxError, ValueError) as error:
            raise PhotoError(address, f"the photo's pixels cannot be read ({error}).") from error
    return upright(pixels, header.orientation)


def upright(array: npt.NDArray[Pixel], orientation: int) -> npt.NDArray[Pixel]:
    """Turn an array (height, width, ...) from the file's grid to the upright photo."""
    return np.ascontiguousarray(_TO_UPRIGHT[orientation](array))


def to_file_grid(array: npt.NDArray[Pixel], orientation: int) -> npt.NDArray[Pixel]:
    """Turn an array (height, width, ...) from the upright photo to the file's grid."""
    return np.ascontiguousarray(_TO_FILE_GRID[orientation](array))


def orientation_exif(orientation: int) -> bytes:
    """An EXIF block that holds nothing but the orientation, for the mask of a turned photo."""
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    return exif.tobytes()


def _open(source: IO[bytes] | bytes, address: str) -> Image.Image:
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with warnings.catch_warnings():
            # Pillow warns at a size of its own; ours is checked in _header.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(stream, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise PhotoError(
            address,
            f"the photo has more than {MAX_PHOTO_PIXELS // 1_000_000} million pixels, the most "
            "that are allowed. Scale it down first.",
        ) from error
    except UnidentifiedImageError as error:
        raise PhotoError(address, "this is not a photo that can be read (JPEG, PNG…).") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise PhotoError(address, f"the photo's header is damaged ({error}).") from error


def _header(image: Image.Image, address: str) -> PhotoHeader:
    width, height = image.size
    if width == 0 or height == 0:
        raise PhotoError(address, "the photo has no pixels.")
    if width * height > MAX_PHOTO_PIXELS:
        raise PhotoError(
            address,
            f"the photo is {width} x {height} = {width * height / 1e6:.0f} million pixels; "
            f"at most {MAX_PHOTO_PIXELS // 1_000_000} million are allowed. Scale it down first.",
        )
    orientation = _orientation(image)
    if orientation in _SIDEWAYS:
        width, height = height, width
    return PhotoHeader(Size(width, height), orientation, image.format or "")


def _orientation(image: Image.Image) -> int:
    if image.format == "PNG":
        # Pillow's getexif decodes a whole PNG to look for a tag behind the pixels; browsers look
        # in front of them only.
        exif = Image.Exif()
        exif.load(image.info.get("exif", b""))
    else:
        exif = image.getexif()
    value = exif.get(ORIENTATION_TAG, 1)
    # Browsers ignore values that the standard does not define.
    return value if value in _TO_UPRIGHT else 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        # Pillow clips on conversion; a 16-bit photo is scaled instead.
        values = np.asarray(image, dtype=np.float64)
        top = 65535.0 if values.max(initial=0.0) > 255 else 255.0
        grey = np.clip(values * (255.0 / top), 0, 255).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        page = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(page, rgba).convert("RGB")
    return image.convert("RGB")
