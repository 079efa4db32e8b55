"""`fewclick demo` as people run it, in a process of its own, on a few of the demo's photos."""

from __future__ import annotations

import io
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hooks.core.masks import iou
from hooks.core.photo import orientation_exif, to_file_grid, upright
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.slow

PHOTOS = ("coco_471", "coco_72", "coco_565778")


def few_photos(folder: Path, demo_photos: Path) -> Path:
    """A folder with three of the demo's photos and their masks."""
    for name in PHOTOS:
        (folder / "images").mkdir(parents=True, exist_ok=True)
        (folder / "masks").mkdir(exist_ok=True)
        shutil.copy(demo_photos / "images" / f"{name}.jpg", folder / "images")
        for mask in (demo_photos / "masks").glob(f"{name}_*"):
            shutil.copy(mask, folder / "masks")
    return folder


def command(folder: Path, *options: str) -> list[str]:
    return [
        *(sys.executable, "-m", "scripts", "demo", "--json"),
        *("--out", str(folder / "out")),
        *("--images", str(folder / "images"), "--masks", str(folder / "masks")),
        *options,
    ]


def run(folder: Path, *options: str, exit_code: int = 0) -> list[dict[str, Any]]:
    done = subprocess.run(
        command(folder, *options), cwd=REPOSITORY, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == exit_code, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def mean(rows: list[dict[str, Any]], column: str) -> float:
    return float(np.mean([row[column] for row in rows]))


def output_of(folder: Path) -> tuple[list[dict[str, Any]], Path]:
    """The lines of the one output manifest, and the folder that holds its bucket."""
    (path,) = (folder / "out" / "s3").glob("*/output/*/manifests/output/output.manifest")
    bucket = next(parent for parent in path.parents if parent.parent.name == "s3")
    return [json.loads(line) for line in path.read_text().splitlines()], bucket


def test_the_table_gets_worse_when_the_model_is_a_plain_octagon(
    tmp_path: Path, demo_photos: Path
) -> None:
    """What simulated workers submit is made of what the endpoint returned."""
    model = run(few_photos(tmp_path / "model", demo_photos))
    octagon_model = tmp_path / "octagon-model"
    octagon_model.mkdir()
    (octagon_model / "config.json").write_text('{"backend": "octagon"}')
    octagon = run(few_photos(tmp_path / "octagon", demo_photos), "--model-dir", str(octagon_model))
    assert [row["photo"] for row in model] == [row["photo"] for row in octagon]
    assert mean(model, "iou") > 0.75
    assert mean(octagon, "iou") < mean(model, "iou") - 0.1

    lines, bucket = output_of(tmp_path / "model")
    assert len(lines) == len(PHOTOS)
    for line in lines:
        label = line["fewclick-demo-1"]
        assert label["status"] in ("consensus", "needs-adjudication")
        mask = bucket / label["mask-ref"].split("/", 3)[3]
        with Image.open(mask) as image:
            assert image.mode == "P"
        assert label["workers"] == 3
    (report,) = (tmp_path / "model" / "out").glob("*.html")
    html = report.read_text()
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", html)
    # Reference, consolidated, three workers, for every photo.
    assert html.count("<img") == 5 * len(PHOTOS)


def test_an_interrupted_demo_goes_on_to_the_same_result(tmp_path: Path, demo_photos: Path) -> None:
    whole = run(few_photos(tmp_path / "whole", demo_photos))
    folder = few_photos(tmp_path / "cut", demo_photos)
    answers = folder / "out" / "s3"
    with subprocess.Popen(
        command(folder), cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 120
        while not list(answers.glob("*/output/*/annotations/worker-response/*/*/*.json")):
            assert process.poll() is None, "the demo ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    resumed = run(folder)
    assert resumed == whole
    lines, _ = output_of(folder)
    assert len(lines) == len(PHOTOS)


def test_bad_photos_fail_by_name_and_the_others_are_labeled(
    tmp_path: Path, demo_photos: Path
) -> None:
    folder = few_photos(tmp_path, demo_photos)
    (folder / "images" / "broken.jpg").write_bytes(b"no photo at all")
    # Masks say which photos take part; this one's is never looked at.
    shutil.copy(folder / "masks" / "coco_471_0_bus.png", folder / "masks" / "broken_0_bus.png")
    rows = {row["photo"]: row for row in run(folder, exit_code=1)}
    assert rows["broken.jpg"]["status"] == "failed"
    assert "broken.jpg" in rows["broken.jpg"]["reason"]
    assert "not a photo" in rows["broken.jpg"]["reason"]
    assert rows["coco_471.jpg"]["iou"] > 0.7
    lines, _ = output_of(folder)
    (failed,) = [line for line in lines if line["source-ref"].endswith("broken.jpg")]
    (metadata,) = [value for name, value in failed.items() if name.endswith("-metadata")]
    assert "failure-reason" in metadata


def test_a_turned_photos_mask_lines_up_with_its_file(tmp_path: Path, demo_photos: Path) -> None:
    """The photo lies on its side in the file, with an EXIF tag that says how to turn it."""
    images, masks = tmp_path / "images", tmp_path / "masks"
    images.mkdir()
    masks.mkdir()
    with Image.open(demo_photos / "images" / "coco_471.jpg") as image:
        pixels = np.asarray(image.convert("RGB"))
    with Image.open(demo_photos / "masks" / "coco_471_0_bus.png") as image:
        reference = np.asarray(image.convert("L")) > 0
    stream = io.BytesIO()
    Image.fromarray(to_file_grid(pixels, 6)).save(
        stream, format="JPEG", quality=95, exif=orientation_exif(6)
    )
    (images / "turned.jpg").write_bytes(stream.getvalue())
    Image.fromarray(to_file_grid(reference, 6)).save(masks / "turned_0_bus.png")
    (row,) = run(tmp_path)
    assert row["iou"] > 0.75
    (line,), bucket = output_of(tmp_path)
    label = line["fewclick-demo-1"]
    with Image.open(bucket / label["mask-ref"].split("/", 3)[3]) as image:
        assert image.size == (427, 640)
        assert image.getexif()[0x0112] == 6
        in_the_file = np.asarray(image) > 0
    assert iou(in_the_file, to_file_grid(reference, 6)) > 0.75
    assert iou(upright(in_the_file, 6), reference) > 0.75
