"""What is measured of a mask and of a click. Masks are bool (height, width), upright."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hooks.core.clicks import Click, ClickKind, ExtremePoints
from hooks.core.geometry import Size
from hooks.core.masks import iou
from model_endpoint.click_simulator import (
    BoolMask,
    component_at,
    distance_inside,
    outline_pixels,
)
from model_endpoint.honouring import reach_of_click

BOUNDARY_SHARE = 0.02
"""Width of the band of boundary IoU, of the photo's diagonal (Cheng et al. 2021)."""
SPOILED = 0.02
"""A click that costs more IoU than this spoiled the mask."""
REGION_PUT_RIGHT = 0.5
"""Of the wrong region that a click belongs to, how much must be right afterwards."""


def boundary_iou(first: BoolMask, second: BoolMask) -> float:
    """IoU of the two masks' inner bands, BOUNDARY_SHARE of the diagonal wide."""
    width = max(BOUNDARY_SHARE * float(np.hypot(*first.shape)), 1.0)
    return iou(inner_band(first, width), inner_band(second, width))


def inner_band(mask: BoolMask, width: float) -> BoolMask:
    """The mask's pixels within `width` of its outline; the photo's border counts as outline."""
    depth = distance_inside(mask, width)
    band: BoolMask = mask & (depth <= width)
    return band


def is_honoured(mask: BoolMask, click: Click, points: ExtremePoints) -> bool:
    """Whether a mask does what a click asked: the pixel's side, or the outline close by.

    "Close" is max(2 px, 1 % of the diagonal of the box through the extreme points).
    """
    row, column = click.point.pixel(_size(mask))
    if click.kind is not ClickKind.BOUNDARY:
        return bool(mask[row, column]) == (click.kind is ClickKind.INSIDE)
    # The outline runs along the outline pixels' outer sides, up to half a pixel farther out.
    return _nearest(outline_pixels, mask, click, reach_of_click(points) + 0.5) is not None


def share_put_right(
    reference: BoolMask, before: BoolMask, after: BoolMask, click: Click, points: ExtremePoints
) -> float | None:
    """How much of the wrong region that a click belongs to is right after it, 0 to 1.

    The region is the 8-connected component of wrong pixels nearest to the click, no farther from
    it than a boundary click's outline may be. A dot painted under the click puts next to nothing
    right. None where there is no such region: a jittered click may point to nothing.
    """
    pixel = _nearest(lambda part: part, reference != before, click, reach_of_click(points) + 1.0)
    if pixel is None:
        return None
    region = component_at(reference != before, *pixel)
    return float((reference == after)[region].mean())


def _nearest(
    chosen: Callable[[BoolMask], BoolMask], mask: BoolMask, click: Click, reach: float
) -> tuple[int, int] | None:
    """(row, column) of the chosen pixel of a mask whose centre is nearest to a click."""
    x, y = click.point
    # Only the surroundings are looked at, with room for the choice to see a neighbour.
    top, left = max(int(y - reach) - 2, 0), max(int(x - reach) - 2, 0)
    part = mask[top : int(y + reach) + 3, left : int(x + reach) + 3]
    rows, columns = np.nonzero(chosen(part))
    if len(rows) == 0:
        return None
    distances = np.hypot(rows + top + 0.5 - y, columns + left + 0.5 - x)
    nearest = int(distances.argmin())
    if distances[nearest] > reach:
        return None
    return int(rows[nearest]) + top, int(columns[nearest]) + left


def _size(mask: BoolMask) -> Size:
    return Size(mask.shape[1], mask.shape[0])
