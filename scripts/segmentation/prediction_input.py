"""The photos that `fewclick predict` looks at, with references where they exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.masks import LabelMap
from hooks.core.photo import open_photo
from scripts.object_store import ObjectStore
from scripts.photo_set import PhotoSetError, find_photos
from scripts.training_sets.channel_set import open_channels
from scripts.training_sets.export_summary import SUMMARY_FILE
from scripts.training_sets.export_target import open_target


@dataclass(frozen=True, slots=True)
class PredictionPhoto:
    """One photo; `read` gives its pixels, uint8 RGB upright, and the reference, if there is one."""

    name: str
    read: Callable[[], tuple[npt.NDArray[np.uint8], LabelMap | None]]


@dataclass(frozen=True, slots=True)
class PredictionInput:
    """All photos. `classes` are those of the references, the background's first; or empty."""

    photos: tuple[PredictionPhoto, ...]
    classes: tuple[str, ...]


def open_photos(source: str, references: Path | None, store: ObjectStore) -> PredictionInput:
    """The photos of a folder, or those that a training set keeps aside.

    Args:
        references: a folder of `<photo's stem>.png`, whose values are classes, 255 void.

    Raises:
        PhotoSetError, ChannelSetError: there are no photos.
    """
    target = open_target(source, store)
    if target.read(SUMMARY_FILE) is not None:
        data = open_channels(target)
        if not data.validation:
            raise PhotoSetError(f"the training set {source} keeps no photos aside.")
        photos = tuple(PredictionPhoto(image.name, image.read) for image in data.validation)
        return PredictionInput(photos, data.classes)
    if source.startswith("s3://"):
        raise PhotoSetError(f"{source} is no training set: it has no {SUMMARY_FILE}.")
    found = find_photos(Path(source))
    return PredictionInput(tuple(_photos(found, references)), ())


def _photos(paths: list[Path], references: Path | None) -> Iterator[PredictionPhoto]:
    seen: dict[str, int] = {}
    for path in paths:
        seen[path.stem] = seen.get(path.stem, 0) + 1
        name = path.stem if seen[path.stem] == 1 else f"{path.stem}_{seen[path.stem]}"
        yield PredictionPhoto(name, partial(_read, path, references))


def _read(path: Path, references: Path | None) -> tuple[npt.NDArray[np.uint8], LabelMap | None]:
    photo = open_photo(path.read_bytes(), str(path))
    reference = None if references is None else references / f"{path.stem}.png"
    if reference is None or not reference.is_file():
        return photo, None
    try:
        with Image.open(reference, formats=("PNG",)) as image:
            values = np.asarray(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise PhotoSetError(f"{reference} cannot be read ({error}).") from error
    if values.shape != photo.shape[:2] or values.dtype != np.uint8:
        raise PhotoSetError(f"{reference} is no 8-bit mask of its photo's size.")
    return photo, values
