"""What a run cost, phase by phase, by people and by machine, and what it saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hooks.core.active_learning.loop_plan import LoopPlan
from hooks.core.active_learning.round import RoundOutcome


@dataclass(frozen=True, slots=True)
class PhaseCost:
    """Labels and dollars of one phase: `test`, `validation`, `training`, `round-1`, …, `rest`.

    Attributes:
        rounds: what training and predicting cost.
    """

    phase: str
    human: int
    machine: int
    human_cost: Decimal
    machine_cost: Decimal
    round_cost: Decimal

    @property
    def total(self) -> Decimal:
        return self.human_cost + self.machine_cost + self.round_cost

    def to_json(self) -> dict[str, Any]:
        return {
            "phase": self.phase,
            "human": self.human,
            "machine": self.machine,
            "human_cost": str(self.human_cost),
            "machine_cost": str(self.machine_cost),
            "round_cost": str(self.round_cost),
            "total": str(self.total),
        }


@dataclass(frozen=True, slots=True)
class LoopCost:
    """All phases, and what people alone would have cost.

    Attributes:
        all_human: dollars for all of the run's photos, labeled by people.
    """

    phases: tuple[PhaseCost, ...]
    all_human: Decimal

    @property
    def total(self) -> Decimal:
        return sum((phase.total for phase in self.phases), Decimal(0))

    @property
    def saved(self) -> float:
        """Share of the all-human cost that was saved; negative when it cost more."""
        return float(1 - self.total / self.all_human) if self.all_human else 0.0

    @property
    def human(self) -> int:
        return sum(phase.human for phase in self.phases)

    @property
    def machine(self) -> int:
        return sum(phase.machine for phase in self.phases)

    def to_json(self) -> dict[str, Any]:
        return {
            "phases": [phase.to_json() for phase in self.phases],
            "human": self.human,
            "machine": self.machine,
            "total": str(self.total),
            "all_human": str(self.all_human),
            "saved": self.saved,
        }


def loop_cost(plan: LoopPlan, outcomes: Sequence[RoundOutcome]) -> LoopCost:
    """Of the rounds so far; `saved` means something once the last one has stopped."""
    phases = [
        _phase(plan, "test", plan.test_size),
        _phase(plan, "validation", plan.validation_size),
        _phase(plan, "training", plan.training_size),
    ]
    for outcome in outcomes:
        people = 0 if outcome.stop else len(outcome.next_lines)
        machine = len(outcome.auto_lines)
        phases.append(_phase(plan, f"round-{outcome.round}", people, machine, plan.round_cost))
        if outcome.stop and outcome.next_lines:
            phases.append(_phase(plan, "rest", len(outcome.next_lines)))
    return LoopCost(tuple(phases), plan.objects * plan.human_cost)


def _phase(
    plan: LoopPlan, phase: str, human: int, machine: int = 0, round_cost: Decimal = Decimal(0)
) -> PhaseCost:
    return PhaseCost(
        phase, human, machine, human * plan.human_cost, machine * plan.machine_cost, round_cost
    )
