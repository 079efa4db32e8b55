"""The measurements, on shapes whose answers are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hooks.core.clicks import Click, ClickKind, ExtremePoints
from hooks.core.geometry import Point
from model_endpoint import evaluation
from model_endpoint.evaluation import boundary_iou, evaluate, is_honoured, read_objects
from model_endpoint.octagon import OctagonNetwork, octagon
from model_endpoint.predictor import ClickPredictor

POINTS = ExtremePoints(Point(50, 20), Point(20, 40), Point(50, 60), Point(80, 40))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two photos, each with one octagon for an object, one of them too thin to be measured."""
    lines = []
    for index, height in enumerate((40, 2)):
        points = np.array([[50, 20], [20, 20 + height / 2], [50, 20 + height], [80, 22]])
        mask = octagon(points.astype(np.float64), (80, 100))
        Image.fromarray(np.zeros((80, 100, 3), np.uint8)).save(tmp_path / f"{index}.png")
        Image.fromarray(mask).save(tmp_path / f"{index}_mask.png")
        record = {"image": f"{index}.png", "objects": [{"mask": f"{index}_mask.png"}]}
        lines.append(json.dumps(record))
    (tmp_path / "index.jsonl").write_text("\n".join(lines))
    return tmp_path


def test_objects_too_thin_to_have_four_points_are_left_out(folder: Path) -> None:
    objects = list(read_objects(folder, 10))
    assert [item.name for item in objects] == ["0_mask.png"]
    assert objects[0].photo.shape == (80, 100, 3)
    assert list(read_objects(folder, 10, {"0"})) == []


def test_the_octagon_scores_high_on_octagons(folder: Path) -> None:
    predictor = ClickPredictor(OctagonNetwork(256))
    table = evaluate(predictor, read_objects(folder, 10), "region", clicks=2)
    found = table.to_json()
    assert found["objects"] == 1
    assert found["octagon_miou"] > 90
    assert len(found["miou"]) == 3
    assert found["miou"][0] == found["miou"][2]  # it never hears a click
    assert found["spoiled"] == 0


def test_the_command_prints_one_line_of_json(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text('{"backend": "octagon"}')
    evaluation.main(["--data", str(folder), "--model-dir", str(model), "--jitter", "2"])
    found = json.loads(capsys.readouterr().out)
    assert (found["model"], found["policy"], found["jitter"]) == ("octagon", "boundary", 2.0)


def test_boundary_iou_sees_edges_where_iou_does_not() -> None:
    reference = np.zeros((400, 400), np.bool_)
    reference[50:350, 50:350] = True
    smaller = np.zeros_like(reference)
    smaller[56:344, 56:344] = True
    assert boundary_iou(reference, reference) == 1.0
    assert boundary_iou(smaller, reference) < 0.5 < 0.9 < (smaller.sum() / reference.sum())


@pytest.mark.parametrize(
    ("x", "y", "kind", "honoured"),
    [
        (50.0, 40.0, ClickKind.INSIDE, True),
        (50.0, 40.0, ClickKind.OUTSIDE, False),
        (5.0, 5.0, ClickKind.OUTSIDE, True),
        (20.0, 40.0, ClickKind.BOUNDARY, True),
        (18.2, 40.0, ClickKind.BOUNDARY, True),
        (14.0, 40.0, ClickKind.BOUNDARY, False),
        (50.0, 40.0, ClickKind.BOUNDARY, False),
    ],
)
def test_a_click_is_honoured_on_its_side_or_close_to_the_outline(
    x: float, y: float, kind: ClickKind, honoured: bool
) -> None:
    mask = np.zeros((80, 100), np.bool_)
    mask[20:60, 20:80] = True
    assert is_honoured(mask, Click(Point(x, y), kind), POINTS) is honoured


def test_no_mask_honours_no_boundary_click() -> None:
    click = Click(Point(50, 40), ClickKind.BOUNDARY)
    assert not is_honoured(np.zeros((80, 100), np.bool_), click, POINTS)
