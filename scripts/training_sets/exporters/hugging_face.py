"""A folder that Hugging Face's `datasets` loads: `load_dataset("imagefolder", data_dir=...)`.

    train/a.jpg  train/masks/a.png  train/metadata.jsonl
    validation/…

`metadata.jsonl` names each photo (`file_name`) and its mask (`mask_file_name`, which becomes the
column `mask`); `labels` are the classes that are in it. `classes.json` names the values.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
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
from scripts.training_sets.exporters.indexed_png import CLASSES_FILE, classes_json
from scripts.training_sets.labeled_pixels import LabeledPixels
from scripts.training_sets.set_split import SIDES

METADATA_FILE = "metadata.jsonl"


@dataclass(frozen=True, slots=True)
class HuggingFace:
    """Writes an image folder with masks."""

    categories: LabelCategories
    needs_jpeg: bool = False
    needs_instances: bool = False

    def export(self, image: LabeledPixels) -> ExportedImage:
        name, side = image.planned.name, image.planned.side
        photo, mask = f"{name}{image.suffix}", f"masks/{name}.png"
        files = (
            OutFile(f"{side}/{photo}", image.photo, image.media_type),
            OutFile(f"{side}/{mask}", index_png(image.label_map, self.categories), PNG),
        )
        labels = [
            self.categories.name(index)
            for index in image.class_pixels()
            if 0 < index < self.categories.num_classes
        ]
        row = {"file_name": photo, "mask_file_name": mask, "labels": labels}
        return ExportedImage(files, {"row": row})

    def finish(self, records: Records, target: Target) -> None:
        for side in SIDES:
            target.write_long(
                f"{side}/{METADATA_FILE}", _rows(records, side), "application/x-jsonlines"
            )
        body = json.dumps(classes_json(self.categories), ensure_ascii=False, indent=1)
        target.write(CLASSES_FILE, body.encode(), JSON)


def _rows(records: Records, side: str) -> Iterator[bytes]:
    for record in records():
        if record["side"] == side:
            yield json.dumps(record["row"], ensure_ascii=False).encode() + b"\n"
