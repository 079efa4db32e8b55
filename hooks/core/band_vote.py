"""A weighted vote, smoothed where it is close: what several outlines have in common.

Along the edge of an object workers differ by a few pixels, and a vote per pixel gives a ragged
outline that follows now one and now another. The mean outline would be that of the workers' mean
signed distances. Averaging the votes of a small box has the same effect: a box average of a mask
is its signed distance, cut off at the box, so one blur takes the place of a distance transform per
worker. It is done only where the vote is close: elsewhere it would round corners for nothing.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from hooks.core.masks import BACKGROUND, VOID, LabelMap
from hooks.core.tally import Shares, Tally

CLOSE = 0.8
"""A pixel whose best share is smaller is smoothed."""
REACH = 1.0
"""The box's radius, in mean deviations of the workers from the vote."""
LEAST_RADIUS = 0.5
LARGEST_RADIUS = 40.0

Labels: TypeAlias = npt.NDArray[np.uint8]
"""A label at every disputed pixel, (pixels,)."""


def elect(tally: Tally) -> Labels:
    """The winner at every disputed pixel; VOID where nobody says anything.

    A tie goes to the foreground, then to the label that comes first; VOID does not vote.
    """
    winners = np.full(tally.ballots.places.shape, VOID, np.uint8)
    best = np.zeros(winners.shape, np.uint8)
    for index in tally.classes:
        share = tally.share(index)
        winners[share > best] = index
        np.maximum(best, share, out=best)
    return winners


def smooth(label_map: LabelMap, tally: Tally, winners: Labels, deviation: float) -> Labels:
    """The winners again, by the votes round them where their own vote is close.

    Only a label that somebody gives at a pixel itself can win it. The background has what the
    labels given there have not, unless somebody abstains: then it is averaged like a label.

    Args:
        label_map: with the `winners` of `elect` in it.
        deviation: mean distance of the workers' outlines from the vote's, in pixels.
    """
    radius = min(REACH * deviation, LARGEST_RADIUS)
    if radius < LEAST_RADIUS:
        return winners
    total = tally.total()
    best = np.zeros(winners.shape, np.uint8)
    for index in tally.classes:
        np.maximum(best, tally.share(index), out=best)
    close = (best < CLOSE * total) & (total > 0)
    if not close.any():
        return winners
    ballots = tally.ballots
    rows, columns = np.divmod(ballots.places, ballots.shape[1])
    smoothed = winners.copy()
    smoothed[close] = VOID
    most = np.full(winners.shape, -1, np.int16)
    labels = np.zeros(winners.shape, np.int16)
    everybody = not ballots.counts[:, VOID].any()
    for index in tally.classes:
        share = tally.share(index)
        here = np.flatnonzero(close & (share > 0))
        if len(here) == 0:
            continue
        if everybody and index == BACKGROUND:
            mean = tally.full - labels[here]
        else:
            mean = _box_means(label_map, index, (rows, columns), share, here, tally.full, radius)
            labels[here] += mean
        better = mean > most[here]
        smoothed[here[better]] = index
        most[here[better]] = mean[better]
    return smoothed


def _box_means(
    label_map: LabelMap,
    index: int,
    places: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
    share: Shares,
    here: npt.NDArray[np.intp],
    full: int,
    radius: float,
) -> npt.NDArray[np.int16]:
    """The mean share of a label in a box round the disputed pixels `here`.

    Outside the disputed pixels the label map says what all workers say.

    Args:
        places: rows and columns of all disputed pixels; rows ascend.
        share: of the label, at all disputed pixels.
    """
    rows, columns = places
    height, width = label_map.shape
    margin = int(np.ceil(radius)) + 1
    own_columns = columns[here]
    top = max(int(rows[here[0]]) - margin, 0)
    bottom = min(int(rows[here[-1]]) + margin + 1, height)
    left = max(int(own_columns.min()) - margin, 0)
    right = min(int(own_columns.max()) + margin + 1, width)
    window = (label_map[top:bottom, left:right] == index).view(np.uint8)
    window *= np.uint8(full)
    first, last = np.searchsorted(rows, (top, bottom))
    strip = columns[first:last]
    inside = first + np.flatnonzero((strip >= left) & (strip < right))
    window.ravel()[(rows[inside] - top) * (right - left) + (columns[inside] - left)] = share[inside]
    blurred = np.asarray(Image.fromarray(window).filter(ImageFilter.BoxBlur(radius)))
    means: npt.NDArray[np.int16] = blurred[rows[here] - top, own_columns - left].astype(np.int16)
    return means


def outline_length(label_map: LabelMap) -> float:
    """Length of all outlines between labels in pixels, at least 1.

    Pixel edges between different labels, times pi / 4: that is how much longer a staircase is than
    a line, averaged over all directions.
    """
    edges = np.count_nonzero(label_map[1:] != label_map[:-1]) + np.count_nonzero(
        label_map[:, 1:] != label_map[:, :-1]
    )
    return max(float(edges) * math.pi / 4, 1.0)
