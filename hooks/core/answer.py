"""The worker's answer, schema version 1.

A superset of what `crowd-semantic-segmentation` answers, so that its readers can read it:

    {"inputImageProperties": {"width", "height"},
     "labelMappings": {"cat": {"color": "#e69f00"}},         painted labels only
     "labeledImage": {"pngImageData": "<base64 PNG>"},       read by colour
     "initialValueModified": true,                           only in adjustment jobs
     "fewclick": {
       "schema_version": 1, "tool": "fewclick/0.1.0", "job_kind": "segmentation",
       "outcome": "labeled" | "nothing-here" | "cannot-label", "reason": "",
       "objects": [{"id": 1, "label": "cat", "extreme_points": [[x, y] * 4],
                    "clicks": [{"x", "y", "kind"}], "made_by": "model", "seconds": 12.3,
                    "box": [left, top, width, height],
                    "mask": {"box", "counts"}}],             only where another object hides it
       "instances": {"pngImageData": "<base64 greyscale PNG, value = object id>"},
       "model": "small-1a2b3c4d", "seconds": 41.0, "left_out": []}}

An answer has a budget of MAX_CHARACTERS. Past it the objects' own masks are left out, then the
instance image, each named in `left_out`; the label image always stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from PIL import Image

from hooks.core.answer_block import (
    BLOCK,
    SCHEMA_VERSION,
    TOOL,
    AnswerBlock,
    Outcome,
    parse_modified,
)
from hooks.core.answered_object import AnsweredObject, parse_objects
from hooks.core.categories import MAX_LABELS, LabelCategories
from hooks.core.clicks import Click, ExtremePoints
from hooks.core.drawn_png import read_instance_image, read_label_image, write_png
from hooks.core.errors import AnswerError, MaskError
from hooks.core.geometry import Size
from hooks.core.masks import VOID, CroppedMask, LabelMap, Mask, PlacedMask, bounding_box

FORM_FIELD = "crowd-semantic-segmentation"
MAX_CHARACTERS = 1_000_000


class MadeBy(StrEnum):
    """How an object's mask was drawn."""

    MODEL = "model"
    BRUSH = "brush"
    POLYGON = "polygon"
    MIXED = "mixed"
    GIVEN = "given"
    """It was there before, and the worker left it as it was."""


@dataclass(frozen=True, slots=True)
class DrawnObject:
    """One object that a worker drew. Its mask is its own, also where another object lies on it."""

    label: str
    mask: Mask
    extreme_points: ExtremePoints | None
    clicks: tuple[Click, ...]
    made_by: MadeBy
    seconds: float


@dataclass(frozen=True, slots=True)
class WorkerAnswer:
    """One worker's answer for one photo, parsed.

    Attributes:
        label_map: uint8 (height, width) of the upright photo; VOID where the worker abstains.
        instance_png: base64 of the instance image; None when it was left out.
        clicks: extreme points and corrective clicks of all objects.
        seconds: what the page measured; 0 when it did not say.
        warnings: what was odd and did not keep the answer from being used.
        modified: whether the masks that the task began with were changed; None if it says nothing.
    """

    size: Size
    outcome: Outcome
    reason: str
    label_map: LabelMap
    objects: tuple[AnsweredObject, ...]
    instance_png: str | None
    seconds: float
    warnings: tuple[str, ...]
    modified: bool | None = None

    @property
    def clicks(self) -> int:
        return sum(found.clicks for found in self.objects)

    @classmethod
    def from_fields(
        cls, fields: Mapping[str, Any], size: Size, labels: LabelCategories
    ) -> WorkerAnswer:
        """Parse an answer for an upright photo of `size`.

        An answer without our block, as a Crowd element sends it, counts as `labeled`.

        Raises:
            AnswerError: it cannot be used; the message is the reason.
        """
        block = AnswerBlock.from_fields(fields)
        outcome = block.outcome
        objects = parse_objects(block.fields.get("objects", []))
        warnings: tuple[str, ...] = ()
        label_map = np.zeros(size.shape, dtype=np.uint8)
        if outcome is Outcome.CANNOT_LABEL:
            label_map[...] = VOID
        elif outcome is Outcome.LABELED:
            class_of_color, warnings = _class_of_color(fields.get("labelMappings"), labels)
            picture = fields.get("labeledImage")
            png = picture.get("pngImageData") if isinstance(picture, Mapping) else None
            decoded = read_label_image(png, size, class_of_color)
            label_map, warnings = decoded.label_map, warnings + decoded.warnings
            if (label_map == VOID).all():
                raise AnswerError("no pixel of the label image has a colour of this job's labels.")
        instances = block.fields.get("instances")
        return cls(
            size=size,
            outcome=outcome,
            reason=block.reason,
            label_map=label_map,
            objects=objects,
            instance_png=instances.get("pngImageData") if isinstance(instances, Mapping) else None,
            seconds=block.seconds,
            modified=parse_modified(fields.get("initialValueModified")),
            warnings=warnings,
        )

    def object_masks(self) -> dict[int, PlacedMask]:
        """Each object's own mask by id, hidden parts included; empty if they were left out.

        Raises:
            AnswerError: the instance image or a mask does not fit the photo.
        """
        if self.instance_png is None:
            return {}
        instances = read_instance_image(self.instance_png, self.size)
        masks: dict[int, PlacedMask] = {}
        for found in self.objects:
            try:
                masks[found.id] = PlacedMask.cut(
                    instances == found.id
                    if found.own_mask is None
                    else found.own_mask.to_mask(self.size)
                )
            except MaskError as error:
                raise AnswerError(f"object {found.id}: {error}") from error
        return masks


def build_answer(
    size: Size,
    labels: LabelCategories,
    objects: Sequence[DrawnObject],
    *,
    seconds: float,
    model: str = "",
    modified: bool | None = None,
) -> str:
    """The answer of a worker who drew these objects, later ones on top of earlier ones.

    No object at all is the outcome `nothing-here`; `modified` is for adjustment jobs.

    Raises:
        AnswerError: it does not fit the budget even with all that can be left out.
    """
    label_map = np.zeros(size.shape, dtype=np.uint8)
    instances = np.zeros(size.shape, dtype=np.uint16)
    for number, drawn in enumerate(objects, start=1):
        index = labels.index(drawn.label)
        if index is None:
            raise AnswerError(f"the job has no label {drawn.label!r}.")
        label_map[drawn.mask] = index
        instances[drawn.mask] = number
    described = [
        _describe(number, drawn, instances) for number, drawn in enumerate(objects, start=1)
    ]
    block: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "tool": TOOL,
        "job_kind": "segmentation",
        "outcome": Outcome.LABELED if objects else Outcome.NOTHING_HERE,
        "reason": "",
        "objects": described,
        "instances": {"pngImageData": write_png(_instance_image(instances))},
        "model": model,
        "seconds": seconds,
        "left_out": [],
    }
    painted = np.unique(label_map)
    answer = {
        "inputImageProperties": {"width": size.width, "height": size.height},
        "labelMappings": {
            labels.name(index): {"color": labels.color(index)}
            for index in painted.tolist()
            if index
        },
        "labeledImage": {"pngImageData": write_png(_label_image(label_map, labels))},
        BLOCK: block,
    }
    if modified is not None:
        answer["initialValueModified"] = modified
    return _within_budget(answer)


def _within_budget(answer: dict[str, Any]) -> str:
    block = answer[BLOCK]
    text = _to_json(answer)
    if len(text) > MAX_CHARACTERS:
        for described in block["objects"]:
            described.pop("mask", None)
        block["left_out"].append("object-masks")
        text = _to_json(answer)
    if len(text) > MAX_CHARACTERS:
        del block["instances"]
        block["left_out"].append("instances")
        text = _to_json(answer)
    if len(text) > MAX_CHARACTERS:
        raise AnswerError(
            f"the answer has {len(text)} characters; at most {MAX_CHARACTERS} can be sent."
        )
    return text


def _describe(number: int, drawn: DrawnObject, instances: Any) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": number,
        "label": drawn.label,
        "extreme_points": [] if drawn.extreme_points is None else drawn.extreme_points.to_json(),
        "clicks": [click.to_json() for click in drawn.clicks],
        "made_by": drawn.made_by,
        "seconds": drawn.seconds,
        "box": bounding_box(drawn.mask).to_list(),
    }
    if (instances[drawn.mask] != number).any():
        described["mask"] = CroppedMask.from_mask(drawn.mask).to_json()
    return described


def _label_image(label_map: LabelMap, labels: LabelCategories) -> Image.Image:
    image = Image.fromarray(label_map)
    palette = [value for color in labels.colors().values() for value in bytes.fromhex(color[1:])]
    image.putpalette(palette)
    image.info["transparency"] = 0
    return image


def _instance_image(instances: Any) -> Image.Image:
    return Image.fromarray(instances if instances.max(initial=0) > 255 else instances.astype("u1"))


def _class_of_color(
    mappings: object, labels: LabelCategories
) -> tuple[dict[tuple[int, int, int], int], tuple[str, ...]]:
    """Colour to class; colours belong to the answer, since Crowd elements choose their own."""
    if not isinstance(mappings, Mapping):
        raise AnswerError('"labelMappings" is missing.')
    if len(mappings) > MAX_LABELS:
        raise AnswerError(f'"labelMappings" has {len(mappings)} labels; at most {MAX_LABELS} fit.')
    classes: dict[tuple[int, int, int], int] = {}
    warnings = []
    for name, value in mappings.items():
        index = labels.index(name)
        if index is None:
            warnings.append(f"the job has no label {name!r}; its pixels do not count.")
            index = VOID
        color = _color(value, name)
        if color in classes:
            raise AnswerError(f"the colour of label {name!r} is another label's too.")
        classes[color] = index
    return classes, tuple(warnings)


def _color(value: object, name: str) -> tuple[int, int, int]:
    text = value.get("color") if isinstance(value, Mapping) else None
    try:
        red, green, blue = bytes.fromhex(str(text).removeprefix("#"))
    except ValueError as error:
        raise AnswerError(f"the colour {text!r} of label {name!r} is not #rrggbb.") from error
    return red, green, blue


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
