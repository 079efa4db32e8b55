"""Going back in a job: to what was given back, and to answers while they can be corrected."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.local_ground_truth.assignments import Assignment, AssignmentError
from tests.unit.scripts.local_ground_truth.conftest import HandClock
from tests.unit.scripts.local_ground_truth.job_bench import JobBench


@pytest.fixture
def bench(tmp_path: Path, clock: HandClock) -> Iterator[JobBench]:
    bench = JobBench(tmp_path, clock)
    bench.create([{"source": name} for name in "abc"])
    yield bench
    bench.database.close()


def taken(bench: JobBench, worker: str = "ann") -> Assignment:
    assignment = bench.take(worker)
    assert assignment is not None
    return assignment


def test_the_trail_has_each_object_once_in_the_order_of_the_first_time(bench: JobBench) -> None:
    first = taken(bench)
    bench.assignments.release(first.assignment_id, "ann", 0.0, "later")
    second = bench.answer("ann")
    third = taken(bench)
    assert [each.object_id for each in bench.trail.of("Cats-01", "ann")] == [0, 1, 2]
    again = bench.trail.take_again(first.assignment_id, "ann", 1.0)
    trail = bench.trail.of("Cats-01", "ann")
    assert [each.assignment_id for each in trail] == [
        again.assignment_id,
        second.assignment_id,
        third.assignment_id,
    ]
    place = bench.trail.place(second)
    assert (place.number, place.count) == (2, 3)
    assert (place.previous, place.next) == (again.assignment_id, third.assignment_id)
    # The assignment that was given back stands where its object stands.
    assert bench.trail.place(first).next == second.assignment_id
    assert bench.trail.place(third).next is None


def test_one_worker_may_hold_two_tasks_and_gets_the_older_first(bench: JobBench) -> None:
    first = taken(bench)
    bench.assignments.release(first.assignment_id, "ann", 0.0)
    second = taken(bench)
    again = bench.trail.take_again(first.assignment_id, "ann", 1.0)
    assert bench.trail.take_again(again.assignment_id, "ann", 2.0) == again
    assert {each.assignment_id for each in bench.assignments.held("ann")} == {
        second.assignment_id,
        again.assignment_id,
    }


def test_what_others_have_taken_meanwhile_cannot_be_taken_again(bench: JobBench) -> None:
    first = taken(bench)
    assert not bench.trail.can_take_again(first)
    bench.assignments.release(first.assignment_id, "ann", 0.0)
    released = bench.assignments.get(first.assignment_id)
    assert bench.trail.can_take_again(released)
    assert taken(bench, "bob").object_id == first.object_id
    assert not bench.trail.can_take_again(released)
    with pytest.raises(AssignmentError, match="not free any more") as raised:
        bench.trail.take_again(first.assignment_id, "ann", 1.0)
    assert raised.value.status == 410


def test_a_declined_task_does_not_come_back(bench: JobBench) -> None:
    first = taken(bench)
    bench.assignments.decline(first.assignment_id, "ann", 0.0)
    with pytest.raises(AssignmentError):
        bench.trail.take_again(first.assignment_id, "ann", 1.0)


def test_nobody_takes_or_corrects_for_somebody_else(bench: JobBench) -> None:
    submitted = bench.answer("ann")
    with pytest.raises(AssignmentError, match="no such task for you"):
        bench.trail.correct(submitted.assignment_id, "bob", {"x": 1}, 0.0)
    with pytest.raises(AssignmentError, match="no such task for you"):
        bench.trail.take_again(submitted.assignment_id, "bob", 0.0)


def test_the_next_object_is_known_ahead_without_being_taken(bench: JobBench) -> None:
    assert bench.trail.ahead("Cats-01", "ann") == 0
    taken(bench)
    assert bench.trail.ahead("Cats-01", "ann") == 1
    assert bench.trail.ahead("Cats-01", "ann") == taken(bench, "bob").object_id
    assert bench.trail.ahead("Cats-01", "ann") == 2


def test_a_correction_counts_instead_of_the_first_answer(bench: JobBench) -> None:
    submitted = bench.answer("ann", value="first")  # with one worker it is answered with that
    (response,) = bench.written("worker-response").items()
    assert response[1]["answers"][0]["answerContent"] == {"value": "first"}
    assert bench.trail.is_correctable(submitted)
    bench.trail.correct(submitted.assignment_id, "ann", {"value": "second"}, bench.services.now())
    bench.job.advance()
    (corrected,) = bench.written("worker-response").items()
    assert corrected[0] == response[0]
    assert corrected[1]["answers"][0]["answerContent"] == {"value": "second"}
    bench.answer_all("ann")
    (payload,) = bench.written("consolidated-annotation/consolidation-request").values()
    content = payload[0]["annotations"][0]["annotationData"]["content"]
    assert json.loads(content) == {"value": "second"}
    assert bench.status == "Completed"


def test_once_consolidated_an_answer_cannot_be_corrected(bench: JobBench) -> None:
    submitted = bench.answer("ann", value="first")
    bench.answer_all("ann")
    assert not bench.trail.is_correctable(submitted)
    with pytest.raises(AssignmentError, match="gone on to consolidation") as raised:
        bench.trail.correct(submitted.assignment_id, "ann", {"value": "second"}, 0.0)
    assert raised.value.status == 410
    # Sent again, as after a lost answer of the server, it is acknowledged again.
    bench.trail.correct(submitted.assignment_id, "ann", {"value": "first"}, 0.0)


def test_a_correction_while_the_response_is_being_written_is_written_too(bench: JobBench) -> None:
    write = bench.objects.write
    submitted = taken(bench)

    def correcting(address: str, content: bytes, content_type: str) -> None:
        bench.objects.write = write  # type: ignore[method-assign]
        bench.trail.correct(submitted.assignment_id, "ann", {"value": "second"}, 0.0)
        write(address, content, content_type)

    bench.objects.write = correcting  # type: ignore[method-assign]
    bench.assignments.submit(submitted.assignment_id, "ann", {"value": "first"}, 0.0)
    bench.job.advance()
    bench.job.advance()
    (response,) = bench.written("worker-response").values()
    assert response["answers"][0]["answerContent"] == {"value": "second"}


def test_a_job_that_is_being_stopped_takes_no_corrections(bench: JobBench) -> None:
    from scripts.local_ground_truth.job_store import UNFINISHED, JobStatus

    submitted = bench.answer("ann")
    bench.jobs.set_status("Cats-01", JobStatus.STOPPING, 0.0, only_from=UNFINISHED)
    assert not bench.trail.is_correctable(submitted)
