"""The learner as a Processing job: a request that AWS takes, and code that runs alone."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts.active_learning.learner import LearnerSettings
from scripts.active_learning.learner_job import (
    learner_files,
    learning_request,
    local_learning_request,
    own_learning_request,
)
from scripts.active_learning.train_and_predict import WORK_VARIABLE
from scripts.local_ground_truth import processing_jobs
from scripts.local_ground_truth.request_check import check_shape
from scripts.processing_job import CODE_FILE, START_FILE, Machines

ROLE = "arn:aws:iam::123456789012:role/learn"
MACHINES = Machines("763104351884.dkr.ecr.eu-west-1.amazonaws.com/p:2.6", ROLE, "ml.c5.xlarge")


def test_aws_takes_every_request() -> None:
    settings = LearnerSettings(epochs=3, size=128)
    for request in (
        learning_request("pets", settings, MACHINES, "s3://labels/active-learning/pets/learner/"),
        own_learning_request("pets", MACHINES),
        local_learning_request("pets", settings, ROLE),
    ):
        assert check_shape("CreateProcessingJob", request) == []
        assert request["AppSpecification"]["ContainerArguments"][0] == "{round}"


def test_the_start_script_is_one_that_a_shell_reads() -> None:
    script = learner_files()[START_FILE].decode()
    done = subprocess.run(["bash", "-n"], input=script, text=True, check=False)
    assert done.returncode == 0
    assert 'exec python -m scripts.active_learning.train_and_predict "$@"\n' in script


def test_the_same_code_is_packed_the_same() -> None:
    assert learner_files() == learner_files()


def test_the_local_ground_truth_knows_where_the_learner_keeps_its_work() -> None:
    assert processing_jobs.WORK_VARIABLE == WORK_VARIABLE


def test_the_packed_code_runs_with_nothing_but_its_packages(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    with zipfile.ZipFile(io.BytesIO(learner_files()[CODE_FILE])) as archive:
        archive.extractall(tmp_path)
    # As in the container: nothing of what the command line and the local Ground Truth need.
    missing = ("typer", "rich", "moto", "jinja2", "httpx", "psutil", "aws_lambda_powertools")
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({missing!r}));"
        "sys.path.insert(0, '.');"
        "import scripts.active_learning.mask_learner as masks, scripts.active_learning.box_learner;"
        "import scripts.active_learning.train_and_predict as learner;"
        "masks.network_config(); print(learner.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        env={"PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / done.stdout.strip()).is_relative_to(tmp_path)
