"""`fewclick teardown`: its options."""

from __future__ import annotations

from typing import Annotated

import typer

from scripts.commands.account_options import AsJson, Profile, Region


def teardown(
    stack: Annotated[str, typer.Option(help="The CloudFormation stack.")] = "fewclick",
    delete_bucket: Annotated[
        str | None,
        typer.Option(help="Name of the stack's bucket, to delete photos and labels too."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go and stay, and delete nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Delete everything of a stack that costs money; photos and labels stay.

    Says what goes and what stays, then asks.
    """
    from scripts.account.teardown import TeardownOptions, run_teardown

    raise typer.Exit(
        run_teardown(TeardownOptions(stack, delete_bucket, dry_run, yes, region, profile, as_json))
    )
