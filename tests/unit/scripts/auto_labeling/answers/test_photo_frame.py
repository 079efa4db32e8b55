"""A model's coordinates and the upright photo's: whatever the model looked at."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.errors import MaskError
from hooks.core.geometry import Box, Size
from hooks.core.masks import bounding_box
from hooks.core.photo import PhotoHeader, to_file_grid, upright
from scripts.auto_labeling.answers.photo_frame import PhotoFrame
from tests.grid import label_grid

SIZE = Size(4, 3)
UPRIGHT = label_grid("12../3.../....")


def frame(orientation: int, *, file_grid: bool = False, size: Size = SIZE) -> PhotoFrame:
    return PhotoFrame(PhotoHeader(size, orientation, "JPEG"), file_grid)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_model_that_ignores_orientations_is_turned(orientation: int) -> None:
    seen = to_file_grid(UPRIGHT, orientation)
    found = frame(orientation, file_grid=True).label_map(seen)
    assert np.array_equal(found, UPRIGHT)


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_map_of_pixels_shows_by_its_shape_that_it_was_not_turned(orientation: int) -> None:
    seen = to_file_grid(UPRIGHT, orientation)
    assert np.array_equal(frame(orientation).label_map(seen), UPRIGHT)


@given(st.integers(1, 8), st.integers(0, 30), st.integers(0, 20), st.data())
def test_boxes_turn_as_pixels_do(
    orientation: int, left: int, top: int, data: st.DataObject
) -> None:
    size = Size(40, 30)
    box = Box(left, top, data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9)))
    photo = PhotoHeader(size, orientation, "JPEG")
    in_file = np.zeros(photo.file_size.shape, bool)
    in_file[box.slices()] = True
    edges = PhotoFrame(photo, file_grid=True).box(
        box.left / photo.file_size.width,
        box.top / photo.file_size.height,
        box.right / photo.file_size.width,
        box.bottom / photo.file_size.height,
    )
    inside = bounding_box(upright(in_file, orientation))
    if inside.is_empty:
        assert edges is None
    else:
        expected = (inside.left, inside.top, inside.right, inside.bottom)
        assert edges == pytest.approx(expected)


def test_an_answer_of_half_the_size_is_stretched() -> None:
    small = label_grid("12/3.")
    found = frame(1, size=Size(4, 4)).label_map(small)
    assert np.array_equal(found, label_grid("1122/1122/33../33.."))


def test_another_photos_answer_is_refused() -> None:
    with pytest.raises(MaskError, match="it is 4 x 3 pixels, the photo 30 x 30"):
        frame(1, size=Size(30, 30)).label_map(UPRIGHT)


def test_boxes_are_cut_to_the_photo_and_empty_ones_are_none() -> None:
    assert frame(1).box(-0.5, 0.5, 0.5, 2) == (0, 1.5, 2, 3)
    assert frame(1).box(1.2, 0, 1.5, 1) is None
    assert frame(1).box(0.5, 0.5, 0.25, 1) == (1, 1.5, 2, 3)
