"""How much a task token may be used, and the count of how much it was.

A count lies in the memory of one instance of the click proxy: asking a shared store at every click
would cost the worker milliseconds and the requester money. So a token may be used once as much on
each instance, which the function's concurrency and the API's throttle bound. How many tokens a
task gets is counted where all instances see it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

BURST_SECONDS = 12.0
"""Calls may come at once that are due within this time: an object is four points and a mask, and
people click fast where they see how."""
MAX_COUNTED = 10_000
"""Tokens that an instance counts, a megabyte or two; of more, the ones not used for longest are
forgotten."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most `calls` in all, and `per_second` in the long run."""

    calls: int
    per_second: float


ALLOWANCE = Allowance(calls=1200, per_second=5.0)
"""Of a token of ten minutes: a click every half second without a pause."""
EXCHANGES = Allowance(calls=1000, per_second=1.0)
"""Of a task's grant, for tokens: nine workers who work for eight hours each and reload the page
as often again need 864."""


@dataclass(slots=True)
class _Count:
    calls: float
    left: float
    at: float


class Counter:
    """Counts calls by name. `now` is in seconds and never goes back."""

    def __init__(self, most: int = MAX_COUNTED) -> None:
        self._most = most
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def spend(self, name: str, allowance: Allowance, now: float) -> float | None:
        """Count a call: 0 if it may go on, else the seconds until the next may; None for never."""
        burst = max(allowance.per_second * BURST_SECONDS, 1.0)
        count = self._counts.pop(name, None) or _Count(0, burst, now)
        self._counts[name] = count
        if len(self._counts) > self._most:
            self._counts.popitem(last=False)
        count.left = min(count.left + (now - count.at) * allowance.per_second, burst)
        count.at = now
        if count.calls >= allowance.calls:
            return None
        if count.left < 1:
            return (1 - count.left) / allowance.per_second
        count.left -= 1
        count.calls += 1
        return 0.0
