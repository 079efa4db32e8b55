"""`fewclick cost`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.account_options import AsJson, Local, Profile, Region

FORECAST, RUN = "Forecast", "Run"


def cost(
    name: Annotated[
        str | None,
        typer.Argument(help="A run of `fewclick active-learn`: what it has cost so far."),
    ] = None,
    objects: Annotated[
        int | None,
        typer.Option(min=1, help="Forecast a run of so many objects.", rich_help_panel=FORECAST),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=9, help="Workers per object.", rich_help_panel=FORECAST)
    ] = 3,
    price: Annotated[
        str | None,
        typer.Option(
            help="Dollars for a public worker and an object: 0.036.", rich_help_panel=FORECAST
        ),
    ] = None,
    test_size: Annotated[
        int, typer.Option(min=0, help="Objects to try the job with.", rich_help_panel=FORECAST)
    ] = 20,
    validation_size: Annotated[
        int, typer.Option(min=1, help="Objects kept to judge by.", rich_help_panel=FORECAST)
    ] = 100,
    training_size: Annotated[
        int,
        typer.Option(min=1, help="Objects the first model learns from.", rich_help_panel=FORECAST),
    ] = 100,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Objects for people a round.", rich_help_panel=FORECAST)
    ] = 100,
    max_rounds: Annotated[
        int, typer.Option(min=1, help="Models trained at most.", rich_help_panel=FORECAST)
    ] = 5,
    machine_share: Annotated[
        list[float] | None,
        typer.Option(
            min=0,
            max=1,
            help="Share that a machine may label, as a simulation of your data says; repeatable. "
            "[default: 0.392, that of the published run]",
            rich_help_panel=FORECAST,
        ),
    ] = None,
    instance_type: Annotated[
        str, typer.Option(help="That trains and predicts.", rich_help_panel=FORECAST)
    ] = "ml.c5.xlarge",
    hours: Annotated[
        float, typer.Option(min=0, help="That a round takes there.", rich_help_panel=FORECAST)
    ] = 0.5,
    prices: Annotated[
        Path | None, typer.Option(help="TOML that overrides scripts/prices.toml.")
    ] = None,
    stack: Annotated[
        str, typer.Option(help="The CloudFormation stack.", rich_help_panel=RUN)
    ] = "fewclick",
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Tell what active learning will cost, as a range, or what a run has cost, round by round.

    With --objects a forecast: nothing by machine, the shares given, all that can be; its options
    are those of `active-learn start`. With a run's name its bill from the records. Both beside what
    people alone would cost; prices are those that `job create` shows.
    """
    if (name is None) == (objects is None):
        raise typer.BadParameter("give a run's name, or --objects for a forecast.")
    if objects is not None:
        from scripts.active_learning.cost import ForecastOptions, run_forecast
        from scripts.active_learning.cost_forecast import LoopSizes

        sizes = LoopSizes(
            objects, test_size, validation_size, training_size, batch_size, max_rounds
        )
        raise typer.Exit(
            run_forecast(
                ForecastOptions(
                    sizes=sizes,
                    workers=workers,
                    price=price,
                    instance_type=instance_type,
                    hours=hours,
                    shares=tuple(machine_share or ()),
                    prices=prices,
                    as_json=as_json,
                )
            )
        )
    from scripts.account.aws_account import open_account
    from scripts.active_learning.cost import run_actual

    account = open_account(local, region, profile)
    raise typer.Exit(run_actual(str(name), stack, prices, account, as_json=as_json))
