"""When an endpoint is needed, and what is done about it."""

from __future__ import annotations

import pytest

from hooks.core.endpoint_watch import Endpoint, JobState, Step, needed, next_step

NOW, IDLE = 100_000.0, 1800.0
OLD = Endpoint("InService", NOW - 5000, "c1", 1)


@pytest.mark.parametrize(
    ("jobs", "endpoint", "expected"),
    [
        pytest.param([], OLD, False, id="no job"),
        pytest.param([], None, False, id="nothing at all"),
        pytest.param([JobState("a", "InProgress", NOW - 9000)], OLD, True, id="an open job"),
        pytest.param([JobState("a", "Initializing", NOW)], None, True, id="a job that begins"),
        pytest.param([JobState("a", "Completed", NOW - 1700)], OLD, True, id="one just over"),
        pytest.param([JobState("a", "Completed", NOW - 1900)], OLD, False, id="one over for long"),
        pytest.param([], Endpoint("InService", NOW - 60, "c1"), True, id="made a moment ago"),
    ],
)
def test_an_endpoint_is_needed_while_somebody_may_click(
    jobs: list[JobState], endpoint: Endpoint | None, expected: bool
) -> None:
    assert needed(jobs, endpoint, NOW, IDLE) is expected


@pytest.mark.parametrize(
    ("status", "config", "is_needed", "step"),
    [
        ("InService", "c1", True, Step.NOTHING),
        ("InService", "c1", False, Step.DELETE),
        ("InService", "c0", True, Step.UPDATE),
        ("InService", "c0", False, Step.DELETE),
        ("Failed", "c1", True, Step.DELETE),
        ("Creating", "c0", False, Step.NOTHING),
        ("Updating", "c0", True, Step.NOTHING),
        ("Deleting", "c1", True, Step.NOTHING),
        (None, "", True, Step.CREATE),
        (None, "", False, Step.NOTHING),
    ],
)
def test_one_step_at_a_time(status: str | None, config: str, is_needed: bool, step: Step) -> None:
    endpoint = None if status is None else Endpoint(status, NOW, config)
    assert next_step(endpoint, "c1", is_needed=is_needed) is step
