"""How much work there is and was: for workers to see, and for the requester. Reads only."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.local_ground_truth.assignments import waiting_objects
from scripts.local_ground_truth.database import Database
from scripts.local_ground_truth.job_store import ObjectState
from scripts.local_ground_truth.pace import Answered
from scripts.local_ground_truth.task_ending import AssignmentState, task_config


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is, seen by one worker.

    Attributes:
        answers: submitted by everybody, of those the job needs in all.
        mine: submitted by this worker.
        held: tasks that this worker has open.
        waiting: objects that this worker could be given now.
    """

    answers: int
    needed: int
    mine: int
    held: int
    waiting: int


class WorkCounts:
    """Queries over all assignments of a job."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def progress(self, job: str, worker: str) -> Progress:
        with self._database.reading() as connection:
            workers = task_config(connection, job)["NumberOfHumanWorkersPerDataObject"]
            objects = connection.execute(
                "SELECT COUNT(*) FROM objects WHERE job = ? AND state NOT IN (?, ?, ?)",
                (job, ObjectState.KEPT, ObjectState.SKIPPED, ObjectState.FAILED),
            ).fetchone()[0]
            answers, mine, held = connection.execute(
                "SELECT COALESCE(SUM(state = 'submitted'), 0),"
                " COALESCE(SUM(state = 'submitted' AND worker = ?), 0),"
                " COALESCE(SUM(state = 'open' AND worker = ?), 0)"
                " FROM assignments WHERE job = ?",
                (worker, worker, job),
            ).fetchone()
            waiting = len(waiting_objects(connection, job, worker))
        return Progress(answers, objects * workers, mine, held, waiting)

    def answered(self, job: str, worker: str | None = None) -> list[Answered]:
        """The answers to a job, or to it by one worker, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT worker, accepted_at, submitted_at FROM assignments"
                " WHERE job = ? AND state = ? AND (? IS NULL OR worker = ?) ORDER BY submitted_at",
                (job, AssignmentState.SUBMITTED, worker, worker),
            ).fetchall()
        return [Answered(row["worker"], row["accepted_at"], row["submitted_at"]) for row in rows]

    def given_back(self, job: str) -> list[tuple[str, str]]:
        """Worker and reason, "" for none, of every task that was given back or declined."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT worker, reason FROM assignments WHERE job = ? AND state IN (?, ?)",
                (job, AssignmentState.RELEASED, AssignmentState.DECLINED),
            ).fetchall()
        return [(row["worker"], row["reason"] or "") for row in rows]

    def open(self, job: str) -> int:
        """How many tasks are in workers' hands."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT COUNT(*) FROM assignments WHERE job = ? AND state = ?",
                (job, AssignmentState.OPEN),
            ).fetchone()
        return int(row[0])
