"""Spans of time as people write them: 90s, 30m, 8h, 10d."""

from __future__ import annotations

import re

from scripts.refusal import RefusedError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"(\d+)\s*([smhd])")


def seconds_of(text: str, option: str) -> int:
    """Seconds of a span. Raises RefusedError naming the option."""
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise RefusedError(f"{option}: {text!r} is no span of time such as 90s, 30m, 8h or 10d.")
    return int(found[1]) * _UNITS[found[2]]


def span_of(seconds: float) -> str:
    """Seconds for people, in the two largest units that say something."""
    rest = max(0, round(seconds))
    parts = []
    for unit, size in reversed(_UNITS.items()):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit if unit != 'm' else 'min'}")
    return " ".join(parts[:2]) or "0 s"
