"""Batches of answered objects on their way through consolidation, as rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.local_ground_truth.database import Database
from scripts.local_ground_truth.job_store import ObjectState


@dataclass(frozen=True, slots=True)
class Batch:
    """Objects of one iteration that are consolidated together.

    Attributes:
        requested_at: names the payload file; fixed before anything is written or invoked.
    """

    iteration: int
    number: int
    requested_at: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What consolidation made of one object: fields for its line, or why there are none."""

    fields: Mapping[str, Any] | None
    failure: str | None = None


class Batches:
    """Reads and writes batches; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def plan(self, job: str, iteration: int, groups: Iterable[list[int]], now: float) -> None:
        """Put answered objects, by id, into batches; each batch gets a second of its own."""
        with self._database.transaction() as connection:
            latest, number = connection.execute(
                "SELECT MAX(requested_at), COUNT(*) FROM batches WHERE job = ?", (job,)
            ).fetchone()
            for group in groups:
                number += 1
                latest = now if latest is None else max(now, latest + 1)
                connection.execute(
                    "INSERT INTO batches (job, iteration, batch, requested_at) VALUES (?, ?, ?, ?)",
                    (job, iteration, number, latest),
                )
                connection.executemany(
                    "UPDATE objects SET batch = ? WHERE job = ? AND object_id = ? AND state = ?",
                    ((number, job, object_id, ObjectState.ANSWERED) for object_id in group),
                )

    def unfinished(self, job: str) -> list[Batch]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM batches WHERE job = ? AND NOT done ORDER BY batch", (job,)
            ).fetchall()
        return [Batch(row["iteration"], row["batch"], row["requested_at"]) for row in rows]

    def finish(self, job: str, batch: Batch, outcomes: Mapping[int, Outcome], now: float) -> None:
        """Record what became of a batch's objects, by id."""
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE objects SET state = ?, result = ?, failure = ?"
                " WHERE job = ? AND object_id = ? AND batch = ?",
                (
                    (
                        ObjectState.FAILED if outcome.fields is None else ObjectState.LABELED,
                        None if outcome.fields is None else json.dumps(outcome.fields),
                        outcome.failure,
                        job,
                        object_id,
                        batch.number,
                    )
                    for object_id, outcome in outcomes.items()
                ),
            )
            connection.execute("UPDATE jobs SET modified_at = ? WHERE name = ?", (now, job))
            connection.execute(
                "UPDATE batches SET done = 1 WHERE job = ? AND batch = ?", (job, batch.number)
            )

    def written_response(self, job: str, object_id: int, corrections: int) -> None:
        """Note that the object's worker-response file has its answers after so many corrections."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE objects SET response_written = 1"
                " WHERE job = ? AND object_id = ? AND corrections = ?",
                (job, object_id, corrections),
            )

    def without_response(self, job: str) -> list[tuple[int, int]]:
        """The answered objects whose worker-response files are still to be written.

        Each with the number of corrections so far: read before the answers, it tells whether one
        was corrected while the file was being written.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT object_id, corrections FROM objects WHERE job = ? AND state = ?"
                " AND NOT response_written ORDER BY object_id",
                (job, ObjectState.ANSWERED),
            ).fetchall()
        return [(row["object_id"], row["corrections"]) for row in rows]
