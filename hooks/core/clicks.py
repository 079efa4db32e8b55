"""What a worker places on a photo: four extreme points, then corrective clicks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hooks.core.errors import ClickRequestError
from hooks.core.geometry import Point, Size

MAX_CLICKS = 200
"""Corrective clicks one object may carry. People use fewer than ten."""

MIN_EXTENT = 2.0
"""The smallest width and height, in pixels, that four extreme points may span."""


class ClickKind(StrEnum):
    """What a corrective click says about the pixel under it."""

    BOUNDARY = "boundary"
    """The outline passes here."""
    INSIDE = "inside"
    """This pixel belongs to the object."""
    OUTSIDE = "outside"
    """This pixel does not belong to the object."""


@dataclass(frozen=True, slots=True)
class Click:
    """One corrective click, in image pixels."""

    point: Point
    kind: ClickKind

    def to_json(self) -> dict[str, Any]:
        return {"x": self.point.x, "y": self.point.y, "kind": self.kind.value}


@dataclass(frozen=True, slots=True)
class ExtremePoints:
    """The topmost, leftmost, bottommost and rightmost points of an object.

    Workers may place them in any order; `from_points` finds which is which.
    """

    top: Point
    left: Point
    bottom: Point
    right: Point

    @classmethod
    def from_points(cls, points: Sequence[Point]) -> ExtremePoints:
        """Sort four points into their roles.

        The two that differ most vertically need not be the top and bottom ones when an object is
        slanted, so the assignment with the largest total extent in all four directions is taken:
        of the 24 orders, the one that maximises bottom.y - top.y + right.x - left.x. One point
        has one role, but two clicks may fall on the same place, as at an object's corner.

        Raises:
            ClickRequestError: not four points, or points that span nothing.
        """
        if len(points) != 4:
            raise ClickRequestError(
                "four-points-needed",
                f"Four extreme points are needed; {len(points)} came.",
                status=422,
            )
        xs = [point.x for point in points]
        ys = [point.y for point in points]
        if max(xs) - min(xs) < MIN_EXTENT or max(ys) - min(ys) < MIN_EXTENT:
            raise ClickRequestError(
                "object-too-small",
                "The four points lie on top of each other or on one line: click the object's "
                "topmost, leftmost, bottommost and rightmost points.",
                status=422,
            )
        best: tuple[float, ExtremePoints] | None = None
        for top in range(4):
            for bottom in range(4):
                for left in range(4):
                    right = 6 - top - bottom - left
                    if len({top, bottom, left, right}) != 4 or not 0 <= right < 4:
                        continue
                    extent = ys[bottom] - ys[top] + xs[right] - xs[left]
                    if best is None or extent > best[0]:
                        roles = (points[top], points[left], points[bottom], points[right])
                        best = (extent, cls(*roles))
        assert best is not None  # 24 orders were tried
        return best[1]

    def points(self) -> tuple[Point, Point, Point, Point]:
        """(top, left, bottom, right)."""
        return (self.top, self.left, self.bottom, self.right)

    def bounds(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of the box through the points, in image pixels."""
        xs = [point.x for point in self.points()]
        ys = [point.y for point in self.points()]
        return (min(xs), min(ys), max(xs), max(ys))

    def check_inside(self, size: Size) -> None:
        """Raises ClickRequestError if a point lies outside a photo of this size."""
        for point in self.points():
            check_point(point, size)

    def to_json(self) -> list[list[float]]:
        return [[point.x, point.y] for point in self.points()]


def check_point(point: Point, size: Size) -> None:
    """Raises ClickRequestError if the point lies outside a photo of this size."""
    if not point.lies_in(size):
        raise ClickRequestError(
            "point-outside-photo",
            f"The point ({point.x:g}, {point.y:g}) lies outside the photo, which is "
            f"{size.width} x {size.height} pixels.",
            status=422,
        )


def parse_number(value: object, field: str) -> float:
    """A finite number out of JSON. Booleans and strings are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ClickRequestError("bad-request", f"{field} must be a finite number.")
    return float(value)


def parse_points(value: object, field: str) -> list[Point]:
    """A list of [x, y] pairs out of JSON."""
    if not isinstance(value, list):
        raise ClickRequestError("bad-request", f"{field} must be a list of [x, y] pairs.")
    if len(value) > MAX_CLICKS:
        raise ClickRequestError("too-many-clicks", f"{field} holds more than {MAX_CLICKS} points.")
    points = []
    for index, pair in enumerate(value):
        if not isinstance(pair, list) or len(pair) != 2:
            raise ClickRequestError("bad-request", f"{field}[{index}] must be a pair [x, y].")
        x, y = (parse_number(number, f"{field}[{index}]") for number in pair)
        points.append(Point(x, y))
    return points


def parse_clicks(value: object, field: str = "clicks") -> tuple[Click, ...]:
    """Corrective clicks out of JSON, in the order they were placed."""
    if not isinstance(value, list):
        raise ClickRequestError("bad-request", f"{field} must be a list.")
    if len(value) > MAX_CLICKS:
        raise ClickRequestError(
            "too-many-clicks",
            f"An object takes at most {MAX_CLICKS} corrective clicks; {len(value)} came. "
            "Clear the object and start it again, or use the brush.",
            status=422,
        )
    clicks = []
    for index, item in enumerate(value):
        where = f"{field}[{index}]"
        if not isinstance(item, dict):
            raise ClickRequestError("bad-request", f"{where} must be an object with x, y, kind.")
        point = Point(
            parse_number(item.get("x"), f"{where}.x"), parse_number(item.get("y"), f"{where}.y")
        )
        try:
            kind = ClickKind(str(item.get("kind")))
        except ValueError:
            kinds = ", ".join(ClickKind)
            message = f"{where}.kind must be one of {kinds}."
            raise ClickRequestError("bad-request", message) from None
        clicks.append(Click(point, kind))
    return tuple(clicks)
