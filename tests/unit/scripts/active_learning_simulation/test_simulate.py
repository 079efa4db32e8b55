"""The whole simulation, on drawn photos and with an encoder that has learned nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("cv2")

from safetensors.torch import save_file  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from hooks.core.geometry import Size  # noqa: E402
from model_endpoint.network import WEIGHTS_FILE, ClickNetwork, NetworkConfig  # noqa: E402
from model_endpoint.reference_photos import read_indexed  # noqa: E402
from scripts.__main__ import app  # noqa: E402
from scripts.active_learning_simulation.labeled_photos import read_references  # noqa: E402
from scripts.active_learning_simulation.mask_learner import (  # noqa: E402
    best_mask,
    wanted_mask,
)
from scripts.active_learning_simulation.photo_features import read_features  # noqa: E402
from scripts.active_learning_simulation.results import RESULTS_FILE  # noqa: E402
from scripts.active_learning_simulation.simulated_labels import answer, human_iou  # noqa: E402

pytestmark = pytest.mark.torch

TINY = NetworkConfig(8, (8, 8, 8, 8), (1, 1, 1, 1), (8, 8, 8, 8), (8, 8, 8, 8), (8, 8, 8, 8))
PHOTOS = 98


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of a bright disc each on dark ground, and their masks."""
    folder = tmp_path_factory.mktemp("discs")
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:48, :64]
    lines = []
    for number in range(PHOTOS):
        x, y, radius = rng.uniform(20, 44), rng.uniform(18, 30), rng.uniform(8, 16)
        disc = (columns - x) ** 2 + (rows - y) ** 2 < radius**2
        pixels = np.where(disc[..., None], [230, 220, 60], [30, 40, 90]) + rng.normal(0, 8, 3)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{number}.png")
        Image.fromarray((disc * 255).astype(np.uint8)).save(folder / f"{number}_0.png")
        source = "discs" if number >= 8 else "other"
        lines.append(
            {"image": f"{number}.png", "source": source, "objects": [{"mask": f"{number}_0.png"}]}
        )
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "index.jsonl").write_text(text)
    return folder


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(0)
    state = {name: value.contiguous() for name, value in ClickNetwork(TINY).state_dict().items()}
    save_file(state, folder / WEIGHTS_FILE)
    (folder / "config.json").write_text(json.dumps({"network": TINY.to_json()}))
    return folder


def test_features_are_computed_once(data: Path, encoder: Path, tmp_path: Path) -> None:
    photos = read_indexed(data).photos[:4]
    first = read_features(photos, encoder, tmp_path)
    assert first.sizes == (Size(384, 288),) * 4
    assert np.isfinite(first.cells).all()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("directions.npz")}
    again = read_features(photos, encoder, tmp_path)
    assert np.array_equal(first.cells, again.cells)
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("directions.npz")}


def test_people_draw_nearly_what_is_there(data: Path) -> None:
    references = read_references(read_indexed(data).photos[:20])
    labels = answer(references, [Size(384, 288)] * 20, 3)
    assert 0.9 < human_iou(labels, references, boxes=False) < 1
    assert 0.9 < human_iou(labels, references, boxes=True) < 1


@pytest.mark.slow
def test_a_simulation_is_carried_out_interrupted_and_taken_up_again(
    data: Path, encoder: Path, tmp_path: Path
) -> None:
    words = ["simulate-active-learning", "--data", str(data), "--out", str(tmp_path / "out")]
    words += ["--encoder", str(encoder), "--source", "discs", "--seeds", "1", "--target", "0.5"]
    words += ["--prior-source", "other"]
    words += ["--acquisition", "random", "--acquisition", "entropy", "--processes", "1", "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert set(summary) == {"masks", "boxes"}
    assert [row["acquisition"] for row in summary["masks"]["runs"]] == ["random", "entropy"]
    for kind in summary:
        assert (tmp_path / "out" / kind / "report.html").exists()
    path = tmp_path / "out" / RESULTS_FILE
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == 2 * 2 * 2
    path.write_text("".join(lines[:3]) + lines[3][:20])
    again = CliRunner().invoke(app, words)
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout) == summary
    assert sorted(path.read_text().splitlines(keepends=True)) == sorted(lines)


def test_a_source_that_there_is_not_is_refused(data: Path, encoder: Path, tmp_path: Path) -> None:
    words = ["simulate-active-learning", "--data", str(data), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [*words, "--encoder", str(encoder), "--source", "dogs"])
    assert result.exit_code == 2
    assert "'dogs'; it has discs, other" in result.output


def test_photos_that_are_replayed_teach_no_head_before(
    data: Path, encoder: Path, tmp_path: Path
) -> None:
    words = ["simulate-active-learning", "--data", str(data), "--out", str(tmp_path / "out")]
    words += ["--encoder", str(encoder), "--source", "discs", "--prior-source", "discs"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert "may not learn from photos that are replayed" in " ".join(result.output.split())


def test_a_head_learns_the_objects_share_of_every_part_of_a_cell() -> None:
    mask = np.zeros((192, 192), bool)
    mask[0:16, 0:8] = True
    wanted = wanted_mask(mask)
    assert wanted.sum() == 16 * 8 / 4
    assert wanted[:8, :4].min() == 1


def test_the_mask_is_the_one_that_promises_most() -> None:
    shares = torch.zeros(10, 10)
    shares[:2] = 0.9
    shares[2:4] = 0.4  # worth having: it adds 8 to what is found and 12 to what is not
    shares[4:] = 0.02
    taken, promised = best_mask(shares)
    assert taken[:4].all()
    assert not taken[4:].any()
    assert promised == pytest.approx(26 / (40 + 1.2))
    nothing, none = best_mask(torch.full((4, 4), 0.01))
    assert (bool(nothing.any()), none) == (False, 0.0)
