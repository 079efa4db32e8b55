"""Photos with reference masks: what the click model is trained on and measured with.

A data set is a folder, or a ZIP of one, that holds `index.jsonl`, one line per photo:

    {"image": "images/a.webp", "source": "pets", "objects": [{"mask": "masks/a_0.png"}, ...]}

Paths are relative to the folder. A mask is an image of the photo file's own size, bright where
the object is.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.errors import FewclickError
from hooks.core.masks import Mask
from hooks.core.photo import open_photo, read_header, upright

INDEX_FILE = "index.jsonl"
MAX_FILE_BYTES = 200 * 1024 * 1024


class DataSetError(FewclickError):
    """A data set cannot be used; the message says which file and why."""


@dataclass(frozen=True, slots=True)
class ReferencePhoto:
    """One photo and its known objects; pixels are read when asked for.

    Attributes:
        name: unique within its data set.
        source: where the photo comes from; training draws by source.
        object_names: one per object, unique within the data set.
        read_photo: gives the upright photo, uint8 RGB (height, width, 3).
        read_mask: gives the mask of an object by its place, bool (height, width), upright.
    """

    name: str
    source: str
    object_names: tuple[str, ...]
    read_photo: Callable[[], npt.NDArray[np.uint8]]
    read_mask: Callable[[int], Mask]

    @property
    def stem(self) -> str:
        """The file's name without folder and ending."""
        return self.name.rpartition("/")[2].rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class DataSet:
    """Photos of one origin, and sentences about what in it could not be used."""

    name: str
    photos: tuple[ReferencePhoto, ...]
    problems: tuple[str, ...] = ()

    @property
    def object_count(self) -> int:
        return sum(len(photo.object_names) for photo in self.photos)


def read_indexed(path: Path) -> DataSet:
    """The data set of a folder or a ZIP with an index.

    Raises:
        DataSetError: there is no index, or a line of it cannot be used.
    """
    read = _zip_reader(path) if path.is_file() else _folder_reader(path)
    photos = []
    for number, line in enumerate(read(INDEX_FILE).decode("utf-8").splitlines(), start=1):
        if line.strip():
            photos.append(_parse(line, f"{path}: {INDEX_FILE}, line {number}", read))
    if not photos:
        raise DataSetError(f"{path}: {INDEX_FILE} names no photo.")
    return DataSet(path.stem, tuple(photos))


def decode_mask_image(data: bytes, name: str, orientation: int = 1) -> Mask:
    """Bool (height, width) of an image that is bright where the object is, turned upright.

    Raises:
        DataSetError: not an image.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "WEBP", "BMP", "TIFF")) as image:
            bright: Mask = np.asarray(image.convert("L")) > 127
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataSetError(f"{name}: not a mask that can be read ({error}).") from error
    return upright(bright, orientation)


def _parse(line: str, where: str, read: Callable[[str], bytes]) -> ReferencePhoto:
    try:
        record = json.loads(line)
        image = str(record["image"])
        masks = tuple(str(item["mask"]) for item in record["objects"])
        source = str(record.get("source", "unnamed"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataSetError(
            f'{where} is not {{"image": ..., "objects": [{{"mask": ...}}]}} ({error!r}).'
        ) from error

    def read_photo() -> npt.NDArray[np.uint8]:
        return open_photo(read(image), image)

    def read_mask(place: int) -> Mask:
        header = read_header(read(image), image)
        mask = decode_mask_image(read(masks[place]), masks[place], header.orientation)
        if mask.shape != header.size.shape:
            raise DataSetError(
                f"{masks[place]} is {mask.shape[1]} x {mask.shape[0]} pixels, its photo "
                f"{header.size.width} x {header.size.height}."
            )
        return mask

    return ReferencePhoto(image, source, masks, read_photo, read_mask)


def _folder_reader(folder: Path) -> Callable[[str], bytes]:
    def read(name: str) -> bytes:
        try:
            return (folder / name).read_bytes()
        except OSError as error:
            raise DataSetError(f"{folder / name} cannot be read ({error.strerror}).") from error

    return read


def _zip_reader(path: Path) -> Callable[[str], bytes]:
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataSetError(f"{path} is not a ZIP that can be read ({error}).") from error
    # A ZIP of a folder often holds the folder itself.
    found = min(
        (name for name in archive.namelist() if name.rpartition("/")[2] == INDEX_FILE),
        key=len,
        default=INDEX_FILE,
    )
    prefix = found.removesuffix(INDEX_FILE)

    def read(name: str) -> bytes:
        try:
            if archive.getinfo(prefix + name).file_size > MAX_FILE_BYTES:
                raise DataSetError(f"{path}: {name} is larger than {MAX_FILE_BYTES} bytes.")
            return archive.read(prefix + name)
        except (KeyError, OSError, zipfile.BadZipFile) as error:
            raise DataSetError(f"{path}: {name} cannot be read ({error}).") from error

    return read
