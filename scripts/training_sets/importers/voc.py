"""Pascal VOC's masks, `SegmentationClass/` with `JPEGImages/`; also what CVAT exports as
"segmentation mask" and "Pascal VOC".

Classes are read by colour: those of `labelmap.txt` (label:r,g,b::), or VOC's own twenty. Black is
the background unless the label map says otherwise; (224, 224, 192) is void.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError
from hooks.core.label_reader import Color
from hooks.core.mask_reader import decode_colors
from hooks.core.masks import VOID, LabelMap
from hooks.core.photo import PhotoHeader
from scripts.training_sets.exporters.voc import BACKGROUND_LABEL, voc_palette
from scripts.training_sets.importers.imported import (
    ImportedImage,
    ImportedSet,
    ImportFormatError,
    ImportProblem,
    find_photo,
    unreadable,
)

VOC_LABELS = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa"),
    *("train", "tvmonitor"),
)
LABEL_MAP_FILE = "labelmap.txt"
VOID_COLOR: Color = (224, 224, 192)
BLACK: Color = (0, 0, 0)


def open_voc(path: Path, images: Path | None) -> ImportedSet:
    """The labels of a VOC folder. `images` may say where the photos are."""
    folder = path / "SegmentationClass"
    masks = sorted(folder.glob("*.png")) if folder.is_dir() else []
    if not masks:
        raise ImportFormatError(f"{path} has no masks in SegmentationClass/.")
    file = path / LABEL_MAP_FILE
    colors = _read_label_map(file) if file.is_file() else _voc_colors()
    names = [name for name in colors.values() if name != BACKGROUND_LABEL]
    try:
        labels = LabelCategories.from_names(list(dict.fromkeys(names)), str(file))
    except ContractError as error:
        raise ImportFormatError(str(error)) from error
    classes = {color: labels.index(name) or 0 for color, name in colors.items()}
    if 0 not in classes.values():
        classes[BLACK] = 0
    classes.setdefault(VOID_COLOR, VOID)
    folders = [images] if images else [path / "JPEGImages", path / "images", path]

    def every() -> Iterator[ImportedImage]:
        for mask in masks:
            try:
                photo = find_photo(folders, mask.stem)
            except ImportProblem as error:
                yield unreadable(mask.name, mask, error)
                continue
            yield ImportedImage(mask.name, photo, partial(_label_map, mask, classes))

    return ImportedSet(labels, every)


def _label_map(mask: Path, classes: dict[Color, int], header: PhotoHeader) -> LabelMap:
    label_map, problem = decode_colors(mask.read_bytes(), classes, header)
    if problem:
        raise ImportProblem(f"{problem} Is {LABEL_MAP_FILE} that of these masks?")
    return label_map


def _voc_colors() -> dict[Color, str]:
    palette = voc_palette()
    names = (BACKGROUND_LABEL, *VOC_LABELS)
    return {
        (palette[3 * index], palette[3 * index + 1], palette[3 * index + 2]): name
        for index, name in enumerate(names)
    }


def _read_label_map(file: Path) -> dict[Color, str]:
    """Colour to label, in the file's order."""
    colors: dict[Color, str] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.partition(":")
        parts = rest.partition(":")[0].split(",")
        try:
            red, green, blue = (int(part) for part in parts)
            fits = all(0 <= part < 256 for part in (red, green, blue))
        except ValueError:
            fits = False
        if not fits or not name.strip():
            raise ImportFormatError(f"{file}, line {number}: {line!r} is not <label>:r,g,b::.")
        if colors.setdefault((red, green, blue), name.strip()) != name.strip():
            raise ImportFormatError(f"{file}, line {number}: the colour stands for two labels.")
    if not colors:
        raise ImportFormatError(f"{file} names no label.")
    return colors
