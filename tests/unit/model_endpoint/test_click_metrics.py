"""The measurements, on shapes whose answers are known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from hooks.core.clicks import Click, ClickKind, ExtremePoints
from hooks.core.geometry import Point
from model_endpoint.click_metrics import boundary_iou, is_honoured, share_put_right
from model_endpoint.click_simulator import component_at

POINTS = ExtremePoints(Point(50, 20), Point(20, 40), Point(50, 60), Point(80, 40))


@pytest.fixture
def mask() -> npt.NDArray[np.bool_]:
    """A rectangle of columns 20 to 79 and rows 20 to 59 in a photo of 100 x 80."""
    mask = np.zeros((80, 100), np.bool_)
    mask[20:60, 20:80] = True
    return mask


def test_boundary_iou_sees_edges_where_iou_does_not() -> None:
    reference = np.zeros((400, 400), np.bool_)
    reference[50:350, 50:350] = True
    smaller = np.zeros_like(reference)
    smaller[56:344, 56:344] = True
    assert boundary_iou(reference, reference) == 1.0
    assert boundary_iou(smaller, reference) < 0.5 < 0.9 < (smaller.sum() / reference.sum())


@pytest.mark.parametrize(
    ("x", "y", "kind", "honoured"),
    [
        (50.0, 40.0, ClickKind.INSIDE, True),
        (50.0, 40.0, ClickKind.OUTSIDE, False),
        (5.0, 5.0, ClickKind.OUTSIDE, True),
        (20.0, 40.0, ClickKind.BOUNDARY, True),
        (18.2, 40.0, ClickKind.BOUNDARY, True),
        (17.7, 40.0, ClickKind.BOUNDARY, False),
        (79.9, 59.9, ClickKind.BOUNDARY, True),
        (14.0, 40.0, ClickKind.BOUNDARY, False),
        (50.0, 40.0, ClickKind.BOUNDARY, False),
    ],
)
def test_a_click_is_honoured_on_its_side_or_close_to_the_outline(
    mask: npt.NDArray[np.bool_], x: float, y: float, kind: ClickKind, honoured: bool
) -> None:
    assert is_honoured(mask, Click(Point(x, y), kind), POINTS) is honoured


def test_a_photos_border_is_no_outline() -> None:
    whole = np.ones((80, 100), np.bool_)
    assert not is_honoured(whole, Click(Point(0.0, 40.0), ClickKind.BOUNDARY), POINTS)


def test_no_mask_honours_no_boundary_click() -> None:
    click = Click(Point(50, 40), ClickKind.BOUNDARY)
    assert not is_honoured(np.zeros((80, 100), np.bool_), click, POINTS)


def test_a_dot_under_a_click_puts_little_of_its_region_right(
    mask: npt.NDArray[np.bool_],
) -> None:
    before = mask.copy()
    before[:, 60:] = False  # the right third is missing: 40 rows, 20 columns
    before[5:8, 5:8] = True  # and an island is too much
    click = Click(Point(70.5, 40.5), ClickKind.INSIDE)
    dotted = before.copy()
    dotted[39:43, 69:73] = True
    assert share_put_right(mask, before, dotted, click, POINTS) == pytest.approx(16 / 800)
    assert share_put_right(mask, before, mask, click, POINTS) == 1.0
    island = Click(Point(6.5, 6.5), ClickKind.OUTSIDE)
    assert share_put_right(mask, before, dotted, island, POINTS) == 0.0


def test_a_boundary_click_belongs_to_the_wrong_region_beside_it(
    mask: npt.NDArray[np.bool_],
) -> None:
    before = mask.copy()
    before[:, 70:] = False
    click = Click(Point(80.0, 40.5), ClickKind.BOUNDARY)  # on the true outline, beside the gap
    assert share_put_right(mask, before, mask, click, POINTS) == 1.0
    far = Click(Point(20.0, 40.5), ClickKind.BOUNDARY)  # jittered to where nothing is wrong
    assert share_put_right(mask, before, mask, far, POINTS) is None


def test_a_component_is_found_by_a_pixel_of_it() -> None:
    mask = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 0], [1, 1, 0]], np.bool_)
    assert component_at(mask, 0, 2).sum() == 3  # diagonal neighbours belong together
    assert component_at(mask, 3, 0).sum() == 2
    assert component_at(mask, 2, 0).sum() == 0
