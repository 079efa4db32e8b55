"""The worker's answer in a bounding-box job.

A superset of what `crowd-bounding-box` answers:

    {"boundingBoxes": [{"label": "cat", "left": 1.5, "top": 2, "width": 30, "height": 40}],
     "inputImageProperties": {"width", "height"},
     "initialValueModified": true,                        only where the task began with boxes
     "fewclick": {"schema_version": 1, "tool": "fewclick/0.1.0", "job_kind": "bounding-box",
                  "outcome": "labeled" | "nothing-here" | "cannot-label", "reason": "",
                  "objects": [{"id": 1, "label": "cat", "extreme_points": [[x, y] * 4],
                               "made_by": "extreme-points" | "given" | "mixed", "seconds": 3.1}],
                  "seconds": 12.0}}

Objects are those of `boundingBoxes`, in the same order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hooks.core.answer_block import (
    BLOCK,
    SCHEMA_VERSION,
    TOOL,
    AnswerBlock,
    Outcome,
    parse_modified,
)
from hooks.core.answered_object import AnsweredObject, parse_objects
from hooks.core.boxes import MAX_BOXES
from hooks.core.categories import LabelCategories
from hooks.core.clicks import ExtremePoints
from hooks.core.errors import AnswerError
from hooks.core.geometry import Size
from hooks.core.labeled_box import FURTHEST, LabeledBox

FORM_FIELD = "crowd-bounding-box"
SLACK = 1.0
"""Pixels by which a box may stick out of the photo, which a page's rounding explains; more is a
box of another photo."""


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """One box that a worker drew. `extreme_points` is None where it was given or dragged."""

    box: LabeledBox
    extreme_points: ExtremePoints | None
    made_by: str
    seconds: float


@dataclass(frozen=True, slots=True)
class BoxAnswer:
    """One worker's boxes on one photo, parsed.

    Attributes:
        modified: whether the boxes that the task began with were changed; None if it says nothing.
        seconds: what the page measured; 0 when it did not say.
    """

    outcome: Outcome
    reason: str
    boxes: tuple[LabeledBox, ...]
    objects: tuple[AnsweredObject, ...]
    modified: bool | None
    seconds: float

    @property
    def clicks(self) -> int:
        return sum(found.clicks for found in self.objects)

    @classmethod
    def from_fields(
        cls, fields: Mapping[str, Any], size: Size, labels: LabelCategories
    ) -> BoxAnswer:
        """Parse an answer for an upright photo of `size`.

        An answer without our block, as a Crowd element sends it, counts as `labeled`.

        Raises:
            AnswerError: it cannot be used; the message is the reason.
        """
        block = AnswerBlock.from_fields(fields)
        _check_size(fields.get("inputImageProperties"), size)
        boxes: tuple[LabeledBox, ...] = ()
        if block.outcome is Outcome.LABELED:
            boxes = _parse_boxes(fields.get("boundingBoxes"), size, labels)
        return cls(
            outcome=block.outcome,
            reason=block.reason,
            boxes=boxes,
            objects=parse_objects(block.fields.get("objects", [])),
            modified=parse_modified(fields.get("initialValueModified")),
            seconds=block.seconds,
        )


def build_box_answer(
    size: Size,
    labels: LabelCategories,
    drawn: Sequence[DrawnBox],
    *,
    seconds: float,
    modified: bool | None = None,
) -> str:
    """The answer of a worker who drew these boxes; none at all is the outcome `nothing-here`.

    Args:
        modified: None where the task began with no boxes.
    """
    fields: dict[str, Any] = {
        "boundingBoxes": [
            {
                "label": labels.name(item.box.label),
                "left": item.box.left,
                "top": item.box.top,
                "width": item.box.width,
                "height": item.box.height,
            }
            for item in drawn
        ],
        "inputImageProperties": {"width": size.width, "height": size.height},
    }
    if modified is not None:
        fields["initialValueModified"] = modified
    fields[BLOCK] = {
        "schema_version": SCHEMA_VERSION,
        "tool": TOOL,
        "job_kind": "bounding-box",
        "outcome": (Outcome.LABELED if drawn else Outcome.NOTHING_HERE).value,
        "reason": "",
        "objects": [
            {
                "id": number,
                "label": labels.name(item.box.label),
                "extreme_points": []
                if item.extreme_points is None
                else item.extreme_points.to_json(),
                "made_by": item.made_by,
                "seconds": item.seconds,
            }
            for number, item in enumerate(drawn, start=1)
        ],
        "seconds": seconds,
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _check_size(properties: object, size: Size) -> None:
    if not isinstance(properties, Mapping):
        return
    said = (properties.get("width"), properties.get("height"))
    if said != tuple(size):
        raise AnswerError(
            f"the boxes are those of a photo of {said[0]} x {said[1]} pixels, not of "
            f"{size.width} x {size.height}."
        )


def _parse_boxes(value: object, size: Size, labels: LabelCategories) -> tuple[LabeledBox, ...]:
    if not isinstance(value, list):
        raise AnswerError('"boundingBoxes" is missing.')
    if len(value) > MAX_BOXES:
        raise AnswerError(f"{len(value)} boxes on one photo; at most {MAX_BOXES} count.")
    boxes = []
    for index, item in enumerate(value):
        where = f"boundingBoxes[{index}]"
        if not isinstance(item, Mapping):
            raise AnswerError(f"{where} is not an object.")
        label = labels.index(str(item.get("label")))
        if label is None:
            raise AnswerError(f"{where}: the job has no label {item.get('label')!r}.")
        left, top = _number(item, "left", where), _number(item, "top", where)
        right, bottom = left + _number(item, "width", where), top + _number(item, "height", where)
        if min(left, top) < -SLACK or right > size.width + SLACK or bottom > size.height + SLACK:
            raise AnswerError(f"{where} sticks out of the photo.")
        left, top = max(left, 0.0), max(top, 0.0)
        right, bottom = min(right, float(size.width)), min(bottom, float(size.height))
        boxes.append(LabeledBox(label, left, top, right - left, bottom - top))
    return tuple(boxes)


def _number(item: Mapping[str, Any], name: str, where: str) -> float:
    value = item.get(name)
    # Written so that a NaN and a number too large for a float fail it.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= FURTHEST:
        raise AnswerError(f"{where}.{name} is not a number of any photo.")
    return float(value)
