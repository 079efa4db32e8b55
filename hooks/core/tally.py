"""Weighted votes at the disputed pixels, counted label by label."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from hooks.core.ballots import Ballots
from hooks.core.masks import BACKGROUND, VOID

Shares: TypeAlias = npt.NDArray[np.uint8]
"""Units for something at every disputed pixel, (pixels,)."""

Units: TypeAlias = npt.NDArray[np.uint8]
"""Every worker's weight in units of 1 / UNITS."""

UNITS = 255
"""Weights are whole numbers that sum to at most this, so that a share fits into a byte and equal
weights tie exactly."""
KEPT_BYTES = 64 * 1024 * 1024
"""Shares beyond this are counted again when they are asked for again."""


class Tally:
    """The votes of some workers, weighted.

    Attributes:
        classes: labels that anybody gave, in order, the background at the end.
        full: units of all workers together.
    """

    def __init__(self, ballots: Ballots, weights: npt.NDArray[np.float64]) -> None:
        """Count `ballots` by `weights`, float64 (workers,), positive, sum 1."""
        self.ballots = ballots
        self.units = whole_weights(weights)
        self.full = int(self.units.sum())
        given = np.flatnonzero(ballots.counts.sum(axis=0)).tolist()
        self.classes = [index for index in given if 0 < index < VOID] + [BACKGROUND]
        self._kept: dict[int, Shares] = {}

    def share(self, index: int) -> Shares:
        """Units that say `index`, at every disputed pixel."""
        kept = self._kept.get(index)
        if kept is not None:
            return kept
        share = np.zeros(self.ballots.places.shape, np.uint8)
        for own, unit in zip(self.ballots.votes, self.units, strict=True):
            share += (own == index) * unit
        share.flags.writeable = False
        if (len(self._kept) + 1) * share.nbytes <= KEPT_BYTES:
            self._kept[index] = share
        return share

    def total(self) -> Shares:
        """Units that say anything, at every disputed pixel."""
        total = np.full(self.ballots.places.shape, self.full, np.uint8)
        for row, (own, unit) in enumerate(zip(self.ballots.votes, self.units, strict=True)):
            if self.ballots.counts[row, VOID]:
                total -= (own == VOID) * unit
        return total


def whole_weights(weights: npt.NDArray[np.float64]) -> Units:
    """Weights in units of 1 / UNITS, rounded down but never to nothing."""
    return np.maximum(np.floor(weights * UNITS + 1e-9), 1).astype(np.uint8)
