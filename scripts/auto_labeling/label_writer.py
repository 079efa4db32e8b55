"""Writes machine labels: the mask, the objects and the details in S3, the value for the manifest.

    <prefix>/<line>.png             the label map, in the photo file's pixel grid, as jobs write it
    <prefix>/<line>.instances.png   whose value is the object's number, where the model tells
                                    objects apart
    <prefix>/<line>.json            the details (`hooks.core.label_details`): objects, with scores

Names come of the input manifest's line, so that writing again writes the same objects.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hooks.core.categories import LabelCategories
from hooks.core.instance_image import write_instance_image
from hooks.core.instances import InstanceConsensus
from hooks.core.label_details import label_details
from hooks.core.machine_label import MachineLabel, Origin, machine_boxes, machine_mask
from hooks.core.masks import write_label_map
from hooks.core.photo import PhotoHeader
from scripts.auto_labeling.found_label import FoundBoxes, FoundMask
from scripts.object_store import ObjectStore

PNG, JSON = "image/png", "application/json"
SHORT = 50
"""Classes or boxes that surely fit a manifest line."""


@dataclass(frozen=True, slots=True)
class PreparedLabel:
    """A label, and the objects that it points to: address to bytes and content type."""

    label: MachineLabel
    objects: Mapping[str, tuple[bytes, str]]


@dataclass(frozen=True, slots=True)
class LabelWriter:
    """See the module's description.

    Attributes:
        prefix: an `s3://` address without a slash at its end.
    """

    prefix: str
    labels: LabelCategories
    origin: Origin

    def mask(self, line: int, found: FoundMask, photo: PhotoHeader) -> PreparedLabel:
        """A mask's label; nothing is written yet.

        Args:
            line: of the input manifest, 0-based.
        """
        stem = f"{self.prefix}/{line}"
        objects: dict[str, tuple[bytes, str]] = {}
        png = write_label_map(found.label_map, self.labels.colors(), orientation=photo.orientation)
        objects[f"{stem}.png"] = (png, PNG)
        detailed = bool(found.instances) or len(found.class_confidence) > SHORT
        label = machine_mask(
            f"{stem}.png",
            found.confidence,
            found.class_confidence,
            self.labels,
            self.origin,
            reason=found.reason,
            details_ref=f"{stem}.json" if detailed else "",
        )
        if detailed:
            consensus = InstanceConsensus(found.instances, {}) if found.instances else None
            details = label_details(label.whole, (), (), None, consensus, self.labels)
            if found.instances:
                details["instances-ref"] = f"{stem}.instances.png"
                image = write_instance_image(found.instances, photo)
                objects[details["instances-ref"]] = (image, PNG)
            objects[f"{stem}.json"] = (_encoded(details), JSON)
        return PreparedLabel(label, objects)

    def boxes(self, line: int, found: FoundBoxes, photo: PhotoHeader) -> PreparedLabel:
        """As `mask`, of boxes; whole pixels stand in the label, hundredths in its details."""
        details_ref = f"{self.prefix}/{line}.json" if len(found.boxes) > SHORT else ""
        label = machine_boxes(
            found.boxes,
            found.confidence,
            self.labels,
            photo.size,
            self.origin,
            reason=found.reason,
            details_ref=details_ref,
        )
        if not details_ref:
            return PreparedLabel(label, {})
        details = label_details(label.whole, (), ())
        details["boxes"] = [
            {
                "label": self.labels.name(item.box.label),
                "left": round(item.box.left, 2),
                "top": round(item.box.top, 2),
                "width": round(item.box.width, 2),
                "height": round(item.box.height, 2),
                "confidence": round(item.confidence, 4),
                "worker_ids": [],
            }
            for item in found.boxes
        ]
        return PreparedLabel(label, {details_ref: (_encoded(details), JSON)})


def write_objects(prepared: PreparedLabel, store: ObjectStore) -> None:
    """Put what a label points to where it points."""
    write: Callable[[str, bytes, str], None] = store.write
    for address, (body, content_type) in prepared.objects.items():
        write(address, body, content_type)


def _encoded(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
