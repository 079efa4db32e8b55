"""What an importer gives: photos with label maps, and what could not be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from hooks.core.categories import LabelCategories
from hooks.core.errors import FewclickError
from hooks.core.masks import LabelMap
from hooks.core.photo import PhotoHeader, read_header
from scripts.photo_set import PHOTO_SUFFIXES

FINER = 8
"""Into how many parts a pixel's side is divided to see how much of it a polygon covers."""


class ImportFormatError(FewclickError):
    """A folder or file is not of the format that it was said to be."""


class ImportProblem(FewclickError):
    """One photo's labels cannot be used; the others can."""


@dataclass(frozen=True, slots=True)
class ImportedImage:
    """One photo with its labels.

    Attributes:
        where: what a person looks for: a file, or an entry of one.
        photo: the file.
        read: gives the label map, uint8 (height, width) of the upright photo: class indices of the
            import's labels, 0 background, 255 void. Raises ImportProblem, PhotoError, MaskError.
        problem: why there is no photo to read; "" if there is one.
    """

    where: str
    photo: Path
    read: Callable[[PhotoHeader], LabelMap]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ImportedSet:
    """All of a folder's labels. `images` starts over each time it is called."""

    labels: LabelCategories
    images: Callable[[], Iterator[ImportedImage]]


class Importer(Protocol):
    """Opens a folder of its format. Raises ImportFormatError."""

    def __call__(self, path: Path, images: Path | None) -> ImportedSet: ...


def find_photo(folders: Sequence[Path], name: str) -> Path:
    """The photo of a name, with its ending or without, in the first folder that has it.

    Raises:
        ImportProblem: nowhere.
    """
    for folder in folders:
        exact = folder / name
        if exact.suffix.lower() in PHOTO_SUFFIXES and exact.is_file():
            return exact
        for suffix in sorted(PHOTO_SUFFIXES):
            for spelled in (suffix, suffix.upper()):
                path = folder / f"{name}{spelled}"
                if path.is_file():
                    return path
    listed = ", ".join(map(str, folders))
    raise ImportProblem(f"the photo {name} is not in {listed}.")


def unreadable(where: str, photo: Path, problem: ImportProblem) -> ImportedImage:
    """The image whose photo was not found."""

    def refuse(header: PhotoHeader) -> LabelMap:
        raise problem

    return ImportedImage(where, photo, refuse, str(problem))


def header_of(photo: Path) -> PhotoHeader:
    """Raises PhotoError, or ImportProblem when the file cannot be read."""
    try:
        return read_header(photo.read_bytes(), str(photo))
    except OSError as error:
        raise ImportProblem(f"{photo} cannot be read ({error.strerror}).") from error


def check_size(shape: tuple[int, ...], header: PhotoHeader) -> None:
    """Raises ImportProblem unless labels of this (height, width) fit the upright photo."""
    if shape != header.size.shape:
        raise ImportProblem(
            f"the labels are {shape[1]} x {shape[0]} pixels, the photo upright "
            f"{header.size.width} x {header.size.height}."
        )


def blank(header: PhotoHeader) -> LabelMap:
    return np.zeros(header.size.shape, np.uint8)


def draw_pixels(label_map: LabelMap, points: Sequence[tuple[float, float]], index: int) -> None:
    """Fill a polygon whose corners are pixels, the last of which are in it, as OpenCV fills."""
    import cv2  # an extra

    corners = np.floor(np.asarray(points, np.float64)).astype(np.int32).reshape(-1, 1, 2)
    cv2.fillPoly(label_map, [corners], [index])


def draw_area(label_map: LabelMap, points: Sequence[tuple[float, float]], index: int) -> None:
    """Fill the pixels of which at least half lies in a polygon of image coordinates.

    Pixel (column j, row i) owns [j, j + 1) x [i, i + 1). What lies beyond the photo is cut off.
    """
    import cv2  # an extra

    height, width = label_map.shape
    corners = np.clip(np.asarray(points, np.float64), 0, (width, height))
    left, top = (int(edge) for edge in np.floor(corners.min(0)))
    right, bottom = (int(edge) for edge in np.ceil(corners.max(0)))
    if right <= left or bottom <= top:
        return
    fine = np.zeros(((bottom - top) * FINER, (right - left) * FINER), np.uint8)
    scaled = np.round((corners - (left, top)) * FINER - 0.5).astype(np.int32)
    cv2.fillPoly(fine, [scaled.reshape(-1, 1, 2)], [1])
    shares = fine.reshape(bottom - top, FINER, right - left, FINER).sum(axis=(1, 3))
    label_map[top:bottom, left:right][2 * shares >= FINER**2] = index
