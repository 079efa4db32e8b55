"""`fewclick doctor`: its options."""

from __future__ import annotations

from typing import Annotated

import typer

from scripts.commands.account_options import AsJson, Profile, Region


def doctor(
    stack: Annotated[str, typer.Option(help="The CloudFormation stack, if it is there.")] = (
        "fewclick"
    ),
    instance_type: Annotated[
        str, typer.Option(help="Of the endpoint that is to be deployed, for its quota.")
    ] = "ml.c6i.xlarge",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Check an account and a region before a deployment, and name the fix for each finding.

    Credentials, clock, tools, sizes, quotas, team, role, bucket, endpoint. Changes nothing; exit
    code 1 if there is a problem.
    """
    from scripts.account.aws_account import open_account
    from scripts.account.doctor import DoctorOptions, run_doctor

    account = open_account(None, region, profile)
    raise typer.Exit(run_doctor(DoctorOptions(stack, instance_type, as_json), account))
