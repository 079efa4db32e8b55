"""COCO's instances: `annotations/instances_<side>.json`, photos in `images/<side>/`.

Masks are compressed run lengths, which every COCO reader takes and which are exact; polygons would
round corners and lose holes. Void, which COCO does not know, stands in the image's own `void`, as
run lengths too: readers pass it over, `fewclick import` reads it back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hooks.core.categories import LabelCategories
from hooks.core.masks import VOID, Mask, encode_rle
from scripts.training_sets.export_target import Target
from scripts.training_sets.exporters.exporter import JSON, ExportedImage, OutFile, Records
from scripts.training_sets.labeled_pixels import LabeledPixels
from scripts.training_sets.set_split import SIDES

ANNOTATIONS = "annotations"


@dataclass(frozen=True, slots=True)
class Coco:
    """Writes COCO's instances."""

    categories: LabelCategories
    needs_jpeg: bool = False
    needs_instances: bool = True

    def export(self, image: LabeledPixels) -> ExportedImage:
        file_name = f"{image.planned.name}{image.suffix}"
        annotations = [
            {
                "category_id": found.index,
                "bbox": found.placed.box.to_list(),
                "area": found.placed.area,
                "segmentation": run_lengths(found.placed.to_mask(image.size)),
                "iscrowd": 0,
            }
            for found in image.instances
        ]
        record: dict[str, Any] = {"file_name": file_name, "annotations": annotations}
        void = image.label_map == VOID
        if void.any():
            record["void"] = run_lengths(void)
        name = f"images/{image.planned.side}/{file_name}"
        return ExportedImage((OutFile(name, image.photo, image.media_type),), record)

    def finish(self, records: Records, target: Target) -> None:
        for side in SIDES:
            name = f"{ANNOTATIONS}/instances_{side}.json"
            target.write_long(name, self._document(records, side), JSON)

    def _document(self, records: Records, side: str) -> Iterator[bytes]:
        yield b'{"info":{"description":"exported by fewclick"},"licenses":[],"categories":'
        yield encoded(categories_of(self.categories))
        yield b',"images":['
        yield from joined(image_entry(record) for record in records() if record["side"] == side)
        yield b'],"annotations":['
        yield from joined(self._annotations(records, side))
        yield b"]}\n"

    def _annotations(self, records: Records, side: str) -> Iterator[dict[str, Any]]:
        number = 0
        for record in records():
            if record["side"] == side:
                for annotation in record["annotations"]:
                    number += 1
                    yield {"id": number, "image_id": image_id(record), **annotation}


def image_entry(record: dict[str, Any]) -> dict[str, Any]:
    """An image of a COCO document."""
    entry = {"id": image_id(record)}
    entry |= {name: record[name] for name in ("file_name", "width", "height")}
    return entry | ({"void": record["void"]} if "void" in record else {})


def image_id(record: dict[str, Any]) -> int:
    return int(record["index"]) + 1


def categories_of(categories: LabelCategories) -> list[dict[str, Any]]:
    return [
        {"id": index, "name": name, "supercategory": ""}
        for index, name in enumerate(categories, start=1)
    ]


def run_lengths(mask: Mask) -> dict[str, Any]:
    """COCO's segmentation of a mask: `{"size": [height, width], "counts": ...}`."""
    return {"size": list(mask.shape), "counts": encode_rle(mask)}


def joined(values: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """JSON values with commas between them."""
    for place, value in enumerate(values):
        yield (b",\n" if place else b"\n") + encoded(value)


def encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
