"""Clicks drawn as dense maps: the network's only way to hear what the worker said.

One definition serves training and serving, so the two cannot drift apart. Points are in crop
pixels (x right, y down, 0..size); maps are float32 arrays indexed [row, column].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatMap = npt.NDArray[np.float32]

PROMPT_STRIDE = 2
"""Prompt maps have half the crop's resolution, as the finest cached features do."""

PROMPT_MAPS = ("boundary", "inside", "outside", "newest", "previous", "has-previous")
"""The decoder's prompt channels, in order.

The first three draw every click of that kind as a Gaussian, the newest one larger. `newest` is
the correction that the last click asks for, signed: positive where the object should grow,
negative where it should shrink, and as wide as the click is far from the previous outline. It is
what tells a boundary click, which names no side, apart: outside the previous mask it means "grow
to here", inside it "shrink to here". `previous` is 2p - 1 of the previous probability and
`has-previous` is 1 when there was one.
"""

EXTREME_SIGMA = 1 / 64
CLICK_SIGMA = 1 / 80
NEWEST_LARGER = 1.5
NEWEST_REACH = (1 / 48, 1 / 3)
"""Bounds of the newest click's reach, in crop sizes."""
NEWEST_REACH_UNKNOWN = 1 / 16
"""Reach when there is no previous mask to measure from."""

COLOUR_MEAN = 115.0
COLOUR_SCALE = 60.0


class CropClick(NamedTuple):
    """A corrective click in crop pixels; kind is boundary, inside or outside."""

    x: float
    y: float
    kind: str


def encoder_input(
    colours: npt.NDArray[np.uint8],
    extreme_points: npt.NDArray[np.float32],
    covered: npt.NDArray[np.bool_] | None = None,
) -> FloatMap:
    """Build the encoder's (5, s, s) input.

    Args:
        colours: (s, s, 3) crop.
        extreme_points: (4, 2) array of x, y in crop pixels.
        covered: (s, s), False where the crop reaches past the photo; None means all True.
    """
    size = colours.shape[0]
    maps = np.empty((5, size, size), np.float32)
    maps[:3] = colours.transpose(2, 0, 1)
    maps[:3] -= COLOUR_MEAN
    maps[:3] *= 1 / COLOUR_SCALE
    if covered is not None:
        maps[:3] *= covered
    maps[3] = 0
    for x, y in extreme_points:
        draw_gaussian(maps[3], float(x), float(y), EXTREME_SIGMA * size, 1.0)
    left, top = extreme_points.min(0)
    right, bottom = extreme_points.max(0)
    centres = np.arange(size, dtype=np.float32) + 0.5
    rows = (centres >= top - 0.5) & (centres <= bottom + 0.5)
    columns = (centres >= left - 0.5) & (centres <= right + 0.5)
    maps[4] = rows[:, None] & columns[None, :]
    return maps


def prompt_maps(clicks: Sequence[CropClick], previous: FloatMap | None, size: int) -> FloatMap:
    """Build the decoder's (6, s/2, s/2) input.

    Args:
        clicks: in the order placed; the last one is the newest.
        previous: (s/2, s/2) probability of the previous mask, or None.
        size: s, the crop's side in pixels.
    """
    side = size // PROMPT_STRIDE
    maps = np.zeros((len(PROMPT_MAPS), side, side), np.float32)
    sigma = CLICK_SIGMA * size / PROMPT_STRIDE
    for index, click in enumerate(clicks):
        newest = index == len(clicks) - 1
        draw_gaussian(
            maps[PROMPT_MAPS.index(click.kind)],
            click.x / PROMPT_STRIDE,
            click.y / PROMPT_STRIDE,
            sigma * (NEWEST_LARGER if newest else 1.0),
            1.0,
        )
        if newest:
            draw_newest(maps[3], click, previous, size)
    if previous is not None:
        maps[4] = previous * 2 - 1
        maps[5] = 1
    return maps


def draw_newest(target: FloatMap, click: CropClick, previous: FloatMap | None, size: int) -> None:
    """Draw the signed correction that the newest click asks for (see PROMPT_MAPS)."""
    side = target.shape[0]
    x, y = click.x / PROMPT_STRIDE, click.y / PROMPT_STRIDE
    reach = NEWEST_REACH_UNKNOWN * side
    sign = {"inside": 1.0, "outside": -1.0, "boundary": 0.0}[click.kind]
    if previous is not None:
        column = min(max(int(x), 0), side - 1)
        row = min(max(int(y), 0), side - 1)
        here = float(previous[row, column])
        if click.kind == "boundary":
            sign = 1 - 2 * here
        other_rows, other_columns = np.nonzero((previous > 0.5) != (here > 0.5))
        if len(other_rows):
            squared = (other_rows + 0.5 - y) ** 2 + (other_columns + 0.5 - x) ** 2
            reach = float(np.sqrt(squared.min()))
        else:
            reach = NEWEST_REACH[1] * side
    reach = min(max(reach, NEWEST_REACH[0] * side), NEWEST_REACH[1] * side)
    if sign > 0:
        draw_gaussian(target, x, y, 0.7 * reach, sign)
    elif sign < 0:
        negative = np.zeros_like(target)
        draw_gaussian(negative, x, y, 0.7 * reach, -sign)
        target -= negative


def draw_gaussian(target: FloatMap, x: float, y: float, sigma: float, height: float) -> None:
    """Max-combine a Gaussian centred at (x, y), in the map's own pixels, into `target`."""
    rows, columns = target.shape
    reach = 3 * sigma
    top, bottom = max(int(y - reach), 0), min(int(y + reach) + 2, rows)
    left, right = max(int(x - reach), 0), min(int(x + reach) + 2, columns)
    if top >= bottom or left >= right:
        return
    scale = -0.5 / sigma**2
    vertical = np.exp(scale * (np.arange(top, bottom, dtype=np.float32) + 0.5 - y) ** 2)
    horizontal = np.exp(scale * (np.arange(left, right, dtype=np.float32) + 0.5 - x) ** 2)
    patch = (height * vertical[:, None] * horizontal[None, :]).astype(np.float32)
    window = target[top:bottom, left:right]
    np.maximum(window, patch, out=window)
