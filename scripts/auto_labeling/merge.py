"""Labels that several task models gave one photo become one label.

One model knows people, another cats: each label's background only says that its own classes are not
there, so any class goes before the background, and before void. Where two classes meet:

* the class that stands further in front in `priority` has the pixel; classes that are not in it
  come last;
* else whoever is surer has it: an object by its score, where the model tells objects apart, or a
  class by its confidence;
* else the earlier label.

Objects, and boxes, of one class that overlap by `DUPLICATE_IOU` or more are the same thing found
twice: the surer one stays. A merged label is as sure as its parts, weighed by what is seen of them;
that nothing is there is as sure as if the models erred independently.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hooks.core.boxes import MAX_BOXES
from hooks.core.instances import FusedInstance
from hooks.core.labeled_box import ScoredBox
from hooks.core.masks import BACKGROUND, VOID, LabelMap, PlacedMask
from scripts.auto_labeling.found_label import NOTHING, FoundBoxes, FoundMask

DUPLICATE_IOU = 0.5


@dataclass(frozen=True, slots=True)
class _Layer:
    """An object, or all that a label without objects has of one class."""

    label: int
    placed: PlacedMask
    confidence: float
    is_object: bool


def merge_masks(parts: Sequence[FoundMask], priority: Sequence[int] = ()) -> FoundMask:
    """One label map of several of the same photo.

    Args:
        parts: at least one, all of one shape, with class indices of one job.
        priority: class indices, the one that goes before all others first.

    Raises:
        ValueError: no parts, or label maps of different shapes.
    """
    shapes = {part.label_map.shape for part in parts}
    if len(shapes) != 1:
        raise ValueError("label maps of one shape can be merged, and at least one is needed")
    rank = {label: place for place, label in enumerate(priority)}
    layers = _without_duplicates([layer for part in parts for layer in _layers(part)])
    layers.reverse()  # the sort is stable: of equals the earlier label's is painted last
    order = sorted(layers, key=lambda layer: (-rank.get(layer.label, len(rank)), layer.confidence))
    numbers = np.zeros(next(iter(shapes)), np.uint16)
    label_map = _voids(parts)
    for number, layer in enumerate(order, start=1):
        window = layer.placed.box.slices()
        numbers[window][layer.placed.mask] = number
        label_map[window][layer.placed.mask] = layer.label
    seen = [
        (layer, _seen(layer.placed, numbers, number)) for number, layer in enumerate(order, start=1)
    ]
    areas: dict[int, list[tuple[int, float]]] = {}
    for layer, placed in seen:
        if placed.area:
            areas.setdefault(layer.label, []).append((placed.area, layer.confidence))
    confidence = {
        label: sum(area * sure for area, sure in found) / sum(area for area, _ in found)
        for label, found in sorted(areas.items())
    }
    overall = (
        sum(confidence.values()) / len(confidence)
        if confidence
        else math.prod(part.confidence for part in parts)
    )
    instances = tuple(
        FusedInstance(layer.label, placed, layer.confidence, ())
        for layer, placed in seen
        if layer.is_object and placed.area
    )
    return FoundMask(label_map, confidence, overall, instances, _reasons(parts, confidence))


def merge_boxes(parts: Sequence[FoundBoxes]) -> FoundBoxes:
    """All boxes of several labels of one photo, the surest first, each thing once."""
    ordered = sorted(
        (found for part in parts for found in part.boxes), key=lambda found: -found.confidence
    )
    kept: list[ScoredBox] = []
    for found in ordered:
        same = (other for other in kept if other.box.label == found.box.label)
        if not any(found.box.iou(other.box) >= DUPLICATE_IOU for other in same):
            kept.append(found)
    kept = kept[:MAX_BOXES]
    if kept:
        overall = sum(found.confidence for found in kept) / len(kept)
    else:
        overall = math.prod(part.confidence for part in parts)
    return FoundBoxes(tuple(kept), overall, _reasons(parts, kept))


def _layers(part: FoundMask) -> list[_Layer]:
    """The part's objects, and of each class what no object covers."""
    left = part.label_map.copy()
    layers = []
    for found in part.instances:
        layers.append(_Layer(found.label, found.placed, found.confidence, True))
        window = found.placed.box.slices()
        left[window][found.placed.mask] = BACKGROUND
    for label, confidence in part.class_confidence.items():
        rest = PlacedMask.cut(left == label)
        if rest.area:
            layers.append(_Layer(label, rest, confidence, False))
    return layers


def _without_duplicates(layers: list[_Layer]) -> list[_Layer]:
    kept: list[_Layer] = []
    for layer in sorted(layers, key=lambda layer: -layer.confidence):
        twice = layer.is_object and any(
            other.is_object
            and other.label == layer.label
            and other.placed.iou(layer.placed) >= DUPLICATE_IOU
            for other in kept
        )
        if not twice:
            kept.append(layer)
    return [layer for layer in layers if any(layer is other for other in kept)]


def _voids(parts: Sequence[FoundMask]) -> LabelMap:
    """Background, and void where any part does not know."""
    unknown = np.logical_or.reduce([part.label_map == VOID for part in parts])
    return np.where(unknown, VOID, BACKGROUND).astype(np.uint8)


def _seen(placed: PlacedMask, numbers: npt.NDArray[np.uint16], number: int) -> PlacedMask:
    """What of a layer no other lies over."""
    return PlacedMask.cut(numbers[placed.box.slices()] == number, placed.box.left, placed.box.top)


def _reasons(parts: Sequence[FoundMask] | Sequence[FoundBoxes], found: object) -> str:
    """What the parts say, each thing once; that one found nothing matters if none found any."""
    if not found:
        return NOTHING
    said = [part.reason for part in parts if part.reason and not part.is_nothing]
    return " ".join(dict.fromkeys(said))
