"""The four channels that SageMaker's built-in semantic segmentation trains from.

    train/a.jpg         train_annotation/a.png       single-channel 8 bits: the class, 255 void
    validation/b.jpg    validation_annotation/b.png
    label_map/train_label_map.json  label_map/validation_label_map.json

Developer guide, "Semantic Segmentation Algorithm": images are JPEG, annotations are PNG of the same
stem. The values are the classes already, so the label map is the identity, `{"scale": "1"}`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from hooks.core.categories import LabelCategories
from scripts.training_sets.export_target import Target
from scripts.training_sets.exporters.exporter import (
    JSON,
    PNG,
    ExportedImage,
    OutFile,
    Records,
    index_png,
)
from scripts.training_sets.labeled_pixels import LabeledPixels
from scripts.training_sets.set_split import SIDES

LABEL_MAP = "label_map"


@dataclass(frozen=True, slots=True)
class TrainingChannels:
    """Writes SageMaker's channels."""

    categories: LabelCategories
    needs_jpeg: bool = True
    needs_instances: bool = False

    def export(self, image: LabeledPixels) -> ExportedImage:
        name, side = image.planned.name, image.planned.side
        annotation = index_png(image.label_map, self.categories)
        files = (
            OutFile(f"{side}/{name}{image.suffix}", image.photo, image.media_type),
            OutFile(f"{side}_annotation/{name}.png", annotation, PNG),
        )
        return ExportedImage(files, {})

    def finish(self, records: Records, target: Target) -> None:
        body = json.dumps({"scale": "1"}).encode()
        for side in SIDES:
            target.write(f"{LABEL_MAP}/{side}_label_map.json", body, JSON)
