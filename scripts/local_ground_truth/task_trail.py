"""A worker's way through a job: back to what they did or gave back, and correcting an answer.

An answer can be corrected in its place until its object goes to consolidation, which happens when
a round of objects is answered. The answer stands all the while: a correction that comes too late
is refused and the first answer counts.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.local_ground_truth.assignments import (
    Assignment,
    AssignmentError,
    assign,
    get_assignment,
    read_assignment,
    waiting_objects,
)
from scripts.local_ground_truth.database import Database
from scripts.local_ground_truth.job_store import JobStatus, ObjectState
from scripts.local_ground_truth.task_ending import AssignmentState, expire

TOO_LATE = "This object has gone on to consolidation; the answer that was there counts."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task stands in its worker's trail.

    Attributes:
        number, count: its place among the objects that the worker has had, from 1.
        previous, next: assignment ids of its neighbours; None at the ends.
    """

    number: int
    count: int
    previous: str | None
    next: str | None


class TaskTrail:
    """Reads and writes; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, job: str, worker: str) -> list[Assignment]:
        """The last assignment of every object that a worker has had, in the order of the first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM assignments WHERE job = ? AND worker = ? ORDER BY rowid",
                (job, worker),
            ).fetchall()
        last: dict[int, Assignment] = {}
        for assignment in map(read_assignment, rows):
            last[assignment.object_id] = assignment  # keeps the place of the first
        return list(last.values())

    def place(self, assignment: Assignment) -> Place:
        trail = self.of(assignment.job, assignment.worker)
        objects = [each.object_id for each in trail]
        at = objects.index(assignment.object_id)
        return Place(
            number=at + 1,
            count=len(trail),
            previous=trail[at - 1].assignment_id if at > 0 else None,
            next=trail[at + 1].assignment_id if at + 1 < len(trail) else None,
        )

    def ahead(self, job: str, worker: str) -> int | None:
        """The object that the worker would be given next, as things stand."""
        with self._database.reading() as connection:
            return next(iter(waiting_objects(connection, job, worker)), None)

    def can_take_again(self, assignment: Assignment) -> bool:
        """Whether the worker could have an object back that they gave back or ran out of time."""
        if assignment.state not in (AssignmentState.RELEASED, AssignmentState.EXPIRED):
            return False
        with self._database.reading() as connection:
            waiting = waiting_objects(connection, assignment.job, assignment.worker)
        return assignment.object_id in waiting

    def take_again(self, assignment_id: str, worker: str, now: float) -> Assignment:
        """Put an object that the worker has had back into their hands.

        Raises:
            AssignmentError: others have it, or it is done.
        """
        with self._database.transaction() as connection:
            assignment = get_assignment(connection, assignment_id, worker)
            if assignment.state is AssignmentState.OPEN:
                return assignment
            expire(connection, assignment.job, now)
            if assignment.object_id not in waiting_objects(connection, assignment.job, worker):
                raise AssignmentError("This task is not free any more.", 410)
            return assign(connection, assignment.job, assignment.object_id, worker, now)

    def is_correctable(self, assignment: Assignment) -> bool:
        with self._database.reading() as connection:
            return _is_correctable(connection, assignment)

    def correct(
        self, assignment_id: str, worker: str, answer: Mapping[str, Any], now: float
    ) -> Assignment:
        """Put another answer in the place of one that was submitted; on the disk when this returns.

        Raises:
            AssignmentError: it is not the worker's, or it is too late.
        """
        with self._database.transaction() as connection:
            assignment = get_assignment(connection, assignment_id, worker)
            if json.loads(assignment.answer or "null") == answer:
                return assignment
            if not _is_correctable(connection, assignment):
                raise AssignmentError(TOO_LATE, 410)
            connection.execute(
                "UPDATE assignments SET answer = ?, submitted_at = ? WHERE assignment_id = ?",
                (json.dumps(answer), now, assignment_id),
            )
            connection.execute(
                "UPDATE objects SET response_written = 0, corrections = corrections + 1"
                " WHERE job = ? AND object_id = ?",
                (assignment.job, assignment.object_id),
            )
            return get_assignment(connection, assignment_id)


def _is_correctable(connection: sqlite3.Connection, assignment: Assignment) -> bool:
    if assignment.state is not AssignmentState.SUBMITTED:
        return False
    row = connection.execute(
        "SELECT o.state, o.batch, j.status FROM objects AS o JOIN jobs AS j ON j.name = o.job"
        " WHERE o.job = ? AND o.object_id = ?",
        (assignment.job, assignment.object_id),
    ).fetchone()
    return (
        row["state"] in (ObjectState.OPEN, ObjectState.ANSWERED)
        and row["batch"] is None
        and row["status"] == JobStatus.IN_PROGRESS
    )
