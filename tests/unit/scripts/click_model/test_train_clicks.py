"""`fewclick train-clicks`, from photos to a model directory that serves. Needs torch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

pytest.importorskip("torch", reason="needs the training extra")

from hooks.core.errors import FewclickError
from model_endpoint.model_directory import load_network
from scripts.__main__ import app
from scripts.click_model import train_clicks
from scripts.click_model.train_clicks import TrainOptions, run_training

pytestmark = [pytest.mark.torch]

TINY = {
    "label": "tiny",
    "minutes": 1,
    "processes": 1,
    "batch": 4,
    "size": 64,
    "final_size": 64,
    "network": {
        "stem": 8,
        "widths": [16, 16, 24, 24],
        "depths": [1, 1, 1, 1],
        "necks": [8, 16, 16, 16],
        "prompts": [8, 8, 8, 8],
        "decoder": [8, 16, 16, 16],
    },
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One photo with one disk, in the plain form: images/ and masks/."""
    folder = tmp_path / "mine"
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    rows, columns = np.mgrid[:80, :100]
    mask = np.hypot(rows - 40, columns - 50) < 25
    Image.fromarray(np.where(mask, 200, 40).astype(np.uint8)).save(folder / "images" / "a.png")
    Image.fromarray(mask).save(folder / "masks" / "a_0_disk.png")
    return folder


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps(TINY))
    return path


def test_a_run_leaves_a_model_that_serves_and_can_be_resumed(
    data: Path, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert run_training(TrainOptions((data,), out, config=config, steps=2, seed=5)) == 0
    printed = capsys.readouterr()
    assert "2 steps, 8 samples" in printed.out
    assert "1 photos, 1 objects" in printed.err
    assert "100%" in printed.err
    network = load_network(out / "model")
    assert (network.name.partition("-")[0], network.size) == ("tiny", 64)
    assert (out / "curve.png").stat().st_size > 1000
    recipe = json.loads((out / "recipe.json").read_text())
    assert (recipe["data"], recipe["seed"], recipe["steps"]) == (["mine"], 5, 2)

    with pytest.raises(FewclickError, match="give --resume"):
        run_training(TrainOptions((data,), out, config=config, steps=3))
    with pytest.raises(FewclickError, match="keeps its configuration"):
        run_training(TrainOptions((data,), out, seed=6, resume=True))
    with pytest.raises(FewclickError, match="and its start"):
        run_training(TrainOptions((data,), out, start_from=out / "model", resume=True))
    assert run_training(TrainOptions((data,), out, steps=3, resume=True)) == 0
    assert "3 steps, 12 samples" in capsys.readouterr().out
    assert json.loads((out / "recipe.json").read_text())["seed"] == 5

    further = TrainOptions(
        (data,), tmp_path / "further", config=config, steps=1, start_from=out / "model"
    )
    assert run_training(further) == 0
    assert json.loads((further.out / "recipe.json").read_text())["start_from"] == str(out / "model")


def test_wrong_calls_are_refused_before_anything_is_written(
    data: Path, config: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    with pytest.raises(FewclickError, match="give one"):
        run_training(TrainOptions((data,), out, config=config, steps=3, minutes=1))
    with pytest.raises(FewclickError, match="no run to resume"):
        run_training(TrainOptions((data,), out, resume=True))
    with pytest.raises(FewclickError, match="does not exist"):
        run_training(TrainOptions((tmp_path / "nowhere",), out, config=config))
    with pytest.raises(FewclickError, match="no weights to start from"):
        run_training(TrainOptions((data,), out, config=config, start_from=tmp_path / "nothing"))
    assert not out.exists()


def test_the_command_hands_its_options_over(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[TrainOptions] = []

    def run(given: TrainOptions) -> int:
        heard.append(given)
        return 0

    monkeypatch.setattr(train_clicks, "run_training", run)
    words = "train-clicks --data a --out r --steps 9 --seed 2 --device cuda --processes 3 --resume"
    words += " --start-from m"
    assert CliRunner().invoke(app, words.split()).exit_code == 0
    assert heard == [
        TrainOptions(
            (Path("a"),),
            Path("r"),
            steps=9,
            seed=2,
            device="cuda",
            processes=3,
            resume=True,
            start_from=Path("m"),
        )
    ]
    wrong = ["train-clicks", "--data", "a", "--out", "r", "--device", "toaster"]
    assert CliRunner().invoke(app, wrong).exit_code == 2
