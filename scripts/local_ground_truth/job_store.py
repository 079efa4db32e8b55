"""Labeling jobs and their data objects, as rows.

job       Initializing -> InProgress -> Completed
                \\-> Failed    \\-> Stopping -> Stopped
object    pending -> chosen (for an iteration) -> open (with workers) -> answered
                -> labeled | failed;   chosen -> skipped;   kept (labeled by an earlier job)
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scripts.local_ground_truth.database import Database


class JobStatus(StrEnum):
    INITIALIZING = "Initializing"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"


UNFINISHED = (JobStatus.INITIALIZING, JobStatus.IN_PROGRESS, JobStatus.STOPPING)


class ObjectState(StrEnum):
    PENDING = "pending"
    CHOSEN = "chosen"
    OPEN = "open"
    ANSWERED = "answered"
    LABELED = "labeled"
    FAILED = "failed"
    SKIPPED = "skipped"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Job:
    """One labeling job; times are seconds since 1970."""

    name: str
    request: Mapping[str, Any]
    template: str
    label_categories: list[str] | None
    status: JobStatus
    failure_reason: str | None
    created_at: float
    modified_at: float
    iteration: int

    @property
    def task(self) -> Mapping[str, Any]:
        """The request's HumanTaskConfig."""
        config: Mapping[str, Any] = self.request["HumanTaskConfig"]
        return config

    @property
    def label_attribute_name(self) -> str:
        return str(self.request["LabelAttributeName"])

    @property
    def workers_per_object(self) -> int:
        return int(self.task["NumberOfHumanWorkersPerDataObject"])

    @property
    def output(self) -> str:
        """`s3://…/<job name>`: everything the job writes lies below, the name's case as given."""
        return f"{self.request['OutputConfig']['S3OutputPath'].rstrip('/')}/{self.name}"


@dataclass(frozen=True, slots=True)
class DataObject:
    """One line of a job's input manifest and what has become of it."""

    object_id: int
    line: str
    state: ObjectState
    iteration: int | None
    task_input: str | None
    done_at: float | None
    batch: int | None
    result: Mapping[str, Any] | None
    failure: str | None

    @property
    def fields(self) -> dict[str, Any]:
        """The line as JSON; only for objects whose line was read."""
        fields: dict[str, Any] = json.loads(self.line)
        return fields


class JobStore:
    """Reads and writes jobs and objects; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add_job(
        self,
        request: Mapping[str, Any],
        template: str,
        label_categories: list[str] | None,
        now: float,
    ) -> bool:
        """False if there is a job of that name already, upper and lower case alike."""
        categories = None if label_categories is None else json.dumps(label_categories)
        try:
            with self.database.transaction() as connection:
                connection.execute(
                    "INSERT INTO jobs (name, request, template, label_categories, status,"
                    " created_at, modified_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        request["LabelingJobName"],
                        json.dumps(request),
                        template,
                        categories,
                        JobStatus.INITIALIZING,
                        now,
                        now,
                    ),
                )
        except sqlite3.IntegrityError:
            return False
        return True

    def job(self, name: str) -> Job | None:
        with self.database.reading() as connection:
            row = connection.execute("SELECT * FROM jobs WHERE name = ?", (name,)).fetchone()
        return None if row is None else _job(row)

    def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        with self.database.reading() as connection:
            rows = connection.execute("SELECT * FROM jobs ORDER BY created_at, name").fetchall()
        return [_job(row) for row in rows]

    def set_status(
        self,
        name: str,
        status: JobStatus,
        now: float,
        *,
        only_from: Iterable[JobStatus],
        failure_reason: str | None = None,
    ) -> bool:
        """False, and nothing is done, if the job is in none of the states `only_from`."""
        allowed = list(only_from)
        with self.database.transaction() as connection:
            changed = connection.execute(
                "UPDATE jobs SET status = ?, failure_reason = ?, modified_at = ? WHERE name = ?"
                f" AND status IN ({_marks(allowed)})",
                (status, failure_reason, now, name, *allowed),
            )
            return changed.rowcount > 0

    def begin(
        self, name: str, lines: Iterable[tuple[int, str, ObjectState, str | None]], now: float
    ) -> None:
        """Take in the manifest and set the job going, in one step.

        Args:
            lines: object id, line, state to begin in, and why it failed if it did.
        """
        with self.database.transaction() as connection:
            connection.executemany(
                "INSERT INTO objects (job, object_id, line, state, failure) VALUES (?, ?, ?, ?, ?)",
                ((name, object_id, line, state, why) for object_id, line, state, why in lines),
            )
            connection.execute(
                "UPDATE jobs SET status = ?, modified_at = ? WHERE name = ? AND status = ?",
                (JobStatus.IN_PROGRESS, now, name, JobStatus.INITIALIZING),
            )

    def objects(self, name: str, *states: ObjectState) -> list[DataObject]:
        """A job's objects in manifest order; with `states`, only those in one of them."""
        query = "SELECT * FROM objects WHERE job = ?"
        if states:
            query += f" AND state IN ({_marks(states)})"
        with self.database.reading() as connection:
            rows = connection.execute(f"{query} ORDER BY object_id", (name, *states)).fetchall()
        return [_data_object(row) for row in rows]

    def data_object(self, name: str, object_id: int) -> DataObject:
        with self.database.reading() as connection:
            row = connection.execute(
                "SELECT * FROM objects WHERE job = ? AND object_id = ?", (name, object_id)
            ).fetchone()
        return _data_object(row)

    def count_objects(self, name: str) -> dict[ObjectState, int]:
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT state, COUNT(*) AS number FROM objects WHERE job = ? GROUP BY state",
                (name,),
            ).fetchall()
        return {ObjectState(row["state"]): row["number"] for row in rows}

    def start_iteration(self, name: str, size: int, now: float) -> None:
        """Choose the next `size` pending objects for a new iteration."""
        with self.database.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET iteration = iteration + 1, modified_at = ? WHERE name = ?",
                (now, name),
            )
            connection.execute(
                "UPDATE objects SET state = ?,"
                " iteration = (SELECT iteration FROM jobs WHERE name = objects.job)"
                " WHERE job = ? AND object_id IN (SELECT object_id FROM objects"
                " WHERE job = ? AND state = ? ORDER BY object_id LIMIT ?)",
                (ObjectState.CHOSEN, name, name, ObjectState.PENDING, size),
            )

    def open_object(self, name: str, object_id: int, task_input: Any, now: float) -> None:
        """Make a chosen object's task available to workers."""
        self._update(
            name,
            object_id,
            ObjectState.CHOSEN,
            state=ObjectState.OPEN,
            task_input=json.dumps(task_input),
            opened_at=now,
        )

    def skip_object(self, name: str, object_id: int, now: float) -> None:
        """The pre-annotation Lambda wants no human annotation for a chosen object."""
        self._update(name, object_id, ObjectState.CHOSEN, state=ObjectState.SKIPPED, done_at=now)

    def fail_object(
        self, name: str, object_id: int, was: ObjectState, failure: str, now: float
    ) -> None:
        self._update(name, object_id, was, state=ObjectState.FAILED, failure=failure, done_at=now)

    def _update(self, name: str, object_id: int, was: ObjectState, **values: Any) -> None:
        columns = ", ".join(f"{column} = ?" for column in values)
        with self.database.transaction() as connection:
            connection.execute(
                f"UPDATE objects SET {columns} WHERE job = ? AND object_id = ? AND state = ?",
                (*values.values(), name, object_id, was),
            )


def _job(row: sqlite3.Row) -> Job:
    categories = row["label_categories"]
    return Job(
        name=row["name"],
        request=json.loads(row["request"]),
        template=row["template"],
        label_categories=None if categories is None else json.loads(categories),
        status=JobStatus(row["status"]),
        failure_reason=row["failure_reason"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        iteration=row["iteration"],
    )


def _data_object(row: sqlite3.Row) -> DataObject:
    return DataObject(
        object_id=row["object_id"],
        line=row["line"],
        state=ObjectState(row["state"]),
        iteration=row["iteration"],
        task_input=row["task_input"],
        done_at=row["done_at"],
        batch=row["batch"],
        result=None if row["result"] is None else json.loads(row["result"]),
        failure=row["failure"],
    )


def _marks(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)
