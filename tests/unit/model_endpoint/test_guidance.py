"""Clicks as maps."""

from __future__ import annotations

import numpy as np
import pytest

from model_endpoint.guidance import PROMPT_MAPS, CropClick, encoder_input, prompt_maps

SIZE = 128


def split_mask(column: int) -> np.ndarray:
    """A previous probability that is sure of object left of `column`."""
    previous = np.zeros((SIZE // 2, SIZE // 2), np.float32)
    previous[:, :column] = 1
    return previous


def test_no_clicks_and_no_mask_are_all_zero() -> None:
    assert not prompt_maps((), None, SIZE).any()


@pytest.mark.parametrize("kind", ["boundary", "inside", "outside"])
def test_each_kind_has_a_map_of_its_own_with_its_peak_at_the_click(kind: str) -> None:
    maps = prompt_maps([CropClick(41.0, 85.0, kind)], None, SIZE)
    channel = maps[PROMPT_MAPS.index(kind)]
    # (41, 85) is the centre of the map pixel (20, 42), which spans 40..42 and 84..86.
    assert np.unravel_index(channel.argmax(), channel.shape) == (42, 20)
    assert channel.max() == pytest.approx(1.0)
    others = [index for index in range(3) if index != PROMPT_MAPS.index(kind)]
    assert not maps[others].any()


def test_the_newest_click_is_drawn_larger() -> None:
    clicks = [CropClick(30.0, 30.0, "inside"), CropClick(90.0, 90.0, "inside")]
    channel = prompt_maps(clicks, None, SIZE)[PROMPT_MAPS.index("inside")]
    assert channel[30:, 30:].sum() > 1.5 * channel[:30, :30].sum()


def test_a_boundary_click_outside_the_mask_asks_it_to_grow() -> None:
    maps = prompt_maps([CropClick(100.0, 64.0, "boundary")], split_mask(20), SIZE)
    newest = maps[PROMPT_MAPS.index("newest")]
    assert newest.max() == pytest.approx(1.0, abs=0.01)
    assert newest.min() == 0


def test_a_boundary_click_in_the_mask_asks_it_to_shrink() -> None:
    maps = prompt_maps([CropClick(10.0, 64.0, "boundary")], split_mask(40), SIZE)
    newest = maps[PROMPT_MAPS.index("newest")]
    assert newest.min() == pytest.approx(-1.0, abs=0.01)
    assert newest.max() == 0


def test_the_farther_from_the_outline_the_wider_the_correction() -> None:
    near = prompt_maps([CropClick(48.0, 64.0, "inside")], split_mask(20), SIZE)
    far = prompt_maps([CropClick(100.0, 64.0, "inside")], split_mask(20), SIZE)
    index = PROMPT_MAPS.index("newest")
    assert far[index].sum() > 4 * near[index].sum()


def test_the_previous_mask_is_centred_on_zero_and_flagged() -> None:
    maps = prompt_maps((), split_mask(20), SIZE)
    assert set(np.unique(maps[PROMPT_MAPS.index("previous")])) == {-1.0, 1.0}
    assert (maps[PROMPT_MAPS.index("has-previous")] == 1).all()


def test_the_encoder_sees_grey_where_there_is_no_photo() -> None:
    colours = np.full((SIZE, SIZE, 3), 255, np.uint8)
    covered = np.zeros((SIZE, SIZE), np.bool_)
    covered[:, :64] = True
    points = np.array([[64, 20], [20, 64], [64, 100], [100, 64]], np.float32)
    maps = encoder_input(colours, points, covered)
    assert maps.shape == (5, SIZE, SIZE)
    assert (maps[:3, :, 64:] == 0).all()
    assert (maps[:3, :, :64] > 1).all()
    # The box spans 20..100; pixels whose centres are within half a pixel of it count.
    assert maps[4].sum() == 82 * 82
    for x, y in points:
        assert maps[3, int(y), int(x)] > 0.9


def test_a_click_at_the_crops_edge_is_drawn_without_error() -> None:
    for x, y in ((0.0, 0.0), (float(SIZE), float(SIZE)), (-40.0, 500.0)):
        maps = prompt_maps([CropClick(x, y, "boundary")], split_mask(20), SIZE)
        assert np.isfinite(maps).all()
