"""`fewclick active-learn` on the real local Ground Truth: programs label and correct as people do,
the learner learns, and a run that is killed in the middle goes on to its end."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scripts.local_ground_truth.local import LocalGroundTruth
from scripts.photo_set import References, find_photos
from scripts.simulation.simulated_workers import SimulatedWorker
from scripts.simulation.worker_habits import CAREFUL
from tests.conftest import REPOSITORY
from tests.unit.scripts.active_learning.round_bench import blob

pytest.importorskip("torch")
pytestmark = [pytest.mark.slow, pytest.mark.torch]

RUN = "shapes"
PHOTOS = 16
SIZES = ("--test-size", "2", "--validation-size", "5", "--training-size", "4", "--batch-size", "2")
LOOP = ("--max-rounds", "2", "--target", "0.03", "--certainty", "0.2", "--wait", "1")
LEARNER = ("--epochs", "12", "--size", "64")
SECONDS = 300


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of bright shapes and, beside them, the masks that workers know."""
    folder = tmp_path_factory.mktemp("photos")
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for number in range(PHOTOS):
        mask = blob(number, shape=(96, 128))
        photo = np.full((*mask.shape, 3), 50, np.uint8)
        photo[mask > 0] = (220, 180, 60)
        Image.fromarray(photo).save(folder / "images" / f"p{number:02d}.jpg", quality=95)
        Image.fromarray(mask * 255).save(folder / "masks" / f"p{number:02d}_0_shape.png")
    return folder


@contextmanager
def served(folder: Path) -> Iterator[LocalGroundTruth]:
    """A local Ground Truth with a click model that is no network."""
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "config.json").write_text('{"backend": "octagon"}')
    with LocalGroundTruth(folder / "root", model_dir=folder / "model") as local:
        yield local


class Crew:
    """A worker who does every job that comes, until the context ends."""

    def __init__(self, local: LocalGroundTruth, photos: Path) -> None:
        self._local = local
        self._references = References(photos / "masks", find_photos(photos / "images"))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.kinds: dict[str, int] = {}
        self.problem: Exception | None = None

    def __enter__(self) -> Crew:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        try:
            while not self._over.wait(0.2):
                listed = self._local.sagemaker.list_labeling_jobs(StatusEquals="InProgress")
                for job in listed["LabelingJobSummaryList"]:
                    name = job["LabelingJobName"]
                    worker = SimulatedWorker(
                        CAREFUL, self._local.portal_url, self._references.of_uri, 1, lambda: None
                    )
                    self.kinds[name] = self.kinds.get(name, 0) + worker.work(name)
                    worker.close()
        except Exception as error:  # noqa: BLE001 (told by the test)
            self.problem = error


def command(local: LocalGroundTruth, *words: str) -> list[str]:
    return [sys.executable, "-m", "scripts", "active-learn", *words, "--local", str(local.root)]


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + SECONDS
    while not path.exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end, f"{path} does not come"
        time.sleep(0.1)


def wanted(photos: Path, *options: str) -> list[str]:
    start = ["start", RUN, "--photos", str(photos / "images"), "--labels", "shape"]
    return [*start, "--workers", "1", *SIZES, *LOOP, *LEARNER, *options]


def start_and_kill(local: LocalGroundTruth, *words: str) -> None:
    """Start a run, and kill its command while the learner learns."""
    plan = f"s3://{local.bucket}/active-learning/{RUN}/plan.json"
    process = subprocess.Popen(
        command(local, *words),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(local.path_of(plan).parent / "rounds" / "1" / "training.json", process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def output_lines(local: LocalGroundTruth, output: str) -> list[dict[str, Any]]:
    """The output manifest, which has every photo with its label."""
    lines = [json.loads(line) for line in local.path_of(output).read_text().splitlines()]
    names = [Path(line["source-ref"]).name for line in lines]
    assert names == [f"p{number:02d}.jpg" for number in range(PHOTOS)]
    assert all(RUN in line for line in lines)
    return lines


def by_machine(lines: list[dict[str, Any]]) -> int:
    return sum(line[f"{RUN}-metadata"]["human-annotated"] == "no" for line in lines)


def test_a_killed_run_goes_on_from_the_photos_to_the_output_manifest(
    photos: Path, tmp_path: Path
) -> None:
    with served(tmp_path) as local, Crew(local, photos) as crew:
        start_and_kill(local, *wanted(photos))
        document = json.loads(run(local, "status", RUN, "--json"))
        assert document["execution"]["status"] == "RUNNING"
        output = json.loads(run(local, "resume", RUN, "--wait", "1", "--json"))["output"]
        lines = output_lines(local, output)
        assert by_machine(lines), "the shapes are easy: some are labeled by machine"
        assert sum(crew.kinds.values()) == PHOTOS - by_machine(lines), "nothing is labeled twice"
        for line in lines:
            mask = local.path_of(line[RUN]["mask-ref"]).read_bytes()
            with Image.open(io.BytesIO(mask)) as image:
                assert image.size == (128, 96)
        document = json.loads(run(local, "status", RUN, "--json"))
        assert document["execution"]["status"] == "SUCCEEDED"
        assert {phase["state"] for phase in document["phases"]} == {"done"}
        assert "certainty of 0.2" in document["summary"]["guarantee"]
        page = run(local, "report", RUN, "--out", str(tmp_path / "report")).strip()
        assert "data:image/png" in Path(page).read_text()
        # The same command finds the run over; another of its name is refused.
        assert json.loads(run(local, *wanted(photos, "--json")))["status"] == "ended"
        assert "it differs in seed" in run(local, *wanted(photos, "--seed", "5"), exit_code=2)
    assert crew.problem is None


def test_a_run_of_boxes_that_was_stopped_goes_on_when_everything_was_started_anew(
    photos: Path, tmp_path: Path
) -> None:
    start = wanted(photos, "--kind", "boxes")
    with served(tmp_path) as local, Crew(local, photos) as crew:
        start_and_kill(local, *start)
        assert f"{RUN}-round-1 is stopping" in run(local, "stop", RUN, "--with-jobs")
    assert crew.problem is None
    with served(tmp_path) as local, Crew(local, photos) as again:
        resume = command(local, "resume", RUN, "--wait", "1")
        done = subprocess.run(resume, cwd=REPOSITORY, capture_output=True, text=True)
        if done.returncode == 1:  # it was waiting for the learner when it was killed
            assert f"{RUN}-round-1 " in done.stderr
            assert f"resume {RUN} --local" in run(local, "status", RUN, exit_code=1)
        output = json.loads(run(local, "resume", RUN, "--wait", "1", "--json"))["output"]
        jobs = local.sagemaker.list_processing_jobs()["ProcessingJobSummaries"]
        ends = {job["ProcessingJobName"]: job["ProcessingJobStatus"] for job in jobs}
        assert ends[f"{RUN}-round-1"] == "Stopped"
        assert ends[f"{RUN}-round-1-2"] == "Completed"
        lines = output_lines(local, output)
        labeled = sum(crew.kinds.values()) + sum(again.kinds.values())
        assert labeled == PHOTOS - by_machine(lines)
        sizes = [line[RUN]["image_size"] for line in lines]
        assert sizes == PHOTOS * [[{"width": 128, "height": 96, "depth": 3}]]
        page = run(local, "report", RUN, "--out", str(tmp_path / "report")).strip()
        assert Path(page).exists()
    assert again.problem is None


def run(local: LocalGroundTruth, *words: str, exit_code: int = 0) -> Any:
    """A verb's standard output; of one that is to fail, with its standard error."""
    done = subprocess.run(
        command(local, *words), cwd=REPOSITORY, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == exit_code, done.stderr
    return done.stdout if exit_code == 0 else " ".join(f"{done.stdout} {done.stderr}".split())
