"""A model's prediction as a label in a manifest: what people begin with, or the label itself.

A learner may be anybody's, so its labels are checked before anything is made of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hooks.core.active_learning import fields
from hooks.core.active_learning.loop_plan import LabelKind, LoopPlan
from hooks.core.active_learning.prediction import ImagePrediction
from hooks.core.box_label import DEPTH, read_boxes
from hooks.core.categories import BACKGROUND_COLOR, BACKGROUND_NAME
from hooks.core.errors import ContractError
from hooks.core.geometry import Size
from hooks.core.label_reader import COLOR_MAP, ColorMap
from hooks.core.machine_label import MachineLabel, Origin, as_machine_label
from hooks.core.manifest import parse_s3_uri


def check_prediction(prediction: ImagePrediction, plan: LoopPlan) -> None:
    """Whether a label could be made of it.

    Raises:
        ContractError: naming the line and the field, for a label of another form than the plan's
            kind has, or of a class that the plan does not have.
    """
    if prediction.is_empty:
        return
    place = f"predictions.jsonl, the prediction of line {prediction.line}, label"
    value = prediction.label
    if plan.kind is LabelKind.MASKS:
        parse_s3_uri(value.get("mask-ref", ""), f"{place}.mask-ref")
        names = set(ColorMap.from_json(value.get(COLOR_MAP), f"{place}.{COLOR_MAP}").names)
    else:
        names = {box.label for box in read_boxes(value, {}, _size_of(value, place), place)}
    foreign = sorted({*names, prediction.main_class} - set(plan.labels))
    if foreign:
        raise ContractError(
            place,
            f"has the classes {', '.join(foreign)}, and the run's are {', '.join(plan.labels)}: "
            "the model was made for others.",
        )


def machine_label(
    prediction: ImagePrediction, plan: LoopPlan, creation_date: str, details_ref: str
) -> MachineLabel:
    """The label of a photo that the model may label.

    Args:
        creation_date: ISO 8601 in UTC without an offset.
        details_ref: where the whole label lies if it is too long for a manifest.
    """
    origin = Origin(plan.name, creation_date)
    return as_machine_label(prediction.label, prediction.confidence, origin, details_ref)


def earlier_label(
    prediction: ImagePrediction | None,
    plan: LoopPlan,
    creation_date: str,
    empty: Mapping[str, Any],
    details_ref: str,
) -> MachineLabel:
    """The label from which people begin.

    Args:
        empty: the label of a photo in which the model saw nothing, or that it did not see.
    """
    value = empty if prediction is None or prediction.is_empty else prediction.label
    confidence = 0.0 if prediction is None else prediction.confidence
    origin = Origin(plan.name, creation_date)
    return as_machine_label(value, confidence, origin, details_ref)


def empty_mask(mask_ref: str) -> dict[str, Any]:
    """The label value of a mask that is all background."""
    entry = {"class-name": BACKGROUND_NAME, "hex-color": BACKGROUND_COLOR}
    return {"mask-ref": mask_ref, COLOR_MAP: {"0": entry}}


def empty_boxes(size: Size) -> dict[str, Any]:
    """The label value of no boxes on a photo of this size."""
    image_size = [{"width": size.width, "height": size.height, "depth": DEPTH}]
    return {"image_size": image_size, "annotations": [], "class-map": {}, "objects": []}


def _size_of(value: Mapping[str, Any], place: str) -> Size:
    first = value.get("image_size")
    first = first[0] if isinstance(first, list) and first else first
    sides = fields.mapping(first, f"{place}.image_size")
    return Size(*(fields.whole(sides, name, f"{place}.image_size", 1) for name in Size._fields))
