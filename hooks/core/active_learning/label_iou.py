"""How well a predicted label agrees with the people's: the number that machine labels are held to.

Masks: the mean over classes of the intersection over union, of the classes that either label has.
Boxes: of one photo's boxes as in panoptic quality (Kirillov et al. 2019), with every overlap
counted: the sum of the IoUs of matched boxes over the number of objects that anybody saw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hooks.core.labeled_box import LabeledBox, box_edges, edge_ious
from hooks.core.masks import BACKGROUND, VOID, LabelMap


def mask_iou(truth: LabelMap, predicted: LabelMap) -> float:
    """Mean IoU of two label maps, uint8 (height, width), 0 to 1; 1 where both are all background.

    The background is no class. Pixels that are void in the truth count for nothing; void in the
    prediction is a wrong answer where the truth has a class.

    Raises:
        ValueError: the maps are of different sizes.
    """
    if truth.shape != predicted.shape:
        raise ValueError(f"label maps of {truth.shape} and {predicted.shape}")
    known = truth != VOID
    pairs = np.bincount(
        truth[known].astype(np.intp) * 256 + predicted[known], minlength=256 * 256
    ).reshape(256, 256)
    shared = pairs.diagonal()
    union = pairs.sum(axis=1) + pairs.sum(axis=0) - shared
    classes = [index for index in np.flatnonzero(union) if index not in (BACKGROUND, VOID)]
    return float(np.mean(shared[classes] / union[classes])) if classes else 1.0


def boxes_iou(truth: Sequence[LabeledBox], predicted: Sequence[LabeledBox]) -> float:
    """Sum of matched boxes' IoUs over matched and unmatched boxes, 0 to 1; 1 where there are none.

    Boxes of one class are matched one to one, the best overlap first.
    """
    if not truth and not predicted:
        return 1.0
    overlaps = []
    edges = box_edges(predicted)
    for row, box in enumerate(truth):
        found = edge_ious(box_edges([box])[0], edges)
        for column, overlap in enumerate(found.tolist()):
            if overlap > 0 and predicted[column].label == box.label:
                overlaps.append((-overlap, row, column))
    rows: set[int] = set()
    columns: set[int] = set()
    matched = []
    for negative, row, column in sorted(overlaps):
        if row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            matched.append(-negative)
    return math.fsum(matched) / (len(truth) + len(predicted) - len(matched))
