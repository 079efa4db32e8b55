"""YOLO's segmentation form: `data.yaml` (or `classes.txt`), `images/<side>/`, `labels/<side>/`.

Later objects of a file lie on top, as they do where YOLO trains on masks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError
from hooks.core.masks import LabelMap
from hooks.core.photo import PhotoHeader
from scripts.training_sets.importers.imported import (
    ImportedImage,
    ImportedSet,
    ImportFormatError,
    ImportProblem,
    blank,
    draw_pixels,
    find_photo,
    unreadable,
)

_ENTRY = re.compile(r"\s+(?:(\d+)\s*:|-)\s*(.+?)\s*")
_INLINE = re.compile(r"names\s*:\s*(\[.*\]|\{.*\})\s*")


def open_yolo(path: Path, images: Path | None) -> ImportedSet:
    """The labels of a YOLO folder. `images` may say where the photos are."""
    labels = _labels(path)
    files = sorted((path / "labels").rglob("*.txt"))
    if not files:
        raise ImportFormatError(f"{path} has no label files in labels/.")

    def every() -> Iterator[ImportedImage]:
        for file in files:
            inner = file.parent.relative_to(path / "labels")
            folders = [images] if images else [path / "images" / inner, path / "images"]
            where = str(file.relative_to(path))
            try:
                photo = find_photo(folders, file.stem)
            except ImportProblem as error:
                yield unreadable(where, file, error)
                continue
            yield ImportedImage(where, photo, partial(_label_map, file, labels))

    return ImportedSet(labels, every)


def _label_map(file: Path, labels: LabelCategories, header: PhotoHeader) -> LabelMap:
    label_map = blank(header)
    width, height = header.size
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        try:
            index, values = int(words[0]), [float(word) for word in words[1:]]
        except ValueError as error:
            raise ImportProblem(f"line {number} is not a class and numbers.") from error
        if not 0 <= index < len(labels):
            raise ImportProblem(f"line {number} has the class {index} of {len(labels)}.")
        if len(values) == 4:
            raise ImportProblem(f"line {number} is a box, not an outline.")
        if len(values) < 6 or len(values) % 2 or not all(0 <= value <= 1 for value in values):
            raise ImportProblem(
                f"line {number} needs x and y of three points or more, as shares from 0 to 1."
            )
        points = [
            (min(x * width, width - 1), min(y * height, height - 1))
            for x, y in zip(values[::2], values[1::2], strict=True)
        ]
        draw_pixels(label_map, points, index + 1)
    return label_map


def _labels(path: Path) -> LabelCategories:
    for name in ("data.yaml", "data.yml", "dataset.yaml"):
        if (path / name).is_file():
            return _checked(_read_names(path / name), path / name)
    classes = path / "classes.txt"
    if classes.is_file():
        lines = classes.read_text(encoding="utf-8").splitlines()
        return _checked([line.strip() for line in lines if line.strip()], classes)
    raise ImportFormatError(
        f"{path} has neither data.yaml nor classes.txt, which name the classes."
    )


def _checked(names: list[str], file: Path) -> LabelCategories:
    try:
        return LabelCategories.from_names(names, str(file))
    except ContractError as error:
        raise ImportFormatError(str(error)) from error


def _read_names(file: Path) -> list[str]:
    """The classes of a data file: a list or a numbered map, on one line or one entry a line.

    A YAML parser would be one more package, for the one entry that is of use here.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    for place, line in enumerate(lines):
        if not line.startswith("names"):
            continue
        inline = _INLINE.fullmatch(line)
        if inline:
            return _inline_names(inline[1], file)
        found: dict[int, str] = {}
        for entry in lines[place + 1 :]:
            match = _ENTRY.fullmatch(entry) or re.fullmatch(r"(-)\s+(.+?)\s*", entry)
            if not match:
                break
            number = int(match[1]) if match[1] and match[1] != "-" else len(found)
            found[number] = _unquoted(match[2])
        if sorted(found) != list(range(len(found))):
            raise ImportFormatError(f"{file}: the classes are not numbered from 0 on.")
        return [found[number] for number in range(len(found))]
    raise ImportFormatError(f"{file} has no names.")


def _inline_names(text: str, file: Path) -> list[str]:
    inner = text[1:-1].strip()
    parts = [part.strip() for part in re.split(r",(?=(?:[^'\"]|'[^']*'|\"[^\"]*\")*$)", inner)]
    if text.startswith("{"):
        pairs = [part.partition(":") for part in parts]
        try:
            numbered = {int(number): _unquoted(name.strip()) for number, _, name in pairs}
        except ValueError as error:
            raise ImportFormatError(f"{file}: names is not a numbered map.") from error
        return [numbered[number] for number in sorted(numbered)]
    return [_unquoted(part) for part in parts]


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return text
