"""The article's settings, scaled to the size of a set."""

from __future__ import annotations

from decimal import Decimal

from hooks.core.active_learning.acquisition import Acquisition
from hooks.core.active_learning.loop_plan import LabelKind, LoopPlan
from scripts.active_learning_simulation.learner import CLASS

TEST = 10
"""Photos to try the job with, of whatever number."""
VALIDATION_SHARE = 0.19
TRAINING_SHARE = 0.06
BATCH_SHARE = 0.1
"""The article took 190, 200 and about 200 of 1,000 photos, for a network trained as a whole; a head
on a fixed encoder learns from fewer."""
MAX_ROUNDS = 2
"""Models that label; the article's fourth and fifth iteration."""


def simulated_plan(
    kind: LabelKind,
    objects: int,
    *,
    seed: int,
    acquisition: Acquisition,
    target: float,
    human_cost: Decimal,
    machine_cost: Decimal,
) -> LoopPlan:
    """The plan of one replay. Raises ContractError when there are too few photos for it."""
    return LoopPlan(
        name=f"{kind}-{seed}-{acquisition}",
        kind=kind,
        labels=(CLASS,),
        objects=objects,
        test_size=TEST,
        validation_size=round(objects * VALIDATION_SHARE),
        training_size=round(objects * TRAINING_SHARE),
        batch_size=round(objects * BATCH_SHARE),
        max_rounds=MAX_ROUNDS,
        target_iou=target,
        acquisition=acquisition,
        seed=seed,
        human_cost=human_cost,
        machine_cost=machine_cost,
    )
