"""The label that a model gave a photo: its value in a manifest line, and the metadata beside it.

    "<attribute>": {"mask-ref": "s3://...", "internal-color-map": {"0": {...}, "1": {...}},
                    "confidence": 0.91, "status": "machine", "reason": "", "workers": 0,
                    "details-ref": "s3://..."},
    "<attribute>-metadata": {"type": "groundtruth/custom", "human-annotated": "no",
                             "creation-date": "...", "job-name": "..."}

The value has the form of this tool's consolidated labels, masks or boxes, so whatever reads those
reads these. Two things tell a machine's label: the status, and `human-annotated`, as in Ground
Truth's own auto-labeling. A model that found nothing gave a label too: all background, no boxes.
Confidences are the model's own word, and not to be compared with what workers' agreement gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hooks.core.box_label import write_boxes
from hooks.core.boxes import MAX_BOXES
from hooks.core.categories import LabelCategories
from hooks.core.consensus import Status
from hooks.core.geometry import Size
from hooks.core.label_limit import MAX_LABEL_CHARACTERS, characters, within_limit
from hooks.core.label_reader import BOXES_TYPE, COLOR_MAP
from hooks.core.labeled_box import ScoredBox
from hooks.core.manifest import METADATA_SUFFIX

CUSTOM_TYPE = "groundtruth/custom"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where machine labels come from.

    Attributes:
        job_name: of the run that made them, as their metadata shows it.
        creation_date: ISO 8601 in UTC without an offset, as `2026-11-20T10:12:00.833000`: readers
            compare dates as texts.
    """

    job_name: str
    creation_date: str


@dataclass(frozen=True, slots=True)
class MachineLabel:
    """A label value, and what stands beside it.

    Attributes:
        whole: the value with what was left out of it for its length; details hold it as "label".
    """

    value: dict[str, Any]
    metadata: dict[str, Any]
    whole: dict[str, Any]

    def fields(self, label_attribute_name: str) -> dict[str, Any]:
        """What a manifest line gets."""
        return {
            label_attribute_name: self.value,
            label_attribute_name + METADATA_SUFFIX: self.metadata,
        }


def machine_mask(
    mask_ref: str,
    confidence: float,
    class_confidence: Mapping[int, float],
    labels: LabelCategories,
    origin: Origin,
    *,
    reason: str = "",
    details_ref: str = "",
) -> MachineLabel:
    """The label of a mask that `masks.write_label_map` wrote with these labels' colours.

    Args:
        confidence: of the whole label, 0 to 1.
        class_confidence: class index to confidence, 0 to 1, of the classes present and of the
            background (0), which is entered with `confidence` where it is missing.
        reason: what a person should know of it; as a sentence.
        details_ref: where the label's details lie, with the whole label as their "label": needed
            where over a hundred classes are present, as a manifest holds no such label.

    Raises:
        ValueError: a confidence that is none, a class that is not among the labels, or a label that
            is too long and has no details.
    """
    confidences = {0: confidence, **class_confidence}
    for index, told in confidences.items():
        _check_confidence(told, f"class {index}")
        if not 0 <= index < labels.num_classes:
            raise ValueError(f"class {index} is not one of {labels.num_classes}")
    color_map = {
        str(index): {
            "class-name": labels.name(index),
            "hex-color": labels.color(index),
            "confidence": round(told, 4),
        }
        for index, told in sorted(confidences.items())
    }
    value = {"mask-ref": mask_ref, COLOR_MAP: color_map} | _common(confidence, reason, details_ref)
    limited = _limited(value, (COLOR_MAP,), details_ref)
    return MachineLabel(limited, _metadata(CUSTOM_TYPE, origin, {}), value)


def machine_boxes(
    boxes: Sequence[ScoredBox],
    confidence: float,
    labels: LabelCategories,
    size: Size,
    origin: Origin,
    *,
    reason: str = "",
    details_ref: str = "",
) -> MachineLabel:
    """The label of a photo's boxes; none at all is a label, too.

    Args:
        confidence: of the whole label, 0 to 1.
        size: of the upright photo.
        details_ref: as of a mask: needed where there are over a hundred boxes.

    Raises:
        ValueError: a confidence that is none, more than `MAX_BOXES` boxes, or a label that is too
            long and has no details.
    """
    if len(boxes) > MAX_BOXES:
        raise ValueError(f"{len(boxes)} boxes; a label holds at most {MAX_BOXES}")
    for number, found in enumerate(boxes):
        _check_confidence(found.confidence, f"box {number}")
    written = write_boxes(boxes, labels, size)
    value = written | _common(confidence, reason, details_ref)
    limited = _limited(value, ("objects", "annotations"), details_ref)
    told = {"class-map": written["class-map"], "objects": written["objects"]}
    metadata = within_limit(_metadata(BOXES_TYPE, origin, told), ("objects",))
    return MachineLabel(limited, metadata, value)


def as_machine_label(
    label: Mapping[str, Any], confidence: float, origin: Origin, details_ref: str = ""
) -> MachineLabel:
    """The label of a value that is a label already but for what tells it from a person's.

    Args:
        label: `mask-ref` and `internal-color-map`, in colours of whoever wrote the mask; or
            `image_size`, `annotations`, `class-map` and maybe `objects`.
        confidence: of the whole label, 0 to 1.
        details_ref: as of a mask.

    Raises:
        ValueError: a confidence that is none, or a label that is too long and has no details.
    """
    boxes = "annotations" in label
    value = {**label} | _common(confidence, "", details_ref)
    limited = _limited(value, ("objects", "annotations") if boxes else (COLOR_MAP,), details_ref)
    if not boxes:
        return MachineLabel(limited, _metadata(CUSTOM_TYPE, origin, {}), value)
    told = {name: label[name] for name in ("class-map", "objects") if name in label}
    metadata = within_limit(_metadata(BOXES_TYPE, origin, told), ("objects",))
    return MachineLabel(limited, metadata, value)


def _common(confidence: float, reason: str, details_ref: str) -> dict[str, Any]:
    _check_confidence(confidence, "the label")
    said = {
        "confidence": round(confidence, 4),
        "status": Status.MACHINE.value,
        "reason": reason,
        "workers": 0,
    }
    return said | ({"details-ref": details_ref} if details_ref else {})


def _metadata(kind: str, origin: Origin, told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": kind,
        "human-annotated": "no",
        "creation-date": origin.creation_date,
        "job-name": origin.job_name,
        **told,
    }


def _limited(value: dict[str, Any], long: Sequence[str], details_ref: str) -> dict[str, Any]:
    if characters(value) > MAX_LABEL_CHARACTERS and not details_ref:
        raise ValueError("the label is longer than a manifest holds, and has no details")
    return within_limit(value, long)


def _check_confidence(value: float, what: str) -> None:
    if not 0 <= value <= 1:  # a NaN is not, either
        raise ValueError(f"the confidence of {what} is {value}, which is not from 0 to 1")
