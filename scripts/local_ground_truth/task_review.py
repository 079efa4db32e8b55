"""An answer as its worker sees it again: the label image over the photo, boxes, or plain fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_SHOWN_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in percent of the photo's width and height."""

    left: float
    top: float
    width: float
    height: float
    label: str


@dataclass
class Review:
    """What there is to show of an answer.

    Attributes:
        masks: label images, as PNG in Base64.
        colors: label to its colour in them.
        counts: label to how many objects have it.
        fields: the rest, by name.
    """

    masks: list[str] = field(default_factory=list)
    colors: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    boxes: list[Box] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)


def review_of(answer: Mapping[str, Any]) -> Review:
    """Reads whatever a page has submitted; what it does not know is shown as text."""
    review = Review()
    for name, value in answer.items():
        content = _parsed(value)
        if isinstance(content, Mapping):
            _add(review, content)
        else:
            review.fields[name] = _shown(content)
    return review


def _add(review: Review, content: Mapping[str, Any]) -> None:
    image = content.get("labeledImage")
    if isinstance(image, Mapping) and isinstance(image.get("pngImageData"), str):
        review.masks.append(image["pngImageData"])
    mappings = content.get("labelMappings")
    if isinstance(mappings, Mapping):
        for label, mapping in mappings.items():
            if isinstance(mapping, Mapping):
                review.colors[str(label)] = str(mapping.get("color", ""))
    size = content.get("inputImageProperties")
    boxes = content.get("boundingBoxes")
    if isinstance(boxes, list) and isinstance(size, Mapping):
        review.boxes += [box for each in boxes if (box := _box(each, size)) is not None]
    block = content.get("fewclick")
    if isinstance(block, Mapping):
        _add_block(review, block)


def _add_block(review: Review, block: Mapping[str, Any]) -> None:
    objects = block.get("objects")
    for each in objects if isinstance(objects, list) else []:
        label = str(each.get("label", "")) if isinstance(each, Mapping) else ""
        review.counts[label] = review.counts.get(label, 0) + 1
    for name in ("outcome", "verdict", "reason", "reasons", "comment", "seconds"):
        if block.get(name):
            review.fields[name] = _shown(block[name])


def _box(value: Any, size: Mapping[str, Any]) -> Box | None:
    try:
        width, height = float(size["width"]), float(size["height"])
        return Box(
            100 * float(value["left"]) / width,
            100 * float(value["top"]) / height,
            100 * float(value["width"]) / width,
            100 * float(value["height"]) / height,
            str(value.get("label", "")),
        )
    except (KeyError, TypeError, ValueError, ZeroDivisionError, AttributeError):
        return None


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_SHOWN_CHARACTERS else text[:MAX_SHOWN_CHARACTERS] + " …"
