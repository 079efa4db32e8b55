"""Training on labels against training on references: what is compared, and the table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from hooks.core.masks import LabelMap
from scripts.__main__ import app
from scripts.segmentation.evaluate_training import table_text
from tests.unit.scripts.label_bench import LabelBench, photo_of


def square(number: int, grown: int = 0) -> LabelMap:
    label_map = np.zeros((64, 96), np.uint8)
    label_map[16 - grown : 48 + grown, 8 * number : 8 * number + 32 + grown] = 1 + number % 2
    return label_map


def test_the_table_says_what_was_lost() -> None:
    scores = {"BACKGROUND": 0.8, "cat": 0.6}
    results = {
        "label_iou": 0.9,
        "labels": {"iou": scores, "mean_iou": 0.7, "pixel_accuracy": 0.8},
        "references": {
            "iou": {"BACKGROUND": 0.82, "cat": 0.7},
            "mean_iou": 0.76,
            "pixel_accuracy": 0.83,
        },
    }
    rows = [line.split() for line in table_text(results).splitlines()]
    assert ["cat", "60.0", "70.0", "10.0"] in rows
    assert ["mean", "IoU", "70.0", "76.0", "6.0"] in rows


@pytest.mark.slow
@pytest.mark.torch
def test_both_are_measured_against_the_references(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    images, masks = tmp_path / "images", tmp_path / "masks"
    images.mkdir()
    masks.mkdir()
    bench = LabelBench(tmp_path)
    for number in range(6):
        truth = square(number)
        photo = photo_of(truth)
        (images / f"p{number}.jpg").write_bytes(photo)
        name = ("cat", "dog")[number % 2]
        mask = Image.fromarray(np.where(truth > 0, 255, 0).astype(np.uint8))
        mask.save(masks / f"p{number}_0_{name}.png")
        # Workers drew four pixels too large.
        drawn = (square(number, 4) > 0).astype(np.uint8)
        bench.add(f"photos/p{number}.jpg", drawn, (name,), photo=photo)
    out = tmp_path / "out"
    arguments = ["evaluate-training", bench.manifest(), "--images", str(images)]
    arguments += ["--masks", str(masks), "--s3-folder", str(bench.s3_folder), "--epochs", "1"]
    arguments += ["--one-class", "animal", "--out", str(out), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, f"{done.output} {done.exception}"
    results = json.loads((out / "results.json").read_text())
    assert 0.7 < results["label_iou"] < 0.95
    for source in ("labels", "references"):
        assert set(results[source]["iou"]) == {"BACKGROUND", "animal"}
        for path in (out / source / "set" / "validation_annotation").iterdir():
            with Image.open(path) as image:
                number = int(path.stem[1:])
                assert (np.asarray(image) == (square(number) > 0)).all()
    assert pixels_in(out / "labels") > pixels_in(out / "references")


def pixels_in(folder: Path) -> int:
    """How many pixels of the images to train on have a class."""
    total = 0
    for path in (folder / "set" / "train_annotation").iterdir():
        with Image.open(path) as image:
            total += int(np.count_nonzero(np.asarray(image)))
    return total
