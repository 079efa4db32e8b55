"""`fewclick latency`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.account_options import AsJson, Local, Profile, Region


def latency(
    endpoint: Annotated[
        list[str] | None, typer.Argument(help="Endpoints to compare. [default: the stack's]")
    ] = None,
    hours: Annotated[
        int, typer.Option(min=1, max=24, help="How far back; CloudWatch joins a day at most.")
    ] = 24,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the three over time into this PNG.")
    ] = None,
    stack: Annotated[str, typer.Option(help="The CloudFormation stack.")] = "fewclick",
    prices: Annotated[
        Path | None, typer.Option(help="TOML that overrides scripts/prices.toml.")
    ] = None,
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Print how long workers waited: p50, p90, p99 by instance type, and what clicks cost."""
    from scripts.account.aws_account import open_account
    from scripts.account.latency import LatencyOptions, run_latency

    options = LatencyOptions(tuple(endpoint or ()), hours, plot, stack, prices, as_json)
    raise typer.Exit(run_latency(options, open_account(local, region, profile)))
