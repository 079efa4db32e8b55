"""Objects as one greyscale PNG."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from hooks.core.geometry import Box, Size
from hooks.core.instance_image import write_instance_image
from hooks.core.instances import FusedInstance
from hooks.core.masks import PlacedMask
from hooks.core.photo import PhotoHeader, upright
from tests.grid import grid


def fused(picture: str) -> FusedInstance:
    return FusedInstance(1, PlacedMask.cut(grid(picture)), 0.9, ("a",))


def test_a_pixels_value_is_its_objects_number_and_later_ones_lie_on_top() -> None:
    png = write_instance_image(
        [fused("####/####"), fused("..../.##.")], PhotoHeader(Size(4, 2), 1, "JPEG")
    )
    with Image.open(io.BytesIO(png)) as image:
        assert image.mode == "L"
        assert np.asarray(image).tolist() == [[1, 1, 1, 1], [1, 2, 2, 1]]


def test_it_has_the_photo_files_own_grid() -> None:
    png = write_instance_image([fused("##../....")], PhotoHeader(Size(4, 2), 6, "JPEG"))
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (2, 4)
        assert image.getexif()[0x0112] == 6
        assert upright(np.asarray(image), 6).tolist() == [[1, 1, 0, 0], [0, 0, 0, 0]]


def test_many_objects_need_sixteen_bits() -> None:
    dot = PlacedMask(Box(0, 0, 1, 1), np.ones((1, 1), dtype=bool))
    many = [FusedInstance(1, dot, 1.0, ("a",)) for _ in range(300)]
    png = write_instance_image(many, PhotoHeader(Size(1, 1), 1, "JPEG"))
    with Image.open(io.BytesIO(png)) as image:
        assert np.asarray(image).tolist() == [[300]]
