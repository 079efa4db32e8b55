"""The whole circle on one machine: a demo job is labeled, exported, trained on and looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.conftest import REPOSITORY
from tests.e2e.test_demo_job import few_photos

pytestmark = [pytest.mark.slow, pytest.mark.torch]
pytest.importorskip("torch")


def fewclick(*arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "scripts", *arguments, "--json"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_demo_job_becomes_a_model_that_sees_what_was_labeled(
    tmp_path: Path, demo_photos: Path
) -> None:
    folder = few_photos(tmp_path, demo_photos)
    job = ["--images", str(folder / "images"), "--masks", str(folder / "masks")]
    fewclick("demo", *job, "--out", str(tmp_path / "job"))
    (manifest,) = (tmp_path / "job" / "s3").glob("*/output/*/manifests/output/output.manifest")

    data = str(tmp_path / "set")
    where = ["--s3-folder", str(tmp_path / "job" / "s3")]
    kinds = ["bus=thing", "giraffe=thing", "train=thing"]
    merged = [word for kind in kinds for word in ("--merge", kind)]
    summary = fewclick(
        "export", str(manifest), *where, "--out", data, *merged, "--validation", "0.34"
    )
    assert summary["images"] == {"train": 2, "validation": 1}
    assert summary["num_classes"] == 2

    run = tmp_path / "run"
    fewclick("train", data, "--local", "--out", str(run), "--epochs", "12", "--size", "160")
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert len(log) == 12
    assert log[-1]["loss"] < log[0]["loss"]
    assert (run / "curve.png").exists()

    seen = fewclick("predict", data, "--model", str(run / "model"), "--out", str(tmp_path / "seen"))
    assert seen["references"] == 1
    assert 0 < seen["mean_iou"] <= 1
    (photo,) = seen["photos"]
    with Image.open(tmp_path / "seen" / "masks" / f"{photo['name']}.png") as mask:
        assert set(np.unique(np.asarray(mask))) <= {0, 1}
    with Image.open(tmp_path / "seen" / "grid.png") as grid:
        assert len(grid.getcolors(1 << 20) or range(300)) > 200

    # What it was trained on it must have learned, or nothing was.
    known = fewclick(
        *("predict", str(folder / "images"), "--model", str(run / "model")),
        *("--references", str(tmp_path / "set" / "train_annotation")),
        *("--out", str(tmp_path / "known")),
    )
    assert known["references"] == 2
    assert known["mean_iou"] > 0.6
