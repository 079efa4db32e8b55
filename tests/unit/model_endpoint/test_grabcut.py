"""The GrabCut baseline. Needs OpenCV."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("cv2", reason="needs the training extra")

from hooks.core.clicks import Click, ClickKind, ExtremePoints
from hooks.core.geometry import Point, Size
from hooks.core.masks import iou
from model_endpoint.grabcut import GrabCut

pytestmark = pytest.mark.torch

POINTS = ExtremePoints(Point(60, 20), Point(30, 45), Point(60, 70), Point(90, 45))


@pytest.fixture
def scene() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """An orange ellipse with a blue hole that belongs to it, on noisy blue."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:90, :120]
    mask = ((columns + 0.5 - 60) / 30) ** 2 + ((rows + 0.5 - 45) / 25) ** 2 < 1
    hole = np.hypot(columns - 60, rows - 45) < 5
    photo = np.where((mask & ~hole)[..., None], [220, 120, 30], [30, 60, 160])
    return (photo + rng.integers(0, 20, photo.shape)).astype(np.uint8), mask


def test_colours_that_differ_are_told_apart(
    scene: tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]],
) -> None:
    photo, mask = scene
    found = GrabCut().predict(photo, "a", POINTS).mask.to_mask(Size(120, 90))
    assert iou(found, mask) > 0.9
    assert not found[45, 60]


def test_a_click_makes_a_disk_certain_and_replays_give_the_same(
    scene: tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]],
) -> None:
    photo, _ = scene
    clicks = [
        Click(Point(60.5, 45.5), ClickKind.INSIDE),
        Click(Point(40.5, 45.5), ClickKind.OUTSIDE),
    ]
    stepwise = GrabCut()
    stepwise.predict(photo, "a", POINTS)
    once = stepwise.predict(photo, "a", POINTS, clicks[:1])
    assert once.mask.to_mask(Size(120, 90))[45, 60]
    twice = stepwise.predict(photo, "a", POINTS, clicks)
    assert not twice.mask.to_mask(Size(120, 90))[45, 40]
    assert GrabCut().predict(photo, "a", POINTS, clicks).mask == twice.mask
    # Clicks taken back start over.
    assert stepwise.predict(photo, "a", POINTS, clicks[:1]).mask == once.mask


def test_a_large_photo_is_scaled_and_the_mask_scaled_back() -> None:
    photo = np.full((1200, 1600, 3), 40, np.uint8)
    photo[300:900, 400:1200] = 200
    points = ExtremePoints(Point(800, 300), Point(400, 600), Point(800, 900), Point(1200, 600))
    found = GrabCut().predict(photo, "a", points).mask.to_mask(Size(1600, 1200))
    assert iou(found, photo[..., 0] == 200) > 0.97


def test_boundary_clicks_are_refused(
    scene: tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]],
) -> None:
    with pytest.raises(ValueError, match="inside and outside"):
        GrabCut().predict(scene[0], "a", POINTS, [Click(Point(40, 40), ClickKind.BOUNDARY)])
