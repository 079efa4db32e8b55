"""Segmentation labels out of Ground Truth's output manifests, and out of their mask files.

Two forms of label are known:

    "<job>": {"mask-ref": "s3://...", "internal-color-map": {...}, "confidence": 0.9, "status": ...}
    "<job>-ref": "s3://...", "<job>-ref-metadata": {"internal-color-map": {...}, ...}

The first is this tool's own, the second that of Ground Truth's built-in semantic segmentation jobs
(and of this tool's exports). Both point to a PNG, and both say in `internal-color-map` which colour
means which class. Pixels are read by colour through that map: jobs are known whose palette indices
were wrong while the colours were right, and indices may change from one object to the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hooks.core.categories import BACKGROUND_NAME
from hooks.core.errors import ContractError, ManifestError
from hooks.core.manifest import METADATA_SUFFIX, ManifestLine, parse_s3_uri, read_lines

REFERENCE_SUFFIX = "-ref"
COLOR_MAP = "internal-color-map"
FAILED_STATUS = "failed"
BOXES_TYPE = "groundtruth/object-detection"
VERDICT_TYPE = "groundtruth/label-verification"
OTHER_TYPES = (BOXES_TYPE, VERDICT_TYPE)
OTHER_KEYS = frozenset({"annotations", "class-map", "class-name"})
"""What labels of boxes and verdicts have, and masks have not."""
WHITE = (255, 255, 255)
MAX_CLASSES = 255

Color = tuple[int, int, int]

_HEX_COLOR = re.compile(r"#?([0-9a-fA-F]{6})")


class NoLabelState(StrEnum):
    """Why a line of a manifest gives no label."""

    UNLABELED = "unlabeled"
    """No label attribute: not labeled yet, or in another job."""
    FAILED = "failed"
    """Ground Truth or the consolidation says that labeling this object failed."""
    UNREADABLE = "unreadable"
    """There is something, but not a label of a known form."""


@dataclass(frozen=True, slots=True)
class NoLabel:
    """A line that gives no label, and why. `source_ref` is None when the line names no photo."""

    line_number: int
    source_ref: str | None
    state: NoLabelState
    reason: str


@dataclass(frozen=True, slots=True)
class ColorMap:
    """A label's classes by colour.

    Attributes:
        names: class names in the order of the map's keys, without the background; a name's class
            index is its place plus one.
        index_of_color: (red, green, blue) to class index; the background's colour to 0.
    """

    names: tuple[str, ...]
    index_of_color: Mapping[Color, int]

    @classmethod
    def from_json(cls, value: object, field: str = COLOR_MAP) -> ColorMap:
        """Read `{"0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"}, "1": {...}}`.

        Keys only give the order. Where no entry is named BACKGROUND and none is white, white is
        the background.

        Raises:
            ContractError: not such a map, two classes of one colour, or too many classes.
        """
        if not isinstance(value, Mapping) or not value:
            raise ContractError(field, "must be an object of classes that is not empty.")
        names: list[str] = []
        index_of_color: dict[Color, int] = {}
        for key in sorted(value, key=_order):
            name, color = _read_entry(value[key], f"{field}.{key}")
            if name.upper() == BACKGROUND_NAME:
                index = 0
            elif name in names:
                index = names.index(name) + 1
            else:
                names.append(name)
                index = len(names)
            if index_of_color.setdefault(color, index) != index:
                raise ContractError(
                    f"{field}.{key}",
                    f"the colour #{bytes(color).hex()} already stands for another class.",
                )
        if len(names) >= MAX_CLASSES:
            raise ContractError(field, f"{len(names)} classes; at most {MAX_CLASSES - 1} fit.")
        if 0 not in index_of_color.values():
            index_of_color.setdefault(WHITE, 0)
        return cls(tuple(names), index_of_color)


@dataclass(frozen=True, slots=True)
class MaskLabel:
    """A segmentation label, not fetched yet.

    Attributes:
        mask_ref: `s3://` address of the mask's PNG.
        confidence: 0 to 1, or None where the label has none.
        status: this tool's consolidation status; "" in labels of other origin.
    """

    line_number: int
    source_ref: str
    attribute: str
    mask_ref: str
    color_map: ColorMap
    confidence: float | None = None
    status: str = ""


def read_labels(
    text: str, label_attribute_name: str | None = None
) -> Iterator[MaskLabel | NoLabel]:
    """One result for every line of an output manifest that is not blank, in order.

    Args:
        label_attribute_name: the attribute to read, with its `-ref` if it has one. Without it,
            the one attribute of each line that looks like a segmentation label is read.
    """
    for line in read_lines(text):
        if isinstance(line, ManifestError):
            yield NoLabel(line.line_number, None, NoLabelState.UNREADABLE, str(line))
        else:
            yield read_label(line, label_attribute_name)


def read_label(line: ManifestLine, label_attribute_name: str | None = None) -> MaskLabel | NoLabel:
    """The label of one line, or why there is none. Raises nothing."""
    source = line.source_ref

    def none(state: NoLabelState, reason: str) -> NoLabel:
        return NoLabel(line.number, source, state, reason)

    if source is None:
        return none(NoLabelState.UNREADABLE, "the line has no source-ref, so no photo.")
    found = [label_attribute_name] if label_attribute_name else label_attributes(line)
    if not found:
        failures = _failures(line)
        if failures:
            return none(NoLabelState.FAILED, failures[0])
        return none(NoLabelState.UNLABELED, "the line has no segmentation label.")
    if len(found) > 1:
        choices = ", ".join(found)
        return none(
            NoLabelState.UNREADABLE, f"the line has several labels ({choices}): say which to read."
        )
    attribute = found[0]
    failure = line.failure_reason(attribute)
    if failure is not None:
        return none(NoLabelState.FAILED, failure)
    if attribute not in line.fields:
        return none(NoLabelState.UNLABELED, f"the line has no {attribute!r}.")
    value = line.fields[attribute]
    if isinstance(value, dict) and value.get("status") == FAILED_STATUS:
        reason = value.get("reason") or "the label says that it failed, without a reason."
        return none(NoLabelState.FAILED, str(reason))
    try:
        return _read_mask_label(line, source, attribute, value)
    except ContractError as error:
        return none(NoLabelState.UNREADABLE, str(error))


def label_attributes(line: ManifestLine) -> list[str]:
    """Names of the attributes of a line that look like segmentation labels of a known form.

    Labels of boxes and verdicts are told by their keys, or by their type where they failed.
    """
    names = []
    for name, value in line.fields.items():
        metadata = line.fields.get(name + METADATA_SUFFIX)
        builtin = (
            name.endswith(REFERENCE_SUFFIX)
            and name != "source-ref"
            and isinstance(value, str)
            and isinstance(metadata, dict)
            and COLOR_MAP in metadata
        )
        other = isinstance(metadata, dict) and metadata.get("type") in OTHER_TYPES
        ours = (
            isinstance(value, dict)
            and ("mask-ref" in value or "status" in value)
            and not (other or OTHER_KEYS & value.keys())
        )
        if builtin or (ours and not name.endswith(METADATA_SUFFIX)):
            names.append(name)
    return names


def _read_mask_label(line: ManifestLine, source: str, attribute: str, value: object) -> MaskLabel:
    metadata = line.fields.get(attribute + METADATA_SUFFIX)
    if isinstance(value, dict):
        left_out = value.get("left-out")
        if COLOR_MAP not in value and isinstance(left_out, list) and COLOR_MAP in left_out:
            raise ContractError(
                f"{attribute}.{COLOR_MAP}", "was left out for its length; details-ref holds it."
            )
        mask_ref, described, field = value.get("mask-ref"), value, attribute
    else:
        mask_ref = value
        described = metadata if isinstance(metadata, dict) else {}
        field = attribute + METADATA_SUFFIX
    if not isinstance(mask_ref, str):
        raise ContractError(attribute, "names no mask: neither an address nor a mask-ref.")
    parse_s3_uri(mask_ref, attribute)
    color_map = ColorMap.from_json(described.get(COLOR_MAP), f"{field}.{COLOR_MAP}")
    status = described.get("status", "")
    return MaskLabel(
        line.number,
        source,
        attribute,
        mask_ref,
        color_map,
        _confidence(described),
        status if isinstance(status, str) else "",
    )


def _confidence(described: Mapping[str, Any]) -> float | None:
    """The label's own confidence, or the one that built-in jobs repeat in every class."""
    values = [described.get("confidence")]
    values += [entry.get("confidence") for entry in described[COLOR_MAP].values()]
    for value in values:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def _failures(line: ManifestLine) -> list[str]:
    """Reasons of all `-metadata` attributes that say that labeling failed."""
    names = [name.removesuffix(METADATA_SUFFIX) for name in line.fields]
    reasons = [line.failure_reason(name) for name in dict.fromkeys(names)]
    return [reason for reason in reasons if reason is not None]


def _read_entry(entry: object, field: str) -> tuple[str, Color]:
    name = entry.get("class-name") if isinstance(entry, Mapping) else None
    color = entry.get("hex-color") if isinstance(entry, Mapping) else None
    if not isinstance(name, str) or not name:
        raise ContractError(f"{field}.class-name", "must be a text that is not empty.")
    match = _HEX_COLOR.fullmatch(color) if isinstance(color, str) else None
    if match is None:
        raise ContractError(f"{field}.hex-color", 'must be a colour like "#2ca02c".')
    red, green, blue = bytes.fromhex(match[1])
    return name, (red, green, blue)


def _order(key: object) -> tuple[int, str]:
    text = str(key)
    # isdecimal also admits other scripts' digits and any length; neither is a class index.
    small = text.isascii() and text.isdecimal() and len(text) < 10
    return (int(text), "") if small else (10**9, text)
