"""`fewclick job`: its verbs' options; those of `create` are in `job_create`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.commands import job_create
from scripts.commands.account_options import AsJson, Local, Profile, Region

app = typer.Typer(
    help="Create labeling jobs, watch them, and get what came out.", no_args_is_help=True
)
app.command("create")(job_create.create)

Name = Annotated[str, typer.Argument(help="The labeling job's name.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Prices = Annotated[Path | None, typer.Option(help="TOML that overrides scripts/prices.toml.")]


@app.command()
def watch(
    name: Name,
    once: Annotated[bool, typer.Option("--once", help="Look once, do not wait.")] = False,
    stack: Annotated[
        str, typer.Option(help="The CloudFormation stack, for what its endpoint costs.")
    ] = "fewclick",
    prices: Prices = None,
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show how far a job is until it ends: counts, rate, forecast, cost so far.

    Exit code 0 once it is completed and nothing failed. Ctrl-C ends the watching, not the job.
    """
    from scripts.jobs.job_watch import WatchOptions, run_watch

    raise typer.Exit(
        run_watch(WatchOptions(name, once, stack, prices, local, region, profile, as_json))
    )


@app.command("list")
def list_jobs(
    contains: Annotated[
        str | None, typer.Option(help="Only jobs whose name has this in it.")
    ] = None,
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """List labeling jobs with their counts, the newest first."""
    from scripts.account.aws_account import open_account
    from scripts.jobs.job_watch import run_list

    account = open_account(local, region, profile)
    raise typer.Exit(run_list(account, contains=contains, as_json=as_json))


@app.command()
def stop(
    name: Name,
    yes: Yes = False,
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Stop a job for good. What has been answered is consolidated and kept."""
    from scripts.account.aws_account import open_account
    from scripts.jobs.job_watch import run_stop

    raise typer.Exit(run_stop(name, open_account(local, region, profile), yes=yes))


@app.command()
def results(
    name: Name,
    to: Annotated[
        Path | None, typer.Option(help="Folder for them. [default: out/jobs/<name>]")
    ] = None,
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Download the output manifest and the masks. What is there already is not fetched again."""
    from scripts.account.aws_account import open_account
    from scripts.jobs.job_download import run_results

    raise typer.Exit(run_results(name, to, open_account(local, region, profile), as_json=as_json))


@app.command()
def report(
    name: Name,
    out: Annotated[
        Path | None, typer.Option(help="The HTML file. [default: out/jobs/<name>/report.html]")
    ] = None,
    prices: Prices = None,
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Say what became of a job: why it failed, which lines have no label, what to do.

    Draws photos with everybody's masks, workers by pseudonyms. Exit code 1 if labels are missing.
    """
    from scripts.account.aws_account import open_account
    from scripts.jobs.job_report import run_report

    account = open_account(local, region, profile)
    raise typer.Exit(run_report(name, out, prices, account, as_json=as_json))


@app.command("forget-answers")
def forget_answers(
    name: Name,
    older_than_days: Annotated[int, typer.Option(min=0, help="Keep what was answered since.")] = 0,
    yes: Yes = False,
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Delete single workers' answers of a job that has ended. Labels and masks stay."""
    from scripts.account.aws_account import open_account
    from scripts.jobs.retention import run_forget_answers

    account = open_account(local, region, profile)
    raise typer.Exit(run_forget_answers(name, older_than_days, account, yes=yes))
