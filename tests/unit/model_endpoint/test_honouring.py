"""Outlines are bent to clicks that the network did not heed, and only to those."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.clicks import ExtremePoints
from hooks.core.geometry import Point
from model_endpoint.click_simulator import component_at, outline_pixels
from model_endpoint.guidance import CropClick, FloatMap
from model_endpoint.honouring import honour, reach_of_click

REACH = (3.0, 3.0)


def disc(radius: float = 20.0, height: float = 6.0) -> FloatMap:
    """Logits of a disc in the middle of 64 x 64, falling off smoothly round its edge."""
    rows, columns = np.mgrid[:64, :64] + 0.5
    far: FloatMap = (radius - np.hypot(rows - 32, columns - 32)).astype(np.float32)
    return (far.clip(-1, 1) * height).astype(np.float32)


@pytest.mark.parametrize(
    "click",
    [
        pytest.param(CropClick(32, 32, "inside"), id="inside"),
        pytest.param(CropClick(3, 3, "outside"), id="outside"),
        pytest.param(CropClick(52, 32, "boundary"), id="on the outline"),
        pytest.param(CropClick(54, 32, "boundary"), id="close to it"),
        pytest.param(CropClick(-4, 32, "inside"), id="beyond the crop"),
        pytest.param(CropClick(32, 64, "boundary"), id="below it"),
    ],
)
def test_a_click_that_came_out_as_it_says_changes_nothing(click: CropClick) -> None:
    logits = disc()
    assert honour(logits, click, REACH) is logits


@pytest.mark.parametrize("kind", ["inside", "outside"])
def test_a_pixel_comes_out_on_its_side(kind: str) -> None:
    x = 60.0 if kind == "inside" else 40.0
    bent = honour(disc(), CropClick(x, 32.0, kind), REACH) >= 0
    assert bent[32, int(x)] == (kind == "inside")


@pytest.mark.parametrize("x", [44.0, 59.0])
def test_the_outline_bends_to_the_click_and_no_dot_is_painted(x: float) -> None:
    before, after = disc() >= 0, honour(disc(), CropClick(x, 32.0, "boundary"), REACH) >= 0
    rows, columns = np.nonzero(outline_pixels(after))
    assert np.hypot(rows + 0.5 - 32, columns + 0.5 - x).min() <= 3.5
    # One piece of object and one of ground: the change hangs together with the outline.
    assert component_at(after, 32, 32).sum() == after.sum()
    assert component_at(~after, 0, 0).sum() == (~after).sum()
    # Far from the click nothing moved.
    assert (before == after)[:, :20].all()
    assert np.count_nonzero(before != after) > 20


def test_a_mask_without_an_outline_gets_one() -> None:
    nothing = np.full((64, 64), -5, np.float32)
    grown = honour(nothing, CropClick(32.0, 32.0, "inside"), REACH) >= 0
    assert grown[32, 32]
    assert not grown[0, 0]


@given(
    st.sampled_from(["boundary", "inside", "outside"]),
    st.floats(0, 63.9),
    st.floats(0, 63.9),
    st.floats(2, 30),
)
def test_every_click_is_honoured(kind: str, x: float, y: float, radius: float) -> None:
    click = CropClick(x, y, kind)
    bent = honour(disc(radius), click, REACH)
    assert np.isfinite(bent).all()
    assert bent.dtype == np.float32
    if kind != "boundary":
        assert (bent[int(y), int(x)] >= 0) == (kind == "inside")


def test_the_reach_is_two_pixels_or_a_hundredth_of_the_diagonal() -> None:
    small = ExtremePoints(Point(50, 20), Point(20, 40), Point(50, 60), Point(80, 40))
    large = ExtremePoints(Point(200, 0), Point(0, 100), Point(200, 400), Point(300, 100))
    assert reach_of_click(small) == 2.0
    assert reach_of_click(large) == pytest.approx(5.0)
