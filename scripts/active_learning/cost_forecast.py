"""What a run of active learning will cost, as a range, and what people alone would. Pure.

Nobody knows before how much a model will be sure of. So the forecast has cases: none of it, all
that can be, and between them the shares that simulations of one's own data came to, or the share
of the published run. Each case is billed from the price table that job creation uses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scripts.prices import Prices
from scripts.refusal import RefusedError

PUBLISHED_SHARE = 0.392
"""Of 1,000 photos of the article that automated data labeling was published with, 392."""


@dataclass(frozen=True, slots=True)
class LoopSizes:
    """How many objects there are, and how many of them each step takes.

    Raises:
        RefusedError: there are fewer objects than people label before the first model.
    """

    objects: int
    test: int
    validation: int
    training: int
    batch: int
    max_rounds: int

    def __post_init__(self) -> None:
        if self.objects < self.first:
            raise RefusedError(
                f"{self.objects:,} objects are fewer than the {self.first:,} that people label "
                "before the first model (test, validation, training): choose smaller sets, or "
                "have people label all."
            )

    @property
    def first(self) -> int:
        """Objects that people label before there is a model."""
        return self.test + self.validation + self.training

    def rounds(self, human: int) -> int:
        """Models that are trained when people label `human` in all."""
        batches = math.ceil(max(human - self.first, 0) / self.batch)
        return min(1 + batches, self.max_rounds)


@dataclass(frozen=True, slots=True)
class LoopRates:
    """What is paid beside Ground Truth's own fees.

    Attributes:
        task_price: dollars for a public worker and an object; None for other workers.
        round_cost: dollars for training a model and letting it look at all photos.
    """

    workers_per_object: int
    task_price: Decimal | None
    round_cost: Decimal


@dataclass(frozen=True, slots=True)
class CostCase:
    """One way that it may go."""

    name: str
    human: int
    machine: int
    rounds: int
    human_cost: Decimal
    machine_cost: Decimal
    training_cost: Decimal
    all_human_cost: Decimal

    @property
    def total(self) -> Decimal:
        return self.human_cost + self.machine_cost + self.training_cost

    @property
    def saved(self) -> float:
        """Share of what people alone would cost; below 0 where the loop costs more."""
        if not self.all_human_cost:
            return 0.0
        return float(1 - self.total / self.all_human_cost)

    def to_json(self) -> dict[str, Any]:
        return {
            "case": self.name,
            "human": self.human,
            "machine": self.machine,
            "rounds": self.rounds,
            "human_cost": str(self.human_cost),
            "machine_cost": str(self.machine_cost),
            "training_cost": str(self.training_cost),
            "total": str(self.total),
            "all_human_cost": str(self.all_human_cost),
            "saved": round(self.saved, 4),
        }


def forecast(
    prices: Prices, sizes: LoopSizes, rates: LoopRates, shares: Mapping[str, float]
) -> list[CostCase]:
    """A case for each share, and those of no and of all that a machine can label.

    Args:
        shares: names of cases, with the share of all objects that a machine labels, 0 to 1.
    """
    most = (sizes.objects - sizes.first) / max(sizes.objects, 1)
    cases = {"nothing by machine": 0.0, **shares, "all that can be": most}
    return [_case(name, min(share, most), prices, sizes, rates) for name, share in cases.items()]


def human_labels_cost(prices: Prices, objects: int, rates: LoopRates) -> Decimal:
    """What `objects` cost that people label."""
    pay = Decimal(0)
    if rates.task_price is not None:
        pay = prices.worker_pay(objects * rates.workers_per_object, rates.task_price)
    return prices.object_fees(objects) + pay


def _case(name: str, share: float, prices: Prices, sizes: LoopSizes, rates: LoopRates) -> CostCase:
    machine = round(share * sizes.objects)
    human = sizes.objects - machine
    rounds = sizes.rounds(human)
    return CostCase(
        name=name,
        human=human,
        machine=machine,
        rounds=rounds,
        human_cost=human_labels_cost(prices, human, rates),
        machine_cost=prices.machine_fees(machine),
        training_cost=rates.round_cost * rounds,
        all_human_cost=human_labels_cost(prices, sizes.objects, rates),
    )
