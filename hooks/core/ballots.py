"""What several workers say, pixel by pixel, kept only where they differ.

Only a few pixels in a hundred are disputed as a rule, so everything after this looks at those alone
and counts the others as wholes, once. Pillow counts values six times as fast as numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.masks import VOID, LabelMap

Counts: TypeAlias = npt.NDArray[np.int64]
"""Pixels by label, int64 (256,)."""

LABELS = 256


@dataclass(frozen=True, slots=True)
class Ballots:
    """Several label maps of one photo, compared.

    Attributes:
        shape: (height, width).
        places: flat indices of the disputed pixels, ascending, intp (pixels,).
        votes: what each worker says there, uint8 (workers, pixels).
        agreed: pixels by label of which all workers say the same.
        counts: pixels by label of every worker, int64 (workers, 256).
    """

    shape: tuple[int, int]
    places: npt.NDArray[np.intp]
    votes: npt.NDArray[np.uint8]
    agreed: Counts
    counts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, label_maps: Sequence[LabelMap]) -> Ballots:
        """Compare label maps, uint8 (height, width), C-contiguous, at least one, of one shape."""
        first = label_maps[0]
        disputed = np.zeros(first.shape, dtype=bool)
        for label_map in label_maps[1:]:
            disputed |= label_map != first
        places = np.flatnonzero(disputed)
        votes = np.stack([label_map.ravel()[places] for label_map in label_maps])
        disputed_counts = np.stack([count_labels(own) for own in votes])
        agreed = count_labels(first) - disputed_counts[0]
        height, width = first.shape
        return cls((height, width), places, votes, agreed, agreed + disputed_counts)

    def elected(self, first: LabelMap, winners: npt.NDArray[np.uint8]) -> LabelMap:
        """The label map with `winners` at the disputed pixels; `first` is any of the maps."""
        label_map = first.copy()
        label_map.ravel()[self.places] = winners
        return label_map

    def overlaps(self, first: int, second: int) -> Counts:
        """Pixels by label of which two workers say the same, VOID left out."""
        same = np.where(self.votes[first] == self.votes[second], self.votes[first], VOID)
        found = count_labels(same) + self.agreed
        found[VOID] = 0
        return found

    def seen_by_both(self, first: int, second: int) -> tuple[Counts, Counts]:
        """Both workers' pixels by label, without those of which the other says nothing."""
        areas = []
        for one, other in ((first, second), (second, first)):
            area = self.counts[one].copy()
            if self.counts[other, VOID]:
                # Where all workers agree on VOID the area has it too, and loses it below.
                area -= count_labels(self.votes[one][self.votes[other] == VOID])
            area[VOID] = 0
            areas.append(area)
        return areas[0], areas[1]


def count_labels(labels: npt.NDArray[np.uint8]) -> Counts:
    """Pixels by label of an array of any shape."""
    flat = np.ascontiguousarray(labels).reshape(1, -1)
    if flat.size == 0:
        return np.zeros(LABELS, np.int64)
    return np.array(Image.fromarray(flat).histogram(), dtype=np.int64)
