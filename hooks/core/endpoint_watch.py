"""When an endpoint that costs by the hour is needed, and what is to be done about it.

It is needed while a job is open, and for some time after anything happened: after a job's end,
since the next one often follows, and after it was made, since it is made before its job is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

OPEN = frozenset({"Initializing", "InProgress", "Stopping"})
UNSETTLED = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})


class Step(StrEnum):
    """What to do with the endpoint."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as it stands. `made_at` in seconds since 1970; `config` as it was made with."""

    status: str
    made_at: float
    config: str
    instances: int = 0


@dataclass(frozen=True, slots=True)
class Scaling:
    """How many instances an endpoint may have, and how many calls in a minute one is for."""

    least: int
    most: int
    calls_per_minute: float


@dataclass(frozen=True, slots=True)
class JobState:
    """A labeling job whose workers click on this endpoint. `changed_at` as `made_at`."""

    name: str
    status: str
    changed_at: float


def needed(
    jobs: Iterable[JobState], endpoint: Endpoint | None, now: float, idle_seconds: float
) -> bool:
    """Whether an endpoint should be there."""
    since = now - idle_seconds
    if endpoint is not None and endpoint.made_at > since:
        return True
    return any(job.status in OPEN or job.changed_at > since for job in jobs)


def next_step(endpoint: Endpoint | None, config: str, *, is_needed: bool) -> Step:
    """One step; what remains to be done is done when it is settled.

    Args:
        config: name of the configuration that the endpoint should have.
    """
    if endpoint is None:
        return Step.CREATE if is_needed else Step.NOTHING
    if endpoint.status in UNSETTLED:
        return Step.NOTHING
    if not is_needed or endpoint.status == "Failed":
        return Step.DELETE
    if endpoint.config != config:
        return Step.UPDATE
    return Step.NOTHING
