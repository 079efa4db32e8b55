"""Extreme points find their roles; clicks are parsed once, at the door."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hooks.core.clicks import (
    MAX_CLICKS,
    MIN_EXTENT,
    Click,
    ClickKind,
    ExtremePoints,
    parse_clicks,
    parse_points,
)
from hooks.core.errors import ClickRequestError
from hooks.core.geometry import Point, Size

TOP, LEFT, BOTTOM, RIGHT = Point(50, 10), Point(20, 40), Point(45, 90), Point(80, 35)


@pytest.mark.parametrize("order", list(permutations([TOP, LEFT, BOTTOM, RIGHT])), ids=str)
def test_points_are_told_apart_in_any_order(order: tuple[Point, ...]) -> None:
    assert ExtremePoints.from_points(order) == ExtremePoints(TOP, LEFT, BOTTOM, RIGHT)


def test_a_slanted_bar_has_two_points_at_each_end() -> None:
    """The top point of a bar that leans right is nearly its rightmost one too."""
    points = [Point(10, 90), Point(12, 99), Point(88, 2), Point(95, 8)]
    assert ExtremePoints.from_points(points) == ExtremePoints(
        top=Point(88, 2), left=Point(10, 90), bottom=Point(12, 99), right=Point(95, 8)
    )


# Thousandths of a pixel: differences below that drown in the sums that are compared.
coordinate = st.integers(0, 1_000_000).map(lambda value: value / 1000)


@given(st.lists(st.builds(Point, coordinate, coordinate), min_size=4, max_size=4))
def test_the_box_spans_all_points_whatever_their_order(points: list[Point]) -> None:
    xs, ys = zip(*points, strict=True)
    assume(max(xs) - min(xs) >= MIN_EXTENT and max(ys) - min(ys) >= MIN_EXTENT)
    roles = ExtremePoints.from_points(points)
    assert sorted(roles.points()) == sorted(points)
    left, top, right, bottom = roles.bounds()
    assert left <= roles.left.x <= roles.right.x <= right
    assert top <= roles.top.y <= roles.bottom.y <= bottom


@pytest.mark.parametrize(
    ("points", "code"),
    [
        pytest.param([TOP, LEFT, BOTTOM], "four-points-needed", id="three points"),
        pytest.param([TOP] * 4, "object-too-small", id="four times the same"),
        pytest.param([Point(x, 5) for x in (1, 20, 40, 60)], "object-too-small", id="on one line"),
    ],
)
def test_points_that_bound_nothing_are_refused(points: list[Point], code: str) -> None:
    with pytest.raises(ClickRequestError) as caught:
        ExtremePoints.from_points(points)
    assert caught.value.code == code
    assert caught.value.status == 422


def test_a_point_outside_the_photo_is_named() -> None:
    points = ExtremePoints(TOP, LEFT, BOTTOM, RIGHT)
    points.check_inside(Size(80, 90))
    with pytest.raises(ClickRequestError, match=r"\(80, 35\) lies outside"):
        points.check_inside(Size(79, 90))


def test_clicks_keep_their_order_and_kind() -> None:
    value = [{"x": 1, "y": 2.5, "kind": "boundary"}, {"x": 3, "y": 4, "kind": "inside"}]
    clicks = parse_clicks(value)
    assert clicks == (
        Click(Point(1, 2.5), ClickKind.BOUNDARY),
        Click(Point(3, 4), ClickKind.INSIDE),
    )
    assert [click.to_json() for click in clicks] == value


@pytest.mark.parametrize(
    "value",
    [
        "clicks",
        [1],
        [{"x": 1, "y": 2}],
        [{"x": 1, "y": 2, "kind": "positive"}],
        [{"x": float("nan"), "y": 2, "kind": "inside"}],
        [{"x": float("inf"), "y": 2, "kind": "inside"}],
        [{"x": True, "y": 2, "kind": "inside"}],
        [{"x": "1", "y": 2, "kind": "inside"}],
        [{"x": 1, "y": 2, "kind": "inside"}] * (MAX_CLICKS + 1),
    ],
    ids=lambda value: str(value)[:50],
)
def test_clicks_that_are_not_clicks_are_refused(value: object) -> None:
    with pytest.raises(ClickRequestError):
        parse_clicks(value)


@pytest.mark.parametrize(
    "value", [None, [1, 2], [[1, 2, 3]], [[1, None]], [[1, 2]] * 1000], ids=str
)
def test_points_that_are_not_pairs_are_refused(value: object) -> None:
    with pytest.raises(ClickRequestError):
        parse_points(value, "extreme_points")
