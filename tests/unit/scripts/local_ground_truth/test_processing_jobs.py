"""Processing jobs: the learner in a process of its own, told of truthfully after a restart too."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from scripts.local_ground_truth import processing_jobs
from scripts.local_ground_truth.processing_jobs import LEARNER_IMAGE, ProcessingJobs
from scripts.local_ground_truth.request_check import RequestRefusedError

MACHINE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
ROLE = "arn:aws:iam::123456789012:role/learn"
SECONDS = 120


@pytest.fixture(autouse=True)
def _brief_learner(monkeypatch: pytest.MonkeyPatch) -> None:
    learner = "tests.unit.scripts.local_ground_truth.brief_learner"
    monkeypatch.setattr(processing_jobs, "LEARNER", learner)


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[ProcessingJobs]:
    plane = open_plane(tmp_path)
    yield plane
    plane.close()


def open_plane(folder: Path) -> ProcessingJobs:
    return ProcessingJobs(
        folder / "processing", MACHINE, account="123456789012", region="eu-west-1", now=time.time
    )


def ask(plane: ProcessingJobs, operation: str, **parameters: Any) -> dict[str, Any]:
    return plane.operations[f"SageMaker.{operation}"](parameters)


def create(plane: ProcessingJobs, folder: Path, *wishes: str, **changes: Any) -> dict[str, Any]:
    resources = {"InstanceCount": 1, "InstanceType": "ml.c5.xlarge", "VolumeSizeInGB": 10}
    request = {
        "ProcessingJobName": "pets-round-1",
        "RoleArn": ROLE,
        "AppSpecification": {
            "ImageUri": LEARNER_IMAGE,
            "ContainerArguments": [str(folder), *wishes],
        },
        "ProcessingResources": {"ClusterConfig": resources},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }
    return ask(plane, "CreateProcessingJob", **request | changes)


def describe(plane: ProcessingJobs, name: str = "pets-round-1") -> dict[str, Any]:
    return ask(plane, "DescribeProcessingJob", ProcessingJobName=name)


def wait(plane: ProcessingJobs, name: str = "pets-round-1") -> dict[str, Any]:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        job = describe(plane, name)
        if job["ProcessingJobStatus"] not in ("InProgress", "Stopping"):
            return job
        time.sleep(0.02)
    raise AssertionError("the job does not end")


def started(folder: Path) -> list[str]:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if (folder / "started").exists() and (said := (folder / "started").read_text()):
            return said.split()
        time.sleep(0.02)
    raise AssertionError("the learner does not start")


def test_a_job_runs_the_learner_with_its_arguments(plane: ProcessingJobs, tmp_path: Path) -> None:
    made = create(plane, tmp_path)
    assert made["ProcessingJobArn"].endswith(":processing-job/pets-round-1")
    job = wait(plane)
    assert job["ProcessingJobStatus"] == "Completed"
    assert job["ExitMessage"] == "photos predicted"
    assert job["ProcessingEndTime"] >= job["ProcessingStartTime"]
    url, work, _ = started(tmp_path)
    assert url == MACHINE["AWS_ENDPOINT_URL"]
    assert Path(work).is_relative_to(tmp_path / "processing" / "work")
    (summary,) = ask(plane, "ListProcessingJobs", NameContains="PETS")["ProcessingJobSummaries"]
    assert summary["ProcessingJobStatus"] == "Completed"


def test_a_learner_that_fails_says_why(plane: ProcessingJobs, tmp_path: Path) -> None:
    create(plane, tmp_path, "fail")
    job = wait(plane)
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: exit code 1: no labels at all"
    assert plane.log_of("pets-round-1").read_text() == "no labels at all\n"


def test_a_job_can_be_stopped(plane: ProcessingJobs, tmp_path: Path) -> None:
    create(plane, tmp_path, "wait")
    process = int(started(tmp_path)[2])
    ask(plane, "StopProcessingJob", ProcessingJobName="pets-round-1")
    assert wait(plane)["ProcessingJobStatus"] == "Stopped"
    assert not psutil.pid_exists(process)
    with pytest.raises(RequestRefusedError, match="this one is Stopped"):
        ask(plane, "StopProcessingJob", ProcessingJobName="pets-round-1")


def test_a_job_that_takes_too_long_is_stopped(plane: ProcessingJobs, tmp_path: Path) -> None:
    create(plane, tmp_path, "wait", StoppingCondition={"MaxRuntimeInSeconds": 1})
    job = wait(plane)
    assert job["ProcessingJobStatus"] == "Stopped"
    assert "longer than MaxRuntimeInSeconds, 1" in job["ExitMessage"]


def test_after_a_restart_a_job_that_was_cut_off_has_failed(tmp_path: Path) -> None:
    first = open_plane(tmp_path)
    create(first, tmp_path, "wait")
    _, work, process = started(tmp_path)
    first.close()
    assert not psutil.pid_exists(int(process))
    second = open_plane(tmp_path)
    job = describe(second)
    assert job["ProcessingJobStatus"] == "Failed"
    assert "ended while the job ran" in job["FailureReason"]
    # The same round under another name finds what the first one had done.
    (tmp_path / "started").unlink()
    create(second, tmp_path, "wait", ProcessingJobName="pets-round-1-2")
    assert started(tmp_path)[1] == work
    second.close()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"AppSpecification": {"ImageUri": "1.dkr.ecr.eu-west-1.amazonaws.com/own:1"}},
            "runs no containers, so not 1.dkr.ecr.eu-west-1.amazonaws.com/own:1",
        ),
        ({"ProcessingJobName": "no good!"}, "regular expression pattern"),
        ({"RoleArn": None}, "Member must not be null"),
    ],
)
def test_what_cannot_run_is_refused(
    plane: ProcessingJobs, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(RequestRefusedError, match=said):
        create(plane, tmp_path, **changes)
    assert ask(plane, "ListProcessingJobs")["ProcessingJobSummaries"] == []


def test_names_are_given_once(plane: ProcessingJobs, tmp_path: Path) -> None:
    create(plane, tmp_path)
    with pytest.raises(RequestRefusedError, match="a job named pets-round-1 already"):
        create(plane, tmp_path)
    with pytest.raises(RequestRefusedError, match="Could not find requested job other"):
        describe(plane, "other")
    with pytest.raises(RequestRefusedError, match="not by SortBy"):
        ask(plane, "ListProcessingJobs", SortBy="Name")
