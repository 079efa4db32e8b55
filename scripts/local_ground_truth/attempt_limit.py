"""Slows down whoever guesses: after some failures, a pause that doubles with each further one."""

from __future__ import annotations

import threading
from dataclasses import dataclass

FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 900.0
MAX_KEYS = 10_000


@dataclass
class _Failures:
    number: int
    blocked_until: float


class AttemptLimit:
    """Counts failures by key; what lies longer back than the longest pause is forgotten.

    Args:
        free: failures in a row before there is any pause.
    """

    def __init__(self, free: int) -> None:
        self._free = free
        self._lock = threading.Lock()
        self._failures: dict[str, _Failures] = {}

    def seconds_to_wait(self, key: str, now: float) -> float:
        """0 if another attempt may be made now."""
        with self._lock:
            found = self._failures.get(key)
        return 0.0 if found is None else max(0.0, found.blocked_until - now)

    def failed(self, key: str, now: float) -> None:
        with self._lock:
            self._forget(now)
            found = self._failures.setdefault(key, _Failures(0, now))
            found.number += 1
            beyond = found.number - self._free
            pause = FIRST_PAUSE_SECONDS * 2.0 ** min(beyond, 20) if beyond >= 0 else 0.0
            found.blocked_until = now + min(pause, LONGEST_PAUSE_SECONDS)

    def succeeded(self, key: str) -> None:
        with self._lock:
            self._failures.pop(key, None)

    def _forget(self, now: float) -> None:
        old = [
            key
            for key, found in self._failures.items()
            if found.blocked_until < now - LONGEST_PAUSE_SECONDS
        ]
        for key in old:
            del self._failures[key]
        while len(self._failures) >= MAX_KEYS:
            del self._failures[next(iter(self._failures))]
