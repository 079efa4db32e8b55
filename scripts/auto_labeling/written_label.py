"""A machine's label that was written, read again: what `label_writer` wrote, no more."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from hooks.core.box_label import read_boxes
from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError
from hooks.core.instances import FusedInstance
from hooks.core.label_reader import COLOR_MAP, MaskLabel, read_label
from hooks.core.labeled_box import LabeledBox, ScoredBox
from hooks.core.manifest import METADATA_SUFFIX, ManifestLine
from hooks.core.mask_reader import decode_mask
from hooks.core.masks import BACKGROUND, PlacedMask
from hooks.core.photo import PhotoHeader, upright
from scripts.auto_labeling.found_label import FoundBoxes, FoundMask
from scripts.object_store import ObjectStore


def read_found_mask(
    fields: Mapping[str, Any],
    attribute: str,
    labels: LabelCategories,
    photo: PhotoHeader,
    store: ObjectStore,
) -> FoundMask:
    """The label map with its confidences and objects, by `labels`' class indices.

    Args:
        fields: what the manifest line got.

    Raises:
        ContractError, MaskError, FileNotFoundError: it cannot be read.
    """
    details = _details(fields[attribute], store)
    value = {**fields[attribute], **details.get("label", {})}
    line = {"source-ref": "s3://photo/photo", **fields, attribute: value}
    label = read_label(ManifestLine(0, line), attribute)
    if not isinstance(label, MaskLabel):
        raise ContractError(attribute, label.reason)
    decoded = decode_mask(store.read(label.mask_ref), label.color_map, photo, labels.names)
    confidence = {
        index: float(entry["confidence"])
        for entry in value[COLOR_MAP].values()
        if (index := labels.index(entry["class-name"])) is not None
    }
    counts = Image.fromarray(decoded.label_map).histogram()
    return FoundMask(
        decoded.label_map,
        {index: sure for index, sure in confidence.items() if counts[index]},
        float(value["confidence"]),
        _instances(details, labels, photo, store),
        str(value.get("reason", "")),
    )


def read_found_boxes(
    fields: Mapping[str, Any],
    attribute: str,
    labels: LabelCategories,
    photo: PhotoHeader,
    store: ObjectStore,
) -> FoundBoxes:
    """As `read_found_mask`, of boxes: to the hundredth of a pixel, where there are details."""
    details = _details(fields[attribute], store)
    value = {**fields[attribute], **details.get("label", {})}
    if "boxes" in details:
        found = [(item, item["confidence"]) for item in details["boxes"]]
        named = [
            (item["label"], item["left"], item["top"], item["width"], item["height"], sure)
            for item, sure in found
        ]
    else:
        boxes = read_boxes(
            value, fields.get(attribute + METADATA_SUFFIX, {}), photo.size, attribute
        )
        named = [
            (box.label, box.left, box.top, box.width, box.height, told["confidence"])
            for box, told in zip(boxes, value["objects"], strict=True)
        ]
    return FoundBoxes(
        tuple(
            ScoredBox(LabeledBox(labels.index(name) or BACKGROUND, *edges), float(sure))
            for name, *edges, sure in named
            if name in labels.names
        ),
        float(value["confidence"]),
        str(value.get("reason", "")),
    )


def _details(value: Mapping[str, Any], store: ObjectStore) -> Mapping[str, Any]:
    address = value.get("details-ref")
    details: Mapping[str, Any] = json.loads(store.read(address)) if address else {}
    return details


def _instances(
    details: Mapping[str, Any], labels: LabelCategories, photo: PhotoHeader, store: ObjectStore
) -> tuple[FusedInstance, ...]:
    if "instances-ref" not in details:
        return ()
    with Image.open(io.BytesIO(store.read(details["instances-ref"])), formats=("PNG",)) as image:
        numbers = upright(np.asarray(image), photo.orientation)
    return tuple(
        FusedInstance(index, PlacedMask.cut(numbers == item["id"]), float(item["confidence"]), ())
        for item in details["instances"]
        if (index := labels.index(item["label"])) is not None
    )
