"""Who has which task: handing objects to distinct workers and taking their answers.

    assignment    open -> submitted | released | declined | expired

A worker may come back to an object that they released or that ran out of time, never to one that
they submitted or declined. An object has as many open and submitted assignments at a time as the
job asks for workers.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hooks.core.errors import FewclickError
from scripts.local_ground_truth.database import Database
from scripts.local_ground_truth.job_store import JobStatus, ObjectState
from scripts.local_ground_truth.task_ending import (
    AssignmentState,
    availability_seconds,
    close_if_declined,
    count_assignments,
    expire,
    finish_if_answered,
    open_objects,
    set_object,
    task_config,
)


class AssignmentError(FewclickError):
    """An assignment is not there, not this worker's, or not open any more.

    `status` is the HTTP status that says so.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Assignment:
    """One object in one worker's hands; times are seconds since 1970."""

    assignment_id: str
    job: str
    object_id: int
    worker: str
    state: AssignmentState
    accepted_at: float
    deadline: float
    submitted_at: float | None
    answer: str | None
    reason: str | None


def worker_id(region: str, name: str) -> str:
    """`private.<region>.<16 hex digits>`, the same for a name every time."""
    return f"private.{region}.{hashlib.sha256(name.encode()).hexdigest()[:16]}"


class Assignments:
    """Reads and writes assignments; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, assignment_id: str) -> Assignment:
        with self._database.reading() as connection:
            return get_assignment(connection, assignment_id)

    def of_object(self, job: str, object_id: int) -> list[Assignment]:
        """All assignments of an object, in the order in which they were submitted."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM assignments WHERE job = ? AND object_id = ?"
                " ORDER BY submitted_at, accepted_at",
                (job, object_id),
            ).fetchall()
        return [read_assignment(row) for row in rows]

    def submitted(self, job: str, object_id: int) -> list[Assignment]:
        """An object's answers, oldest first."""
        return [
            assignment
            for assignment in self.of_object(job, object_id)
            if assignment.state is AssignmentState.SUBMITTED
        ]

    def held(self, worker: str) -> list[Assignment]:
        """The tasks that a worker has open, of all jobs."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM assignments WHERE worker = ? AND state = ? ORDER BY accepted_at",
                (worker, AssignmentState.OPEN),
            ).fetchall()
        return [read_assignment(row) for row in rows]

    def next_task(self, job: str, worker: str, now: float) -> Assignment | None:
        """The task this worker has open, or a new one; None if there is none for them now."""
        with self._database.transaction() as connection:
            expire(connection, job, now)
            row = connection.execute(
                "SELECT * FROM assignments WHERE job = ? AND worker = ? AND state = ?",
                (job, worker, AssignmentState.OPEN),
            ).fetchone()
            if row is not None:
                return read_assignment(row)
            waiting = waiting_objects(connection, job, worker)
            return assign(connection, job, waiting[0], worker, now) if waiting else None

    def submit(
        self, assignment_id: str, worker: str, answer: Mapping[str, Any], now: float
    ) -> Assignment:
        """Take an answer; on the disk when this returns. The same answer again changes nothing.

        Raises:
            AssignmentError: it is not the worker's, its time is over, or another answer is there.
        """
        with self._database.transaction() as connection:
            assignment = get_assignment(connection, assignment_id, worker)
            if assignment.state is AssignmentState.SUBMITTED:
                if json.loads(assignment.answer or "null") == answer:
                    return assignment
                raise AssignmentError("Another answer was submitted for this task already.", 409)
            expire(connection, assignment.job, now)
            assignment = get_assignment(connection, assignment_id, worker)
            if assignment.state is not AssignmentState.OPEN:
                raise AssignmentError(
                    f"This task is not open any more: it was {assignment.state}.", 410
                )
            connection.execute(
                "UPDATE assignments SET state = ?, submitted_at = ?, answer = ?"
                " WHERE assignment_id = ?",
                (
                    AssignmentState.SUBMITTED,
                    now,
                    json.dumps(answer),
                    assignment_id,
                ),
            )
            finish_if_answered(connection, assignment.job, assignment.object_id, now)
            return get_assignment(connection, assignment_id)

    def release(self, assignment_id: str, worker: str, now: float, reason: str = "") -> None:
        """Give a task back, for this worker or another to take later."""
        self._give_up(assignment_id, worker, AssignmentState.RELEASED, now, reason)

    def decline(self, assignment_id: str, worker: str, now: float, reason: str = "") -> None:
        """Give a task back for good; an object that enough workers declined gets no more."""
        self._give_up(assignment_id, worker, AssignmentState.DECLINED, now, reason)

    def _give_up(
        self, assignment_id: str, worker: str, state: AssignmentState, now: float, reason: str
    ) -> None:
        with self._database.transaction() as connection:
            assignment = get_assignment(connection, assignment_id, worker)
            if assignment.state is state:
                return
            if assignment.state is not AssignmentState.OPEN:
                raise AssignmentError(
                    f"This task is not open any more: it was {assignment.state}.", 410
                )
            connection.execute(
                "UPDATE assignments SET state = ?, reason = ? WHERE assignment_id = ?",
                (state, reason or None, assignment_id),
            )
            if state is AssignmentState.DECLINED:
                close_if_declined(connection, assignment.job, assignment.object_id, now)

    def expire(self, job: str, now: float) -> None:
        """Close what has run out of time: assignments, and objects with whatever they got."""
        if not self._has_expired(job, now):
            return
        with self._database.transaction() as connection:
            expire(connection, job, now)

    def close_all(self, job: str, now: float) -> None:
        """End the work on a job that is being stopped: objects keep the answers they got."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE assignments SET state = ? WHERE job = ? AND state = ?",
                (AssignmentState.EXPIRED, job, AssignmentState.OPEN),
            )
            for object_id in open_objects(connection, job):
                if count_assignments(connection, job, object_id, AssignmentState.SUBMITTED):
                    set_object(connection, job, object_id, ObjectState.ANSWERED, now)
                else:
                    set_object(connection, job, object_id, ObjectState.PENDING, None)

    def _has_expired(self, job: str, now: float) -> bool:
        with self._database.reading() as connection:
            lifetime = availability_seconds(connection, job)
            row = connection.execute(
                "SELECT EXISTS (SELECT 1 FROM assignments WHERE job = ? AND state = ?"
                " AND deadline <= ?) OR EXISTS (SELECT 1 FROM objects WHERE job = ?"
                " AND state = ? AND opened_at <= ?)",
                (job, AssignmentState.OPEN, now, job, ObjectState.OPEN, now - lifetime),
            ).fetchone()
        return bool(row[0])


def waiting_objects(connection: sqlite3.Connection, job: str, worker: str) -> list[int]:
    """Ids of the objects that a worker could be given, in the order in which they will be."""
    workers = task_config(connection, job)["NumberOfHumanWorkersPerDataObject"]
    rows = connection.execute(
        "SELECT object_id FROM objects AS o JOIN jobs AS j ON j.name = o.job"
        " WHERE o.job = ? AND o.state = ? AND j.status = ?"
        " AND (SELECT COUNT(*) FROM assignments AS a WHERE a.job = o.job"
        "      AND a.object_id = o.object_id AND a.state IN ('open', 'submitted')) < ?"
        " AND NOT EXISTS (SELECT 1 FROM assignments AS a WHERE a.job = o.job"
        "      AND a.object_id = o.object_id AND a.worker = ?"
        "      AND a.state IN ('open', 'submitted', 'declined'))"
        # What a worker has given back before comes to them last.
        " ORDER BY EXISTS (SELECT 1 FROM assignments AS a WHERE a.job = o.job"
        "      AND a.object_id = o.object_id AND a.worker = ?), object_id",
        (job, ObjectState.OPEN, JobStatus.IN_PROGRESS, workers, worker, worker),
    ).fetchall()
    return [row["object_id"] for row in rows]


def assign(
    connection: sqlite3.Connection, job: str, object_id: int, worker: str, now: float
) -> Assignment:
    """Put an object into a worker's hands."""
    assignment_id = secrets.token_urlsafe(16)
    limit = task_config(connection, job)["TaskTimeLimitInSeconds"]
    connection.execute(
        "INSERT INTO assignments (assignment_id, job, object_id, worker, state,"
        " accepted_at, deadline) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (assignment_id, job, object_id, worker, AssignmentState.OPEN, now, now + limit),
    )
    return get_assignment(connection, assignment_id)


def get_assignment(
    connection: sqlite3.Connection, assignment_id: str, worker: str | None = None
) -> Assignment:
    row = connection.execute(
        "SELECT * FROM assignments WHERE assignment_id = ?", (assignment_id,)
    ).fetchone()
    if row is None or (worker is not None and row["worker"] != worker):
        raise AssignmentError("There is no such task for you.", 404)
    return read_assignment(row)


def read_assignment(row: sqlite3.Row) -> Assignment:
    return Assignment(
        assignment_id=row["assignment_id"],
        job=row["job"],
        object_id=row["object_id"],
        worker=row["worker"],
        state=AssignmentState(row["state"]),
        accepted_at=row["accepted_at"],
        deadline=row["deadline"],
        submitted_at=row["submitted_at"],
        answer=row["answer"],
        reason=row["reason"],
    )
