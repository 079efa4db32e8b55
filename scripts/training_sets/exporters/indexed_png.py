"""Photos and masks, nothing else: `images/a.jpg`, `masks/a.png`, `classes.json`, lists of sides.

A mask's value is the class, 255 void; its palette has the classes' colours. `train.txt` and
`validation.txt` name the images of each side, without an ending.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from hooks.core.categories import LabelCategories
from hooks.core.masks import VOID
from scripts.training_sets.export_target import Target
from scripts.training_sets.exporters.exporter import (
    JSON,
    PNG,
    TEXT,
    ExportedImage,
    OutFile,
    Records,
    index_png,
)
from scripts.training_sets.labeled_pixels import LabeledPixels
from scripts.training_sets.set_split import SIDES

CLASSES_FILE = "classes.json"


@dataclass(frozen=True, slots=True)
class IndexedPng:
    """Writes photos and masks."""

    categories: LabelCategories
    needs_jpeg: bool = False
    needs_instances: bool = False

    def export(self, image: LabeledPixels) -> ExportedImage:
        name = image.planned.name
        files = (
            OutFile(f"images/{name}{image.suffix}", image.photo, image.media_type),
            OutFile(f"masks/{name}.png", index_png(image.label_map, self.categories), PNG),
        )
        return ExportedImage(files, {})

    def finish(self, records: Records, target: Target) -> None:
        for side in SIDES:
            target.write_long(f"{side}.txt", _names(records, side), TEXT)
        body = json.dumps(classes_json(self.categories), ensure_ascii=False, indent=1)
        target.write(CLASSES_FILE, body.encode(), JSON)


def classes_json(categories: LabelCategories) -> dict[str, object]:
    """Value to name and colour."""
    found: dict[str, object] = {
        str(index): {"name": categories.name(index), "color": categories.color(index)}
        for index in range(categories.num_classes)
    }
    return found | {str(VOID): {"name": "(void)", "color": "#000000"}}


def _names(records: Records, side: str) -> Iterator[bytes]:
    for record in records():
        if record["side"] == side:
            yield f"{record['name']}\n".encode()
