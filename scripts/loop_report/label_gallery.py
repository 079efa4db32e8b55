"""Machine labels drawn over their photos, the best and the worst side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont, ImageOps

from hooks.core.categories import LabelCategories
from hooks.core.labeled_box import LabeledBox
from hooks.core.masks import LabelMap
from scripts.results.report import overlay

TILE = 240
CAPTION = 34
GAP = 8

Colours = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class MachineLabel:
    """A label that a model made.

    Attributes:
        name: the photo's.
        photo: upright, uint8 (height, width, 3).
        confidence: the model's, 0 to 1.
        label_map: uint8 (height, width) by the job's labels; None for boxes.
        boxes: in pixels of `photo`; empty for masks.
        iou: with what is known to be right; None when nothing is.
    """

    name: str
    photo: Colours
    confidence: float
    label_map: LabelMap | None = None
    boxes: tuple[LabeledBox, ...] = ()
    iou: float | None = None

    @property
    def caption(self) -> str:
        known = "" if self.iou is None else f" · IoU {self.iou:.2f}"
        return f"confidence {self.confidence:.2f}{known}"


def draw_label(label: MachineLabel, labels: LabelCategories) -> Colours:
    """The label over its photo, uint8 (height, width, 3)."""
    if label.label_map is not None:
        return overlay(label.photo, label.label_map, labels)
    image = Image.fromarray(label.photo)
    pen = ImageDraw.Draw(image)
    thick = max(round(max(image.size) / 160), 2)
    for box in label.boxes:
        edges = (box.left, box.top, box.right, box.bottom)
        pen.rectangle(edges, outline=labels.color(box.label), width=thick)
    return np.asarray(image)


def draw_gallery(
    rows: Sequence[tuple[str, Sequence[MachineLabel]]], labels: LabelCategories
) -> Image.Image:
    """One picture of several rows of labels, each row with its title."""
    columns = max((len(found) for _, found in rows), default=1) or 1
    height = TILE + CAPTION + GAP
    sheet = Image.new(
        "RGB", (columns * (TILE + GAP) + GAP, len(rows) * (height + CAPTION)), "white"
    )
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    for row, (title, found) in enumerate(rows):
        top = row * (height + CAPTION)
        pen.text((GAP, top + GAP), title, "black", ImageFont.load_default(18))
        for column, label in enumerate(found):
            tile = ImageOps.contain(Image.fromarray(draw_label(label, labels)), (TILE, TILE))
            left = GAP + column * (TILE + GAP)
            sheet.paste(tile, (left, top + CAPTION + (TILE - tile.height) // 2))
            pen.text((left, top + CAPTION + TILE + 4), label.caption, "black", font)
    return sheet
