"""`fewclick quality`, on a finished job in a folder that stands for S3."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hooks.core.worker_record import read_evidence
from scripts.__main__ import app
from scripts.pseudonyms import load_pseudonyms
from scripts.results.job_output import JobOutputError, open_job_output
from scripts.results.job_quality import follow_up_manifest, job_quality
from tests.unit.scripts.finished_job import BUCKET, FinishedJob

AGREED = {"ann": "##../##..", "bob": "##../##..", "cy": "##../###.", "eve": "..##/..##"}
DISPUTED = {"ann": "#.../#...", "bob": "...#/...#"}


@pytest.fixture
def job(tmp_path: Path) -> FinishedJob:
    job = FinishedJob(tmp_path / "s3")
    job.write([AGREED, DISPUTED, AGREED | {"kim": "?"}])
    return job


def test_workers_are_ranked_and_doubtful_photos_listed(job: FinishedJob) -> None:
    output = open_job_output("pets", job.folder)
    assert (output.address, output.attribute) == (job.address, "pets")
    quality = job_quality(output, below=0.5)
    assert [worker.worker_id for worker in quality.workers][-1] == "eve"
    kim = next(worker for worker in quality.workers if worker.worker_id == "kim")
    assert (kim.photos, kim.discarded) == (0, 1)
    ((result, why),) = quality.attention
    assert (result.name, why) == ("1.png", "no two of the 2 workers agree.")
    (cat,) = quality.classes
    assert (cat.name, cat.photos, cat.lowest_photo) == ("cat", 3, "1.png")


def test_the_follow_up_manifest_holds_just_those_photos(job: FinishedJob) -> None:
    output = open_job_output(job.address, job.folder)
    quality = job_quality(output, below=0.0)
    (line,) = follow_up_manifest(output, quality).splitlines()
    stem = f"{job.address}/annotations/consolidated-annotation/output/1"
    assert json.loads(line) == {
        "source-ref": f"s3://{BUCKET}/photos/1.png",
        "adjudication": {"details-ref": f"{stem}.json", "mask-ref": f"{stem}.png"},
    }


def test_a_low_confidence_asks_for_another_look_too(job: FinishedJob) -> None:
    quality = job_quality(open_job_output("pets", job.folder), below=1.0)
    assert [result.name for result, _ in quality.attention] == ["0.png", "1.png", "2.png"]


def test_a_reviewers_masks_are_the_truth_for_workers(job: FinishedJob) -> None:
    review = FinishedJob(job.folder, "review")
    review.write([{"rae": "##../##.."}, {"rae": "...#/...#"}])
    result = CliRunner().invoke(
        app,
        [
            "quality", "pets", "--s3-folder", str(job.folder), "--adjudicated", "review",
            "--out", str(job.folder.parent / "quality"), "--json",
        ],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    names = load_pseudonyms(BUCKET, job.store)
    golds = {worker["worker_id"]: worker["gold_iou"] for worker in told["workers"]}
    assert golds[names.of("ann")] == pytest.approx(
        0.5
    )  # right on the first photo, wrong on the second
    assert golds[names.of("bob")] == pytest.approx(1.0)
    assert golds[names.of("eve")] == 0.0
    assert told["workers"][0]["worker_id"] == names.of("bob")
    assert told["attention"] == []  # the reviewer has decided
    uri = f"{job.address}/annotations/worker-quality/adjudicated-review.json"
    kept = read_evidence(job.store.read(uri), uri)
    assert {(item.worker_id, item.gold_iou) for item in kept} == {
        ("ann", 1.0), ("ann", 0.0), ("bob", 1.0), ("cy", 0.8), ("eve", 0.0),
    }  # fmt: skip


def test_the_command_writes_report_and_manifest(job: FinishedJob, tmp_path: Path) -> None:
    arguments = ["quality", "pets", "--s3-folder", str(job.folder), "--out", str(tmp_path / "q")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    names = load_pseudonyms(BUCKET, job.store)
    assert names.of("ann") in result.stdout
    assert not any(line.split()[:1] == ["ann"] for line in result.stdout.splitlines())
    report = (tmp_path / "q" / "pets.html").read_text()
    assert "no two of the 2 workers agree" in report
    assert report.count("data:image/jpeg") == 3  # the consensus and two workers
    assert (tmp_path / "q" / "pets-adjudication.manifest").exists()


def test_evidence_that_cannot_be_read_is_named_and_the_rest_goes_on(job: FinishedJob) -> None:
    uri = f"{job.address}/annotations/worker-quality/2026-11-20T11:00:00.json"
    job.store.write(uri, b"{", "application/json")
    quality = job_quality(open_job_output("pets", job.folder), below=0.5)
    assert len(quality.workers) == 5
    assert uri in quality.problems[0]


@pytest.mark.parametrize("name", ["cows", f"s3://{BUCKET}/out/cows"])
def test_a_job_that_is_not_there_is_named(job: FinishedJob, name: str) -> None:
    with pytest.raises(JobOutputError, match="cows"):
        open_job_output(name, job.folder)
