"""Mask PNGs, read by colour and turned upright."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hooks.core import mask_reader
from hooks.core.errors import MaskError
from hooks.core.geometry import Size
from hooks.core.label_reader import ColorMap
from hooks.core.mask_reader import DecodedMask, decode_colors, decode_mask
from hooks.core.masks import write_label_map
from hooks.core.photo import PhotoHeader, to_file_grid

COLORS = ColorMap(
    ("cat", "dog"), {(255, 255, 255): 0, (200, 0, 0): 1, (0, 200, 0): 2, (0, 190, 0): 2}
)
MAP = np.array([[0, 1, 1], [2, 2, 255]], np.uint8)
PHOTO = PhotoHeader(Size(3, 2), 1, "JPEG")


def palette_png(indices: list[list[int]], palette: list[tuple[int, int, int]]) -> bytes:
    image = Image.fromarray(np.array(indices, np.uint8), "L")
    image.putpalette([part for color in palette for part in color])
    return saved(image)


def saved(image: Image.Image, form: str = "PNG") -> bytes:
    stream = io.BytesIO()
    image.save(stream, form)
    return stream.getvalue()


def test_what_this_tool_writes_is_read_back() -> None:
    png = write_label_map(MAP, {0: "#ffffff", 1: "#c80000", 2: "#00c800"})
    found = decode_mask(png, COLORS, PHOTO)
    assert np.array_equal(found.label_map, MAP)
    assert (found.names, found.warnings) == (("cat", "dog"), ())


def test_colours_are_believed_and_indices_are_not() -> None:
    # Index 1 is white, 0 is the dog, 7 another shade of it, 2 the cat, 5 a colour of no class.
    palette = [(0, 200, 0), (255, 255, 255), (200, 0, 0), *[(1, 2, 3)] * 4, (0, 190, 0)]
    found = decode_mask(palette_png([[1, 2, 2], [0, 7, 5]], palette), COLORS, PHOTO)
    assert np.array_equal(found.label_map, MAP)
    assert found.warnings == (
        "1 pixels have a colour that the colour map does not have (#010203); they are void.",
    )


def test_a_true_colour_png_and_clear_pixels_are_read() -> None:
    pixels = np.array(
        [
            [[9, 9, 9, 0], [200, 0, 0, 255], [200, 0, 0, 0]],
            [[0, 200, 0, 255], [0, 190, 0, 9], [0, 0, 0, 255]],
        ],
        np.uint8,
    )
    found = decode_mask(saved(Image.fromarray(pixels)), COLORS, PHOTO)
    assert np.array_equal(found.label_map, MAP)
    assert found.warnings == ()


def test_greyscale_masks_are_colours_too() -> None:
    grey = ColorMap(("cat",), {(0, 0, 0): 0, (255, 255, 255): 1})
    expected = np.array([[0, 1, 1], [0, 0, 255]], np.uint8)
    small = np.array([[0, 255, 255], [0, 0, 7]], np.uint8)
    for pixels in (small, small.astype(np.uint16) * 257):
        found = decode_mask(saved(Image.fromarray(pixels)), grey, PHOTO)
        assert np.array_equal(found.label_map, expected)


def test_a_jobs_own_order_of_labels_is_kept_and_foreign_classes_are_void() -> None:
    png = write_label_map(MAP, {0: "#ffffff", 1: "#c80000", 2: "#00c800"})
    found = decode_mask(png, COLORS, PHOTO, labels=["cow", "dog"])
    assert np.array_equal(found.label_map, [[0, 255, 255], [2, 2, 255]])
    assert found.warnings == ("classes that are not wanted are void: cat.",)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photos_mask_is_turned_upright(orientation: int) -> None:
    photo = PhotoHeader(Size(3, 2), orientation, "JPEG")
    colors = {0: "#ffffff", 1: "#c80000", 2: "#00c800"}
    png = write_label_map(MAP, colors, orientation=orientation)
    assert np.array_equal(decode_mask(png, COLORS, photo).label_map, MAP)


def test_a_mask_without_a_tag_is_upright_unless_its_size_says_otherwise() -> None:
    sideways = PhotoHeader(Size(3, 2), 6, "JPEG")
    colors = {0: "#ffffff", 1: "#c80000", 2: "#00c800"}
    untagged = write_label_map(MAP, colors)
    assert np.array_equal(decode_mask(untagged, COLORS, sideways).label_map, MAP)
    in_file_grid = write_label_map(to_file_grid(MAP, 6), colors)
    assert np.array_equal(decode_mask(in_file_grid, COLORS, sideways).label_map, MAP)


def test_masks_that_cannot_be_read_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    png = write_label_map(MAP, {0: "#ffffff", 1: "#c80000"})
    with pytest.raises(MaskError, match="3 x 2 pixels upright, the photo 4 x 2"):
        decode_mask(png, COLORS, PhotoHeader(Size(4, 2), 1, "JPEG"))
    with pytest.raises(MaskError, match="cannot be read"):
        decode_mask(b"no image", COLORS, PHOTO)
    with pytest.raises(MaskError, match="JPEG, not a PNG"):
        decode_mask(saved(Image.new("RGB", (3, 2)), "JPEG"), COLORS, PHOTO)
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    whole = saved(Image.fromarray(noise))
    with pytest.raises(MaskError, match="damaged"):
        decode_mask(whole[: len(whole) // 2], COLORS, PhotoHeader(Size(64, 64), 1, "JPEG"))
    monkeypatch.setattr(mask_reader, "MAX_MASK_BYTES", 10)
    with pytest.raises(MaskError, match="at most 10"):
        decode_mask(png, COLORS, PHOTO)


def test_strips_join_without_a_seam() -> None:
    label_map = np.random.default_rng(1).integers(0, 3, (700, 5)).astype(np.uint8)
    palette = np.array([[255, 255, 255], [200, 0, 0], [0, 200, 0]], np.uint8)
    png = saved(Image.fromarray(palette[label_map]))  # palette PNGs are read without strips
    found = decode_mask(png, COLORS, PhotoHeader(Size(5, 700), 1, "JPEG"))
    assert np.array_equal(found.label_map, label_map)


@given(st.integers(0, 2**32 - 1), st.integers(1, 256))
def test_a_palette_gives_what_its_colours_give(seed: int, entries: int) -> None:
    rng = np.random.default_rng(seed)
    known = [*COLORS.index_of_color, (0, 0, 0), (7, 7, 7)]
    palette = [known[place] for place in rng.integers(0, len(known), entries)]
    indices = rng.integers(0, entries, (2, 3))
    png = palette_png(indices.tolist(), palette)
    with Image.open(io.BytesIO(png)) as image:
        true_colours = saved(image.convert("RGB"))
    assert_same(decode_mask(png, COLORS, PHOTO), decode_mask(true_colours, COLORS, PHOTO))


def assert_same(found: DecodedMask, expected: DecodedMask) -> None:
    assert np.array_equal(found.label_map, expected.label_map)
    assert (found.names, found.warnings) == (expected.names, expected.warnings)


def test_several_colours_may_be_one_class_and_void_may_be_asked_for() -> None:
    png = write_label_map(MAP, {0: "#ffffff", 1: "#c80000", 2: "#00c800"})
    classes = {(255, 255, 255): 255, (200, 0, 0): 7, (0, 200, 0): 7}
    label_map, problem = decode_colors(png, classes, PHOTO)
    assert label_map.tolist() == [[255, 7, 7], [7, 7, 255]]
    assert problem == ""
