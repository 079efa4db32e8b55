"""The octagon through the four extreme points: what geometry knows with no look at the photo.

Any model must beat it, and it stands beside every figure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from model_endpoint.guidance import PROMPT_STRIDE, CropClick, FloatMap
from model_endpoint.network_protocol import Features

EDGE_SHARE = 0.25


def octagon(points: npt.NDArray[np.float64], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Rasterise the octagon of (4, 2) top, left, bottom, right points into a (height, width) mask.

    The formula (that of ExtremeNet, Zhou et al. 2019): take the box through the points. Centre
    on each extreme point a segment along its side of the box, a quarter of that side long, and
    cut it off at the box's corners. The octagon joins the eight ends. A pixel belongs to it when
    its centre does.
    """
    top, left, bottom, right = points
    x0, y0 = points.min(0)
    x1, y1 = points.max(0)
    half_x, half_y = (x1 - x0) * EDGE_SHARE / 2, (y1 - y0) * EDGE_SHARE / 2

    def along(value: float, half: float, low: float, high: float) -> tuple[float, float]:
        return max(value - half, low), min(value + half, high)

    top_from, top_to = along(top[0], half_x, x0, x1)
    right_from, right_to = along(right[1], half_y, y0, y1)
    bottom_from, bottom_to = along(bottom[0], half_x, x0, x1)
    left_from, left_to = along(left[1], half_y, y0, y1)
    corners = [
        (top_from, y0),
        (top_to, y0),
        (x1, right_from),
        (x1, right_to),
        (bottom_to, y1),
        (bottom_from, y1),
        (x0, left_to),
        (x0, left_from),
    ]
    height, width = shape
    xs = np.arange(width)[None, :] + 0.5
    ys = np.arange(height)[:, None] + 0.5
    inside = np.ones(shape, np.bool_)
    # Two ends on each side of a box, in order round it, are convex: intersect half planes.
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        inside &= (bx - ax) * (ys - ay) - (by - ay) * (xs - ax) >= -1e-9
    return inside


class OctagonNetwork:
    """A backend that draws the octagon and never hears a click: the geometry baseline, served."""

    def __init__(self, size: int = 256) -> None:
        self._size = size

    @property
    def name(self) -> str:
        return "octagon"

    @property
    def size(self) -> int:
        return self._size

    @property
    def concurrency(self) -> int:
        return 2

    @property
    def whole_photo(self) -> bool:
        return False

    @property
    def hears_clicks(self) -> bool:
        return False

    def encode(
        self,
        colours: npt.NDArray[np.uint8],
        covered: npt.NDArray[np.bool_],
        extreme_points: npt.NDArray[np.float32],
    ) -> Features:
        shape = (self._size, self._size)
        return (octagon(extreme_points.astype(np.float64), shape).astype(np.float32),)

    def decode(
        self,
        features: Features,
        extreme_points: npt.NDArray[np.float32],
        clicks: Sequence[CropClick],
        previous: FloatMap | None,
    ) -> FloatMap:
        side = self._size // PROMPT_STRIDE
        if previous is not None and previous.shape != (side, side):
            raise ValueError(f"the previous mask must be {side} x {side}")
        drawn: FloatMap = features[0]
        return drawn * 12 - 6
