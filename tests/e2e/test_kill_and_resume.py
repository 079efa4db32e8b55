"""Killed with -9 at fifty moments, a job loses no acknowledged answer and comes out the same.

Each test runs `kill_driver.py` until it kills itself at a chosen step, and then the same command
again, with nothing to tell it what happened. The steps are those at which something is made
durable (a file's rename, a transaction's commit), taken from a run that was left alone; the kill
comes before the step, after it, or in its middle: with half of the file written, or at any
instruction of SQLite's commit.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import REPOSITORY
from tests.e2e.kill_driver import JOB, OBJECTS, WORKERS

SEED = 20261120
KILLS = 50
SECONDS_PER_RUN = 300
OUTPUT = Path("s3") / "fewclick-bucket-local" / "out" / JOB
CERTAIN = (
    # Whatever the seed draws, the job dies in these too.
    ("commit submit", "before"),
    ("commit submit", "middle"),
    ("commit submit", "after"),
    ("commit finish", "middle"),
    ("commit plan", "after"),
    (f"file {OUTPUT}/annotations/consolidated-annotation/output/0.json", "middle"),
    (
        f"file {OUTPUT}/annotations/consolidated-annotation/consolidation-request/"
        "iteration-1/<time>.json",
        "after",
    ),
    (f"file {OUTPUT}/manifests/output/output.manifest", "before"),
    (f"file {OUTPUT}/manifests/output/output.manifest", "middle"),
    (f"file {OUTPUT}/manifests/output/output.manifest", "after"),
)

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Run:
    """One run of the driver."""

    folder: Path
    acknowledged: Path
    status: int
    steps: list[str]
    errors: str


def run(folder: Path, acknowledged: Path, kill: dict[str, Any] | None = None) -> Run:
    command = [sys.executable, str(Path(__file__).with_name("kill_driver.py"))]
    command += [str(folder), str(acknowledged)]
    if kill is not None:
        command.append(json.dumps(kill))
    ran = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=SECONDS_PER_RUN,
        check=False,
    )
    return Run(folder, acknowledged, ran.returncode, ran.stdout.splitlines(), ran.stderr)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same job, left alone."""
    folder = tmp_path_factory.mktemp("undisturbed")
    finished = run(folder / "root", folder / "acknowledged")
    assert finished.status == 0, finished.errors
    return finished


def manifest(folder: Path) -> list[Any]:
    """The output manifest's lines without their times."""
    text = (folder / OUTPUT / "manifests" / "output" / "output.manifest").read_text()
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", "<time>", text)
    return [json.loads(line) for line in text.splitlines()]


def choose_kill(number: int, steps: list[str]) -> dict[str, Any]:
    """The kill of one number: the certain ones first, then drawn with the seed."""
    draw = random.Random(f"{SEED}/{number}")
    # A step that comes more often the longer a worker waits is not a place to aim at.
    counted = Counter(step for step in steps if step != "commit next_task")
    if number < len(CERTAIN):
        step, when = CERTAIN[number]
    else:
        # Names, not steps: what is done often would otherwise crowd out the rest.
        step = draw.choice(sorted(counted))
        when = draw.choice(["before", "middle", "after"])
    return {
        "step": step,
        "occurrence": draw.randrange(counted[step]),
        "when": when,
        "delay": draw.uniform(0, 0.004),
    }


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_job_comes_out_as_if_nothing_had_happened(
    undisturbed: Run, tmp_path: Path, number: int
) -> None:
    kill = choose_kill(number, undisturbed.steps)
    root, acknowledged = tmp_path / "root", tmp_path / "acknowledged"
    killed = run(root, acknowledged, kill)
    assert killed.status in (-signal.SIGKILL, -signal.SIGALRM), f"{kill}: {killed.errors}"
    if number % 5 == 4:
        # Some die a second time on their way back, if they still come past the chosen step.
        run(root, acknowledged, choose_kill(number + KILLS, undisturbed.steps))
    resumed = run(root, acknowledged)
    assert resumed.status == 0, f"{kill}: {resumed.errors}"

    assert manifest(root) == manifest(undisturbed.folder)
    assert_every_acknowledged_answer_is_there(root, acknowledged)
    responses = list((root / OUTPUT / "annotations" / "worker-response").rglob("*.json"))
    assert len(responses) == OBJECTS
    assert_nobody_is_left(root)


def assert_every_acknowledged_answer_is_there(root: Path, acknowledged: Path) -> None:
    notes = [json.loads(line) for line in acknowledged.read_text().splitlines()]
    with sqlite3.connect(root / "state.sqlite") as database:
        kept = dict(
            database.execute(
                "SELECT assignment_id, answer FROM assignments WHERE state = 'submitted'"
            ).fetchall()
        )
    database.close()
    assert len(kept) == OBJECTS * len(WORKERS)
    for note in notes:
        assert json.loads(kept[note["assignment"]]) == note["answer"]


def assert_nobody_is_left(root: Path) -> None:
    """The functions of the run that was killed have ended with it."""
    port = json.loads((root / "ports.json").read_bytes())["cloud"]
    for process in psutil.process_iter(["environ"]):
        environment = process.info["environ"] or {}
        assert environment.get("AWS_ENDPOINT_URL") != f"http://127.0.0.1:{port}", process
