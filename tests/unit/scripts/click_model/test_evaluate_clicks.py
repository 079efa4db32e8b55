"""`fewclick evaluate-clicks` on the demo's photos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hooks.core.errors import FewclickError
from scripts.__main__ import app
from scripts.click_model import evaluate_clicks
from scripts.click_model.evaluate_clicks import EvaluateOptions, run_evaluation
from tests.conftest import DEMO_PHOTOS


@pytest.fixture
def octagon_model(tmp_path: Path) -> Path:
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text('{"backend": "octagon"}')
    return model


def options(out: Path, model: Path, **changed: Any) -> EvaluateOptions:
    values: dict[str, Any] = {
        "data": (DEMO_PHOTOS,),
        "objects": 2,
        "clicks": 2,
        "most_clicks": 2,
        "grabcut": False,
        "model_dir": model,
        "out": out,
    }
    return EvaluateOptions(**(values | changed))


def test_tables_json_and_plot_come_out(
    tmp_path: Path, octagon_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run_evaluation(options(out, octagon_model, policy="region", jitter=2.0)) == 0
    printed = capsys.readouterr()
    assert "2 of 26 objects, evenly spread; region clicks, jitter 2 px, seed 1" in printed.out
    for said in (
        "boundary IoU",
        "published, other photos",
        "72.7",
        "octagon (region)",
        "click, ms",
    ):
        assert said in printed.out
    assert "2/2" in printed.err
    found = json.loads((out / "evaluation.json").read_text())
    assert (found["model"], found["policy"], found["jitter"]) == ("octagon", "region", 2.0)
    [part] = found["data"]
    assert [row["method"] for row in part["rows"]] == ["octagon", "octagon"]
    assert [len(row["miou"]) for row in part["rows"]] == [3, 3]


@pytest.mark.torch
def test_three_rows_stand_on_the_same_objects(
    tmp_path: Path, octagon_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("cv2", reason="needs the training extra")
    pytest.importorskip("matplotlib", reason="needs the training extra")
    changed = {"grabcut": True, "as_json": True, "clicks": 1, "most_clicks": 1}
    assert run_evaluation(options(tmp_path / "out", octagon_model, **changed)) == 0
    found = json.loads(capsys.readouterr().out)
    rows = found["data"][0]["rows"]
    assert [(row["method"], row["policy"]) for row in rows] == [
        ("octagon", ""),
        ("GrabCut", "region"),
        ("octagon", "boundary"),
    ]
    assert {row["objects"] for row in rows} == {2}
    assert (tmp_path / "out" / "evaluation.png").stat().st_size > 10_000


def test_a_model_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    with pytest.raises(FewclickError, match=r"the model cannot be loaded: .*config\.json"):
        run_evaluation(options(tmp_path, tmp_path))


def test_without_matplotlib_the_figures_still_come(
    tmp_path: Path,
    octagon_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def missing(found: object, path: Path) -> None:
        raise ImportError("matplotlib")

    monkeypatch.setattr(evaluate_clicks, "plot_evaluation", missing)
    assert run_evaluation(options(tmp_path / "out", octagon_model, objects=1)) == 0
    printed = capsys.readouterr()
    assert "needs matplotlib" in printed.err
    assert "evaluation.png" not in printed.out


def test_the_command_hands_its_options_over(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[EvaluateOptions] = []

    def run(given: EvaluateOptions) -> int:
        heard.append(given)
        return 0

    monkeypatch.setattr(evaluate_clicks, "run_evaluation", run)
    words = "evaluate-clicks --data a --data b.zip --all --policy region --jitter 3 --json"
    assert CliRunner().invoke(app, [*words.split(), "--without-grabcut"]).exit_code == 0
    assert CliRunner().invoke(app, ["evaluate-clicks", "--data", "a"]).exit_code == 0
    assert heard == [
        EvaluateOptions(
            (Path("a"), Path("b.zip")),
            objects=None,
            policy="region",
            jitter=3.0,
            as_json=True,
            grabcut=False,
        ),
        EvaluateOptions((Path("a"),)),
    ]
    assert CliRunner().invoke(app, ["evaluate-clicks"]).exit_code == 2
    wrong = ["evaluate-clicks", "--data", "a", "--policy", "guess"]
    assert CliRunner().invoke(app, wrong).exit_code == 2
