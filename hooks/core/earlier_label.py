"""The label of an earlier job that workers verify or correct, out of a manifest line.

Four forms are known: this tool's own masks and boxes, and those of Ground Truth's built-in jobs

    "<job>": {"mask-ref": ..., "internal-color-map": ...}
    "<job>-ref": "s3://...", "<job>-ref-metadata": {"internal-color-map": ...}
    "<job>": {"image_size": [...], "annotations": [...]}, "<job>-metadata": {"class-map": ...}

The page gets of it no more than it needs to show it: a mask's address, to which the template makes
a link, with the class of each colour, or the boxes with their class's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hooks.core.box_label import NamedBox, read_boxes
from hooks.core.errors import ContractError
from hooks.core.geometry import Size
from hooks.core.job_settings import JobKind, JobSettings
from hooks.core.label_reader import FAILED_STATUS, REFERENCE_SUFFIX, MaskLabel, read_label
from hooks.core.manifest import METADATA_SUFFIX, ManifestLine, parse_s3_uri


@dataclass(frozen=True, slots=True)
class EarlierMask:
    """A segmentation label.

    Attributes:
        colors: "#rrggbb" to the name of its class; "" is the background.
    """

    mask_ref: str
    colors: Mapping[str, str]

    @property
    def names(self) -> set[str]:
        return {name for name in self.colors.values() if name}

    def to_json(self) -> dict[str, Any]:
        return {"mask": self.mask_ref, "colors": dict(self.colors)}


@dataclass(frozen=True, slots=True)
class EarlierBoxes:
    """A label of boxes; none at all is a label too."""

    boxes: tuple[NamedBox, ...]

    @property
    def names(self) -> set[str]:
        return {box.label for box in self.boxes}

    def to_json(self) -> dict[str, Any]:
        return {"boxes": [box.to_json() for box in self.boxes]}


EarlierLabel = EarlierMask | EarlierBoxes


def read_earlier_label(line: Mapping[str, Any], attribute: str, size: Size) -> EarlierLabel:
    """The label of a line.

    Args:
        line: a manifest line, the whole object.
        attribute: with or without its `-ref`.
        size: of the upright photo.

    Raises:
        ContractError: naming the field, when there is no label of a known form; or the label says
            that it failed.
    """
    name = attribute_in(line, attribute)
    value, metadata = line[name], line.get(name + METADATA_SUFFIX)
    if isinstance(value, Mapping):
        if value.get("status") == FAILED_STATUS:
            reason = value.get("reason") or "no reason given"
            raise ContractError(f"dataObject.{name}", f"the earlier label failed: {reason}")
        if "annotations" in value:
            described = metadata if isinstance(metadata, Mapping) else {}
            return EarlierBoxes(read_boxes(value, described, size, f"dataObject.{name}"))
    found = read_label(ManifestLine(0, line), name)
    if not isinstance(found, MaskLabel):
        raise ContractError(f"dataObject.{name}", found.reason)
    classes = ("", *found.color_map.names)
    return EarlierMask(
        found.mask_ref,
        {
            f"#{bytes(color).hex()}": classes[index]
            for color, index in found.color_map.index_of_color.items()
        },
    )


def check_earlier_label(earlier: EarlierLabel, job: JobSettings) -> None:
    """Whether workers of this job could correct the label; whatever it is, they can judge it.

    Raises:
        ContractError: naming the field, when they could not.
    """
    field = f"dataObject.{job.earlier_label}"
    if job.kind is JobKind.ADJUSTMENT and isinstance(earlier, EarlierBoxes):
        raise ContractError(
            field,
            "holds boxes, and adjustment jobs correct masks. Make it a bounding-box job, which "
            "corrects boxes.",
        )
    if job.kind is JobKind.BOUNDING_BOX and isinstance(earlier, EarlierMask):
        raise ContractError(
            field, "holds a mask, and bounding-box jobs correct boxes. Make it an adjustment job."
        )
    unknown = sorted(earlier.names - set(job.labels))
    if unknown and job.kind is not JobKind.VERIFICATION:
        raise ContractError(
            field,
            f"has classes that this job has not: {', '.join(unknown)}. Give the job all labels of "
            "the earlier one.",
        )


def attribute_in(line: Mapping[str, Any], attribute: str) -> str:
    """The attribute's name in this line. Raises ContractError if there is none."""
    for name in (attribute, attribute + REFERENCE_SUFFIX):
        if name in line:
            return name
    raise ContractError(f"dataObject.{attribute}", "missing; this job begins with that label.")


def left_out_details(line: Mapping[str, Any], attribute: str) -> str | None:
    """Where the rest lies of a label that was too long for its line; None if it is all there."""
    value = line[attribute_in(line, attribute)]
    if not isinstance(value, Mapping) or not value.get("left-out"):
        return None
    details_ref = value.get("details-ref", "")
    parse_s3_uri(details_ref, f"dataObject.{attribute}.details-ref")
    return str(details_ref)


def with_details(line: Mapping[str, Any], attribute: str, details: object) -> dict[str, Any]:
    """The line with its whole label, out of the label's details object."""
    name = attribute_in(line, attribute)
    whole = details.get("label") if isinstance(details, Mapping) else None
    if not isinstance(whole, Mapping):
        raise ContractError(f"dataObject.{name}.details-ref", "is not a label's details object.")
    return {**line, name: dict(whole)}


def without_label(line: Mapping[str, Any], attribute: str) -> dict[str, Any]:
    """The line without the label, which the task has in another form."""
    name = attribute_in(line, attribute)
    return {key: value for key, value in line.items() if key not in (name, name + METADATA_SUFFIX)}
