"""COCO's instances: JSON files of `annotations/`, or one file.

Polygons, run lengths and compressed run lengths are drawn; of crossing objects the smaller one lies
on top. Crowd regions are drawn as well: they are of their class. An image's `void`, which
`fewclick export` writes, is void.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError, MaskError
from hooks.core.geometry import Size
from hooks.core.masks import VOID, LabelMap, Mask, decode_rle
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


def open_coco(path: Path, images: Path | None) -> ImportedSet:
    """The labels of a COCO folder or file.

    Args:
        images: where the photos are; else `images/` and its folders beside the annotations.
    """
    files = [path] if path.is_file() else sorted((path / "annotations").glob("*.json"))
    documents = [(file, _read(file)) for file in files]
    documents = [(file, document) for file, document in documents if "images" in document]
    if not documents:
        raise ImportFormatError(f"{path} holds no COCO file: annotations/*.json with images.")
    names: list[str] = []
    for file, document in documents:
        for category in document.get("categories", []):
            name = str(category.get("name", ""))
            if name not in names:
                names.append(name)
            if "id" not in category:
                raise ImportFormatError(f"{file}: the category {name!r} has no id.")
    try:
        labels = LabelCategories.from_names(names, "categories")
    except ContractError as error:
        raise ImportFormatError(f"{path}: {error}") from error
    root = path if path.is_dir() else path.parent.parent
    folders = [images] if images else [root / "images", *_folders(root / "images"), root]

    def every() -> Iterator[ImportedImage]:
        for file, document in documents:
            yield from _images(file, document, labels, folders)

    return ImportedSet(labels, every)


def _folders(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []


def _read(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ImportFormatError(f"{file} cannot be read ({error}).") from error
    if not isinstance(document, dict):
        raise ImportFormatError(f"{file} is no COCO file.")
    return document


def _images(
    file: Path, document: Mapping[str, Any], labels: LabelCategories, folders: list[Path]
) -> Iterator[ImportedImage]:
    index_of = {
        category["id"]: labels.index(str(category["name"])) for category in document["categories"]
    }
    annotations: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    for annotation in document.get("annotations", []):
        annotations[annotation.get("image_id")].append(annotation)
    for entry in document["images"]:
        name = str(entry.get("file_name", ""))
        where = f"{file.name}, image {entry.get('id')} ({name})"
        try:
            photo = find_photo(folders, name)
        except ImportProblem as error:
            yield unreadable(where, Path(name), error)
            continue
        yield ImportedImage(
            where,
            photo,
            partial(_label_map, entry, annotations.get(entry.get("id"), []), index_of),
        )


def _label_map(
    entry: Mapping[str, Any],
    annotations: list[Mapping[str, Any]],
    index_of: Mapping[Any, int | None],
    header: PhotoHeader,
) -> LabelMap:
    if "width" in entry and "height" in entry:
        check_size((int(entry["height"]), int(entry["width"])), header)
    drawn = []
    for annotation in annotations:
        index = index_of.get(annotation.get("category_id"))
        if index is None:
            raise ImportProblem(
                f"annotation {annotation.get('id')} has the unknown category "
                f"{annotation.get('category_id')}."
            )
        drawn.append((_mask(annotation.get("segmentation"), header), index))
    label_map = blank(header)
    for mask, index in sorted(drawn, key=lambda pair: -int(np.count_nonzero(pair[0]))):
        label_map[mask] = index
    if "void" in entry:
        label_map[_mask(entry["void"], header)] = VOID
    return label_map


def _mask(segmentation: object, header: PhotoHeader) -> Mask:
    """Raises ImportProblem or MaskError when it is no segmentation of the photo."""
    if isinstance(segmentation, list):
        canvas = blank(header)
        for polygon in segmentation:
            if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2:
                raise ImportProblem("a polygon needs x and y of three points or more.")
            draw_area(canvas, list(zip(polygon[::2], polygon[1::2], strict=True)), 1)
        return canvas > 0
    if not isinstance(segmentation, Mapping) or "counts" not in segmentation:
        raise ImportProblem("an annotation has no segmentation, only a box perhaps.")
    height, width = (int(side) for side in segmentation["size"])
    check_size((height, width), header)
    counts = segmentation["counts"]
    if isinstance(counts, str):
        return decode_rle(counts, Size(width, height))
    runs = np.asarray(counts, np.int64)
    if runs.min(initial=0) < 0 or int(runs.sum()) != height * width:
        raise MaskError(f"the run lengths do not fill {width} x {height} pixels.")
    flat = np.repeat(np.arange(runs.size) % 2 == 1, runs)
    return flat.reshape((height, width), order="F")
