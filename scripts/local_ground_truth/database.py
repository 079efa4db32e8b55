"""The one SQLite file that holds every labeling job's state.

A transaction is on the disk when it returns (write-ahead log, synchronous=FULL). One connection
serves all threads, one at a time: transactions here take well under a millisecond, the disk more.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    request TEXT NOT NULL,          -- CreateLabelingJob's parameters, JSON
    template TEXT NOT NULL,         -- the worker task template as it was when the job was created
    label_categories TEXT,          -- JSON list of names; NULL without a category file
    status TEXT NOT NULL,
    failure_reason TEXT,
    created_at REAL NOT NULL,       -- all times: seconds since 1970
    modified_at REAL NOT NULL,
    iteration INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS objects (
    job TEXT NOT NULL COLLATE NOCASE,
    object_id INTEGER NOT NULL,     -- line number in the manifest, from 0
    line TEXT NOT NULL,             -- the line; JSON unless the object failed for not being JSON
    state TEXT NOT NULL,
    iteration INTEGER,
    task_input TEXT,                -- JSON
    opened_at REAL,                 -- when the task became available
    done_at REAL,                   -- when the last answer came, or time ran out
    response_written INTEGER NOT NULL DEFAULT 0,
    corrections INTEGER NOT NULL DEFAULT 0,     -- how often a worker changed an answer
    batch INTEGER,
    result TEXT,                    -- JSON: what consolidation adds to the line
    failure TEXT,
    PRIMARY KEY (job, object_id)
);
CREATE INDEX IF NOT EXISTS objects_by_state ON objects (job, state, object_id);
CREATE TABLE IF NOT EXISTS assignments (
    assignment_id TEXT PRIMARY KEY,
    job TEXT NOT NULL COLLATE NOCASE,
    object_id INTEGER NOT NULL,
    worker TEXT NOT NULL,           -- the worker's name
    state TEXT NOT NULL,
    accepted_at REAL NOT NULL,
    deadline REAL NOT NULL,
    submitted_at REAL,
    answer TEXT,                    -- JSON object: the form's named fields
    reason TEXT                     -- why it was given back, in the worker's words
);
CREATE INDEX IF NOT EXISTS assignments_by_object ON assignments (job, object_id);
CREATE INDEX IF NOT EXISTS assignments_by_worker ON assignments (worker, state);
CREATE TABLE IF NOT EXISTS batches (
    job TEXT NOT NULL COLLATE NOCASE,
    iteration INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    requested_at REAL NOT NULL,     -- names the payload file, so that a retry writes the same one
    done INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (job, iteration, batch)
);
CREATE TABLE IF NOT EXISTS workers (
    name_key TEXT PRIMARY KEY,      -- the name in lower case: Ann and ann are one worker
    name TEXT NOT NULL,
    pass_code TEXT,                 -- salted hash; NULL for a worker who has none
    created_at REAL NOT NULL,
    signed_in_at REAL
);
CREATE TABLE IF NOT EXISTS sessions (
    token_hash TEXT PRIMARY KEY,    -- of the cookie's value, so that the file opens no session
    name_key TEXT,                  -- NULL for the requester
    expires_at REAL NOT NULL
);
"""
ADDED_COLUMNS = (
    ("objects", "corrections", "INTEGER NOT NULL DEFAULT 0"),
    ("assignments", "reason", "TEXT"),
)
"""What files of earlier versions lack."""


class Database:
    """Transactions on one file, and a way to wait until one has changed something.

    `with database.transaction() as connection:` commits at the end of the block, or rolls back if
    it raises. Transactions of several threads run one after the other.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Answers and hashes of pass codes are its owner's; SQLite's own files get the same mode.
        path.touch(mode=0o600)
        path.chmod(0o600)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(SCHEMA)
        self._add_columns()
        self._lock = threading.RLock()
        self._changed = threading.Condition()
        self._changes = 0

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _add_columns(self) -> None:
        for table, column, kind in ADDED_COLUMNS:
            present = {
                row["name"] for row in self._connection.execute(f"PRAGMA table_info({table})")
            }
            if column not in present:
                self._connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction that may write; if it did, whoever waits for a change is woken."""
        with self._lock:
            before = self._connection.total_changes
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.commit()
            except BaseException:
                self._connection.rollback()
                raise
            changed = self._connection.total_changes != before
        if changed:
            self.wake()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for queries alone."""
        with self._lock:
            yield self._connection

    @property
    def changes(self) -> int:
        """How many changes there have been; hand it to `wait_for_change`."""
        return self._changes

    def wait_for_change(self, since: int, seconds: float) -> None:
        """Return when there has been a change after number `since`, or after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self._changes != since, seconds)

    def wake(self) -> None:
        """Wake everybody who waits for a change."""
        with self._changed:
            self._changes += 1
            self._changed.notify_all()
