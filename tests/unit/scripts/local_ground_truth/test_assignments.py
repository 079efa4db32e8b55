"""Tasks in workers' hands: taken, given back, submitted once, and over when time is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.local_ground_truth.assignments import AssignmentError, worker_id
from scripts.local_ground_truth.task_ending import AssignmentState
from tests.unit.scripts.local_ground_truth.conftest import HandClock
from tests.unit.scripts.local_ground_truth.job_bench import JobBench


@pytest.fixture
def bench(tmp_path: Path, clock: HandClock) -> Iterator[JobBench]:
    bench = JobBench(tmp_path, clock)
    bench.create([{"source": "a"}, {"source": "b"}], NumberOfHumanWorkersPerDataObject=2)
    yield bench
    bench.database.close()


def taken(bench: JobBench, worker: str) -> tuple[str, int]:
    assignment = bench.take(worker)
    assert assignment is not None
    return assignment.assignment_id, assignment.object_id


def test_a_worker_who_comes_back_finds_the_task_they_have(bench: JobBench) -> None:
    assert taken(bench, "ann") == taken(bench, "ann")


def test_the_same_answer_may_be_sent_again_and_no_other(bench: JobBench) -> None:
    assignment_id, _ = taken(bench, "ann")
    first = bench.assignments.submit(assignment_id, "ann", {"x": 1, "y": 2}, 100.0)
    again = bench.assignments.submit(assignment_id, "ann", {"y": 2, "x": 1}, 200.0)
    assert first == again
    with pytest.raises(AssignmentError, match="Another answer") as raised:
        bench.assignments.submit(assignment_id, "ann", {"x": 3}, 300.0)
    assert raised.value.status == 409


def test_nobody_submits_for_somebody_else(bench: JobBench) -> None:
    assignment_id, _ = taken(bench, "ann")
    with pytest.raises(AssignmentError, match="no such task for you"):
        bench.assignments.submit(assignment_id, "bob", {}, 0.0)


def test_a_task_that_was_given_back_goes_to_somebody_else_and_last_to_the_same(
    bench: JobBench,
) -> None:
    assignment_id, first = taken(bench, "ann")
    bench.assignments.release(assignment_id, "ann", 0.0)
    assert taken(bench, "bob")[1] == first
    assert taken(bench, "ann")[1] != first
    bench.answer("ann")
    assert taken(bench, "ann")[1] == first


def test_an_object_that_enough_workers_declined_is_over(bench: JobBench) -> None:
    for worker in ("ann", "bob"):
        assignment_id, object_id = taken(bench, worker)
        assert object_id == 0
        bench.assignments.decline(assignment_id, worker, 0.0)
    assert taken(bench, "ann")[1] == 1
    failed = bench.jobs.data_object("Cats-01", 0)
    assert failed.failure == "ClientError: The task was declined by 2 workers."


def test_after_the_time_limit_a_task_is_anothers(bench: JobBench, clock: HandClock) -> None:
    late, object_id = taken(bench, "ann")
    taken(bench, "bob")
    clock.forward(601)
    assert taken(bench, "cyd")[1] == object_id
    with pytest.raises(AssignmentError, match="not open any more: it was expired") as raised:
        bench.assignments.submit(late, "ann", {}, bench.services.now())
    assert raised.value.status == 410
    assert bench.assignments.get(late).state is AssignmentState.EXPIRED


def test_a_worker_id_is_the_same_every_time() -> None:
    assert worker_id("eu-west-1", "ann") == "private.eu-west-1.49915e0d7d4b402e"
