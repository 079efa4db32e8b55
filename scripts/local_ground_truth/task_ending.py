"""How the work on an object ends: enough answers, enough refusals, or no time left.

Functions on a connection that is in a transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from scripts.local_ground_truth.job_store import ObjectState

PUBLIC_AVAILABILITY_SECONDS = 21_600
PRIVATE_AVAILABILITY_SECONDS = 2_592_000
"""How long a task is available if the request does not say, as AWS documents it."""


class AssignmentState(StrEnum):
    OPEN = "open"
    SUBMITTED = "submitted"
    RELEASED = "released"
    DECLINED = "declined"
    EXPIRED = "expired"


def expire(connection: sqlite3.Connection, job: str, now: float) -> None:
    connection.execute(
        "UPDATE assignments SET state = ? WHERE job = ? AND state = ? AND deadline <= ?",
        (AssignmentState.EXPIRED, job, AssignmentState.OPEN, now),
    )
    lifetime = availability_seconds(connection, job)
    for object_id in open_objects(connection, job, opened_by=now - lifetime):
        reason = (
            f"ClientError: The task was available for {lifetime} seconds and no worker answered it."
        )
        end_object(connection, job, object_id, reason, now)


def close_if_declined(connection: sqlite3.Connection, job: str, object_id: int, now: float) -> None:
    workers = task_config(connection, job)["NumberOfHumanWorkersPerDataObject"]
    if count_assignments(connection, job, object_id, AssignmentState.DECLINED) >= workers:
        reason = f"ClientError: The task was declined by {workers} workers."
        end_object(connection, job, object_id, reason, now)


def finish_if_answered(
    connection: sqlite3.Connection, job: str, object_id: int, now: float
) -> None:
    workers = task_config(connection, job)["NumberOfHumanWorkersPerDataObject"]
    if count_assignments(connection, job, object_id, AssignmentState.SUBMITTED) >= workers:
        set_object(connection, job, object_id, ObjectState.ANSWERED, now)


def end_object(
    connection: sqlite3.Connection, job: str, object_id: int, reason: str, now: float
) -> None:
    """No more answers: go on with those that came, or fail for `reason`."""
    connection.execute(
        "UPDATE assignments SET state = ? WHERE job = ? AND object_id = ? AND state = ?",
        (AssignmentState.EXPIRED, job, object_id, AssignmentState.OPEN),
    )
    if count_assignments(connection, job, object_id, AssignmentState.SUBMITTED):
        set_object(connection, job, object_id, ObjectState.ANSWERED, now)
    else:
        set_object(connection, job, object_id, ObjectState.FAILED, now, reason)


def open_objects(
    connection: sqlite3.Connection, job: str, opened_by: float | None = None
) -> list[int]:
    """Ids of the objects whose tasks are available, or of those that are since `opened_by`."""
    rows = connection.execute(
        "SELECT object_id FROM objects WHERE job = ? AND state = ?"
        " AND (? IS NULL OR opened_at <= ?)",
        (job, ObjectState.OPEN, opened_by, opened_by),
    ).fetchall()
    return [row["object_id"] for row in rows]


def count_assignments(
    connection: sqlite3.Connection, job: str, object_id: int, state: AssignmentState
) -> int:
    row = connection.execute(
        "SELECT COUNT(*) FROM assignments WHERE job = ? AND object_id = ? AND state = ?",
        (job, object_id, state),
    ).fetchone()
    return int(row[0])


def set_object(
    connection: sqlite3.Connection,
    job: str,
    object_id: int,
    state: ObjectState,
    done_at: float | None,
    failure: str | None = None,
) -> None:
    """Move an object whose task is available on."""
    connection.execute(
        "UPDATE objects SET state = ?, done_at = ?, failure = ?"
        " WHERE job = ? AND object_id = ? AND state = ?",
        (state, done_at, failure, job, object_id, ObjectState.OPEN),
    )


def task_config(connection: sqlite3.Connection, job: str) -> Mapping[str, Any]:
    """A job's HumanTaskConfig."""
    row = connection.execute("SELECT request FROM jobs WHERE name = ?", (job,)).fetchone()
    config: Mapping[str, Any] = json.loads(row["request"])["HumanTaskConfig"]
    return config


def availability_seconds(connection: sqlite3.Connection, job: str) -> int:
    config = task_config(connection, job)
    default = (
        PUBLIC_AVAILABILITY_SECONDS
        if "workteam/public-crowd/" in config["WorkteamArn"]
        else PRIVATE_AVAILABILITY_SECONDS
    )
    return int(config.get("TaskAvailabilityLifetimeInSeconds", default))
