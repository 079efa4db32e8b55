"""Crop geometry: what is cut out of a photo goes back where it came from."""

from __future__ import annotations

import numpy as np
import pytest

from hooks.core.geometry import Size
from model_endpoint.crop import CropBox


def test_the_crop_has_a_margin_on_every_side() -> None:
    crop = CropBox.around((100.0, 50.0, 200.0, 150.0), 256)
    assert (crop.left, crop.top) == (100 - 19, 50 - 19)
    assert (crop.width, crop.height) == (138, 138)


def test_a_long_object_is_stretched_at_most_two_to_one() -> None:
    crop = CropBox.around((0.0, 0.0, 400.0, 10.0), 256)
    assert crop.width == pytest.approx(2 * crop.height)
    assert crop.top + crop.height / 2 == pytest.approx(5.0)


def test_points_go_to_the_crop_and_back() -> None:
    crop = CropBox.around((10.0, 20.0, 90.0, 50.0), 256)
    points = np.array([[10.0, 20.0], [55.5, 31.25]])
    assert np.allclose(crop.to_image(crop.to_crop(points)), points)
    corners = crop.to_crop(np.array([[crop.left, crop.top]]))
    assert np.allclose(corners, 0)


@pytest.mark.parametrize(
    "bounds",
    [
        pytest.param((40.0, 30.0, 90.0, 80.0), id="whole"),
        pytest.param((0.0, 0.0, 60.0, 70.0), id="at-the-corner"),
        pytest.param((0.5, 0.5, 149.5, 119.5), id="whole-photo"),
        pytest.param((70.0, 50.0, 76.0, 55.0), id="tiny"),
        pytest.param((5.0, 60.0, 145.0, 64.0), id="thin"),
    ],
)
def test_a_mask_painted_on_the_photo_comes_back_in_place(
    bounds: tuple[float, float, float, float],
) -> None:
    left, top, right, bottom = (int(edge) for edge in bounds)
    reference = np.zeros((120, 150), np.bool_)
    reference[top:bottom, left:right] = True
    photo = (reference[..., None] * np.uint8(255)).repeat(3, axis=2)
    crop = CropBox.around(bounds, 256)
    colours, covered = crop.cut(photo)
    assert colours.shape == (256, 256, 3)
    assert not colours[~covered].any()
    logits = colours[..., 0].astype(np.float32) / 255 * 12 - 6
    box, mask = crop.paste(logits, bounds, Size(150, 120))
    back = np.zeros_like(reference)
    back[box.slices()] = mask
    assert np.count_nonzero(back != reference) <= 0.02 * reference.sum()


def test_nothing_is_pasted_far_past_the_extreme_points() -> None:
    bounds = (50.0, 50.0, 150.0, 100.0)
    crop = CropBox.around(bounds, 128)
    box, mask = crop.paste(np.full((128, 128), 9, np.float32), bounds, Size(400, 300))
    assert mask.all()
    # 6 px and 2 % past the points.
    assert (box.left, box.top, box.right, box.bottom) == (42, 43, 158, 107)


def test_a_crop_past_the_photo_is_covered_only_where_there_is_photo() -> None:
    photo = np.full((100, 100, 3), 200, np.uint8)
    crop = CropBox(-50.0, -25.0, 100.0, 100.0, 100)
    colours, covered = crop.cut(photo)
    assert not covered[:25].any()
    assert not covered[:, :50].any()
    assert covered[25:, 50:].all()
    assert (colours[25:, 50:] == 200).all()


def test_a_crop_beside_the_photo_is_not_covered_at_all() -> None:
    _, covered = CropBox(500.0, 0.0, 50.0, 50.0, 64).cut(np.zeros((10, 10, 3), np.uint8))
    assert not covered.any()
