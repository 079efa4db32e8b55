"""Indexed data sets, in folders and in ZIPs."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hooks.core.photo import orientation_exif
from model_endpoint.reference_photos import DataSetError, read_indexed

MASK = np.zeros((6, 8), np.bool_)
MASK[1:3, 2:7] = True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A photo that lies on its side, and its mask in the file's grid."""
    folder = tmp_path / "set"
    (folder / "images").mkdir(parents=True)
    image = Image.fromarray(np.zeros((6, 8, 3), np.uint8))
    image.save(folder / "images" / "a.b.png", exif=orientation_exif(6))
    Image.fromarray(MASK).save(folder / "m.png")
    line = {"image": "images/a.b.png", "source": "pets", "objects": [{"mask": "m.png"}]}
    (folder / "index.jsonl").write_text(json.dumps(line) + "\n\n")
    return folder


def zipped(folder: Path, prefix: str) -> Path:
    path = folder.parent / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*"):
            if file.is_file():
                archive.write(file, prefix + str(file.relative_to(folder)))
    return path


@pytest.mark.parametrize("prefix", [None, "", "set/"])
def test_photos_and_masks_are_upright_wherever_they_lie(folder: Path, prefix: str | None) -> None:
    data = read_indexed(folder if prefix is None else zipped(folder, prefix))
    assert (data.name, data.object_count) == ("set", 1)
    [photo] = data.photos
    assert (photo.name, photo.stem, photo.source) == ("images/a.b.png", "a.b", "pets")
    assert photo.object_names == ("m.png",)
    assert photo.read_photo().shape == (8, 6, 3)
    assert np.array_equal(photo.read_mask(0), np.rot90(MASK, -1))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "names no photo"),
        ("{", "line 1 is not"),
        ('{"image": "a.png"}', "line 1 is not"),
        ('{"image": "a.png", "objects": [3]}', "line 1 is not"),
        ("[]", "line 1 is not"),
    ],
)
def test_an_index_that_cannot_be_used_is_refused(folder: Path, text: str, problem: str) -> None:
    (folder / "index.jsonl").write_text(text)
    with pytest.raises(DataSetError, match=problem):
        read_indexed(folder)


def test_files_that_cannot_be_read_are_named(folder: Path) -> None:
    photo = read_indexed(folder).photos[0]
    Image.fromarray(MASK.T).save(folder / "m.png")
    with pytest.raises(DataSetError, match=r"m\.png is 8 x 6 pixels, its photo 6 x 8"):
        photo.read_mask(0)
    (folder / "m.png").write_bytes(b"no")
    with pytest.raises(DataSetError, match=r"m\.png: not a mask"):
        photo.read_mask(0)
    (folder / "m.png").unlink()
    with pytest.raises(DataSetError, match=r"m\.png cannot be read"):
        photo.read_mask(0)
    (folder / "index.jsonl").unlink()
    with pytest.raises(DataSetError, match=r"index\.jsonl cannot be read"):
        read_indexed(folder)


def test_zips_that_cannot_be_read_are_named(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK no")
    with pytest.raises(DataSetError, match="not a ZIP"):
        read_indexed(broken)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("index.jsonl", (folder / "index.jsonl").read_text())
    broken.write_bytes(stream.getvalue())
    with pytest.raises(DataSetError, match=r"a\.b\.png cannot be read"):
        read_indexed(broken).photos[0].read_photo()
