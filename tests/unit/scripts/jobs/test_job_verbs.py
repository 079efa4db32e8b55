"""`fewclick job` watches, lists, stops, fetches, reports and forgets jobs that people work on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hooks.core.manifest import ManifestLine
from hooks.core.masks import write_label_map
from scripts.jobs.job_diagnosis import diagnose
from scripts.jobs.job_progress import JobProgress, cost_so_far
from scripts.prices import load_prices
from tests.unit.scripts.cloud_bench import CloudBench, fewclick, png
from tests.unit.scripts.local_ground_truth.conftest import work

MAP = {
    "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"},
    "1": {"class-name": "cat", "hex-color": "#2ca02c"},
}


def create(stack: CloudBench, tmp_path: Path, name: str, photos: int = 2, *more: object) -> None:
    folder = tmp_path / name
    folder.mkdir()
    for number in range(photos):
        (folder / f"{number}.png").write_bytes(png())
    result = fewclick(
        "job", "create", name, "--photos", folder, "--labels", "cat", "--workers", 1, "--yes", *more
    )
    assert result.exit_code == 0, result.output


def test_a_job_is_watched_until_it_is_done(stack: CloudBench, tmp_path: Path) -> None:
    create(stack, tmp_path, "Watched")
    before = fewclick("job", "watch", "Watched", "--once", "--json")
    assert before.exit_code == 0
    assert json.loads(before.stdout)["labeled"] == 0
    work(stack.local.portal_url, "Watched", "ann", 2)
    result = fewclick("job", "watch", "Watched", "--json")
    assert result.exit_code == 0, result.output
    last = json.loads(result.stdout.splitlines()[-1])
    assert (last["status"], last["labeled"], last["failed"]) == ("Completed", 2, 0)
    assert float(last["cost_usd"]) == pytest.approx(0.16)
    assert last["objects_per_hour"] > 0
    listed = json.loads(fewclick("job", "list", "--contains", "watch", "--json").stdout)
    assert [(job["name"], job["labeled"]) for job in listed] == [("Watched", 2)]
    assert "Watched" in fewclick("job", "list").stdout


def test_the_same_verbs_reach_the_local_ground_truth(stack: CloudBench, tmp_path: Path) -> None:
    local = ("--local", stack.local.root)
    create(stack, tmp_path, "Near", 1, *local)
    work(stack.local.portal_url, "Near", "ann", 1)
    result = fewclick("job", "watch", "Near", "--json", *local)
    assert result.exit_code == 0
    assert json.loads(result.stdout.splitlines()[-1])["cost_usd"] is None
    assert "Near" in fewclick("job", "list", *local).stdout


def test_a_job_is_stopped_once_somebody_is_sure(stack: CloudBench, tmp_path: Path) -> None:
    create(stack, tmp_path, "Halted")
    asked = fewclick("job", "stop", "Halted", answer="n\n")
    assert asked.exit_code == 1
    assert "cannot be started again" in asked.stderr
    assert "StopLabelingJob" not in stack.operations()
    assert fewclick("job", "stop", "Halted", "--yes").exit_code == 0
    assert stack.local.wait_for_job("Halted")["LabelingJobStatus"] == "Stopped"
    assert fewclick("job", "stop", "Halted", "--yes").exit_code == 0  # again is no mistake
    assert fewclick("job", "watch", "Halted", "--once").exit_code == 1


@pytest.mark.parametrize("verb", ["watch", "stop", "results", "report", "forget-answers"])
def test_a_job_that_there_is_not_is_wrong_usage(cloud: CloudBench, verb: str) -> None:
    result = fewclick("job", verb, "Nobody")
    assert result.exit_code == 2
    assert "there is no labeling job Nobody in us-east-1" in result.stderr


def finish(stack: CloudBench, name: str, lines: list[dict[str, Any]]) -> None:
    """Let the job's output be these lines."""
    stack.local.sagemaker.stop_labeling_job(LabelingJobName=name)
    job = stack.local.wait_for_job(name)
    address = job["LabelingJobOutput"]["OutputDatasetS3Uri"]
    stack.put(
        address.removeprefix(f"s3://{stack.bucket}/"),
        "".join(json.dumps(line) + "\n" for line in lines),
    )


def labeled(stack: CloudBench, name: str, number: int) -> dict[str, Any]:
    mask = write_label_map(np.ones((2, 4), np.uint8), {0: "#ffffff", 1: "#2ca02c"})
    address = stack.put(f"masks/{number}_2026-11-20T10:12:00.png", mask)
    label = {
        "mask-ref": address,
        "internal-color-map": MAP,
        "confidence": 0.9,
        "status": "consensus",
        "reason": "",
    }
    return {"source-ref": photo(stack, name, number), name: label, f"{name}-metadata": {}}


def photo(stack: CloudBench, name: str, number: int) -> str:
    return f"s3://{stack.bucket}/jobs/{name.lower()}/photos/{number}.png"


def test_results_are_fetched_and_not_fetched_again(stack: CloudBench, tmp_path: Path) -> None:
    create(stack, tmp_path, "Fetched")
    failed = {
        "source-ref": photo(stack, "Fetched", 1),
        "Fetched-metadata": {"failure-reason": "ClientError: the task expired"},
    }
    finish(stack, "Fetched", [labeled(stack, "Fetched", 0), failed])
    to = tmp_path / "results"
    result = fewclick("job", "results", "Fetched", "--to", to)
    assert result.exit_code == 1  # one photo has no label
    assert "the task expired" in result.stderr
    first, second = map(json.loads, (to / "labels.jsonl").read_text().splitlines())
    assert first["mask"] == "masks/0_0.png"
    assert first["classes"]["#2ca02c"] == "cat"
    assert (to / first["mask"]).read_bytes() == stack.read(
        f"s3://{stack.bucket}/masks/0_2026-11-20T10:12:00.png"
    )
    assert second["problem"] == "ClientError: the task expired"
    stack.calls.clear()
    fewclick("job", "results", "Fetched", "--to", to)
    whole = [
        call for _, name, call in stack.calls
        if name == "GetObject" and "masks/" in call["Key"] and "Range" not in call
    ]  # fmt: skip
    assert whole == []


def test_a_report_says_why_lines_have_no_label(stack: CloudBench, tmp_path: Path) -> None:
    create(stack, tmp_path, "Told", 4)
    lines = [
        labeled(stack, "Told", 0),
        {
            "source-ref": photo(stack, "Told", 1),
            "Told-metadata": {"failure-reason": "ClientError: LambdaErrorCode: Unhandled"},
        },
        {
            "source-ref": photo(stack, "Told", 2),
            "Told": {"status": "failed", "reason": "no answer could be used."},
        },
        {"source-ref": photo(stack, "Told", 3)},
    ]
    finish(stack, "Told", lines)
    stack.put(
        "output/Told/annotations/worker-response/iteration-1/0/2026.json",
        json.dumps(
            {"answers": [{"workerId": "private.us-east-1.ann", "answerContent": {},
                          "timeSpentInSeconds": 7.5}]}
        ),
    )  # fmt: skip
    page = tmp_path / "report.html"
    result = fewclick("job", "report", "Told", "--out", page, "--json")
    assert result.exit_code == 1, result.output
    told = json.loads(result.stdout)
    assert [(item["line"], item["reason"]) for item in told["problems"]] == [
        (2, "ClientError: LambdaErrorCode: Unhandled"),
        (3, "no answer could be used."),
        (4, "not labeled when the job stopped."),
    ]
    assert any("CloudWatch" in hint for hint in told["hints"])
    ((worker),) = told["workers"]
    assert worker["worker"].startswith("worker-")
    assert worker["median_seconds"] == 7.5
    assert "private.us-east-1.ann" not in page.read_text(encoding="utf-8")
    assert "private.us-east-1.ann" not in result.output
    shown = fewclick("job", "report", "Told", "--out", page).stdout
    assert "line 2: s3://" in shown
    assert "What to do: The hook says why" in shown


def test_a_failed_jobs_manifest_is_looked_at(stack: CloudBench) -> None:
    """As AWS has it: the job was taken, then failed on its input."""
    manifest = stack.put("bad.manifest", '{"photo": "s3://b/a.jpg"}\nnonsense\n')
    job = {
        "LabelingJobName": "x",
        "LabelAttributeName": "x",
        "LabelingJobStatus": "Failed",
        "FailureReason": "ClientError: The manifest is invalid",
    }
    told = diagnose(job, (), stack.read(manifest))
    assert [found.line_number for found in told.findings if found.line_number] == [1, 2]
    assert any("manifest lint" in hint for hint in told.hints)


def test_an_object_that_vanished_is_told() -> None:
    job = {"LabelingJobName": "x", "LabelAttributeName": "x", "LabelingJobStatus": "Completed"}
    lines = (ManifestLine(1, {"source-ref": "s3://b/1.jpg"}),)
    (problem,) = diagnose(job, lines, None).problems
    assert "nobody answered in time" in problem.reason


def description(labeled: int, failed: int, left: int, minutes: float) -> dict[str, Any]:
    created = datetime(2026, 11, 20, tzinfo=UTC)
    return {
        "LabelingJobName": "x",
        "LabelingJobStatus": "InProgress",
        "CreationTime": created,
        "LastModifiedTime": created,
        "LabelCounters": {
            "TotalLabeled": labeled,
            "FailedNonRetryableError": failed,
            "Unlabeled": left,
        },
    }


def look(labeled: int, left: int, minutes: float) -> JobProgress:
    job = description(labeled, 0, left, minutes)
    return JobProgress.from_description(job, job["CreationTime"] + timedelta(minutes=minutes))


def test_the_forecast_goes_by_what_was_done_lately() -> None:
    start, later = look(10, 90, 60), look(40, 60, 120)
    assert start.rate() == pytest.approx(10)
    assert later.rate(start) == pytest.approx(30)
    assert later.seconds_left(start) == pytest.approx(2 * 3600)
    assert look(0, 10, 1).seconds_left() is None


def test_public_workers_are_part_of_the_cost() -> None:
    task = {
        "NumberOfHumanWorkersPerDataObject": 5,
        "PublicWorkforceTaskPrice": {
            "AmountInUsd": {"Dollars": 0, "Cents": 3, "TenthFractionsOfACent": 6}
        },
    }
    cost = cost_so_far(
        {"HumanTaskConfig": task}, look(600, 400, 120), load_prices(), "ml.g4dn.xlarge"
    )
    amounts = {item.what: float(item.amount) for item in cost.items}
    assert amounts == pytest.approx(
        {"Ground Truth": 48, "public workers": 108, "endpoint": 2 * 0.7364}
    )


def test_a_job_that_stands_still_from_the_start_is_worth_a_look() -> None:
    assert look(0, 10, 5).hint() == ""
    assert "Do workers see the task" in look(0, 10, 30).hint()
    assert look(1, 9, 30).hint() == ""


def test_answers_are_forgotten_and_labels_kept(stack: CloudBench, tmp_path: Path) -> None:
    create(stack, tmp_path, "Private", 1)
    running = fewclick("job", "forget-answers", "Private", "--yes")
    assert running.exit_code == 2
    assert "still needed" in running.stderr
    work(stack.local.portal_url, "Private", "ann", 1)
    stack.local.wait_for_job("Private")
    kept = fewclick("job", "forget-answers", "Private", "--yes", "--older-than-days", 3)
    assert kept.stdout == "0 objects deleted.\n"
    result = fewclick("job", "forget-answers", "Private", "--yes")
    assert result.exit_code == 0, result.output
    assert result.stdout == "2 objects deleted.\n"  # the answer, and the payload that held it
    keys = [
        item["Key"]
        for item in stack.local.s3.list_objects_v2(Bucket=stack.bucket, Prefix="output/Private/")[
            "Contents"
        ]
    ]
    assert any(key.endswith("output.manifest") for key in keys)
    assert not any("worker-response" in key or "consolidation-request" in key for key in keys)
