"""A weighted vote, smoothed where it is close: what several outlines have in common.

Along the edge of an object workers differ by a few pixels, and a vote per pixel gives a ragged
outline that follows now one and now another. The mean outline would be that of the workers' mean
signed distances. Averaging the votes of a small box has the same effect: a box average of a mask
is its signed distance, cut off at the box, so one blur takes the place of a distance transform per
worker. It is done only where the vote is close: elsewhere it would round corners for nothing.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from hooks.core.ballots import Ballots, Counts, count_labels
from hooks.core.masks import BACKGROUND, VOID, LabelMap

UNITS = 255
"""Weights are whole numbers that sum to at most this, so that a share fits into a byte and equal
weights tie exactly."""
CLOSE = 0.8
"""A pixel whose best share is smaller is smoothed."""
REACH = 1.0
"""The box's radius, in mean deviations of the workers from the vote."""
LEAST_RADIUS = 0.5
LARGEST_RADIUS = 40.0

Labels = npt.NDArray[np.uint8]
Shares = npt.NDArray[np.uint8]
Units = npt.NDArray[np.uint8]


def whole_weights(weights: npt.NDArray[np.float64]) -> Units:
    """Weights in units of 1 / UNITS, rounded down but never to nothing."""
    return np.maximum(np.floor(weights * UNITS + 1e-9), 1).astype(np.uint8)


def elect(ballots: Ballots, units: Units) -> Labels:
    """The winner at every disputed pixel; VOID where nobody says anything.

    A tie goes to the foreground, then to the label that comes first; VOID does not vote.
    """
    winners = np.full(ballots.places.shape, VOID, np.uint8)
    best = np.zeros(ballots.places.shape, np.uint8)
    for index in classes_of(ballots):
        share = _share(ballots.votes, units, index)
        winners[share > best] = index
        np.maximum(best, share, out=best)
    return winners


def smooth(
    label_map: LabelMap, ballots: Ballots, units: Units, winners: Labels, deviation: float
) -> Labels:
    """The winners again, by the votes round them where their own vote is close.

    Only a label that somebody gives at a pixel itself can win it.

    Args:
        label_map: with the `winners` of `elect` in it.
        deviation: mean distance of the workers' outlines from the vote's, in pixels.
    """
    radius = min(REACH * deviation, LARGEST_RADIUS)
    if radius < LEAST_RADIUS:
        return winners
    classes = classes_of(ballots)
    total = _total(ballots, units)
    best = np.zeros(ballots.places.shape, np.uint8)
    for index in classes:
        np.maximum(best, _share(ballots.votes, units, index), out=best)
    close = (best < CLOSE * total) & (total > 0)
    if not close.any():
        return winners
    rows, columns = np.divmod(ballots.places, ballots.shape[1])
    smoothed = winners.copy()
    smoothed[close] = VOID
    most = np.full(ballots.places.shape, -1, np.int16)
    full = int(units.sum())
    alone = None if (total != full).any() or ballots.agreed[VOID] else full
    for index in classes:
        share = _share(ballots.votes, units, index)
        here = np.flatnonzero(close & (share > 0))
        if len(here) == 0:
            continue
        if alone is not None and len(classes) == 2 and index == BACKGROUND:
            # Of two labels the one has what the other has not.
            other = most[here]
            mean = np.where(other < 0, full, full - other).astype(np.int16)
        else:
            mean = _box_means(label_map, index, (rows, columns), share, here, full, radius)
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
    """
    rows, columns = places
    height, width = label_map.shape
    margin = int(np.ceil(radius)) + 1
    top = max(int(rows[here].min()) - margin, 0)
    bottom = min(int(rows[here].max()) + margin + 1, height)
    left = max(int(columns[here].min()) - margin, 0)
    right = min(int(columns[here].max()) + margin + 1, width)
    window = (label_map[top:bottom, left:right] == index).view(np.uint8)
    window *= np.uint8(full)
    inside = (columns >= left) & (columns < right)
    first, last = np.searchsorted(rows, (top, bottom))  # places ascend, so rows do
    inside[:first] = False
    inside[last:] = False
    window[rows[inside] - top, columns[inside] - left] = share[inside]
    blurred = np.asarray(Image.fromarray(window).filter(ImageFilter.BoxBlur(radius)))
    return blurred[rows[here] - top, columns[here] - left].astype(np.int16)


def outline_length(label_map: LabelMap) -> float:
    """Length of all outlines between labels in pixels, at least 1.

    Pixel edges between different labels, times pi / 4: that is how much longer a staircase is than
    a line, averaged over all directions.
    """
    edges = np.count_nonzero(label_map[1:] != label_map[:-1]) + np.count_nonzero(
        label_map[:, 1:] != label_map[:, :-1]
    )
    return max(float(edges) * math.pi / 4, 1.0)


def soft_iou(ballots: Ballots, units: Units, winners: Labels) -> dict[int, float]:
    """The confidence of every label in the result, and of the background.

    With S_k a pixel's share of votes for label k and P the result, label k's soft IoU is
    sum(min(S_k, [P = k])) / sum(max(S_k, [P = k])).
    """
    total = _total(ballots, units)
    full = int(units.sum())
    divisor = None if bool((total == full).all()) else np.maximum(total, 1).astype(np.float32)
    chosen_areas = count_labels(winners)
    confidence = {}
    for index in classes_of(ballots):
        agreed = int(ballots.agreed[index])
        area = agreed + int(chosen_areas[index])
        if area == 0 and index != BACKGROUND:
            continue
        chosen = winners == index
        share = _share(ballots.votes, units, index)
        if divisor is None:
            everything = int(share.sum(dtype=np.int64)) / full
            inside = int(share[chosen].sum(dtype=np.int64)) / full
        else:
            shares = share / divisor
            everything, inside = float(shares.sum()), float(shares[chosen].sum())
        union = area + everything - inside
        confidence[index] = (agreed + inside) / union if union else 1.0
    return confidence


def classes_of(ballots: Ballots) -> list[int]:
    """Labels that anybody gave, in order, the background at the end."""
    present: Counts = ballots.agreed + sum(count_labels(votes) for votes in ballots.votes)
    return [index for index in range(1, VOID) if present[index]] + [BACKGROUND]


def _share(votes: Labels, units: Units, index: int) -> Shares:
    """Units that say `index` at every pixel, uint8; `votes` is (workers, pixels)."""
    share = np.zeros(votes.shape[1:], np.uint8)
    for own, unit in zip(votes, units, strict=True):
        share += (own == index) * unit
    return share


def _total(ballots: Ballots, units: Units) -> Shares:
    """Units that say anything, uint8 (disputed pixels,)."""
    total = np.full(ballots.places.shape, int(units.sum()), np.uint8)
    for row, (own, unit) in enumerate(zip(ballots.votes, units, strict=True)):
        if ballots.counts[row, VOID]:
            total -= (own == VOID) * unit
    return total
