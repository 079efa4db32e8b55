"""COCO's panoptic form: `annotations/panoptic_<side>.json` and a PNG of segment ids per image.

A segment's id is red + 256 green + 256^2 blue of its pixels; 0, black, is what nobody labeled:
void. The background is a segment too, of a category of its own that is no thing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from hooks.core.categories import LabelCategories
from hooks.core.masks import BACKGROUND, bounding_box
from scripts.training_sets.export_target import Target
from scripts.training_sets.exporters.coco import (
    ANNOTATIONS,
    categories_of,
    encoded,
    image_entry,
    image_id,
    joined,
)
from scripts.training_sets.exporters.exporter import JSON, PNG, ExportedImage, OutFile, Records
from scripts.training_sets.labeled_pixels import LabeledPixels
from scripts.training_sets.set_split import SIDES

BACKGROUND_CATEGORY = "background"


@dataclass(frozen=True, slots=True)
class CocoPanoptic:
    """Writes COCO's panoptic form."""

    categories: LabelCategories
    needs_jpeg: bool = False
    needs_instances: bool = True

    @property
    def background_id(self) -> int:
        return self.categories.num_classes

    def export(self, image: LabeledPixels) -> ExportedImage:
        name, side = image.planned.name, image.planned.side
        ids = np.zeros(image.size.shape, np.uint32)
        segments = []
        for number, found in enumerate(image.instances, start=1):
            ids[found.placed.box.slices()][found.placed.mask] = number
            segments.append(
                _segment(number, found.index, found.placed.area, found.placed.box.to_list())
            )
        background = image.label_map == BACKGROUND
        if background.any():
            number = len(segments) + 1
            ids[background] = number
            area = int(np.count_nonzero(background))
            box = bounding_box(background).to_list()
            segments.append(_segment(number, self.background_id, area, box))
        photo = f"{name}{image.suffix}"
        files = (
            OutFile(f"images/{side}/{photo}", image.photo, image.media_type),
            OutFile(f"{ANNOTATIONS}/panoptic_{side}/{name}.png", _id_png(ids), PNG),
        )
        return ExportedImage(files, {"file_name": photo, "segments": segments})

    def finish(self, records: Records, target: Target) -> None:
        for side in SIDES:
            name = f"{ANNOTATIONS}/panoptic_{side}.json"
            target.write_long(name, self._document(records, side), JSON)

    def _document(self, records: Records, side: str) -> Iterator[bytes]:
        categories = [entry | {"isthing": 1} for entry in categories_of(self.categories)]
        categories.append(
            {
                "id": self.background_id,
                "name": BACKGROUND_CATEGORY,
                "supercategory": "",
                "isthing": 0,
            }
        )
        yield b'{"info":{"description":"exported by fewclick"},"licenses":[],"categories":'
        yield encoded(categories)
        yield b',"images":['
        yield from joined(image_entry(record) for record in records() if record["side"] == side)
        yield b'],"annotations":['
        yield from joined(
            {
                "image_id": image_id(record),
                "file_name": f"{record['name']}.png",
                "segments_info": record["segments"],
            }
            for record in records()
            if record["side"] == side
        )
        yield b"]}\n"


def _segment(number: int, category: int, area: int, box: list[int]) -> dict[str, Any]:
    return {"id": number, "category_id": category, "area": area, "bbox": box, "iscrowd": 0}


def _id_png(ids: np.ndarray[Any, np.dtype[np.uint32]]) -> bytes:
    rgb = np.stack([ids & 255, ids >> 8 & 255, ids >> 16 & 255], axis=-1).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "PNG")
    return stream.getvalue()
