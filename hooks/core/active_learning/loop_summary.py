"""What came of a run, for its report: the record `summary.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hooks.core.active_learning.loop_cost import LoopCost, PhaseCost
from hooks.core.active_learning.loop_plan import LoopPlan
from hooks.core.active_learning.phases import REST, all_phases, batch_phase
from hooks.core.active_learning.round import RoundOutcome

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class PhasePeople:
    """What people did in a phase: photos labeled, and why others could not be."""

    labeled: int
    failed: Mapping[int, str]


def actual_cost(
    plan: LoopPlan, outcomes: Sequence[RoundOutcome], people: Mapping[str, PhasePeople]
) -> LoopCost:
    """The cost of what was labeled, phase by phase; `hooks.core.active_learning.loop_cost` is what
    was planned. A photo that failed costs nothing."""
    by_machine = {batch_phase(outcome.round): len(outcome.auto_lines) for outcome in outcomes}
    phases = []
    for phase in all_phases(len(outcomes)):
        human = people[phase].labeled if phase in people else 0
        machine = by_machine.get(phase)
        if phase == REST and not human:
            continue
        phases.append(
            PhaseCost(
                phase,
                human,
                machine or 0,
                human * plan.human_cost,
                (machine or 0) * plan.machine_cost,
                Decimal(0) if machine is None else plan.round_cost,
            )
        )
    return LoopCost(tuple(phases), plan.objects * plan.human_cost)


def loop_summary(
    plan: LoopPlan,
    outcomes: Sequence[RoundOutcome],
    people: Mapping[str, PhasePeople],
    validation_ious: Sequence[Mapping[int, float]],
    unlabeled: Mapping[int, str],
    notes: Mapping[int, Sequence[str]],
) -> dict[str, Any]:
    """The record.

    Args:
        people: by phase, of those that had photos.
        validation_ious: of every round, by line of the photos that it was judged by.
        unlabeled: the photos without a label in the end, and why.
        notes: by round, what was odd when its predictions were judged.
    """
    cost = actual_cost(plan, outcomes, people)
    return {
        "schema_version": SCHEMA_VERSION,
        "plan": plan.to_json(),
        "cost": cost.to_json(),
        "failed": {phase: _by_line(each.failed) for phase, each in people.items() if each.failed},
        "rounds": [
            {
                "round": outcome.round,
                "machine": len(outcome.auto_lines),
                "validation": len(ious),
                "mean_iou": sum(ious.values()) / len(ious) if ious else None,
                "calibrations": outcome.to_json()["calibrations"],
                "stop": outcome.stop,
                "notes": list(notes.get(outcome.round, ())),
            }
            for outcome, ious in zip(outcomes, validation_ious, strict=True)
        ],
        "stop": outcomes[-1].stop if outcomes else "",
        "unlabeled": _by_line(unlabeled),
        "guarantee": guarantee(plan, cost.machine),
    }


def guarantee(plan: LoopPlan, machine: int) -> str:
    """What can be said of the machine labels, as a sentence."""
    if not machine:
        return (
            "No photo was labeled by machine: no model's labels could be shown to be good enough."
        )
    whose = "of every class " if plan.per_class else ""
    return (
        f"With a certainty of {plan.certainty:.4g}, the {machine} machine labels {whose}have a "
        f"mean IoU of at least {plan.target_iou:g} with what people would have labeled."
    )


def _by_line(reasons: Mapping[int, str]) -> dict[str, str]:
    return {str(line): reasons[line] for line in sorted(reasons)}
