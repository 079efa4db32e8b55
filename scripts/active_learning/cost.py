"""`fewclick cost`: what a run of active learning will cost, or has cost, beside people alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hooks.core.active_learning.run_folder import RunFolder
from scripts.account.aws_account import AwsAccount
from scripts.active_learning.cost_forecast import (
    PUBLISHED_SHARE,
    CostCase,
    LoopRates,
    LoopSizes,
    forecast,
)
from scripts.active_learning.run_cost import RunCost, read_run_cost
from scripts.jobs.job_environment import find_environment
from scripts.object_store import S3Objects
from scripts.prices import Prices, dollars, load_prices
from scripts.refusal import RefusedError


@dataclass(frozen=True, slots=True)
class ForecastOptions:
    """What the command line asked for; see `fewclick cost --help`.

    Attributes:
        price: dollars for a public worker and an object, as text; None for other workers.
        shares: of all objects that a machine labels, 0 to 1; empty for the published one.
        hours: that one training with its predictions takes.
    """

    sizes: LoopSizes
    workers: int
    price: str | None
    instance_type: str
    hours: float
    shares: tuple[float, ...]
    prices: Path | None
    as_json: bool


def run_forecast(options: ForecastOptions) -> int:
    """Print the cases; the exit code."""
    prices = load_prices(options.prices)
    hourly = prices.instance_hour.get(options.instance_type)
    if hourly is None:
        known = ", ".join(sorted(prices.instance_hour))
        raise RefusedError(
            f"--instance-type: the price table does not know {options.instance_type}. It knows "
            f"{known}; add yours in a file for --prices."
        )
    rates = LoopRates(options.workers, _price(options.price), hourly * Decimal(str(options.hours)))
    cases = forecast(prices, options.sizes, rates, _named(options.shares))
    notes = [f"Prices of {prices.dated}; S3, Lambda and taxes come on top."]
    if rates.task_price is None:
        notes.append("What a private or vendor team is paid is between you and them.")
    if options.as_json:
        document = {"currency": "USD", "cases": [case.to_json() for case in cases], "notes": notes}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return 0
    Console().print(_case_table(cases))
    _say(_range(cases), *notes)
    return 0


def run_actual(
    name: str, stack: str, prices: Path | None, account: AwsAccount, *, as_json: bool
) -> int:
    """Print what a run has cost so far; the exit code."""
    environment = find_environment(account, stack)
    folder = RunFolder.of(environment.bucket, name)
    table: Prices = load_prices(prices)
    cost = read_run_cost(folder, S3Objects(account.client("s3")), table)
    if as_json:
        document = {"run": name, "currency": "USD", **cost.to_json()}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return 0
    Console().print(_phase_table(cost))
    _say(_saved(cost), *cost.notes)
    if account.served is not None:
        _say("On this machine nobody was charged; that is what the table asks for the same work.")
    return 0


def _price(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        price = Decimal(text)
    except ArithmeticError as error:
        raise RefusedError(f"--price: {text!r} is no amount of dollars such as 0.036.") from error
    if not price.is_finite() or price < 0:
        raise RefusedError(f"--price: {text!r} is no amount of dollars such as 0.036.")
    return price


def _named(shares: Sequence[float]) -> Mapping[str, float]:
    if not shares:
        return {f"{PUBLISHED_SHARE:.0%}, as published": PUBLISHED_SHARE}
    return {f"{share:.0%} by machine": share for share in sorted(set(shares))}


def _case_table(cases: Iterable[CostCase]) -> Table:
    table = _table("case", "people", "machine", "rounds", *_MONEY)
    for case in cases:
        amounts = (case.human_cost, case.machine_cost, case.training_cost, case.total)
        table.add_row(
            case.name,
            f"{case.human:,}",
            f"{case.machine:,}",
            str(case.rounds),
            *map(_amount, amounts),
            _share(case.saved),
        )
    return table


_MONEY = ("people's $", "machine's $", "training $", "all $", "saved")


def _phase_table(run: RunCost) -> Table:
    table = _table("phase", "people", "machine", *_MONEY[:-1])
    for phase in run.cost.phases:
        amounts = (phase.human_cost, phase.machine_cost, phase.round_cost, phase.total)
        table.add_row(phase.phase, f"{phase.human:,}", f"{phase.machine:,}", *map(_amount, amounts))
    table.add_section()
    phases = run.cost.phases
    sums = (
        sum((phase.human_cost for phase in phases), Decimal(0)),
        sum((phase.machine_cost for phase in phases), Decimal(0)),
        sum((phase.round_cost for phase in phases), Decimal(0)),
        run.cost.total,
    )
    table.add_row("all", f"{run.cost.human:,}", f"{run.cost.machine:,}", *map(_amount, sums))
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(header_style="bold", box=SIMPLE_HEAD)
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _range(cases: Sequence[CostCase]) -> str:
    totals = [case.total for case in cases]
    return (
        f"People alone: {dollars(cases[0].all_human_cost)}. With the loop: "
        f"{dollars(min(totals))} to {dollars(max(totals))}."
    )


def _saved(run: RunCost) -> str:
    cost: Any = run.cost
    if not run.ended:
        return (
            f"So far {dollars(cost.total)}, and the run goes on; people alone would cost "
            f"{dollars(cost.all_human)} in all."
        )
    word = "less" if cost.saved >= 0 else "more"
    return (
        f"{dollars(cost.total)} in place of {dollars(cost.all_human)} for people alone: "
        f"{abs(cost.saved):.1%} {word}."
    )


def _amount(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _share(share: float) -> str:
    return f"{share:.1%}"


def _say(*sentences: str) -> None:
    for sentence in sentences:
        typer.echo(sentence)
