"""What a run's endpoint will cost, before it is made."""

from __future__ import annotations

from decimal import Decimal

from scripts.jobs.job_cost import CostItem, JobCost
from scripts.prices import Prices, dollars

SECONDS_PER_PHOTO = 2.0
"""About what Mask R-CNN takes for a photo on a small GPU; a figure to reckon with, no promise."""
HOURS_BESIDE = 0.5
"""Starting, and falling asleep after the last photo: each a quarter of an hour at most."""


def run_cost(
    prices: Prices,
    *,
    photos: int,
    instance_type: str | None,
    max_instances: int,
    concurrency: int,
    made_here: bool,
) -> JobCost:
    """The bill for so many photos that still need an answer.

    Args:
        instance_type: None where it is not known.
        made_here: the endpoint is made for the run; otherwise it costs what it costs anyhow.
    """
    notes = [f"Prices of {prices.dated}; S3, requests and taxes come on top."]
    if not made_here:
        return JobCost((), ("The endpoint is there already and costs what it costs.", *notes))
    rate = None if instance_type is None else prices.instance_hour.get(instance_type)
    if rate is None:
        return JobCost((), (f"The price table does not know {instance_type}.", *notes))
    hours = photos * SECONDS_PER_PHOTO / max(concurrency, 1) / 3600 + HOURS_BESIDE
    amount = (rate * Decimal(str(round(hours, 4)))).quantize(Decimal("0.0001"))
    how = (
        f"about {hours:.1f} instance hours x {rate} USD ({photos:,} photos, "
        f"{SECONDS_PER_PHOTO:g} s each, {concurrency} at a time on an instance)"
    )
    notes.insert(
        0,
        f"While it runs, at most {max_instances} {instance_type} at "
        f"{dollars(rate * max_instances)} an hour; it sleeps when it has nothing to do, and is "
        "deleted at the end.",
    )
    return JobCost((CostItem("endpoint", how, amount),), tuple(notes))
