"""Run lengths, boxes and palette PNGs."""

from __future__ import annotations

import io
import json

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from hooks.core.errors import MaskError
from hooks.core.geometry import EMPTY_BOX, Box, Size
from hooks.core.masks import (
    CroppedMask,
    bounding_box,
    decode_rle,
    encode_rle,
    iou,
    write_label_map,
)
from tests.conftest import REPOSITORY
from tests.grid import grid, label_grid

any_mask = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24))


@pytest.mark.parametrize(
    ("picture", "counts"),
    [
        # Worked out by hand from the format's definition: columns first, zeros first,
        # differences from the fourth run on, "0" + the value for one-digit values.
        pytest.param("##/##", "04", id="all ones start with a run of no zeros"),
        pytest.param("../..", "4", id="all zeros are one run"),
        pytest.param(".#/.#", "22", id="a column"),
        pytest.param("##/..", "01100", id="a row: runs 0 1 1 1 1, the last two as differences"),
    ],
)
def test_run_lengths_match_hand_computed_ones(picture: str, counts: str) -> None:
    mask = grid(picture)
    assert encode_rle(mask) == counts
    assert np.array_equal(decode_rle(counts, Size(2, 2)), mask)


@given(any_mask)
def test_any_mask_survives_the_run_lengths(mask: npt.NDArray[np.bool_]) -> None:
    size = Size(mask.shape[1], mask.shape[0])
    assert np.array_equal(decode_rle(encode_rle(mask), size), mask)


@given(any_mask)
def test_run_lengths_do_not_depend_on_memory_layout(mask: npt.NDArray[np.bool_]) -> None:
    assert encode_rle(np.asfortranarray(mask)) == encode_rle(mask)


def test_large_runs_need_several_digits() -> None:
    mask = np.zeros((3000, 4000), dtype=bool)
    mask[100:2900, 200:3900] = True
    counts = encode_rle(mask)
    assert np.array_equal(decode_rle(counts, Size(4000, 3000)), mask)


@given(st.text(max_size=30), st.integers(1, 9), st.integers(1, 9))
def test_any_text_is_a_mask_or_a_clear_error(text: str, width: int, height: int) -> None:
    try:
        mask = decode_rle(text, Size(width, height))
    except MaskError:
        return
    assert mask.shape == (height, width)


def test_the_shared_vectors_hold() -> None:
    """The page's decoder is tested with the same file."""
    vectors = json.loads((REPOSITORY / "tests" / "vectors" / "rle.json").read_text())
    for case in vectors["good"]:
        mask = grid("/".join(case["rows"]))
        size = Size(mask.shape[1], mask.shape[0])
        assert encode_rle(mask) == case["counts"], case["name"]
        assert np.array_equal(decode_rle(case["counts"], size), mask), case["name"]
    for case in vectors["bad"]:
        with pytest.raises(MaskError):
            decode_rle(case["counts"], Size(case["width"], case["height"]))


@given(any_mask)
def test_a_cropped_mask_holds_the_box_alone(mask: npt.NDArray[np.bool_]) -> None:
    size = Size(mask.shape[1], mask.shape[0])
    cropped = CroppedMask.from_mask(mask)
    again = CroppedMask.from_json(json.loads(json.dumps(cropped.to_json())))
    assert np.array_equal(again.to_mask(size), mask)
    rows, columns = np.nonzero(mask)
    if rows.size:
        assert cropped.box == Box(columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)


def test_an_empty_mask_has_an_empty_box() -> None:
    assert bounding_box(grid("../..")) == EMPTY_BOX
    assert CroppedMask.from_mask(grid("../..")).to_json() == {"box": [0, 0, 0, 0], "counts": ""}


def test_a_box_outside_the_photo_is_refused() -> None:
    with pytest.raises(MaskError, match="does not lie in a photo of 4 x 4"):
        CroppedMask(Box(2, 2, 3, 1), "3").to_mask(Size(4, 4))


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"box": [0, 0, 1], "counts": "1"},
        {"box": [0, 0, 1, True], "counts": "1"},
        {"box": [0, 0, 1, 1.5], "counts": "1"},
        {"box": [0, 0, 1, 1], "counts": 1},
    ],
    ids=str,
)
def test_json_that_is_not_a_mask_is_refused(value: object) -> None:
    with pytest.raises(MaskError):
        CroppedMask.from_json(value)


def test_iou_of_two_empty_masks_is_one() -> None:
    assert iou(grid("..."), grid("...")) == 1.0
    assert iou(grid("##."), grid(".##")) == pytest.approx(1 / 3)


def test_a_label_map_is_written_as_a_palette_of_its_colours() -> None:
    label_map = label_grid("..1/.22")
    png = write_label_map(label_map, {0: "#ffffff", 1: "#e69f00", 2: "#56b4e9"})
    with Image.open(io.BytesIO(png)) as image:
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image), label_map)
        assert image.convert("RGB").getpixel((2, 0)) == (0xE6, 0x9F, 0x00)


def test_a_turned_photos_label_map_has_the_files_grid_and_the_photos_tag() -> None:
    upright = label_grid("..1/.22")  # 3 wide, 2 high as the worker saw it
    png = write_label_map(upright, {}, orientation=6)
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (2, 3)
        assert image.getexif()[0x0112] == 6
