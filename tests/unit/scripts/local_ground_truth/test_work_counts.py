"""What workers and the requester see of how much is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.scripts.local_ground_truth.conftest import HandClock
from tests.unit.scripts.local_ground_truth.job_bench import JobBench


@pytest.fixture
def bench(tmp_path: Path, clock: HandClock) -> Iterator[JobBench]:
    bench = JobBench(tmp_path, clock)
    bench.create([{"source": "a"}, {"source": "b"}], NumberOfHumanWorkersPerDataObject=2)
    yield bench
    bench.database.close()


def test_progress_is_what_a_worker_wants_to_know(bench: JobBench) -> None:
    bench.answer("ann")
    progress = bench.counts.progress("Cats-01", "ann")
    assert (progress.answers, progress.needed, progress.mine) == (1, 4, 1)
    assert (progress.held, progress.waiting) == (0, 1)
    bench.take("ann")
    progress = bench.counts.progress("Cats-01", "ann")
    assert (progress.held, progress.waiting) == (1, 0)
    assert bench.counts.progress("Cats-01", "bob").waiting == 2


def test_answers_have_their_times(bench: JobBench, clock: HandClock) -> None:
    began = bench.services.now()
    bench.take("ann")
    clock.forward(30)
    bench.answer("ann")
    bench.answer("bob")
    first, second = bench.counts.answered("Cats-01")
    assert (first.worker, first.accepted_at, first.submitted_at) == ("ann", began, began + 30)
    assert second.worker == "bob"
    assert bench.counts.answered("Cats-01", "bob") == [second]


def test_what_was_given_back_has_its_reasons(bench: JobBench) -> None:
    for give_up, reason in (
        (bench.assignments.release, "Too blurred"),
        (bench.assignments.decline, ""),
    ):
        assignment = bench.take("ann")
        assert assignment is not None
        give_up(assignment.assignment_id, "ann", 0.0, reason)
    assert bench.counts.given_back("Cats-01") == [("ann", "Too blurred"), ("ann", "")]
    assert bench.counts.open("Cats-01") == 0
    bench.take("bob")
    assert bench.counts.open("Cats-01") == 1
