"""Pascal VOC's form, with the palette that VOC's readers know classes by.

    JPEGImages/a.jpg  SegmentationClass/a.png  SegmentationObject/a.png  Annotations/a.xml
    ImageSets/Segmentation/{train,val,trainval}.txt  labelmap.txt

`labelmap.txt` (label:r,g,b::) is what CVAT and datumaro add, so that classes other than VOC's own
can be read by colour. Value 255 is void. The object image has 8 bits: objects past the 254th of an
image are void in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np

from hooks.core.categories import LabelCategories
from hooks.core.masks import VOID
from scripts.training_sets.export_target import Target
from scripts.training_sets.exporters.exporter import (
    PNG,
    TEXT,
    ExportedImage,
    OutFile,
    Records,
    palette_png,
)
from scripts.training_sets.labeled_pixels import LabeledPixels

BACKGROUND_LABEL = "background"
SET_FOLDER = "ImageSets/Segmentation"
SETS = {"train": ("train",), "val": ("validation",), "trainval": ("train", "validation")}


@dataclass(frozen=True, slots=True)
class Voc:
    """Writes Pascal VOC's form."""

    categories: LabelCategories
    needs_jpeg: bool = True
    needs_instances: bool = True

    def export(self, image: LabeledPixels) -> ExportedImage:
        name = image.planned.name
        numbers = np.zeros_like(image.label_map)
        numbers[image.label_map == VOID] = VOID
        for number, found in enumerate(image.instances, start=1):
            numbers[found.placed.box.slices()][found.placed.mask] = min(number, VOID)
        palette = voc_palette()
        files = (
            OutFile(f"JPEGImages/{name}.jpg", image.photo, image.media_type),
            OutFile(f"SegmentationClass/{name}.png", palette_png(image.label_map, palette), PNG),
            OutFile(f"SegmentationObject/{name}.png", palette_png(numbers, palette), PNG),
            OutFile(f"Annotations/{name}.xml", self._annotation(image), "application/xml"),
        )
        return ExportedImage(files, {})

    def finish(self, records: Records, target: Target) -> None:
        for set_name, sides in SETS.items():
            target.write_long(f"{SET_FOLDER}/{set_name}.txt", _names(records, sides), TEXT)
        palette = voc_palette()
        names = [BACKGROUND_LABEL, *self.categories]
        lines = ["# label:color_rgb:parts:actions"]
        for index, name in enumerate(names):
            red, green, blue = palette[3 * index : 3 * index + 3]
            lines.append(f"{name}:{red},{green},{blue}::")
        target.write("labelmap.txt", "".join(line + "\n" for line in lines).encode(), TEXT)

    def _annotation(self, image: LabeledPixels) -> bytes:
        root = ElementTree.Element("annotation")
        _add(root, "folder", "JPEGImages")
        _add(root, "filename", f"{image.planned.name}.jpg")
        size = _add(root, "size")
        for tag, value in (("width", image.size.width), ("height", image.size.height)):
            _add(size, tag, str(value))
        _add(size, "depth", "3")
        _add(root, "segmented", "1")
        for found in image.instances:
            item = _add(root, "object")
            _add(item, "name", self.categories.name(found.index))
            for tag in ("truncated", "difficult"):
                _add(item, tag, "0")
            box, edges = found.placed.box, _add(item, "bndbox")
            # VOC counts pixels from 1 and names the last one of the box.
            _add(edges, "xmin", str(box.left + 1))
            _add(edges, "ymin", str(box.top + 1))
            _add(edges, "xmax", str(box.right))
            _add(edges, "ymax", str(box.bottom))
        ElementTree.indent(root)
        document: bytes = ElementTree.tostring(root, encoding="utf-8")
        return document


def voc_palette() -> bytes:
    """VOC's 256 colours: the bits of an index dealt to red, green and blue from the top down."""
    palette = np.zeros((256, 3), np.uint8)
    for index in range(256):
        code = index
        for place in range(7, -1, -1):
            for channel in range(3):
                palette[index, channel] |= (code >> channel & 1) << place
            code >>= 3
    return palette.tobytes()


def _names(records: Records, sides: tuple[str, ...]) -> Iterator[bytes]:
    for record in records():
        if record["side"] in sides:
            yield f"{record['name']}\n".encode()


def _add(parent: ElementTree.Element, tag: str, text: str | None = None) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, tag)
    element.text = text
    return element
