"""What became of each line of a conversion, kept on disk: a killed one goes on where it was.

One SQLite file. Nothing holds more than one row in memory, however many there are.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scripts.refusal import RefusedError

ROWS_A_COMMIT = 64
"""A killed conversion does so many again, which writes the same objects."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS run (
  digest TEXT NOT NULL, creation_date TEXT NOT NULL, about TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS converted (
  line INTEGER PRIMARY KEY,
  source_ref TEXT NOT NULL,
  output TEXT NOT NULL,
  state TEXT NOT NULL,
  confidence REAL NOT NULL,
  reason TEXT NOT NULL,
  fields TEXT NOT NULL,
  found TEXT NOT NULL,
  left_out TEXT NOT NULL
);
"""


class ConvertedState(StrEnum):
    """What became of a line."""

    LABELED = "labeled"
    NOTHING_FOUND = "nothing-found"
    """There is a label, and it says that there is nothing."""
    SET_ASIDE = "set-aside"
    """There was an answer, and no label could be made of it."""
    UNANSWERED = "unanswered"


HAS_LABEL = (ConvertedState.LABELED, ConvertedState.NOTHING_FOUND)


@dataclass(frozen=True, slots=True)
class ConvertedLine:
    """One line's end.

    Attributes:
        line: of the input manifest, 0-based.
        output: the answer's address; "" where there is none.
        confidence: of the label; 0 where there is none.
        reason: why there is no label; "" where there is one.
        fields: what the manifest line gets; empty where there is no label.
        found: label to how many objects of it were found (1 where objects are not told apart).
        left_out: model class to how many objects of it are of no label of the job.
    """

    line: int
    source_ref: str
    output: str
    state: ConvertedState
    confidence: float = 0.0
    reason: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    found: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)


class ConversionJournal:
    """See the module's description. For one thread.

    A journal of other settings is begun anew: its labels are written over.

    Args:
        digest: of all that a label depends on beside its answer; None takes a journal that is
            there as it is.
        creation_date: of the labels; that of the first time stays.
        about: what others need to know to use the labels.

    Raises:
        RefusedError: the file is no journal, or there is none to be taken as it is.
    """

    def __init__(
        self,
        file: Path,
        digest: str | None,
        creation_date: str = "",
        about: Mapping[str, Any] | None = None,
    ) -> None:
        if digest is None and not file.is_file():
            raise RefusedError(f"there is no journal of a conversion at {file}.")
        file.parent.mkdir(parents=True, exist_ok=True)
        self._rows = sqlite3.connect(file, isolation_level="DEFERRED")
        self._waiting = 0
        try:
            self._rows.execute("PRAGMA journal_mode = WAL")
            self._rows.executescript(_SCHEMA)
            begun = self._rows.execute("SELECT digest, creation_date, about FROM run").fetchone()
        except sqlite3.DatabaseError as error:
            self._rows.close()
            raise RefusedError(
                f"{file} is no journal of a conversion ({error}): remove it, or choose another "
                "folder."
            ) from error
        if begun is None or (digest is not None and begun[0] != digest):
            begun = (digest or "", creation_date, _text(about or {}))
            self._rows.execute("DELETE FROM run")
            self._rows.execute("DELETE FROM converted")
            self._rows.execute("INSERT INTO run VALUES (?, ?, ?)", begun)
            self._rows.commit()
        self.creation_date: str = begun[1]
        self.about: Mapping[str, Any] = json.loads(begun[2])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._rows.commit()
        self._rows.close()

    def is_done(self, line: int, output: str) -> bool:
        """Whether this very answer has been converted, or set aside."""
        found = self._rows.execute(
            "SELECT 1 FROM converted WHERE line = ? AND output = ?", (line, output)
        ).fetchone()
        return found is not None

    def write(self, done: ConvertedLine) -> None:
        """Note one line's end, in place of what stood there before."""
        self._rows.execute(
            "INSERT OR REPLACE INTO converted VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                done.line,
                done.source_ref,
                done.output,
                done.state.value,
                done.confidence,
                done.reason,
                *(_text(part) for part in (done.fields, done.found, done.left_out)),
            ),
        )
        self._waiting += 1
        if self._waiting >= ROWS_A_COMMIT:
            self._rows.commit()
            self._waiting = 0

    def lines(self) -> Iterator[ConvertedLine]:
        """All that have come to an end, in the input's order, one at a time."""
        self._rows.commit()
        for row in self._rows.execute("SELECT * FROM converted ORDER BY line"):
            yield _line(row)

    def get(self, line: int) -> ConvertedLine | None:
        row = self._rows.execute("SELECT * FROM converted WHERE line = ?", (line,)).fetchone()
        return None if row is None else _line(row)

    def by_confidence(self) -> Iterator[ConvertedLine]:
        """Those with an object in their label, the surest first."""
        self._rows.commit()
        query = "SELECT * FROM converted WHERE state = ? ORDER BY confidence DESC, line"
        for row in self._rows.execute(query, (ConvertedState.LABELED.value,)):
            yield _line(row)

    def counts(self) -> dict[ConvertedState, int]:
        """State to how many lines, all states."""
        found = dict(
            self._rows.execute("SELECT state, COUNT(*) FROM converted GROUP BY state").fetchall()
        )
        return {state: int(found.get(state.value, 0)) for state in ConvertedState}


def _line(row: tuple[Any, ...]) -> ConvertedLine:
    line, source_ref, output, state, confidence, reason, fields, found, left_out = row
    return ConvertedLine(
        line,
        source_ref,
        output,
        ConvertedState(state),
        confidence,
        reason,
        json.loads(fields),
        json.loads(found),
        json.loads(left_out),
    )


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
