"""Real people's masks, read from tiny made-up sets in both layouts."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hooks.core.masks import LabelMap
from scripts.consensus.annotator_sets import AnnotatorSet, AnnotatorSetError
from tests.grid import label_grid

EXPERT = label_grid("..../.11./.11./....")
WORKER = label_grid("..../.11./.1../....")


def png(label_map: LabelMap, mode: str = "L") -> bytes:
    body = io.BytesIO()
    Image.fromarray(label_map * 255).convert(mode).save(body, "PNG")
    return body.getvalue()


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return path


def test_workers_and_an_expert_in_a_zip(tmp_path: Path) -> None:
    files = {
        "index.json": b"[]",
        "cell_1.webp": b"not read",
        "cell_1_w1.png": png(WORKER),
        "cell_1_w0.png": png(EXPERT, "1"),
        "cell_1_gold.png": png(EXPERT),
        "lonely_w0.png": png(WORKER),
        "lonely_gold.png": png(WORKER),
        "ungolden_w0.png": png(WORKER),
        "ungolden_w1.png": png(WORKER),
    }
    found = AnnotatorSet.open(write_zip(tmp_path / "cells.zip", files))
    assert (found.name, found.most_answers, list(found.files)) == ("cells", 2, ["cell_1"])
    masks = found.read("cell_1")
    assert masks.gold is not None
    assert (masks.gold == EXPERT).all()
    assert [int(answer.sum()) for answer in masks.answers] == [4, 3]
    assert masks.answers[0].dtype == np.uint8
    assert int(masks.answers[0].max()) == 1


def test_several_people_and_no_expert_in_a_folder(tmp_path: Path) -> None:
    inner = tmp_path / "set" / "masks"
    inner.mkdir(parents=True)
    for name in ("p_obj0_a0", "p_obj0_a1", "p_obj1_a0", "p_obj1_a1", "p_obj1_a2"):
        (inner / f"{name}.png").write_bytes(png(WORKER))
    found = AnnotatorSet.open(tmp_path / "set")
    assert {name: len(files) for name, files in found.files.items()} == {"p_obj0": 2, "p_obj1": 3}
    masks = found.read("p_obj1")
    assert masks.gold is None
    assert len(masks.answers) == 3


def test_a_set_without_such_masks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnnotatorSetError, match=r"holds no masks of several people: <photo>_w<"):
        AnnotatorSet.open(write_zip(tmp_path / "photos.zip", {"a.png": png(WORKER)}))
    (tmp_path / "text.zip").write_text("no zip")
    for path in (tmp_path / "text.zip", tmp_path / "missing"):
        with pytest.raises(AnnotatorSetError, match="neither a folder nor a readable zip"):
            AnnotatorSet.open(path)


def test_masks_that_cannot_be_compared_are_named(tmp_path: Path) -> None:
    files = {
        "a_obj0_a0.png": png(WORKER),
        "a_obj0_a1.png": png(WORKER[:2]),
        "b_obj0_a0.png": png(WORKER),
        "b_obj0_a1.png": b"no image",
    }
    found = AnnotatorSet.open(write_zip(tmp_path / "odd.zip", files))
    with pytest.raises(AnnotatorSetError, match="the masks of a_obj0 differ in size"):
        found.read("a_obj0")
    with pytest.raises(AnnotatorSetError, match=r"b_obj0_a1\.png is not an image"):
        found.read("b_obj0")
