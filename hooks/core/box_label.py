"""Bounding boxes in a manifest, as Ground Truth's built-in jobs write them.

    "<job>": {"image_size": [{"width": 500, "height": 400, "depth": 3}],
              "annotations": [{"class_id": 0, "left": 1, "top": 2, "width": 3, "height": 4}]},
    "<job>-metadata": {"objects": [{"confidence": 0.8}], "class-map": {"0": "dog"},
                       "type": "groundtruth/object-detection", ...}

This tool's own labels have `class-map` and `objects` inside the value too. Coordinates are pixels
of the upright photo, as on the page where the boxes were drawn; `image_size` is its size. A label
is written in whole pixels, which some readers need; the details object keeps the hundredths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hooks.core.boxes import MAX_BOXES
from hooks.core.categories import LabelCategories
from hooks.core.errors import AnswerError, ContractError
from hooks.core.geometry import Size
from hooks.core.labeled_box import FURTHEST, LabeledBox, ScoredBox

DEPTH = 3
"""Of `image_size`: pages show colour."""


@dataclass(frozen=True, slots=True)
class NamedBox:
    """A box of an earlier label; `label` is the class's name."""

    label: str
    left: float
    top: float
    width: float
    height: float

    def to_json(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "left": self.left,
            "top": self.top,
            "width": self.width,
            "height": self.height,
        }


def read_boxes(
    value: Mapping[str, Any], metadata: Mapping[str, Any], size: Size, field: str
) -> tuple[NamedBox, ...]:
    """The boxes of a label value of either form.

    Args:
        metadata: empty where there is none; what the value says counts first.
        size: of the upright photo.

    Raises:
        ContractError: naming the field, when it is no such label, a class has no name, or the
            boxes are those of a photo of another size.
    """
    _check_size(value.get("image_size"), size, f"{field}.image_size")
    annotations = value.get("annotations")
    if not isinstance(annotations, list) or len(annotations) > MAX_BOXES:
        raise ContractError(f"{field}.annotations", f"must be a list of at most {MAX_BOXES} boxes.")
    class_map = value.get("class-map", metadata.get("class-map", {}))
    if not isinstance(class_map, Mapping):
        raise ContractError(f"{field}.class-map", "must be an object of classes.")
    return tuple(
        _read_box(box, class_map, f"{field}.annotations[{index}]")
        for index, box in enumerate(annotations)
    )


def write_boxes(boxes: Sequence[ScoredBox], labels: LabelCategories, size: Size) -> dict[str, Any]:
    """The built-in form's value, with `class-map` and `objects` in it."""
    return {
        "image_size": [{"width": size.width, "height": size.height, "depth": DEPTH}],
        "annotations": [_whole_pixels(found.box, size) for found in boxes],
        "class-map": {
            str(index - 1): labels.name(index)
            for index in sorted({found.box.label for found in boxes})
        },
        "objects": [{"confidence": round(found.confidence, 4)} for found in boxes],
    }


def _whole_pixels(box: LabeledBox, size: Size) -> dict[str, int]:
    """Edges rounded, inside the photo, at least one pixel apart."""
    left = min(max(round(box.left), 0), size.width - 1)
    top = min(max(round(box.top), 0), size.height - 1)
    right = min(max(round(box.right), left + 1), size.width)
    bottom = min(max(round(box.bottom), top + 1), size.height)
    return {
        "class_id": box.label - 1,
        "left": left,
        "top": top,
        "width": right - left,
        "height": bottom - top,
    }


def _check_size(value: object, size: Size, field: str) -> None:
    """Built-in jobs write a list of one; labels of other origin may say nothing."""
    if value is None:
        return
    first = value[0] if isinstance(value, list) and value else value
    said = (first.get("width"), first.get("height")) if isinstance(first, Mapping) else None
    if said != tuple(size):
        shown = "x".join(map(str, said)) if said else repr(value)
        raise ContractError(
            field, f"{shown}, but the photo upright is {size.width}x{size.height} pixels."
        )


def _read_box(value: object, class_map: Mapping[str, Any], field: str) -> NamedBox:
    if not isinstance(value, Mapping):
        raise ContractError(field, "must be an object.")
    class_id = value.get("class_id")
    name = class_map.get(str(class_id))
    if not isinstance(name, str) or not name:
        raise ContractError(f"{field}.class_id", f"{class_id!r} has no name in the class-map.")
    edges = [_number(value, edge, field) for edge in ("left", "top", "width", "height")]
    try:
        LabeledBox(0, *edges)
    except AnswerError as error:
        raise ContractError(field, str(error)) from error
    return NamedBox(name, *edges)


def _number(value: Mapping[str, Any], name: str, field: str) -> float:
    found = value.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float) or not abs(found) <= FURTHEST:
        raise ContractError(f"{field}.{name}", "must be a number of any photo.")
    return found
