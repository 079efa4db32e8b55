"""People's labels as a learner trains on them: which lines have one, and in what classes.

The manifests are read through once before anything is trained, so that a class that the run does
not have is named before any time is spent. Photos and masks are fetched when they are used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hooks.core.active_learning.loop_plan import LabelKind
from hooks.core.categories import LabelCategories
from hooks.core.earlier_label import (
    EarlierBoxes,
    left_out_details,
    read_earlier_label,
    with_details,
)
from hooks.core.errors import ContractError, FewclickError, ManifestError
from hooks.core.label_reader import FAILED_STATUS
from hooks.core.labeled_box import LabeledBox
from hooks.core.manifest import METADATA_SUFFIX, ManifestLine
from hooks.core.mask_reader import decode_mask
from hooks.core.masks import LabelMap
from hooks.core.photo import open_photo, read_header
from scripts.active_learning.round_request import RoundRequest
from scripts.object_store import ObjectStore
from scripts.training_sets.labeled_set import (
    LabeledImage,
    LeftOut,
    manifest_lines,
    read_labeled_set,
)

Pixels = npt.NDArray[np.uint8]


class LearnerError(FewclickError):
    """A round cannot be learned from; the message says what to do."""


@dataclass(frozen=True, slots=True)
class MaskExample:
    """A photo with people's mask, neither of them fetched yet."""

    image: LabeledImage
    labels: LabelCategories
    store: ObjectStore

    @property
    def name(self) -> str:
        return self.image.source_ref

    def read(self) -> tuple[Pixels, LabelMap]:
        """Photo, uint8 (height, width, 3), and label map in the run's classes (height, width)."""
        raw = self.store.read(self.image.source_ref)
        header = read_header(raw, self.image.source_ref)
        label = self.image.label
        png = self.store.read(label.mask_ref)
        decoded = decode_mask(png, label.color_map, header, tuple(self.labels))
        return open_photo(raw, self.image.source_ref), decoded.label_map


@dataclass(frozen=True, slots=True)
class BoxExample:
    """A photo with people's boxes; the photo is not fetched yet."""

    source_ref: str
    fields: Mapping[str, Any]
    attribute: str
    labels: LabelCategories
    store: ObjectStore

    @property
    def name(self) -> str:
        return self.source_ref

    def read(self) -> tuple[Pixels, tuple[LabeledBox, ...]]:
        """Photo, uint8 (height, width, 3), and boxes in its pixels and the run's classes.

        Raises:
            ContractError: the boxes are no label of a known form, or those of another photo.
        """
        raw = self.store.read(self.source_ref)
        size = read_header(raw, self.source_ref).size
        fields = self.fields
        details_ref = left_out_details(fields, self.attribute)
        if details_ref is not None:
            details = json.loads(self.store.read(details_ref))
            fields = with_details(fields, self.attribute, details)
        found = read_earlier_label(fields, self.attribute, size)
        if not isinstance(found, EarlierBoxes):
            raise ContractError(self.attribute, f"{self.source_ref} has a mask, not boxes.")
        boxes = [
            LabeledBox(index, box.left, box.top, box.width, box.height)
            for box in found.boxes
            if (index := self.labels.index(box.label)) is not None
        ]
        return open_photo(raw, self.source_ref), tuple(boxes)


Example = MaskExample | BoxExample


@dataclass(frozen=True, slots=True)
class TrainingLabels:
    """What a round trains on.

    Attributes:
        left_out: a sentence for every line without a label.
    """

    examples: tuple[Example, ...]
    left_out: tuple[str, ...]


def gather_labels(request: RoundRequest, store: ObjectStore) -> TrainingLabels:
    """Read all manifests of a round.

    Raises:
        LearnerError: a label has classes that the run does not have, which are all named, or no
            line has a label.
        LabeledSetError: a manifest cannot be read.
    """
    gather = _masks if request.kind is LabelKind.MASKS else _boxes
    examples, left_out, names = gather(request, store)
    unknown = {name: place for name, place in names.items() if name not in request.labels.names}
    if unknown:
        said = ", ".join(f"{name!r} ({place})" for name, place in sorted(unknown.items()))
        raise LearnerError(
            f"labels have classes that this run does not: {said}. It has "
            f"{', '.join(request.labels)}. Start the run with all classes (--labels), or give "
            "it manifests of these classes only."
        )
    if not examples:
        reason = left_out[0] if left_out else "the manifests have no lines."
        raise LearnerError(
            f"no line of {', '.join(request.training)} has a label to learn from: {reason}"
        )
    return TrainingLabels(tuple(examples), tuple(left_out))


def _masks(
    request: RoundRequest, store: ObjectStore
) -> tuple[list[Example], list[str], dict[str, str]]:
    examples: list[Example] = []
    left_out: list[str] = []
    names: dict[str, str] = {}
    for found in read_labeled_set(request.training, store, request.label_attribute_name):
        if isinstance(found, LeftOut):
            left_out.append(str(found))
            continue
        for name in found.label.color_map.names:
            names.setdefault(name, _place(found.manifest, found.line_number))
        examples.append(MaskExample(found, request.labels, store))
    return examples, left_out, names


def _boxes(
    request: RoundRequest, store: ObjectStore
) -> tuple[list[Example], list[str], dict[str, str]]:
    examples: list[Example] = []
    left_out: list[str] = []
    names: dict[str, str] = {}
    attribute = request.label_attribute_name
    for manifest in request.training:
        for number, text in enumerate(manifest_lines(manifest, store), start=1):
            if not text.strip():
                continue
            place = _place(manifest, number)
            try:
                line = ManifestLine.parse(text.strip(), number)
            except ManifestError as error:
                left_out.append(f"{place}: {error.problem}")
                continue
            reason = _why_no_boxes(line, attribute)
            if reason:
                left_out.append(f"{place}: {reason}")
                continue
            for name in _classes(line, attribute):
                names.setdefault(name, place)
            examples.append(
                BoxExample(str(line.source_ref), line.fields, attribute, request.labels, store)
            )
    return examples, left_out, names


def _why_no_boxes(line: ManifestLine, attribute: str) -> str:
    """Why a line is nothing to learn boxes from; "" if it is something."""
    if line.source_ref is None:
        return "the line has no source-ref, so no photo."
    failure = line.failure_reason(attribute)
    if failure is not None:
        return failure
    value = line.fields.get(attribute)
    if not isinstance(value, Mapping):
        return f"the line has no {attribute!r}."
    if value.get("status") == FAILED_STATUS:
        return str(value.get("reason") or "the label says that it failed, without a reason.")
    return ""


def _classes(line: ManifestLine, attribute: str) -> list[str]:
    metadata = line.fields.get(attribute + METADATA_SUFFIX)
    described = metadata if isinstance(metadata, Mapping) else {}
    class_map = line.fields[attribute].get("class-map", described.get("class-map", {}))
    return [str(name) for name in class_map.values()] if isinstance(class_map, Mapping) else []


def _place(manifest: str, number: int) -> str:
    return f"{manifest.rsplit('/', 1)[-1]}, line {number}"
