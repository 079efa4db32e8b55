"""CVAT's own form, "CVAT for images 1.1": `annotations.xml` with polygons, boxes and masks.

Shapes are drawn by their z-order, then in the file's order. A mask is run lengths row by row,
zeros first, cut to `left`, `top`, `width` and `height`. Boxes are filled; points and lines have no
area and are passed over. A label called "background" is the background.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from hooks.core.categories import BACKGROUND_NAME, LabelCategories
from hooks.core.errors import ContractError
from hooks.core.masks import LabelMap
from hooks.core.photo import PhotoHeader
from scripts.training_sets.importers.imported import (
    ImportedImage,
    ImportedSet,
    ImportFormatError,
    ImportProblem,
    blank,
    check_size,
    draw_area,
    find_photo,
    unreadable,
)

ANNOTATIONS_FILE = "annotations.xml"
AREAS = ("polygon", "box", "mask")
_FORBIDDEN = ("<!DOCTYPE", "<!ENTITY")


def open_cvat(path: Path, images: Path | None) -> ImportedSet:
    """The labels of a CVAT export: its folder, or the XML file. `images` says where photos are."""
    file = path / ANNOTATIONS_FILE if path.is_dir() else path
    root = _read(file)
    names = [str(name.text) for name in root.iterfind("./meta//labels/label/name")]
    if not names:
        names = sorted({shape.get("label", "") for shape in root.iterfind("./image/*[@label]")})
    names = [name for name in dict.fromkeys(names) if name.upper() != BACKGROUND_NAME]
    try:
        labels = LabelCategories.from_names(names, f"{file}, labels")
    except ContractError as error:
        raise ImportFormatError(str(error)) from error
    folders = [images] if images else [file.parent / "images", file.parent]

    def every() -> Iterator[ImportedImage]:
        for image in root.iterfind("./image"):
            name = image.get("name", "")
            where = f"{file.name}, image {image.get('id')} ({name})"
            try:
                photo = find_photo(folders, name)
            except ImportProblem as error:
                yield unreadable(where, Path(name), error)
                continue
            yield ImportedImage(where, photo, partial(_label_map, image, labels))

    return ImportedSet(labels, every)


def _read(file: Path) -> ElementTree.Element:
    try:
        text = file.read_text(encoding="utf-8")
        if any(word in text for word in _FORBIDDEN):
            # Python's parser expands entities without end.
            raise ImportFormatError(f"{file} declares entities, which CVAT does not.")
        root = ElementTree.fromstring(text)
    except (OSError, ValueError, ElementTree.ParseError) as error:
        raise ImportFormatError(f"{file} cannot be read ({error}).") from error
    if root.tag != "annotations":
        raise ImportFormatError(f"{file} is no annotations.xml of CVAT.")
    return root


def _label_map(
    image: ElementTree.Element, labels: LabelCategories, header: PhotoHeader
) -> LabelMap:
    label_map = blank(header)
    try:
        if image.get("width") and image.get("height"):
            check_size((int(image.get("height", "")), int(image.get("width", ""))), header)
        shapes = [shape for shape in image if shape.tag in AREAS]
        for shape in sorted(shapes, key=lambda shape: int(shape.get("z_order", "0"))):
            name = shape.get("label", "")
            index = 0 if name.upper() == BACKGROUND_NAME else labels.index(name)
            if index is None:
                raise ImportProblem(f"a {shape.tag} has the unknown label {name!r}.")
            _draw(label_map, shape, index)
    except ValueError as error:
        raise ImportProblem(f"a number cannot be read ({error}).") from error
    return label_map


def _draw(label_map: LabelMap, shape: ElementTree.Element, index: int) -> None:
    height, width = label_map.shape
    if shape.tag == "mask":
        left, top, wide, tall = (
            int(shape.get(name, "")) for name in ("left", "top", "width", "height")
        )
        runs = np.array([int(run) for run in shape.get("rle", "").split(",")], np.int64)
        if runs.min(initial=0) < 0 or int(runs.sum()) != wide * tall:
            raise ImportProblem("a mask's run lengths do not fill its box.")
        if left < 0 or top < 0 or left + wide > width or top + tall > height:
            raise ImportProblem("a mask lies outside its photo.")
        mask = np.repeat(np.arange(runs.size) % 2 == 1, runs).reshape(tall, wide)
        label_map[top : top + tall, left : left + wide][mask] = index
        return
    if shape.tag == "box":
        left_edge, top_edge, right, bottom = (
            float(shape.get(name, "")) for name in ("xtl", "ytl", "xbr", "ybr")
        )
        label_map[round(top_edge) : round(bottom), round(left_edge) : round(right)] = index
        return
    pairs = [pair.split(",") for pair in shape.get("points", "").split(";")]
    draw_area(label_map, [(float(x), float(y)) for x, y in pairs], index)
