"""Photos are opened upright, whole and within bounds, or refused by name."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from hooks.core.errors import PhotoError
from hooks.core.geometry import Size
from hooks.core.photo import open_photo, orientation_exif, read_header, to_file_grid, upright

# Four corners of four colours: tells all eight orientations apart.
CORNERS = np.zeros((20, 30, 3), dtype=np.uint8)
CORNERS[:10, :15] = (255, 0, 0)
CORNERS[:10, 15:] = (0, 255, 0)
CORNERS[10:, :15] = (0, 0, 255)
CORNERS[10:, 15:] = (255, 255, 0)


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format=format, **options)
    return stream.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_opened_as_a_browser_shows_it(orientation: int, format: str) -> None:
    options = {"lossless": True} if format == "WEBP" else {}
    data = encoded(Image.fromarray(CORNERS), format, exif=orientation_exif(orientation), **options)
    pixels = open_photo(data, "photo")
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    assert np.array_equal(pixels, expected)
    header = read_header(data, "photo")
    assert header.size == Size(pixels.shape[1], pixels.shape[0])
    assert header.orientation == orientation
    assert header.file_size == Size(30, 20)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_way_back_to_the_files_grid_is_exact(orientation: int) -> None:
    array = np.arange(6).reshape(2, 3)
    assert np.array_equal(to_file_grid(upright(array, orientation), orientation), array)


def test_a_header_needs_only_the_first_bytes(demo_photos: Path) -> None:
    data = (demo_photos / "images" / "coco_471.jpg").read_bytes()
    assert read_header(data[:4096], "photo").size == Size(640, 427)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "CMYK", "I;16"])
def test_every_pixel_format_becomes_rgb(mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(np.full((8, 9), 65535, dtype=np.uint16))
    else:
        image = Image.new("RGB", (9, 8), (255, 255, 255)).convert(mode)
    pixels = open_photo(encoded(image, "TIFF" if mode == "CMYK" else "PNG"), "photo")
    assert pixels.shape == (8, 9, 3)
    assert pixels.dtype == np.uint8
    assert (pixels == 255).all()


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    assert (open_photo(encoded(clear, "PNG"), "photo") == 255).all()


def png_header_of(width: int, height: int) -> bytes:
    """A PNG that claims a size and has no pixels to show for it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"")


def png_chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b"", "not a photo", id="empty file"),
        pytest.param(b"hello", "not a photo", id="a text"),
        pytest.param(png_header_of(15_000, 8_000), "120 million pixels", id="large"),
        pytest.param(png_header_of(60_000, 60_000), "more than 100 million pixels", id="bomb"),
        pytest.param(b"%PDF-1.4", "not a photo", id="a document"),
    ],
)
def test_what_is_not_a_usable_photo_is_refused_by_name(data: bytes, problem: str) -> None:
    for reader in (read_header, open_photo):
        with pytest.raises(PhotoError, match=problem) as caught:
            reader(data, "s3://bucket/photo.png")
        assert caught.value.address == "s3://bucket/photo.png"


def test_a_truncated_photo_is_refused(demo_photos: Path) -> None:
    data = (demo_photos / "images" / "coco_471.jpg").read_bytes()
    with pytest.raises(PhotoError, match="pixels cannot be read"):
        open_photo(data[: len(data) // 2], "photo.jpg")


def test_an_orientation_that_the_standard_does_not_know_is_ignored() -> None:
    data = encoded(Image.fromarray(CORNERS), "JPEG", exif=orientation_exif(9))
    assert read_header(data, "photo").orientation == 1
