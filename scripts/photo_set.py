"""Photos in a folder, and the reference masks that lie beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from hooks.core.categories import LabelCategories
from hooks.core.errors import FewclickError
from hooks.core.masks import LabelMap, Mask
from hooks.core.photo import PhotoHeader, read_header, upright

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


class PhotoSetError(FewclickError):
    """A folder of photos or masks cannot be used; the message says which file and why."""


@dataclass(frozen=True, slots=True)
class ReferenceObject:
    """A known object of a photo. `mask` is in the upright photo, shape (height, width)."""

    label: str
    mask: Mask


def find_photos(folder: Path) -> list[Path]:
    """The photos of a folder by file name, in the order of their names."""
    if not folder.is_dir():
        raise PhotoSetError(f"{folder} is not a folder.")
    photos = sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES)
    if not photos:
        suffixes = ", ".join(sorted(PHOTO_SUFFIXES))
        raise PhotoSetError(f"{folder} holds no photos ({suffixes}).")
    return photos


def mask_files(folder: Path, photo: Path) -> list[tuple[Path, str]]:
    """The reference masks of a photo and the label that each file's name gives.

    A mask lies in `<photo's stem>_<number>_<label>.png`, the label with hyphens for blanks.
    """
    # A label does not begin with a number of its own: that would be a photo named `<stem>_<n>`.
    pattern = re.compile(re.escape(photo.stem) + r"_\d+_(?!\d+_)(.+)\.png")
    found = []
    for path in sorted(folder.iterdir()):
        match = pattern.fullmatch(path.name)
        if match:
            found.append((path, match[1].replace("-", " ")))
    return found


def labels_of(folder: Path, photos: Iterable[Path]) -> list[str]:
    """All labels that the reference masks of these photos name, in alphabetical order."""
    return sorted({label for photo in photos for _, label in mask_files(folder, photo)})


def read_references(folder: Path, photo: Path) -> list[ReferenceObject]:
    """The reference objects of a photo, the largest first.

    Mask files are in the photo file's own pixel grid, as consolidated masks are; any pixel that
    is not zero belongs to the object.

    Raises:
        PhotoSetError: a mask that is not an image or has another size than its photo.
    """
    files = mask_files(folder, photo)
    if not files:
        return []
    header = read_header(photo.read_bytes(), str(photo))
    references = [
        ReferenceObject(label, read_mask(path, header, photo.name)) for path, label in files
    ]
    return sorted(references, key=lambda reference: -int(reference.mask.sum()))


def read_mask(path: Path, header: PhotoHeader, photo_name: str) -> Mask:
    """One reference mask, upright (height, width); see `read_references`."""
    try:
        with Image.open(path) as image:
            values = np.asarray(image.convert("L") if image.mode != "P" else image)
    except (UnidentifiedImageError, OSError) as error:
        raise PhotoSetError(f"{path} is not an image that can be read ({error}).") from error
    if values.shape != header.file_size.shape:
        raise PhotoSetError(
            f"{path} is {values.shape[1]} x {values.shape[0]} pixels, its photo "
            f"{photo_name} {header.file_size.width} x {header.file_size.height}."
        )
    return upright(values > 0, header.orientation)


def reference_label_map(references: Iterable[ReferenceObject], labels: LabelCategories) -> LabelMap:
    """All objects in one label map; smaller objects lie on top of larger ones.

    There must be at least one object. Objects whose label the job does not have are left out.
    """
    ordered = sorted(references, key=lambda reference: -int(reference.mask.sum()))
    label_map = np.zeros(ordered[0].mask.shape, dtype=np.uint8)
    for reference in ordered:
        index = labels.index(reference.label)
        if index is not None:
            label_map[reference.mask] = index
    return label_map


@dataclass
class References:
    """The reference objects of the photos, read when first asked for."""

    masks: Path | None
    photos: Sequence[Path]
    _read: dict[str, list[ReferenceObject]] = field(default_factory=dict)

    def of_uri(self, source_ref: str) -> list[ReferenceObject]:
        """The known objects of the photo at an `s3://` address, the largest first."""
        name = source_ref.rsplit("/", 1)[-1]
        if name not in self._read:
            photo = next((photo for photo in self.photos if photo.name == name), None)
            if self.masks is None or photo is None:
                self._read[name] = []
            else:
                self._read[name] = read_references(self.masks, photo)
        return self._read[name]

    def label_map(self, source_ref: str, labels: LabelCategories) -> LabelMap | None:
        references = self.of_uri(source_ref)
        return reference_label_map(references, labels) if references else None
