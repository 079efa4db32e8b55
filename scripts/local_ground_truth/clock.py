"""The time, as something that is handed in, and the ways Ground Truth writes it down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present moment in UTC; tests hand in one that they move by hand."""


def system_clock() -> datetime:
    """The machine's own time."""
    return datetime.now(UTC)


def from_epoch(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def iso_milliseconds(moment: datetime) -> str:
    """As in worker-response files: `2026-11-20T10:00:01.120Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def key_time(moment: datetime) -> str:
    """As in the S3 keys of annotation files: `2026-11-20_10:11:12`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d_%H:%M:%S")


def creation_date(moment: datetime) -> str:
    """As in the metadata of an output manifest line: `2026-11-20T10:12:00.833000`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
