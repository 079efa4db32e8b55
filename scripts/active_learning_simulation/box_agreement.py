"""How well two sets of boxes of one photo agree."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Edges = npt.NDArray[np.float64]


def pairwise_ious(one: Edges, other: Edges) -> npt.NDArray[np.float64]:
    """Intersection over union of (n, 4) boxes with (m, 4) others, (n, m)."""
    sides = np.minimum(one[:, None, 2:], other[None, :, 2:]) - np.maximum(
        one[:, None, :2], other[None, :, :2]
    )
    shared = np.prod(np.maximum(sides, 0.0), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (one, other)]
    either = areas[0][:, None] + areas[1][None] - shared
    return np.asarray(shared / np.maximum(either, 1e-9))


def box_agreement(one: Edges, other: Edges) -> float:
    """Mean IoU over the objects that either has, 0 to 1; boxes without a partner count 0.

    Partners are found from the best pair down. 1 when both have none.
    """
    if not len(one) and not len(other):
        return 1.0
    ious = pairwise_ious(one, other)
    together, pairs = 0.0, 0
    while ious.size and (best := float(ious.max())) > 0:
        row, column = np.unravel_index(int(ious.argmax()), ious.shape)
        ious[row], ious[:, column] = 0.0, 0.0
        together += best
        pairs += 1
    return together / (len(one) + len(other) - pairs)
