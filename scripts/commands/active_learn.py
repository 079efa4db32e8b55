"""`fewclick active-learn`: its verbs' options; those of `start` are in `active_learn_start`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.commands import active_learn_start
from scripts.commands.account_options import AsJson, Local, Profile, Region
from scripts.commands.active_learn_start import Name, wait_seconds

app = typer.Typer(
    help="People label a little, a model learns from it and labels what it is sure of, until all "
    "is labeled.",
    no_args_is_help=True,
)
app.command("start")(active_learn_start.start)

Stack = Annotated[str, typer.Option(help="The CloudFormation stack.")]
Prices = Annotated[Path | None, typer.Option(help="TOML that overrides scripts/prices.toml.")]


@app.command()
def resume(
    name: Name,
    stack: Stack = "fewclick",
    wait: Annotated[
        int | None,
        typer.Option(min=1, help="Seconds between two looks. [default: 300, locally 2]"),
    ] = None,
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Go on with a run that was interrupted, stopped, or has failed."""
    from scripts.account.aws_account import open_account
    from scripts.active_learning.run_start import run_resume

    account = open_account(local, region, profile)
    seconds = wait_seconds(wait, local)
    raise typer.Exit(run_resume(name, stack, account, local, wait=seconds, as_json=as_json))


@app.command()
def status(
    name: Name,
    stack: Stack = "fewclick",
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show how a run stands: photos by phase, and what each round's model came to.

    Exit code 1 if it has failed and waits for `resume`.
    """
    from scripts.account.aws_account import open_account
    from scripts.active_learning.run_status import run_status

    account = open_account(local, region, profile)
    raise typer.Exit(run_status(name, stack, account, local, as_json=as_json))


@app.command()
def report(
    name: Name,
    out: Annotated[Path, typer.Option(help="Folder for the page and its pictures.")],
    stack: Stack = "fewclick",
    prices: Prices = None,
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Write a run's report: photos, mean IoU and cost by round, best and worst machine labels."""
    from scripts.account.aws_account import open_account
    from scripts.active_learning.run_report import run_report

    account = open_account(local, region, profile)
    raise typer.Exit(run_report(name, out, stack, prices, account, as_json=as_json))


@app.command()
def stop(
    name: Name,
    with_jobs: Annotated[
        bool,
        typer.Option("--with-jobs", help="Also stop the open labeling job and the learner."),
    ] = False,
    stack: Stack = "fewclick",
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Stop a run. Nothing is lost: `resume` goes on with it."""
    from scripts.account.aws_account import open_account
    from scripts.active_learning.run_status import run_stop

    account = open_account(local, region, profile)
    raise typer.Exit(run_stop(name, stack, account, local, with_jobs=with_jobs))
