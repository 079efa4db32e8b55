"""What was asked, sent and answered in a run, kept on disk so that a killed run goes on.

A row a photo, in one SQLite file. What is written is on the disk before the function returns: a
request leaves only after the journal says that it is about to, and an answer counts only once it
stands here. So a run that is killed anywhere sends nothing twice that has an answer. Nothing holds
more than a handful of rows in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from scripts.auto_labeling.answered import Answered, Outcome, Unanswered
from scripts.refusal import RefusedError

JOURNAL_FILE = "journal.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS run (
  digest TEXT NOT NULL,
  endpoint TEXT NOT NULL DEFAULT '',
  made INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS photo (
  line INTEGER PRIMARY KEY,
  source_ref TEXT NOT NULL,
  state TEXT NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 1,
  output TEXT NOT NULL DEFAULT '',
  failure TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  since REAL NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS photo_state ON photo (state, since);
"""


class State(StrEnum):
    """Where a photo stands."""

    WAITING = "waiting"
    """To be sent, once its `since` has come."""
    LEAVING = "leaving"
    """About to be sent, or sent while nobody learned of it."""
    SENT = "sent"
    ANSWERED = "answered"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True)
class Question:
    """A photo to be asked about. `attempt` counts from 1."""

    line: int
    source_ref: str
    attempt: int


@dataclass(frozen=True, slots=True)
class SentQuestion:
    """A question that is out.

    Attributes:
        output, failure: where the answer will be, or what went wrong; `failure` may be "".
        since: when it was sent, seconds since 1970.
    """

    question: Question
    output: str
    failure: str
    since: float


@dataclass(frozen=True, slots=True)
class Counts:
    """How many photos stand where."""

    total: int
    in_flight: int
    answered: int
    given_up: int

    @property
    def done(self) -> int:
        return self.answered + self.given_up


class Journal:
    """See the module's description. For one thread.

    Args:
        digest: of all that the run's answers depend on.

    Raises:
        RefusedError: the file is another run's.
    """

    def __init__(self, file: Path, digest: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._rows = sqlite3.connect(file, isolation_level=None)
        try:
            self._rows.execute("PRAGMA journal_mode = WAL")
            self._rows.execute("PRAGMA synchronous = FULL")
            self._rows.executescript(_SCHEMA)
            found = self._rows.execute("SELECT digest FROM run").fetchone()
        except sqlite3.DatabaseError as error:
            self._rows.close()
            raise RefusedError(f"{file} is no journal of auto-labeling ({error}).") from error
        if found is None:
            self._rows.execute("INSERT INTO run (digest) VALUES (?)", (digest,))
        elif found[0] != digest:
            self._rows.close()
            raise RefusedError(
                f"{file} belongs to a run with other photos, another model or other settings: "
                "choose another --out, or remove that folder."
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._rows.close()

    def add(self, photos: Iterable[tuple[int, str]]) -> None:
        """Add lines and their `source-ref`s; those that are there already stay as they are."""
        self._rows.execute("BEGIN")
        try:
            self._rows.executemany(
                "INSERT OR IGNORE INTO photo (line, source_ref, state) VALUES (?, ?, 'waiting')",
                photos,
            )
        except BaseException:
            self._rows.execute("ROLLBACK")
            raise
        self._rows.execute("COMMIT")

    def meet(self, endpoint: str) -> bool:
        """Note which endpoint answers from now on; whether questions were sent to another."""
        met = self._rows.execute("SELECT endpoint FROM run").fetchone()[0]
        self._rows.execute("UPDATE run SET endpoint = ?", (endpoint,))
        return met not in ("", endpoint)

    def has_made(self) -> bool:
        """Whether an endpoint was made for this run that is not known to be gone."""
        return bool(self._rows.execute("SELECT made FROM run").fetchone()[0])

    def note_made(self, made: bool) -> None:
        self._rows.execute("UPDATE run SET made = ?", (int(made),))

    def take(self, count: int, now: float) -> list[Question]:
        """Up to `count` photos whose turn it is, the first lines first; they are LEAVING now."""
        rows = self._rows.execute(
            "SELECT line, source_ref, attempt FROM photo WHERE state = ? AND since <= ? "
            "ORDER BY line LIMIT ?",
            (State.WAITING, now, max(count, 0)),
        ).fetchall()
        self._set_many([(State.LEAVING, now, row[0]) for row in rows])
        return [Question(*row) for row in rows]

    def leaving(self) -> list[Question]:
        """Photos of which a run before this one may have sent a request or not."""
        rows = self._rows.execute(
            "SELECT line, source_ref, attempt FROM photo WHERE state = ? ORDER BY line",
            (State.LEAVING,),
        )
        return [Question(*row) for row in rows]

    def sent(self, line: int, output: str, failure: str, now: float) -> None:
        self._rows.execute(
            "UPDATE photo SET state = ?, output = ?, failure = ?, since = ? WHERE line = ?",
            (State.SENT, output, failure, now, line),
        )

    def answered(self, line: int, output: str) -> None:
        self._rows.execute(
            "UPDATE photo SET state = ?, output = ?, reason = '' WHERE line = ?",
            (State.ANSWERED, output, line),
        )

    def put_back(self, line: int) -> None:
        """Let a photo whose request may never have left be sent as the same attempt."""
        self._rows.execute(
            "UPDATE photo SET state = ?, since = 0 WHERE line = ?", (State.WAITING, line)
        )

    def again(self, line: int, reason: str, not_before: float) -> None:
        """Let a photo be asked about anew, from a moment on."""
        self._rows.execute(
            "UPDATE photo SET state = ?, reason = ?, since = ?, attempt = attempt + 1 "
            "WHERE line = ?",
            (State.WAITING, reason, not_before, line),
        )

    def give_up(self, line: int, reason: str) -> None:
        self._rows.execute(
            "UPDATE photo SET state = ?, reason = ? WHERE line = ?", (State.GIVEN_UP, reason, line)
        )

    def ask_again_about_given_up(self) -> int:
        """Let the photos that were given up be asked about anew; how many there are."""
        return self._rows.execute(
            "UPDATE photo SET state = ?, since = 0, attempt = 1 WHERE state = ?",
            (State.WAITING, State.GIVEN_UP),
        ).rowcount

    def in_flight(self) -> list[SentQuestion]:
        """What is out, the longest first; as many as were let out at a time."""
        rows = self._rows.execute(
            "SELECT line, source_ref, attempt, output, failure, since FROM photo "
            "WHERE state = ? ORDER BY since, line",
            (State.SENT,),
        )
        return [SentQuestion(Question(*row[:3]), *row[3:]) for row in rows]

    def next_turn(self) -> float | None:
        """When the next waiting photo's turn comes; None when none waits."""
        found = self._rows.execute(
            "SELECT MIN(since) FROM photo WHERE state = ?", (State.WAITING,)
        ).fetchone()
        return None if found[0] is None else float(found[0])

    def counts(self) -> Counts:
        by_state = dict(self._rows.execute("SELECT state, COUNT(*) FROM photo GROUP BY state"))
        return Counts(
            total=sum(by_state.values()),
            in_flight=by_state.get(State.SENT, 0) + by_state.get(State.LEAVING, 0),
            answered=by_state.get(State.ANSWERED, 0),
            given_up=by_state.get(State.GIVEN_UP, 0),
        )

    def outcomes(self) -> Iterator[Outcome]:
        """What became of the photos, in the order of the manifest's lines."""
        rows = self._rows.execute(
            "SELECT line, source_ref, state, output, reason FROM photo "
            "WHERE state IN (?, ?) ORDER BY line",
            (State.ANSWERED, State.GIVEN_UP),
        )
        for line, source_ref, state, output, reason in rows:
            if state == State.ANSWERED:
                yield Answered(line, source_ref, output)
            else:
                yield Unanswered(line, source_ref, reason)

    def _set_many(self, rows: list[tuple[State, float, int]]) -> None:
        self._rows.execute("BEGIN")
        self._rows.executemany("UPDATE photo SET state = ?, since = ? WHERE line = ?", rows)
        self._rows.execute("COMMIT")
