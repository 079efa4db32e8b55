"""`--data` of the training and evaluation commands: whatever holds photos with known masks.

- a folder or a ZIP with `index.jsonl` (see `model_endpoint.reference_photos`);
- a folder with `images/` and `masks/`, masks named `<photo>_<number>_<label>.png`;
- an output manifest of a labeling job: every connected region of a class is an object.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hooks.core.errors import MaskError, PhotoError
from hooks.core.geometry import Size
from hooks.core.label_reader import MaskLabel, NoLabel, read_labels
from hooks.core.mask_reader import decode_mask
from hooks.core.masks import VOID, CroppedMask, Mask
from hooks.core.photo import open_photo, read_header
from model_endpoint.click_simulator import largest_component
from model_endpoint.reference_photos import (
    INDEX_FILE,
    DataSet,
    DataSetError,
    ReferencePhoto,
    read_indexed,
)
from scripts.object_store import FolderObjects
from scripts.photo_set import find_photos, mask_files, read_mask

MANIFEST_SUFFIXES = frozenset({".manifest", ".jsonl", ".json"})
MIN_REGION_PIXELS = 150
"""Smaller regions of a label map are specks, not objects."""
READERS = 8

Fetch = Callable[[str], bytes]
"""The bytes at an `s3://` address; raises FileNotFoundError when there are none."""


def open_data_set(
    path: Path, s3_folder: Path | None = None, label_attribute_name: str | None = None
) -> DataSet:
    """The data set at a path, whichever kind it is.

    Args:
        s3_folder: holds S3's objects as `<bucket>/<key>`, in place of AWS; manifests only.
        label_attribute_name: which label of a manifest's lines to read, if there are several.

    Raises:
        DataSetError: nothing is there, it is none of the known kinds, or it holds no object.
    """
    if path.is_dir():
        if (path / INDEX_FILE).exists():
            found = read_indexed(path)
        elif (path / "images").is_dir() and (path / "masks").is_dir():
            found = _read_plain(path)
        else:
            raise DataSetError(f"{path} has neither {INDEX_FILE} nor images/ and masks/.")
    elif not path.is_file():
        raise DataSetError(f"{path} does not exist.")
    elif path.suffix == ".zip":
        found = read_indexed(path)
    elif path.suffix in MANIFEST_SUFFIXES:
        found = _read_manifest(path, s3_reader(s3_folder), label_attribute_name)
    else:
        raise DataSetError(f"{path} is neither a folder, a .zip nor a .manifest.")
    if found.object_count == 0:
        problems = "".join(f"\n  {problem}" for problem in found.problems[:5])
        raise DataSetError(f"{path} holds no object that can be used.{problems}")
    return found


def s3_reader(folder: Path | None) -> Fetch:
    """Reads `s3://` addresses from a folder that holds `<bucket>/<key>`; without one, from AWS."""
    if folder is None:
        from hooks.aws import read_bytes  # boto3 takes a while to import

        return read_bytes

    return FolderObjects(folder).read


def _read_plain(folder: Path) -> DataSet:
    photos = []
    for path in find_photos(folder / "images"):
        masks = mask_files(folder / "masks", path)
        if masks:
            files = tuple(file for file, _ in masks)
            photos.append(
                ReferencePhoto(
                    path.name,
                    "unnamed",
                    tuple(file.name for file in files),
                    partial(_open_file, path),
                    partial(_open_mask, path, files),
                )
            )
    return DataSet(folder.name, tuple(photos))


def _open_file(path: Path) -> npt.NDArray[np.uint8]:
    return open_photo(path.read_bytes(), str(path))


def _open_mask(photo: Path, files: tuple[Path, ...], place: int) -> Mask:
    return read_mask(files[place], read_header(photo.read_bytes(), str(photo)), photo.name)


def _read_manifest(path: Path, fetch: Fetch, label_attribute_name: str | None) -> DataSet:
    labels = list(read_labels(path.read_text(encoding="utf-8"), label_attribute_name))
    photos, problems = [], []
    with ThreadPoolExecutor(READERS) as readers:
        for read, problem in readers.map(_read_labeled, labels, repeat(fetch)):
            if read is not None:
                photos.append(read)
            if problem:
                problems.append(problem)
    return DataSet(path.stem, tuple(photos), tuple(problems))


def _read_labeled(label: MaskLabel | NoLabel, fetch: Fetch) -> tuple[ReferencePhoto | None, str]:
    """The photo of a manifest's line with its objects, or why there is none."""
    where = f"line {label.line_number}"
    if isinstance(label, NoLabel):
        return None, f"{where}: {label.state}: {label.reason}"
    try:
        header = read_header(fetch(label.source_ref), label.source_ref)
        decoded = decode_mask(fetch(label.mask_ref), label.color_map, header)
    except (FileNotFoundError, PhotoError, MaskError) as error:
        return None, f"{where}: {error}"
    classes = np.setdiff1d(np.unique(decoded.label_map), (0, VOID))
    masks = [mask for index in classes for mask in regions(decoded.label_map == index)]
    problem = " ".join(decoded.warnings)
    if not masks:
        return None, f"{where}: no region of {MIN_REGION_PIXELS} pixels or more. {problem}".strip()

    def read_photo() -> npt.NDArray[np.uint8]:
        return open_photo(fetch(label.source_ref), label.source_ref)

    photo = ReferencePhoto(
        label.source_ref,
        label.attribute,
        tuple(f"{label.source_ref}#{number}" for number in range(len(masks))),
        read_photo,
        partial(_draw, tuple(masks), header.size),
    )
    return photo, f"{where}: {problem}" if problem else ""


def regions(mask: Mask) -> list[CroppedMask]:
    """The connected regions of a class, largest first, kept as run lengths."""
    left = mask.copy()
    found = []
    while np.count_nonzero(left) >= MIN_REGION_PIXELS:
        region = largest_component(left)
        if np.count_nonzero(region) < MIN_REGION_PIXELS:
            break
        found.append(CroppedMask.from_mask(region))
        left &= ~region
    return found


def _draw(masks: tuple[CroppedMask, ...], size: Size, place: int) -> Mask:
    return masks[place].to_mask(size)
