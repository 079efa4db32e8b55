"""Labels in a manifest's lines: what is wrong with their names, addresses and colour maps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hooks.core.adjudication import ATTRIBUTE as ADJUDICATION
from hooks.core.errors import ContractError
from hooks.core.label_reader import COLOR_MAP, FAILED_STATUS, REFERENCE_SUFFIX
from hooks.core.manifest import METADATA_SUFFIX, parse_s3_uri
from hooks.core.manifest_colors import check_color_map
from hooks.core.manifest_findings import ManifestFinding, Severity

_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,126}")
_BUILT_IN = "groundtruth/semantic-segmentation"


@dataclass(frozen=True, slots=True)
class SegmentationLabel:
    """A segmentation label as it stands in a line, right or wrong.

    Attributes:
        attribute: its name.
        mask: its mask's address, if it has one.
        color_map: its colour map, if it has one.
        holder: the attribute that holds the colour map: the label's metadata, or the label.
        built_in: of the form that Ground Truth's built-in jobs write.
    """

    attribute: str
    mask: object
    color_map: object
    holder: str
    built_in: bool


def segmentation_labels(fields: Mapping[str, Any]) -> list[SegmentationLabel]:
    """The labels of a line that say, or must say, where a mask lies and what its colours mean."""
    found = []
    for name, value in fields.items():
        # What an adjudication job is to decide on names a mask and is no label.
        if name in ("source-ref", "source", ADJUDICATION) or name.endswith(METADATA_SUFFIX):
            continue
        metadata = fields.get(name + METADATA_SUFFIX)
        described = metadata if isinstance(metadata, dict) else {}
        kind = str(described.get("type", "")).lower()
        if isinstance(value, dict):
            if "mask-ref" in value or COLOR_MAP in value:
                found.append(
                    SegmentationLabel(
                        name, value.get("mask-ref"), value.get(COLOR_MAP), name, False
                    )
                )
        elif (
            COLOR_MAP in described
            or kind == _BUILT_IN
            or (name.endswith(REFERENCE_SUFFIX) and metadata is None)
        ):
            holder = name + METADATA_SUFFIX
            found.append(SegmentationLabel(name, value, described.get(COLOR_MAP), holder, True))
    return found


def check_labels(fields: Mapping[str, Any], number: int) -> Iterator[ManifestFinding]:
    """Everything that is wrong with the labels of a line."""
    for label in segmentation_labels(fields):
        yield from _check_label(label, fields, number)
    for name, value in fields.items():
        if name.endswith(METADATA_SUFFIX):
            yield from _check_metadata(name, value, fields, number)


def _check_label(
    label: SegmentationLabel, fields: Mapping[str, Any], number: int
) -> Iterator[ManifestFinding]:
    name = label.attribute
    value = fields[name]
    if isinstance(value, dict) and value.get("status") == FAILED_STATUS:
        return  # such a label has no mask, and says why
    if not _NAME.fullmatch(name):
        yield ManifestFinding(
            number, name, "is no label attribute name.",
            "It has letters, digits and hyphens between them, at most 127.",
        )  # fmt: skip
    if label.built_in and not name.endswith(REFERENCE_SUFFIX):
        yield ManifestFinding(
            number, name, 'is a built-in segmentation label that does not end in "-ref".',
            f"Call it {name}-ref, and its metadata {name}-ref-metadata.",
        )  # fmt: skip
    if not label.built_in and name.endswith(REFERENCE_SUFFIX):
        yield ManifestFinding(
            number, name, 'ends in "-ref" and is no address.',
            "Custom labels have plain names; their mask-ref stands inside.",
        )  # fmt: skip
    try:
        parse_s3_uri(label.mask, name)  # type: ignore[arg-type]  # which it checks
    except ContractError as error:
        field = name if label.built_in else f"{name}.mask-ref"
        yield ManifestFinding(number, field, error.problem, "Give the mask's S3 address.")
    if label.built_in and not isinstance(fields.get(label.holder), dict):
        yield ManifestFinding(
            number, label.holder, "is missing.",
            "Copy it from the job's output manifest: without colours no mask is shown.",
        )  # fmt: skip
        return
    left_out = value.get("left-out") if isinstance(value, dict) else None
    if isinstance(left_out, list) and COLOR_MAP in left_out:
        return  # too long for a manifest; details-ref holds it
    for problem in check_color_map(label.color_map):
        field = f"{label.holder}.{COLOR_MAP}"
        yield ManifestFinding(
            number,
            f"{field}.{problem.place}" if problem.place else field,
            problem.problem,
            problem.fix,
            Severity.WARNING if problem.harmless else Severity.ERROR,
            problem.repairable,
        )


def _check_metadata(
    name: str, value: object, fields: Mapping[str, Any], number: int
) -> Iterator[ManifestFinding]:
    label = name.removesuffix(METADATA_SUFFIX)
    if not isinstance(value, dict):
        yield ManifestFinding(number, name, "is no JSON object.", "Drop it, or write an object.")
        return
    reason = value.get("failure-reason")
    if reason is not None:
        yield ManifestFinding(
            number, name, f"says that labeling failed: {reason}",
            f"A job with the label attribute name {label} labels it again (--retry-from).",
            Severity.WARNING,
        )  # fmt: skip
    elif label not in fields:
        yield ManifestFinding(
            number, name, f"is there without {label}.", "Drop it, or add the label.",
            Severity.WARNING,
        )  # fmt: skip
