"""Who labels: a private team, a vendor's team, or the public of Mechanical Turk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from botocore.exceptions import ClientError

from scripts.account.aws_account import AwsAccount
from scripts.account.aws_errors import code_of
from scripts.commands.choices import Workforce
from scripts.jobs.labeling_job_request import NO_ADULT_CONTENT, NO_PERSONAL_INFORMATION
from scripts.local_ground_truth.request_rules import PUBLIC_WORKTEAM_ACCOUNT
from scripts.prices import Prices, TaskType
from scripts.refusal import RefusedError

PUBLIC_AVAILABILITY_SECONDS = 6 * 3600
"""What Ground Truth itself takes for the public; twelve hours are the most."""


def public_team_arn(region: str) -> str:
    """Mechanical Turk's team in a region."""
    return f"arn:aws:sagemaker:{region}:{PUBLIC_WORKTEAM_ACCOUNT}:workteam/public-crowd/default"


def find_team(
    workforce: Workforce, team: str | None, account: AwsAccount, standing: str | None
) -> str:
    """The ARN of the team that is to work.

    Args:
        team: a name or an ARN; None for the only one there is.
        standing: the ARN of the environment's own team, if it has one.

    Raises:
        RefusedError: no such team, several to choose from, or one of another region.
    """
    if workforce is Workforce.PUBLIC:
        if team is not None:
            raise RefusedError("--team: the public workforce has one team only; leave it out.")
        return public_team_arn(account.region)
    if team is None and standing is not None and workforce is Workforce.PRIVATE:
        return standing
    if team is not None and team.startswith("arn:"):
        region = (team.split(":") + 4 * [""])[3]
        if region != account.region:
            raise RefusedError(
                f"the team {team} is in {region or 'no region'}, the job in {account.region}: run "
                f"the job there (--region {region}), or choose a team of {account.region}."
            )
    teams = dict(_teams(workforce, account))
    if team is None:
        if len(teams) == 1:
            return next(iter(teams.values()))
        known = f"choose one with --team: {', '.join(teams)}" if teams else _make_one(workforce)
        raise RefusedError(
            f"there are {len(teams)} {workforce} teams in {account.region}: {known}."
        )
    for name, arn in teams.items():
        if team in (name, arn):
            return arn
    known = f"there are {', '.join(teams)}" if teams else _make_one(workforce)
    raise RefusedError(f"there is no {workforce} team {team} in {account.region}; {known}.")


def _make_one(workforce: Workforce) -> str:
    if workforce is Workforce.PRIVATE:
        return "make one with `fewclick team create`"
    return "subscribe to a vendor in the AWS Marketplace"


def _teams(workforce: Workforce, account: AwsAccount) -> Iterator[tuple[str, str]]:
    """Name and ARN of all teams of a kind."""
    client = account.client("sagemaker")
    if workforce is Workforce.PRIVATE:
        for page in client.get_paginator("list_workteams").paginate():
            for team in page["Workteams"]:
                yield team["WorkteamName"], team["WorkteamArn"]
        return
    for page in client.get_paginator("list_subscribed_workteams").paginate():
        for team in page["SubscribedWorkteams"]:
            arn = team["WorkteamArn"]
            yield team.get("MarketplaceTitle") or arn.rpartition("/")[2], arn


def check_price(price: str | None, workforce: Workforce, prices: Prices) -> Decimal | None:
    """What a public worker gets for an object, or None for other workers.

    Raises:
        RefusedError: it is missing, not one of the allowed steps, or paid to nobody.
    """
    if workforce is not Workforce.PUBLIC:
        if price is not None:
            raise RefusedError(
                "--price is what public workers are paid; leave it out, or say --workforce public."
            )
        return None
    steps = prices.worker_task[TaskType.CUSTOM]
    allowed = ", ".join(map(str, steps))
    if price is None:
        raise RefusedError(f"--workforce public needs --price, in dollars an object: {allowed}.")
    try:
        amount = Decimal(price.removeprefix("$"))
    except InvalidOperation as error:
        raise RefusedError(f"--price: {price!r} is no amount of dollars; {allowed}.") from error
    if amount not in steps:
        raise RefusedError(f"--price: Ground Truth does not take {amount}; it takes {allowed}.")
    return amount


def content_classifiers(
    workforce: Workforce, *, no_personal_information: bool, no_adult_content: bool
) -> Sequence[str]:
    """What the request says that the data is free of.

    Raises:
        RefusedError: strangers would see data for which nobody says that it names nobody.
    """
    if workforce is Workforce.PUBLIC and not no_personal_information:
        raise RefusedError(
            "--workforce public shows the photos to strangers and needs your word that they hold "
            "no personal information: look at them, then add --no-personal-information."
        )
    classifiers = []
    if no_personal_information:
        classifiers.append(NO_PERSONAL_INFORMATION)
    if no_adult_content:
        classifiers.append(NO_ADULT_CONTENT)
    return classifiers


def describe_team(arn: str, account: AwsAccount) -> dict[str, Any] | None:
    """A private team's description; None if there is none of that name."""
    try:
        answer = account.client("sagemaker").describe_workteam(WorkteamName=arn.rpartition("/")[2])
    except ClientError as error:
        if code_of(error) in ("ResourceNotFound", "ValidationException"):
            return None
        raise
    described: dict[str, Any] = answer["Workteam"]
    return described
