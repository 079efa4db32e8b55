"""From photos to people's verdicts on a model's labels, on the local Ground Truth: the command,
the asynchronous endpoint with a real model in it, the job that it makes, and workers who judge."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hooks.core.manifest import ManifestLine, read_lines
from scripts.__main__ import app
from scripts.local_ground_truth.local import LocalGroundTruth
from scripts.photo_set import References
from scripts.simulation.simulated_workers import SimulatedWorker
from scripts.simulation.worker_habits import CAREFUL
from tests.conftest import REPOSITORY

torch = pytest.importorskip("torch")

from model_endpoint.model_directory import SHIPPED  # noqa: E402  needs torch
from model_endpoint.network import NetworkConfig  # noqa: E402
from model_endpoint.segmentation_network import (  # noqa: E402
    SegmentationConfig,
    SegmentationModel,
    new_network,
)

pytestmark = [pytest.mark.slow, pytest.mark.torch]

NAMES = ("coco_471.jpg", "coco_72.jpg")
SECONDS = 240.0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of `fewclick train --local` that has learned nothing yet."""
    config = json.loads((SHIPPED / "config.json").read_text(encoding="utf-8"))
    wanted = SegmentationConfig(
        ("BACKGROUND", "bus", "giraffe"), 64, NetworkConfig.from_json(config["network"])
    )
    network = new_network(wanted, SHIPPED, seed=7).eval()
    folder = tmp_path_factory.mktemp("trained") / "model"
    SegmentationModel(wanted, network, torch.device("cpu")).write(folder)
    return folder


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalGroundTruth]:
    with LocalGroundTruth(tmp_path / "out", endpoint_name="") as started:
        yield started


def arguments(local: LocalGroundTruth, model: Path, photos: Path, out: Path) -> list[str]:
    return [
        *("auto-label", "zoo", "--local", str(local.root), "--model", f"local:{model}"),
        *("--photos", str(photos), "--labels", "bus,giraffe", "--out", str(out)),
        *("--min-score", "0", "--json"),
    ]


def photos_of(demo_photos: Path, folder: Path, copies: int = 1) -> Path:
    folder.mkdir()
    for name in NAMES:
        for copy in range(copies):
            body = (demo_photos / "images" / name).read_bytes()
            (folder / (f"{copy}-{name}" if copy else name)).write_bytes(body)
    return folder


def test_workers_judge_what_a_model_labeled(
    local: LocalGroundTruth, model: Path, demo_photos: Path, tmp_path: Path
) -> None:
    photos = photos_of(demo_photos, tmp_path / "photos")
    out = tmp_path / "run"
    result = CliRunner().invoke(app, arguments(local, model, photos, out))
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["photos"], said["answered"], said["set_aside"]) == (2, 2, 0)
    assert said["job"]["status"] == "created"
    assert (out / "labels.png").stat().st_size > 0
    assert local.sagemaker.list_endpoints()["Endpoints"] == []

    files = [demo_photos / "images" / name for name in NAMES]
    references = References(demo_photos / "masks", files)
    worker = SimulatedWorker(CAREFUL, local.portal_url, references.of_uri, 7, on_task=lambda: None)
    worker.work("zoo-check")
    worker.close()
    described = local.wait_for_job("zoo-check")
    assert described["LabelingJobStatus"] == "Completed"
    address = described["LabelingJobOutput"]["OutputDatasetS3Uri"]
    lines = list(read_lines(local.path_of(address).read_text(encoding="utf-8")))
    assert len(lines) == 2
    for line in lines:
        assert isinstance(line, ManifestLine)
        assert line.fields["zoo"]["status"] == "machine"
        assert line.fields["zoo-check-metadata"]["human-annotated"] == "yes"
        verdict: Any = line.fields["zoo-check-metadata"]["class-name"]
        assert verdict  # what it is depends on what untrained weights paint


def test_killed_at_work_it_goes_on_and_asks_about_nothing_twice_that_has_an_answer(
    local: LocalGroundTruth, model: Path, demo_photos: Path, tmp_path: Path
) -> None:
    photos = photos_of(demo_photos, tmp_path / "photos", copies=8)
    out = tmp_path / "run"
    command = [sys.executable, "-m", "scripts", *arguments(local, model, photos, out)]
    first = subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    answers = local.path_of(f"s3://{local.bucket}/auto-label/zoo/answers/x").parent
    deadline = time.monotonic() + SECONDS
    while sum(1 for _ in answers.rglob("*.out")) < 3:
        assert first.poll() is None, "it ended before it was killed"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert len(local.sagemaker.list_endpoints()["Endpoints"]) == 1

    result = CliRunner().invoke(app, arguments(local, model, photos, out))
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["answered"] == 16
    assert local.sagemaker.list_endpoints()["Endpoints"] == []
    # Of those that were in flight when it was killed, at most, somebody learned too late.
    asked = [path.parent.name for path in answers.rglob("*.out")]
    assert len(set(asked)) == 16
    assert all(name.endswith("-1") for name in asked)
    assert len(asked) <= 16 + 8
