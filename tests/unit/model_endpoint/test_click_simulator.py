"""The simulated worker: where it puts extreme points and corrective clicks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from model_endpoint.click_simulator import (
    SimulatedClick,
    distance_inside,
    extreme_points,
    largest_component,
    next_click,
    outline_pixels,
)
from tests.grid import grid

Mask = npt.NDArray[np.bool_]


def disk(shape: tuple[int, int], x: float, y: float, radius: float) -> Mask:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    inside: Mask = (columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 < radius**2
    return inside


def slow_distance(mask: Mask) -> npt.NDArray[np.float64]:
    padded = np.pad(mask, 1)
    outside = np.argwhere(~padded) - 1
    result = np.zeros(mask.shape)
    for row, column in np.argwhere(mask):
        result[row, column] = np.sqrt(((outside - (row, column)) ** 2).sum(1).min())
    return result


@pytest.mark.parametrize("seed", range(6))
def test_distance_equals_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((17, 23)) < [0.5, 0.9, 0.98, 1.0, 0.05, 0.7][seed]
    assert np.allclose(distance_inside(mask), slow_distance(mask), atol=1e-5)


def test_limited_distance_is_exact_up_to_the_limit_and_larger_beyond() -> None:
    mask = disk((40, 40), 20, 20, 18)
    exact, limited = distance_inside(mask), distance_inside(mask, 5.0)
    near = exact <= 5
    assert np.allclose(exact[near], limited[near])
    assert (limited[~near] > 5).all()


def test_distance_of_an_empty_mask_is_zero() -> None:
    assert not distance_inside(np.zeros((3, 4), np.bool_)).any()


def test_the_largest_component_joins_diagonal_neighbours() -> None:
    assert largest_component(grid("##..#/....#/#..#./.#.../..#..")).tolist() == (
        grid("....#/....#/...#./...../.....").tolist()
    )


def test_a_u_shape_is_one_component() -> None:
    shape = grid("#.#/#.#/###")
    assert (largest_component(shape) == shape).all()


def test_of_equal_components_the_first_in_reading_order_is_taken() -> None:
    assert largest_component(grid("##.##")).tolist() == grid("##...").tolist()


def test_extreme_points_are_pixel_centres_and_the_middle_of_ties() -> None:
    points = extreme_points(grid("...../.###./.###./...#."))
    assert points.tolist() == [[2.5, 1.5], [1.5, 2.5], [3.5, 3.5], [3.5, 2.5]]


def test_an_empty_mask_has_no_extreme_points() -> None:
    with pytest.raises(ValueError, match="empty"):
        extreme_points(np.zeros((4, 4), np.bool_))


def test_jittered_extreme_points_stay_in_the_photo_and_repeat_with_the_seed() -> None:
    mask = np.ones((20, 30), np.bool_)
    first = extreme_points(mask, np.random.default_rng(3), 10.0)
    again = extreme_points(mask, np.random.default_rng(3), 10.0)
    assert (first == again).all()
    assert (first >= 0).all()
    assert (first < (30, 20)).all()


def test_no_click_when_the_mask_is_right() -> None:
    mask = disk((20, 20), 10, 10, 5)
    assert next_click(mask, mask, "region") is None
    assert next_click(mask, mask, "boundary") is None


def test_region_clicks_inside_the_deepest_missing_part() -> None:
    reference = disk((60, 60), 30, 30, 20)
    mask = reference & (np.arange(60)[None, :] < 30)
    click = next_click(reference, mask, "region")
    assert click is not None
    assert click.kind == "inside"
    assert 35 < click.x < 45
    assert 25 < click.y < 35


def test_region_clicks_outside_where_background_was_taken_in() -> None:
    reference = disk((60, 60), 20, 30, 12)
    mask = reference | disk((60, 60), 48, 30, 8)
    click = next_click(reference, mask, "region")
    assert click == SimulatedClick(48.5, 29.5, "outside") or (
        click is not None
        and click.kind == "outside"
        and (click.x - 48) ** 2 + (click.y - 30) ** 2 < 4
    )


def test_boundary_clicks_the_reference_outline_farthest_from_the_mask() -> None:
    reference = np.zeros((40, 60), np.bool_)
    reference[10:30, 10:50] = True
    mask = reference.copy()
    mask[:, 35:] = False
    click = next_click(reference, mask, "boundary")
    assert click is not None
    assert click.kind == "boundary"
    assert click.x >= 49.5  # the right side: between the pixels 49 and 50, or its corners


def test_boundary_falls_back_to_region_for_a_hole_without_outline_nearby() -> None:
    reference = np.zeros((40, 40), np.bool_)
    reference[5:35, 5:35] = True
    mask = reference.copy()
    mask[15:25, 15:25] = False
    click = next_click(reference, mask, "boundary")
    assert click is not None
    assert click.kind == "inside"


def test_boundary_falls_back_to_region_for_an_empty_mask() -> None:
    reference = disk((30, 30), 15, 15, 8)
    click = next_click(reference, np.zeros_like(reference), "boundary")
    assert click is not None
    assert click.kind == "inside"


def test_the_photo_border_is_no_outline() -> None:
    mask = np.zeros((5, 5), np.bool_)
    mask[:, :3] = True
    assert np.argwhere(outline_pixels(mask)).tolist() == [[row, 2] for row in range(5)]


def test_jitter_moves_the_click_and_stays_in_the_photo() -> None:
    reference = disk((30, 30), 15, 15, 8)
    wrong = np.zeros_like(reference)
    exact = next_click(reference, wrong, "region")
    moved = next_click(reference, wrong, "region", np.random.default_rng(0), 100.0)
    assert exact is not None
    assert moved is not None
    assert (exact.x, exact.y) != (moved.x, moved.y)
    assert 0 <= moved.x < 30
    assert 0 <= moved.y < 30
