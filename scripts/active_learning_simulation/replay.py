"""One run of the loop, replayed with simulated workers, by the functions that decide real runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hooks.core.active_learning.acquisition import Acquisition, choose_batch
from hooks.core.active_learning.loop_cost import LoopCost, loop_cost
from hooks.core.active_learning.loop_plan import LoopPlan
from hooks.core.active_learning.round import RoundOutcome, decide_round, standing_after
from hooks.core.active_learning.sets import split
from scripts.active_learning_simulation.labeled_photos import References
from scripts.active_learning_simulation.learner import Learner, Predicted
from scripts.active_learning_simulation.simulated_labels import HumanLabels


@dataclass(slots=True)
class World:
    """What the replays of one seed share: people's labels, the truth, and the first model, which
    does not depend on how photos are chosen."""

    learner: Learner
    human: HumanLabels
    references: References
    _first: dict[tuple[int, ...], Predicted] = field(default_factory=dict)

    def model(
        self, training: tuple[int, ...], wanted: Sequence[int], seed: int, *, first: bool
    ) -> Predicted:
        """A model of some photos' labels, and what it says of the others."""
        if first and training in self._first:
            return self._first[training]
        found = self.learner.learn(training, self.human, wanted, seed)
        if first:
            self._first[training] = found
        return found


@dataclass(frozen=True, slots=True)
class MachineMade:
    """A machine label of a replay, with its IoU with the reference."""

    place: int
    confidence: float
    iou: float
    label: Any


@dataclass(frozen=True, slots=True)
class Replayed:
    """A run from its beginning to its end.

    Attributes:
        model_ious: mean IoU of every round's model with people's labels, over what it was judged
            by.
    """

    outcomes: tuple[RoundOutcome, ...]
    cost: LoopCost
    model_ious: tuple[float, ...]
    machine: tuple[MachineMade, ...]

    @property
    def machine_iou(self) -> float | None:
        """Mean IoU of all machine labels with the references; None if there are none."""
        return float(np.mean([made.iou for made in self.machine])) if self.machine else None

    def to_json(self, target: float) -> dict[str, Any]:
        iou = self.machine_iou
        return {
            "human": self.cost.human,
            "machine": self.cost.machine,
            "machine_iou": iou,
            "meets": None if iou is None else iou >= target,
            "cost": str(self.cost.total),
            "all_human": str(self.cost.all_human),
            "saved": self.cost.saved,
            "rounds": [
                {
                    "model_iou": model_iou,
                    "auto": len(outcome.auto_lines),
                    "batch": len(outcome.next_lines),
                    "left_validation": len(outcome.gated_validation)
                    + len(outcome.chosen_validation),
                    "stop": outcome.stop,
                    "calibrations": {
                        name: one.to_json() for name, one in outcome.calibrations.items()
                    },
                }
                for outcome, model_iou in zip(self.outcomes, self.model_ious, strict=True)
            ],
        }


def replay(plan: LoopPlan, world: World) -> Replayed:
    """Rounds until one stops."""
    outcomes: list[RoundOutcome] = []
    model_ious: list[float] = []
    machine: list[MachineMade] = []
    while not (outcomes and outcomes[-1].stop):
        now = standing_after(plan, outcomes)
        found = world.model(
            now.training, (*now.pool, *now.validation), plan.seed, first=not outcomes
        )
        ious = {
            place: world.learner.agreement(found.labels[place], world.human, place)
            for place in now.validation
        }
        outcome = decide_round(plan, outcomes, found.predictions, ious)
        outcomes.append(outcome)
        model_ious.append(float(np.mean(list(ious.values()))))
        machine += [
            MachineMade(
                place,
                found.predictions[place].confidence,
                world.learner.agreement(found.labels[place], world.references, place),
                found.labels[place],
            )
            for place in outcome.auto_lines
        ]
    return Replayed(tuple(outcomes), loop_cost(plan, outcomes), tuple(model_ious), tuple(machine))


def learning_curve(
    plan: LoopPlan, world: World, acquisition: Acquisition, batches: int
) -> list[Mapping[str, float]]:
    """How good models get with every batch, if no label is taken from them.

    Every model is measured by the references of the whole validation set, which stays as it is: so
    ways to choose are compared at the same number of human labels.
    """
    sets = split(plan)
    training, pool = (*sets.test, *sets.training), sets.pool
    points: list[Mapping[str, float]] = []
    for number in range(batches + 1):
        now = tuple(sorted(training))
        found = world.model(now, (*pool, *sets.validation), plan.seed, first=number == 0)
        ious = [
            world.learner.agreement(found.labels[place], world.references, place)
            for place in sets.validation
        ]
        points.append({"human": len(training), "iou": float(np.mean(ious))})
        chosen = choose_batch(
            [found.predictions[place] for place in pool],
            (),
            plan.batch_size,
            acquisition,
            plan.seed * 1009 + number,
        ).lines
        training = (*training, *chosen)
        pool = tuple(place for place in pool if place not in set(chosen))
    return points
