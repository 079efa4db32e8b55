"""The one coordinate convention, and the few shapes that use it.

Coordinates are image pixels of the upright photo: x to the right, y down, floats. Pixel (column
j, row i) owns the square [j, j + 1) x [i, i + 1), so its centre is (j + 0.5, i + 0.5) and the
photo spans [0, width] x [0, height]. Arrays are always indexed [row, column].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple


class Size(NamedTuple):
    """Width and height in pixels, always in this order."""

    width: int
    height: int

    @property
    def shape(self) -> tuple[int, int]:
        """The (height, width) of an array of this size."""
        return (self.height, self.width)

    @property
    def pixels(self) -> int:
        return self.width * self.height


class Point(NamedTuple):
    """A position in image pixels."""

    x: float
    y: float

    def is_finite(self) -> bool:
        return math.isfinite(self.x) and math.isfinite(self.y)

    def lies_in(self, size: Size) -> bool:
        """True inside the photo, its edges included."""
        return 0 <= self.x <= size.width and 0 <= self.y <= size.height

    def pixel(self, size: Size) -> tuple[int, int]:
        """The (row, column) of the pixel that owns this point, clamped to the photo."""
        return (
            min(max(math.floor(self.y), 0), size.height - 1),
            min(max(math.floor(self.x), 0), size.width - 1),
        )


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels: columns [left, left + width), rows [top, top + height)."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom."""
        return self.left, self.top, self.right, self.bottom

    @property
    def is_empty(self) -> bool:
        return self.width == 0 or self.height == 0

    def seen_from(self, other: Box) -> Box:
        """The same rectangle in coordinates that start at another's upper left corner."""
        return Box(self.left - other.left, self.top - other.top, self.width, self.height)

    def lies_in(self, size: Size) -> bool:
        return (
            self.left >= 0
            and self.top >= 0
            and self.width >= 0
            and self.height >= 0
            and self.right <= size.width
            and self.bottom <= size.height
        )

    def slices(self) -> tuple[slice, slice]:
        """(rows, columns) that cut this box out of an array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def to_list(self) -> list[int]:
        return [self.left, self.top, self.width, self.height]


EMPTY_BOX = Box(0, 0, 0, 0)
