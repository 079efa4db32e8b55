"""Photos in `images/`, masks of the same stems in `masks/`, and `classes.json`, which says what the
values are: the form of `fewclick export --format png`.

    {"0": {"name": "BACKGROUND"}, "1": {"name": "cat", "color": "#e69f00"}}     or  {"1": "cat"}

A mask is a PNG of one 8-bit value a pixel; 255 is void. Without `classes.json` value 1 is
"class 1".
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from hooks.core.categories import BACKGROUND_NAME, LabelCategories
from hooks.core.errors import ContractError
from hooks.core.masks import VOID, LabelMap
from hooks.core.photo import PhotoHeader, read_header, upright
from scripts.training_sets.importers.imported import (
    ImportedImage,
    ImportedSet,
    ImportFormatError,
    ImportProblem,
    check_size,
    find_photo,
    unreadable,
)

CLASSES_FILE = "classes.json"


def open_plain_masks(path: Path, images: Path | None) -> ImportedSet:
    """The masks of a folder. `images` may say where the photos are."""
    folder = path / "masks"
    masks = sorted(folder.glob("*.png")) if folder.is_dir() else []
    if not masks:
        raise ImportFormatError(f"{path} has no masks in masks/.")
    names = _read_classes(path / CLASSES_FILE) or _numbered(masks)
    indices = {value: place for place, value in enumerate(sorted(names), start=1)}
    try:
        labels = LabelCategories.from_names([names[value] for value in sorted(names)], "classes")
    except ContractError as error:
        raise ImportFormatError(f"{path / CLASSES_FILE}: {error}") from error
    folders = [images] if images else [path / "images", path]

    def every() -> Iterator[ImportedImage]:
        for mask in masks:
            try:
                photo = find_photo(folders, mask.stem)
            except ImportProblem as error:
                yield unreadable(mask.name, mask, error)
                continue
            yield ImportedImage(mask.name, photo, partial(_label_map, mask, indices))

    return ImportedSet(labels, every)


def _label_map(mask: Path, indices: dict[int, int], header: PhotoHeader) -> LabelMap:
    values, orientation = _values(mask)
    if orientation == 1 and values.shape != header.size.shape:
        orientation = header.orientation  # in the photo file's own grid, without a tag
    values = upright(values, orientation)
    check_size(values.shape, header)
    table = np.full(256, VOID + 1, np.int16)
    table[[0, VOID]] = 0, VOID
    table[list(indices)] = list(indices.values())
    found = table[values]
    if (found > VOID).any():
        value = int(values[found > VOID][0])
        raise ImportProblem(f"the value {value} is not in {CLASSES_FILE}.")
    return found.astype(np.uint8)


def _values(mask: Path) -> tuple[LabelMap, int]:
    raw = mask.read_bytes()
    header = read_header(raw, str(mask))
    try:
        with Image.open(io.BytesIO(raw), formats=("PNG",)) as image:
            mode, values = image.mode, np.asarray(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise ImportProblem(f"the mask cannot be read ({error}).") from error
    if mode not in ("P", "L") or values.dtype != np.uint8:
        raise ImportProblem(f"the mask is of the kind {mode}, not one 8-bit value a pixel.")
    return values, header.orientation


def _read_classes(file: Path) -> dict[int, str]:
    if not file.is_file():
        return {}
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        found = {
            int(value): str(entry["name"] if isinstance(entry, dict) else entry)
            for value, entry in document.items()
        }
    except (OSError, ValueError, AttributeError, KeyError) as error:
        raise ImportFormatError(f"{file} is not value to name ({error}).") from error
    return {
        value: name
        for value, name in found.items()
        if 0 < value < VOID and name.upper() != BACKGROUND_NAME
    }


def _numbered(masks: list[Path]) -> dict[int, str]:
    """The values that the masks have, named by their numbers."""
    values: set[int] = set()
    for mask in masks:
        try:
            values.update(np.unique(_values(mask)[0]).tolist())
        except ImportProblem:
            continue  # named when it is its turn
    return {value: f"class {value}" for value in sorted(values - {0, VOID})}
