"""Exports read by pycocotools, datumaro and supervision: the masks are those that were exported."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from hooks.core.masks import LabelMap, iou
from scripts.__main__ import app
from tests.unit.scripts.label_bench import LabelBench

READERS = os.environ.get("FEWCLICK_READERS")
"""A Python with datumaro and supervision, which need other versions of what is used here."""
LABELS = ("cat", "dog", "bird")


def scene(seed: int) -> LabelMap:
    """Ellipses of three classes over each other, with holes, 60 x 80."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:60, :80]
    label_map = np.zeros((60, 80), np.uint8)
    for index in (1, 2, 3, 1, 2):
        y, x = rng.uniform(0, 60), rng.uniform(0, 80)
        ring = np.hypot((rows - y) / rng.uniform(8, 20), (columns - x) / rng.uniform(8, 20))
        label_map[(ring < 1) & (ring > rng.uniform(0, 0.5))] = index
    return label_map


@pytest.fixture
def scenes(tmp_path: Path) -> dict[str, LabelMap]:
    return {f"p{seed}": scene(seed) for seed in range(6)}


@pytest.fixture
def manifest(tmp_path: Path, scenes: dict[str, LabelMap]) -> str:
    bench = LabelBench(tmp_path)
    for name, label_map in scenes.items():
        bench.add(f"{name}.jpg", label_map, LABELS)
    return bench.manifest()


def export(tmp_path: Path, manifest: str, kind: str) -> Path:
    folder = tmp_path / kind
    arguments = ["export", manifest, "--s3-folder", str(tmp_path / "s3"), "--out", str(folder)]
    arguments += ["--format", kind, "--labels", "bird,cat,dog", "--validation", "0.34"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return folder


def expected(label_map: LabelMap) -> LabelMap:
    """The same by the export's classes: bird, cat, dog."""
    return np.array([0, 2, 3, 1], np.uint8)[label_map]


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # its own, with numpy 2
def test_pycocotools_reads_the_instances(
    tmp_path: Path, manifest: str, scenes: dict[str, LabelMap]
) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    folder = export(tmp_path, manifest, "coco")
    seen = 0
    for side in ("train", "validation"):
        document = coco.COCO(folder / "annotations" / f"instances_{side}.json")
        names = [item["name"] for item in document.loadCats(document.getCatIds())]
        assert names == ["bird", "cat", "dog"]
        for image in document.loadImgs(document.getImgIds()):
            label_map = np.zeros((image["height"], image["width"]), np.uint8)
            for annotation in document.loadAnns(document.getAnnIds(imgIds=image["id"])):
                mask = document.annToMask(annotation).astype(bool)
                assert not label_map[mask].any(), "objects overlap"
                assert mask.sum() == annotation["area"]
                label_map[mask] = annotation["category_id"]
            name = Path(image["file_name"]).stem
            assert (label_map == expected(scenes[name])).all()
            assert (folder / "images" / side / image["file_name"]).exists()
            seen += 1
    assert seen == len(scenes)


@pytest.mark.slow
@pytest.mark.skipif(READERS is None, reason="FEWCLICK_READERS names no Python with the readers")
@pytest.mark.parametrize("kind", ["coco", "coco-panoptic", "voc", "yolo"])
def test_others_read_the_same_masks(
    tmp_path: Path, manifest: str, scenes: dict[str, LabelMap], kind: str
) -> None:
    folder = export(tmp_path, manifest, kind)
    script, out = Path(__file__).with_name("foreign_readers.py"), tmp_path / "read.npz"
    done = subprocess.run(
        [str(READERS), str(script), kind, str(folder), str(out)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    with np.load(out) as arrays:
        read = dict(arrays)
    assert set(read) == set(scenes)
    for name, label_map in scenes.items():
        if kind == "yolo":
            # One polygon an object: ways to holes and between parts cost a pixel here and there.
            assert (
                min(iou(read[name] == index, expected(label_map) == index) for index in (1, 2, 3))
                > 0.97
            )
        else:
            assert (read[name] == expected(label_map)).all()
