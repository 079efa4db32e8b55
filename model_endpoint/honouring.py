"""Clicks that the network did not heed: the outline is bent to them.

One click in a hundred comes out otherwise than it says, most of them late ones that ask for a pixel
or two. A worker who clicks expects to be obeyed, so the mask is moved there until the outline lies
at the click, less and less the farther from it: the outline bends, and no dot is painted.
Measured (boundary clicks, ten an object, COCO_MVal and PennFudan): honoured 98.95 and 98.85 % by
the network alone, 99.60 and 99.95 % with this, IoU the same to 0.02 points.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hooks.core.clicks import ExtremePoints
from model_endpoint.guidance import CropClick, FloatMap

HONOURED_PIXELS = 2.0
HONOURED_SHARE = 0.01
"""How close the outline must pass to a boundary click: pixels, or share of the box's diagonal."""
BEYOND_PIXELS = 1.5
"""So far past the outline an inside or outside click's pixel comes to lie, in crop pixels."""
BEYOND_LOGIT = 0.5
"""Its logit where there is no outline that could be moved."""
NARROWEST_PIXELS = 3.0
WIDEST_SHARE = 1 / 8
"""Bounds of the sigma of what is moved: crop pixels, share of the crop."""


def reach_of_click(points: ExtremePoints) -> float:
    """How close to a boundary click the outline must pass, in photo pixels."""
    left, top, right, bottom = points.bounds()
    return max(HONOURED_PIXELS, HONOURED_SHARE * math.hypot(right - left, bottom - top))


def honour(logits: FloatMap, click: CropClick, reach: tuple[float, float]) -> FloatMap:
    """The logits, bent so that the click comes out as it says; the same array if it did.

    Args:
        logits: (s, s).
        click: the newest one. One that lies outside the crop changes nothing.
        reach: how close the outline must pass to a boundary click, in crop pixels along x and y.
    """
    size = logits.shape[0]
    if not (0 <= click.x < size and 0 <= click.y < size):
        return logits
    inside = bool(logits[int(click.y), int(click.x)] >= 0)
    if click.kind == "boundary":
        if _outline_passes(logits, click, reach):
            return logits
    elif inside == (click.kind == "inside"):
        return logits
    rows, columns = np.nonzero((logits >= 0) != inside)
    if len(rows) == 0:
        return _bumped(logits, click)
    along, down = columns + 0.5 - click.x, rows + 0.5 - click.y
    nearest = int((along**2 + down**2).argmin())
    step = np.array((along[nearest], down[nearest]))
    distance = float(np.hypot(*step))
    sigma = min(max(distance, *reach, NARROWEST_PIXELS), WIDEST_SHARE * size)
    if click.kind != "boundary":
        step *= 1 + BEYOND_PIXELS / distance
    bent = _moved(logits, click, step, sigma)
    if click.kind != "boundary" and (bent[int(click.y), int(click.x)] >= 0) == inside:
        return _bumped(bent, click)  # the other side was thinner than that
    return bent


def _moved(
    logits: FloatMap, click: CropClick, step: npt.NDArray[np.float64], sigma: float
) -> FloatMap:
    """What lies `step` (x, y) from the click comes to lie at it, what is far from it stays."""
    size = logits.shape[0]
    rows, columns = np.mgrid[:size, :size].astype(np.float64)
    squared = (columns + 0.5 - click.x) ** 2 + (rows + 0.5 - click.y) ** 2
    share = np.exp(-0.5 / sigma**2 * squared)
    from_x = (columns + share * step[0]).clip(0, size - 1)
    from_y = (rows + share * step[1]).clip(0, size - 1)
    left, top = np.floor(from_x).astype(np.intp), np.floor(from_y).astype(np.intp)
    right, bottom = np.minimum(left + 1, size - 1), np.minimum(top + 1, size - 1)
    x, y = from_x - left, from_y - top
    upper = logits[top, left] * (1 - x) + logits[top, right] * x
    lower = logits[bottom, left] * (1 - x) + logits[bottom, right] * x
    moved: FloatMap = (upper * (1 - y) + lower * y).astype(np.float32)
    return moved


def _bumped(logits: FloatMap, click: CropClick) -> FloatMap:
    """A disk round the click changes sides: there is no outline near it."""
    size = logits.shape[0]
    row, column = int(click.y), int(click.x)
    rows, columns = np.ogrid[:size, :size]
    squared = (columns - column) ** 2 + (rows - row) ** 2
    here = float(logits[row, column])
    wanted = -BEYOND_LOGIT if here >= 0 else BEYOND_LOGIT
    share = np.exp(-0.5 / NARROWEST_PIXELS**2 * squared)
    bumped: FloatMap = (logits + (wanted - here) * share).astype(np.float32)
    return bumped


def _outline_passes(logits: FloatMap, click: CropClick, reach: tuple[float, float]) -> bool:
    """Whether both sides are to be found in the ellipse of that reach round the click."""
    size = logits.shape[0]
    across, down = reach
    left, right = max(int(click.x - across), 0), min(int(click.x + across) + 1, size)
    top, bottom = max(int(click.y - down), 0), min(int(click.y + down) + 1, size)
    rows, columns = np.ogrid[top:bottom, left:right]
    from_click = ((columns + 0.5 - click.x) / across) ** 2 + ((rows + 0.5 - click.y) / down) ** 2
    near = logits[top:bottom, left:right][from_click <= 1]
    return len(near) == 0 or bool(near.min() < 0 <= near.max())
