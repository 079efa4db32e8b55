"""`fewclick team`: its verbs' options."""

from __future__ import annotations

from typing import Annotated

import typer

from scripts.commands.account_options import AsJson, Local, Profile, Region

app = typer.Typer(
    help="Private teams of workers: make them, invite people, show the portal.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="The team's name.")]


@app.command()
def create(
    name: Name,
    email: Annotated[
        list[str] | None, typer.Option(help="Somebody to invite; may stand several times.")
    ] = None,
    description: Annotated[str, typer.Option(help="What the team is for.")] = "Labels photos.",
    region: Region = None,
    profile: Profile = None,
    local: Local = None,
    as_json: AsJson = False,
) -> None:
    """Make a private team, and the region's workforce if there is none. Goes on if cut off."""
    from scripts.account.aws_account import open_account
    from scripts.account.team import run_create

    account = open_account(local, region, profile)
    raise typer.Exit(run_create(name, description, email or (), account, as_json=as_json))


@app.command()
def invite(
    name: Name,
    email: Annotated[list[str], typer.Argument(help="E-mail addresses.")],
    region: Region = None,
    profile: Profile = None,
    local: Local = None,
    as_json: AsJson = False,
) -> None:
    """Invite people into a team; who is new gets a first password by e-mail."""
    from scripts.account.aws_account import open_account
    from scripts.account.team import run_invite

    raise typer.Exit(run_invite(name, email, open_account(local, region, profile), as_json=as_json))


@app.command()
def show(
    name: Annotated[str | None, typer.Argument(help="The team. [default: all]")] = None,
    region: Region = None,
    profile: Profile = None,
    local: Local = None,
    as_json: AsJson = False,
) -> None:
    """Show where a team's workers sign in, and who they are."""
    from scripts.account.aws_account import open_account
    from scripts.account.team import run_show

    raise typer.Exit(run_show(name, open_account(local, region, profile), as_json=as_json))


@app.command()
def who(
    pseudonym: Annotated[str, typer.Argument(help="worker-…, as tables and reports show it.")],
    job: Annotated[str, typer.Option(help="A labeling job that the worker worked on.")],
    region: Region = None,
    profile: Profile = None,
    local: Local = None,
) -> None:
    """Print the worker id behind a pseudonym."""
    from scripts.account.aws_account import open_account
    from scripts.account.team import run_who

    raise typer.Exit(run_who(pseudonym, job, open_account(local, region, profile)))
