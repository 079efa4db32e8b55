"""`fewclick deploy`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.account_options import AsJson, Profile, Region


def deploy(
    stack: Annotated[str, typer.Option(help="The CloudFormation stack.")] = "fewclick",
    instance_type: Annotated[
        str | None,
        typer.Option(help="Of the endpoint. [default: what the stack has, or ml.c6i.xlarge]"),
    ] = None,
    model_dir: Annotated[
        Path | None, typer.Option(help="A model directory, in place of the shipped weights.")
    ] = None,
    endpoint: Annotated[
        bool, typer.Option(help="Without it: everything else, with the manual tools only.")
    ] = True,
    parameter: Annotated[
        list[str] | None,
        typer.Option(help="Another parameter of template.yaml, as Name=value; can be repeated."),
    ] = None,
    start: Annotated[
        bool, typer.Option("--start", help="Have the endpoint made at once, and wait for it.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be done, and do nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    prices: Annotated[
        Path | None, typer.Option(help="TOML that overrides scripts/prices.toml.")
    ] = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Deploy the stack, the click model's image and archive, and the endpoint.

    Run again after a change or an interruption: what is there already is not done again.
    """
    from scripts.account.deploy import DeployOptions, run_deploy

    raise typer.Exit(
        run_deploy(
            DeployOptions(
                stack=stack,
                instance_type=instance_type,
                model_dir=model_dir,
                endpoint=endpoint,
                parameters=tuple(parameter or ()),
                start=start,
                dry_run=dry_run,
                yes=yes,
                prices=prices,
                region=region,
                profile=profile,
                as_json=as_json,
            )
        )
    )
