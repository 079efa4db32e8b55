"""How long a label may be, and what becomes of a longer one.

A manifest attribute holds 20,000 characters. Of a longer label some parts are left out, named in
its "left-out", and stand in its details object alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

MAX_LABEL_CHARACTERS = 19_000
"""A manifest attribute holds 20,000 characters; some are left for how Ground Truth writes it."""


def characters(value: Mapping[str, Any]) -> int:
    """The length of a value in its longest spelling, with spaces and escapes."""
    return len(json.dumps(value))


def within_limit(value: Mapping[str, Any], long: Sequence[str]) -> dict[str, Any]:
    """What fits a manifest attribute: `long` names what is left out, first the first, if need be.

    What is still too long after that stays so: all else in a label is short.
    """
    kept = dict(value)
    for name in long:
        if characters(kept) <= MAX_LABEL_CHARACTERS:
            break
        if kept.pop(name, None) is not None:
            kept["left-out"] = [*kept.get("left-out", []), name]
    return kept
