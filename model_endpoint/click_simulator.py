"""Simulated workers: extreme points and corrective clicks from a reference mask.

Only numpy: the demo and the evaluation run where neither torch nor OpenCV is installed. Training
passes faster distance and component functions with the same results. Masks are boolean arrays
indexed [row, column]; points are image pixels, x right, y down, pixel centres at +0.5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

BoolMask = npt.NDArray[np.bool_]
Distances = npt.NDArray[np.float32]
Policy = Literal["boundary", "region"]


class SimulatedClick(NamedTuple):
    """A corrective click; kind is boundary, inside or outside."""

    x: float
    y: float
    kind: Literal["boundary", "inside", "outside"]


def distance_inside(mask: BoolMask, limit: float = math.inf) -> Distances:
    """Exact Euclidean distance of every True pixel to the nearest False one; 0 elsewhere.

    The array's border counts as False. Two passes: runs along columns, then for each row the
    lower envelope over column offsets, stopped as soon as no larger offset can win. Distances
    above `limit` need not be exact, only above it, which is faster.
    """
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    result = np.zeros((height, width), np.float32)
    if len(rows) == 0:
        return result
    top, bottom = int(rows.min()), int(rows.max()) + 1
    left, right = int(columns.min()), int(columns.max()) + 1
    padded = np.zeros((bottom - top + 2, right - left + 2), np.bool_)
    padded[1:-1, 1:-1] = mask[top:bottom, left:right]
    squared = _column_distance(padded).astype(np.int64) ** 2
    best = squared.copy()
    offset = 1
    while offset < padded.shape[1] and offset <= limit and offset * offset < int(best.max()):
        shifted = squared[:, offset:] + offset * offset
        np.minimum(best[:, :-offset], shifted, out=best[:, :-offset])
        shifted = squared[:, :-offset] + offset * offset
        np.minimum(best[:, offset:], shifted, out=best[:, offset:])
        offset += 1
    result[top:bottom, left:right] = np.sqrt(best[1:-1, 1:-1])
    return result


def _column_distance(mask: BoolMask) -> npt.NDArray[np.int32]:
    """Distance along each column to the nearest False pixel; first and last rows are False."""
    height = mask.shape[0]
    index = np.arange(height, dtype=np.int32)[:, None]
    above = np.maximum.accumulate(np.where(mask, -1, index), axis=0)
    below = np.minimum.accumulate(np.where(mask, height, index)[::-1], axis=0)[::-1]
    nearest: npt.NDArray[np.int32] = np.minimum(index - above, below - index)
    return nearest


def largest_component(mask: BoolMask) -> BoolMask:
    """The largest 8-connected component of True pixels (the first in reading order on ties)."""
    runs, roots = _connected_runs(mask)
    if not runs:
        return np.zeros_like(mask)
    sizes: dict[int, int] = {}
    for (_, start, stop), root in zip(runs, roots, strict=True):
        sizes[root] = sizes.get(root, 0) + stop - start
    return _drawn(mask, runs, roots, max(sizes, key=lambda root: (sizes[root], -root)))


def component_at(mask: BoolMask, row: int, column: int) -> BoolMask:
    """The 8-connected component that holds a pixel; empty where the pixel is False."""
    runs, roots = _connected_runs(mask)
    for (at, start, stop), root in zip(runs, roots, strict=True):
        if at == row and start <= column < stop:
            return _drawn(mask, runs, roots, root)
    return np.zeros_like(mask)


def _connected_runs(mask: BoolMask) -> tuple[list[tuple[int, int, int]], list[int]]:
    """Every run of True pixels as (row, start, stop), and its component: the first run of it."""
    parents: list[int] = []

    def find(run: int) -> int:
        while parents[run] != run:
            parents[run] = parents[parents[run]]
            run = parents[run]
        return run

    runs: list[tuple[int, int, int]] = []
    previous: range = range(0)
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    for row in range(mask.shape[0]):
        starts = np.flatnonzero(edges[row] == 1).tolist()
        stops = np.flatnonzero(edges[row] == -1).tolist()
        first = len(runs)
        for start, stop in zip(starts, stops, strict=True):
            name = len(runs)
            runs.append((row, start, stop))
            parents.append(name)
            for other in previous:
                _, other_start, other_stop = runs[other]
                if other_start <= stop and start <= other_stop:
                    a, b = find(other), find(name)
                    parents[max(a, b)] = min(a, b)
        previous = range(first, len(runs))
    return runs, [find(run) for run in range(len(runs))]


def _drawn(
    mask: BoolMask, runs: list[tuple[int, int, int]], roots: list[int], wanted: int
) -> BoolMask:
    """The runs of one component, as a mask of `mask`'s shape."""
    result = np.zeros_like(mask)
    for (row, start, stop), root in zip(runs, roots, strict=True):
        if root == wanted:
            result[row, start:stop] = True
    return result


def outline_pixels(mask: BoolMask) -> BoolMask:
    """Mask pixels with a 4-neighbour outside the mask; the photo's border is no outline."""
    padded = np.pad(mask, 1, mode="edge")
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    edge: BoolMask = mask & ~inner
    return edge


def extreme_points(
    mask: BoolMask, rng: np.random.Generator | None = None, jitter: float = 0.0
) -> npt.NDArray[np.float64]:
    """(4, 2) x, y of the topmost, leftmost, bottommost and rightmost pixel centres.

    Where several pixels tie, the middle one. With `rng` and `jitter`, each coordinate gets
    Gaussian noise of that many pixels, kept inside the photo.

    Raises:
        ValueError: the mask is empty.
    """
    rows, columns = np.nonzero(mask)
    if len(rows) == 0:
        raise ValueError("an empty mask has no extreme points")

    def middle(values: npt.NDArray[np.intp]) -> float:
        ordered = np.sort(values)
        return float(ordered[len(ordered) // 2])

    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    points = np.array(
        [
            (middle(columns[rows == top]), top),
            (left, middle(rows[columns == left])),
            (middle(columns[rows == bottom]), bottom),
            (right, middle(rows[columns == right])),
        ],
        np.float64,
    )
    points += 0.5
    if rng is not None and jitter > 0:
        points += rng.normal(0, jitter, points.shape)
    height, width = mask.shape
    return points.clip(0, (width - 0.01, height - 0.01))


def next_click(
    reference: BoolMask,
    mask: BoolMask,
    policy: Policy,
    rng: np.random.Generator | None = None,
    jitter: float = 0.0,
    *,
    distance: Callable[[BoolMask], Distances] = distance_inside,
    component: Callable[[BoolMask], BoolMask] = largest_component,
) -> SimulatedClick | None:
    """Where a worker who sees `reference` in the photo would correct `mask`; None when equal.

    Policies:
        region: of the pixels wrongly left out and those wrongly taken in, the side that reaches
            deeper is corrected at its deepest pixel (the peak of the distance to the side's
            edge, the photo's border counting as edge): an `inside` click where object is
            missing, an `outside` click where background was taken in.
        boundary: in the largest 8-connected region of wrong pixels, among the reference's
            outline pixels within 1.5 px of that region, the one farthest from the mask's own
            outline, moved half a pixel outwards so that it lies on the outline between pixels: a
            `boundary` click. Where that region touches no reference outline, or the outlines
            are nowhere 1 px apart (an error of less than a pixel), or the mask is empty, it
            falls back to `region`.

    Args:
        rng, jitter: Gaussian noise in pixels on the click, kept inside the photo; the kind does
            not change with it, as a person's would not.
        distance, component: replaceable by faster functions with the same meaning.
    """
    wrong = reference != mask
    if not wrong.any():
        return None
    click = None
    if policy == "boundary" and mask.any():
        click = _boundary_click(reference, mask, wrong, component)
    if click is None:
        click = _region_click(reference, mask, distance)
    if rng is None or jitter <= 0:
        return click
    height, width = reference.shape
    x = min(max(click.x + float(rng.normal(0, jitter)), 0.0), width - 0.01)
    y = min(max(click.y + float(rng.normal(0, jitter)), 0.0), height - 0.01)
    return SimulatedClick(x, y, click.kind)


def _region_click(
    reference: BoolMask, mask: BoolMask, distance: Callable[[BoolMask], Distances]
) -> SimulatedClick:
    missing = distance(reference & ~mask)
    extra = distance(mask & ~reference)
    depth, kind = (missing, "inside") if missing.max() >= extra.max() else (extra, "outside")
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return SimulatedClick(
        float(column) + 0.5, float(row) + 0.5, "inside" if kind == "inside" else "outside"
    )


def _boundary_click(
    reference: BoolMask,
    mask: BoolMask,
    wrong: BoolMask,
    component: Callable[[BoolMask], BoolMask],
) -> SimulatedClick | None:
    # A disk of radius 1.5 px is the 3 x 3 neighbourhood.
    near = _dilate(component(wrong))
    rows, columns = np.nonzero(outline_pixels(reference) & near)
    outline = np.argwhere(outline_pixels(mask))
    if len(rows) == 0 or len(outline) == 0:
        return None
    far = _nearest_distance(np.stack((rows, columns), 1), outline)
    winner = int(far.argmax())
    if far[winner] <= 1.0:
        return None
    row, column = int(rows[winner]), int(columns[winner])
    around = np.pad(reference, 1, mode="edge")
    up, down = around[row, column + 1], around[row + 2, column + 1]
    left, right = around[row + 1, column], around[row + 1, column + 2]
    x = column + 0.5 + 0.5 * (int(left) - int(right))
    y = row + 0.5 + 0.5 * (int(up) - int(down))
    return SimulatedClick(x, y, "boundary")


def _nearest_distance(
    points: npt.NDArray[np.intp], others: npt.NDArray[np.intp], block: int = 512
) -> Distances:
    """For each of (n, 2) points the distance to the nearest of (m, 2) others; block by block."""
    nearest = np.empty(len(points), np.float32)
    target = others.astype(np.float64)
    lengths = (target**2).sum(1)
    for start in range(0, len(points), block):
        some = points[start : start + block].astype(np.float64)
        closest = (lengths - 2 * (some @ target.T)).min(1) + (some**2).sum(1)
        nearest[start : start + block] = np.sqrt(closest)
    return nearest


def _dilate(mask: BoolMask) -> BoolMask:
    """3 x 3 dilation."""
    tall = mask.copy()
    tall[1:] |= mask[:-1]
    tall[:-1] |= mask[1:]
    wide = tall.copy()
    wide[:, 1:] |= tall[:, :-1]
    wide[:, :-1] |= tall[:, 1:]
    return wide
