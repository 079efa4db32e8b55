"""What things cost on AWS: one dated table, `prices.toml`, that a file of your own overrides.

Everything that shows or compares costs reads it here: job creation, progress, latency, automatic
labeling. Amounts are `Decimal`s of US dollars.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Any

from scripts.refusal import RefusedError

SHIPPED = Path(__file__).with_name("prices.toml")
OVERRIDE_VARIABLE = "FEWCLICK_PRICES"


class TaskType(StrEnum):
    """What a worker's task is, for the price list of public workers."""

    CUSTOM = "custom"
    BOUNDING_BOX = "bounding-box"
    SEMANTIC_SEGMENTATION = "semantic-segmentation"


@dataclass(frozen=True, slots=True)
class Tier:
    """A price that holds for the objects of a month up to a number; None has no end."""

    up_to: int | None
    price: Decimal


@dataclass(frozen=True, slots=True)
class Prices:
    """The table.

    Attributes:
        dated: when it was last compared with AWS's.
        object_fee: Ground Truth's fee for one object, by how many there were in the month.
        machine_label: its fee for an object that a model labels.
        worker_task: what a public worker may be paid for one object, ascending.
        instance_hour: an hour of an endpoint's instance, by instance type.
    """

    dated: date
    source: str
    object_fee: tuple[Tier, ...]
    machine_label: Decimal
    worker_task: Mapping[TaskType, tuple[Decimal, ...]]
    instance_hour: Mapping[str, Decimal]

    def object_fees(self, objects: int, already_this_month: int = 0) -> Decimal:
        """Ground Truth's fee for `objects` more objects that people label."""
        fee, place = Decimal(0), already_this_month
        end = already_this_month + objects
        for tier in self.object_fee:
            upper = end if tier.up_to is None else min(end, tier.up_to)
            if upper > place:
                fee += (upper - place) * tier.price
                place = upper
        return fee

    def machine_fees(self, objects: int) -> Decimal:
        """The fee for `objects` that a model labels."""
        return objects * self.machine_label

    def worker_pay(self, tasks: int, price: Decimal) -> Decimal:
        """What public workers get for `tasks`: objects times workers per object."""
        return tasks * price

    def instance_hours(self, instance_type: str, hours: float) -> Decimal | None:
        """What an instance costs for some hours; None if the table does not know its type."""
        rate = self.instance_hour.get(instance_type)
        return None if rate is None else rate * Decimal(str(hours))


def load_prices(override: Path | None = None) -> Prices:
    """The shipped table with what a file, or FEWCLICK_PRICES's, says otherwise.

    Raises:
        RefusedError: the file cannot be used; the message names it and the entry.
    """
    table = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    if override is None and os.environ.get(OVERRIDE_VARIABLE):
        override = Path(os.environ[OVERRIDE_VARIABLE])
    if override is None:
        return _parse(table, SHIPPED)
    try:
        own = tomllib.loads(override.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RefusedError(f"there is no price table {override}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, IsADirectoryError) as error:
        raise RefusedError(f"the price table {override} is not TOML ({error}).") from error
    unknown = sorted(set(own) - set(table))
    if unknown:
        raise RefusedError(
            f"{override}: {unknown[0]!r} is no entry of a price table; there are "
            f"{', '.join(table)}."
        )
    for name, value in own.items():
        both = isinstance(value, dict) and isinstance(table[name], dict)
        table[name] = {**table[name], **value} if both else value
    return _parse(table, override)


def _parse(table: Mapping[str, Any], file: Path) -> Prices:
    place = "dated"
    try:
        if not isinstance(table["dated"], date):
            raise TypeError("it must be a date such as 2026-11-20")
        place = "object_fee"
        tiers = tuple(
            Tier(entry.get("up_to"), _amount(entry["price"])) for entry in table["object_fee"]
        )
        ends = [tier.up_to for tier in tiers]
        if not ends or ends[-1] is not None or None in ends[:-1] or ends[:-1] != sorted(ends[:-1]):  # type: ignore[type-var]
            raise ValueError("tiers ascend by up_to, and the last has none")
        place = "machine_label"
        machine = _amount(table["machine_label"]["price"])
        place = "worker_task"
        tasks = {kind: _amounts(table["worker_task"][kind]) for kind in TaskType}
        place = "instance_hour"
        hours = {name: _amount(value) for name, value in table["instance_hour"].items()}
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
        raise RefusedError(f"the price table {file}: {place} cannot be used ({error}).") from error
    return Prices(table["dated"], str(table["source"]), tiers, machine, tasks, hours)


def _amounts(values: Sequence[object]) -> tuple[Decimal, ...]:
    return tuple(sorted(_amount(value) for value in values))


def _amount(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError(f"{value!r} is no amount of dollars")
    amount = Decimal(str(value))
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{value!r} is no amount of dollars")
    return amount


def dollars(amount: Decimal) -> str:
    """An amount for people: cents, and more places only where they matter."""
    places = 2 if amount >= 1 or amount == 0 else 4
    return f"{amount:,.{places}f} USD"
