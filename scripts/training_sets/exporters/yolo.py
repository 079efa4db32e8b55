"""YOLO's segmentation form: `images/<side>/a.jpg`, `labels/<side>/a.txt`, `data.yaml`.

A line of a label file is an object: its class, counted from 0 since there is no background, then
x and y of its outline as shares of width and height. The form has no void: such pixels are
background here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from hooks.core.categories import LabelCategories
from hooks.core.geometry import Size
from scripts.training_sets.export_target import Target
from scripts.training_sets.exporters.exporter import TEXT, ExportedImage, OutFile, Records
from scripts.training_sets.exporters.outline import outline
from scripts.training_sets.labeled_pixels import Instance, LabeledPixels
from scripts.training_sets.set_split import SIDES

INSIDE = 0.25
"""Where in its pixel a point lies: some readers round coordinates, others cut them off, and either
way they get the pixel that is meant."""
FEWEST_POINTS = 3
"""Readers pass over lines with fewer."""


@dataclass(frozen=True, slots=True)
class Yolo:
    """Writes YOLO's segmentation form."""

    categories: LabelCategories
    needs_jpeg: bool = False
    needs_instances: bool = True

    def export(self, image: LabeledPixels) -> ExportedImage:
        name, side = image.planned.name, image.planned.side
        lines = [label_line(found, image.size) for found in image.instances]
        text = "".join(line + "\n" for line in lines)
        files = (
            OutFile(f"images/{side}/{name}{image.suffix}", image.photo, image.media_type),
            OutFile(f"labels/{side}/{name}.txt", text.encode(), TEXT),
        )
        return ExportedImage(files, {})

    def finish(self, records: Records, target: Target) -> None:
        lines = ["path: .", *(f"{key}: images/{side}" for key, side in _KEYS.items())]
        lines.append(f"nc: {len(self.categories)}")
        lines.append("names:")
        # JSON's texts are YAML's too, whatever a label is called.
        lines += [
            f"  {place}: {json.dumps(name, ensure_ascii=False)}"
            for place, name in enumerate(self.categories)
        ]
        target.write("data.yaml", "".join(line + "\n" for line in lines).encode(), TEXT)


_KEYS = dict(zip(("train", "val"), SIDES, strict=True))


def label_line(found: Instance, size: Size) -> str:
    """One object's line of a label file."""
    corner = np.array((found.placed.box.left, found.placed.box.top))
    points = list(outline(found.placed.mask) + corner)
    while len(points) < FEWEST_POINTS:  # an object of one or two pixels
        points.append(points[-1])
    numbers = [
        f"{(x + INSIDE) / size.width:.7f} {(y + INSIDE) / size.height:.7f}" for x, y in points
    ]
    return f"{found.index - 1} {' '.join(numbers)}"
