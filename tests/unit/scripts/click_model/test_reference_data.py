"""`--data` in all its forms; a manifest's labels become objects."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from hooks.core.masks import write_label_map
from hooks.core.photo import orientation_exif
from model_endpoint.reference_photos import DataSetError
from scripts.click_model import reference_data
from scripts.click_model.reference_data import open_data_set, s3_reader
from tests.conftest import DEMO_PHOTOS

COLORS = {
    "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"},
    "1": {"class-name": "cat", "hex-color": "#c80000"},
    "2": {"class-name": "dog", "hex-color": "#00c800"},
}
HEX = {0: "#ffffff", 1: "#c80000", 2: "#00c800"}


@pytest.fixture
def label_map() -> npt.NDArray[np.uint8]:
    """Two cats, one speck of cat, one dog, and void; upright, 60 x 40."""
    label_map = np.zeros((40, 60), np.uint8)
    label_map[2:22, 2:22] = 1
    label_map[25:39, 2:18] = 1
    label_map[0:3, 50:53] = 1
    label_map[20:35, 30:55] = 2
    label_map[36:, 30:] = 255
    return label_map


@pytest.fixture
def bucket(tmp_path: Path, label_map: npt.NDArray[np.uint8]) -> Path:
    """A photo that lies on its side, with its mask, as S3 objects in a folder."""
    bucket = tmp_path / "s3" / "b"
    bucket.mkdir(parents=True)
    stream = io.BytesIO()
    Image.new("RGB", (40, 60)).save(stream, "JPEG", exif=orientation_exif(6))
    (bucket / "a.jpg").write_bytes(stream.getvalue())
    (bucket / "0.png").write_bytes(write_label_map(label_map, HEX, orientation=6))
    return bucket


def manifest(folder: Path, *lines: dict[str, Any]) -> Path:
    path = folder / "output.manifest"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


OURS = {
    "source-ref": "s3://b/a.jpg",
    "job": {"mask-ref": "s3://b/0.png", "internal-color-map": COLORS},
}
BUILT_IN = {
    "source-ref": "s3://b/a.jpg",
    "job-ref": "s3://b/0.png",
    "job-ref-metadata": {"internal-color-map": COLORS},
}


@pytest.mark.parametrize("line", [OURS, BUILT_IN])
def test_a_manifests_regions_are_objects(
    tmp_path: Path, bucket: Path, label_map: npt.NDArray[np.uint8], line: dict[str, Any]
) -> None:
    data = open_data_set(manifest(tmp_path, line), bucket.parent)
    [photo] = data.photos
    assert (data.object_count, data.problems) == (3, ())
    assert photo.read_photo().shape == (40, 60, 3)
    masks = [photo.read_mask(place) for place in range(3)]
    assert [int(mask.sum()) for mask in masks] == [400, 224, 375]
    assert np.array_equal(masks[2], label_map == 2)
    assert len(set(photo.object_names)) == 3


def test_lines_without_a_label_are_reported(tmp_path: Path, bucket: Path) -> None:
    (bucket / "broken.png").write_bytes(b"no")
    lines = [
        OURS,
        {"source-ref": "s3://b/a.jpg"},
        {"source-ref": "s3://b/a.jpg", "job-metadata": {"failure-reason": "late"}},
        {"source-ref": "s3://b/missing.jpg", "job": OURS["job"]},
        {"source-ref": "s3://b/a.jpg", "job": dict(OURS["job"], **{"mask-ref": "s3://b/x.png"})},
        {
            "source-ref": "s3://b/a.jpg",
            "job": dict(OURS["job"], **{"mask-ref": "s3://b/broken.png"}),
        },
        {"source-ref": "s3://b/a.jpg", "job": dict(OURS["job"], **{"mask-ref": "s3://b/../y"})},
    ]
    data = open_data_set(manifest(tmp_path, *lines), bucket.parent)
    assert len(data.photos) == 1
    assert [problem.partition(":")[0] for problem in data.problems] == [
        f"line {number}" for number in range(2, 8)
    ]
    for problem, said in zip(
        data.problems,
        ["unlabeled", "failed: late", "missing.jpg", "x.png", "cannot be read", "y"],
        strict=True,
    ):
        assert said in problem


def test_without_a_folder_objects_come_from_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hooks.aws.read_bytes", lambda uri: uri.encode())
    assert s3_reader(None)("s3://b/k") == b"s3://b/k"


def test_an_address_cannot_lead_out_of_its_folder(bucket: Path) -> None:
    (bucket.parent.parent / "secret").write_text("x")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        s3_reader(bucket.parent)("s3://b/../../secret")


def test_the_demos_own_photos_are_a_data_set() -> None:
    data = open_data_set(DEMO_PHOTOS)
    assert data.object_count > 20
    photo = data.photos[0]
    assert photo.read_mask(0).shape == photo.read_photo().shape[:2]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nowhere", "does not exist"),
        ("empty", "neither index.jsonl nor images/ and masks/"),
        ("file.txt", r"neither a folder, a \.zip nor a \.manifest"),
        ("unlabeled.manifest", "no object that can be used"),
    ],
)
def test_data_that_is_none_is_refused(tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("x")
    (tmp_path / "unlabeled.manifest").write_text('{"source-ref": "s3://b/a.jpg"}\n')
    with pytest.raises(DataSetError, match=problem):
        open_data_set(tmp_path / name, tmp_path)


def test_specks_are_no_objects(
    label_map: npt.NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(reference_data.regions(label_map == 1)) == 2
    monkeypatch.setattr(reference_data, "MIN_REGION_PIXELS", 1)
    assert len(reference_data.regions(label_map == 1)) == 3
