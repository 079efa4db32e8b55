"""A worker's agreement with the others, and no word of gold photos or of anybody else."""

from __future__ import annotations

from dataclasses import fields

import pytest

from hooks.core.worker_record import Evidence, write_evidence
from scripts.local_ground_truth.job_store import Job, JobStatus
from scripts.local_ground_truth.worker_standing import Standing, standing_of
from tests.conftest import REPOSITORY
from tests.unit.scripts.local_ground_truth.job_bench import MemoryObjects

PORTAL = REPOSITORY / "scripts/local_ground_truth/portal"
FOLDER = "s3://out/gt/Cats/annotations/worker-quality"
JOB = Job(
    name="Cats",
    request={"OutputConfig": {"S3OutputPath": "s3://out/gt/"}},
    template="",
    label_categories=None,
    status=JobStatus.IN_PROGRESS,
    failure_reason=None,
    created_at=0.0,
    modified_at=0.0,
    iteration=1,
)


def evidence(worker: str, photo: int, agreement: float, gold: float | None = None) -> Evidence:
    return Evidence(
        worker,
        f"s3://in/{photo}.jpg",
        "labeled",
        relative_weight=1.0,
        agreement=agreement,
        boundary_deviation=2.0,
        gold_iou=gold,
        clicks=6,
    )


@pytest.fixture
def objects() -> MemoryObjects:
    objects = MemoryObjects()
    first = [evidence("ann", 1, 0.8), evidence("bob", 1, 0.6), evidence("cyd", 1, 0.9)]
    second = [evidence("ann", 2, 0.6, gold=0.1), evidence("bob", 2, 0.6)]
    for number, batch in enumerate((first, second)):
        objects.stored[f"{FOLDER}/{number}.json"] = write_evidence(batch).encode()
    objects.stored["s3://out/gt/Cats-2/annotations/worker-quality/0.json"] = b"another job's"
    return objects


def test_a_worker_sees_the_mean_over_photos_and_the_middle_of_all(objects: MemoryObjects) -> None:
    standing = standing_of("ann", JOB, objects)
    assert standing is not None
    assert (standing.photos, standing.clicks, standing.deviation) == (2, 6, 2.0)
    assert standing.agreement == pytest.approx(0.7)
    assert standing.of_all == pytest.approx(0.7)  # of 0.7, 0.6 and 0.9


def test_two_workers_are_not_shown_each_other(objects: MemoryObjects) -> None:
    del objects.stored[f"{FOLDER}/0.json"]
    standing = standing_of("ann", JOB, objects)
    assert standing is not None
    assert standing.of_all is None


def test_nothing_of_a_standing_comes_from_gold_photos() -> None:
    names = {field.name for field in fields(Standing)}
    assert names == {"photos", "agreement", "of_all", "deviation", "clicks"}
    html = (PORTAL / "me.html.j2").read_text()
    assert "gold" not in html


def test_before_anything_is_consolidated_there_is_no_standing(objects: MemoryObjects) -> None:
    assert standing_of("dee", JOB, objects) is None
    assert standing_of("ann", JOB, MemoryObjects()) is None


def test_a_record_that_cannot_be_read_hides_no_other(objects: MemoryObjects) -> None:
    objects.stored[f"{FOLDER}/2.json"] = b"{}"
    standing = standing_of("ann", JOB, objects)
    assert standing is not None
    assert standing.photos == 2
