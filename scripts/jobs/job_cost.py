"""What a labeling job will cost, and what it has cost so far."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from scripts.prices import Prices, dollars


@dataclass(frozen=True, slots=True)
class CostItem:
    """One line of a bill. `how` says what was multiplied."""

    what: str
    how: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class JobCost:
    """A bill.

    Attributes:
        notes: what it leaves out.
    """

    items: tuple[CostItem, ...]
    notes: tuple[str, ...]

    @property
    def total(self) -> Decimal:
        return sum((item.amount for item in self.items), Decimal(0))

    def to_json(self) -> dict[str, object]:
        return {
            "currency": "USD",
            "total": str(self.total),
            "items": [
                {"what": item.what, "how": item.how, "amount": str(item.amount)}
                for item in self.items
            ],
            "notes": list(self.notes),
        }

    def sentences(self) -> list[str]:
        """The bill for people, a line each."""
        lines = [f"{item.what}: {item.how} = {dollars(item.amount)}" for item in self.items]
        return [*lines, f"Total: {dollars(self.total)}", *self.notes]


def job_cost(
    prices: Prices,
    *,
    objects: int,
    workers_per_object: int,
    task_price: Decimal | None = None,
    instance_type: str | None = None,
    instances: int = 1,
    hours: float | None = None,
) -> JobCost:
    """The bill for `objects` that people label.

    Args:
        task_price: what a public worker gets for one object; None for private and vendor teams.
        instance_type: of the click model's endpoint, if there is one.
        hours: that the endpoint runs, where that is known.
    """
    items = [
        CostItem(
            "Ground Truth",
            f"{objects:,} objects at {_rates(prices, objects)}",
            prices.object_fees(objects),
        )
    ]
    notes = [f"Prices of {prices.dated}; S3, Lambda and taxes come on top."]
    if task_price is None:
        notes.append("What a private or vendor team is paid is between you and them.")
    else:
        tasks = objects * workers_per_object
        items.append(
            CostItem(
                "public workers",
                f"{objects:,} objects x {workers_per_object} workers x {task_price} USD",
                prices.worker_pay(tasks, task_price),
            )
        )
    if instance_type is not None:
        rate = prices.instance_hour.get(instance_type)
        if rate is None:
            notes.append(f"The price table does not know {instance_type}, the endpoint's instance.")
        elif hours is None:
            hourly = dollars(rate * instances)
            notes.append(f"The endpoint ({instances} {instance_type}) costs {hourly} an hour.")
        else:
            items.append(
                CostItem(
                    "endpoint",
                    f"{hours:.1f} h x {instances} {instance_type} x {rate} USD",
                    rate * instances * Decimal(str(round(hours, 4))),
                )
            )
    return JobCost(tuple(items), tuple(notes))


def _rates(prices: Prices, objects: int) -> str:
    """The prices of the tiers that so many objects reach."""
    rates = []
    for tier in prices.object_fee:
        rates.append(str(tier.price))
        if tier.up_to is None or objects <= tier.up_to:
            break
    return " to ".join(dict.fromkeys((rates[0], rates[-1]))) + " USD"
