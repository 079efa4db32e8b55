"""Jobs are kept going; trouble of the machine is not the job's failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.local_ground_truth import job_runner
from scripts.local_ground_truth.job_runner import JobRunner, JobStuckError
from tests.unit.scripts.local_ground_truth.conftest import HandClock
from tests.unit.scripts.local_ground_truth.job_bench import JobBench


@pytest.fixture
def bench(tmp_path: Path, clock: HandClock) -> Iterator[JobBench]:
    bench = JobBench(tmp_path, clock)
    bench.create([{"source": "a"}])
    yield bench
    bench.database.close()


@pytest.fixture
def start(bench: JobBench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], JobRunner]]:
    monkeypatch.setattr(job_runner, "FIRST_PAUSE_SECONDS", 0.01)
    runners: list[JobRunner] = []

    def start() -> JobRunner:
        runners.append(JobRunner(bench.services, bench.database))
        runners[-1].start()
        return runners[-1]

    yield start
    for runner in runners:
        runner.stop()
        runner.join()


def fail_writes(bench: JobBench, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Let the next writes fail as they do on a full disk."""
    write = bench.objects.write
    left = [times]

    def write_or_fail(address: str, content: bytes, content_type: str) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise OSError(28, "No space left on device")
        write(address, content, content_type)

    monkeypatch.setattr(bench.objects, "write", write_or_fail)


def submit(bench: JobBench) -> None:
    assignment = bench.take("ann")
    assert assignment is not None
    bench.assignments.submit(assignment.assignment_id, "ann", {}, bench.services.now())


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_answer_sets_the_job_going_at_once(
    bench: JobBench, start: Callable[[], JobRunner]
) -> None:
    start()
    submit(bench)
    wait_until(lambda: bench.status == "Completed")


def test_time_limits_are_noticed_without_an_event(
    bench: JobBench, start: Callable[[], JobRunner], clock: HandClock
) -> None:
    start()
    clock.forward(2_592_000)
    wait_until(lambda: bench.status == "Completed")
    assert "no worker answered" in bench.output[0]["cats-metadata"]["failure-reason"]


def test_passing_trouble_is_overcome(
    bench: JobBench, start: Callable[[], JobRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_writes(bench, monkeypatch, times=2)
    start()
    submit(bench)
    wait_until(lambda: bench.status == "Completed")


def test_lasting_trouble_is_told_and_the_next_run_goes_on(
    bench: JobBench, start: Callable[[], JobRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_writes(bench, monkeypatch, times=job_runner.ATTEMPTS)
    runner = start()
    runner.check("Cats-01")
    submit(bench)

    def is_stuck() -> bool:
        try:
            runner.check("Cats-01")
        except JobStuckError:
            return True
        return False

    wait_until(is_stuck)
    with pytest.raises(JobStuckError, match="No space left on device"):
        runner.check("Cats-01")
    assert bench.status == "InProgress"
    start()
    wait_until(lambda: bench.status == "Completed")
