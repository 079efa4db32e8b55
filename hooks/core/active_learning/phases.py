"""The order of a run: which photos people label when, and what comes after.

    test, validation, training, [round 1], round-1, [round 2], round-2, ..., [round k], rest

A round is: train, judge, label by machine. The phase `round-k` is the batch that round k chose.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from hooks.core.active_learning.round import RoundOutcome
from hooks.core.active_learning.sets import Sets
from hooks.core.errors import ContractError

TEST, VALIDATION, TRAINING, REST = "test", "validation", "training", "rest"
FIRST = (TEST, VALIDATION, TRAINING)
_ROUND = re.compile(r"round-([1-9]\d*)")


def batch_phase(number: int) -> str:
    """The phase of the batch that a round chose."""
    return f"round-{number}"


def round_of(phase: str) -> int:
    """The round before a phase; 0 before the first. Raises ContractError for what is no phase."""
    if phase in FIRST:
        return 0
    found = _ROUND.fullmatch(phase)
    if found is None:
        raise ContractError("phase", f"{phase!r} is no phase of a run.")
    return int(found[1])


def all_phases(rounds: int) -> list[str]:
    """Every phase that a run may have had after so many rounds, in order."""
    return [*FIRST, *map(batch_phase, range(1, rounds + 1)), REST]


def lines_of(phase: str, sets: Sets, outcomes: Sequence[RoundOutcome]) -> tuple[int, ...]:
    """The lines that a phase was to have labeled; for `rest` without what failed before."""
    if phase in FIRST:
        lines: tuple[int, ...] = getattr(sets, phase)
        return lines
    if phase == REST:
        return outcomes[-1].next_lines if outcomes and outcomes[-1].stop else ()
    outcome = outcomes[round_of(phase) - 1]
    return () if outcome.stop else outcome.next_lines
