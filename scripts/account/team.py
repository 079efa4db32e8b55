"""`fewclick team`: a private team of Ground Truth, its people, and where they sign in.

A private workforce stands on a Cognito user pool; a region has one. The first team makes both,
later ones join them. Every step looks first whether it has been done, so that the same command
goes on where it was cut off.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import typer
from botocore.exceptions import ClientError
from rich.console import Console

from hooks.core.worker_record import read_evidence
from scripts.account.aws_account import AwsAccount
from scripts.account.aws_errors import CLOSED, code_of, is_closed
from scripts.jobs.job_description import existing_job
from scripts.jobs.workforce import describe_team
from scripts.object_store import S3Objects
from scripts.pseudonyms import load_pseudonyms
from scripts.refusal import RefusedError

WORKFORCE = "fewclick"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


@dataclass(frozen=True, slots=True)
class Directory:
    """Where a workforce's people are kept: a Cognito user pool and its client."""

    user_pool: str
    client_id: str


def run_create(
    name: str, description: str, emails: Sequence[str], account: AwsAccount, *, as_json: bool
) -> int:
    """Make a team and invite people."""
    _refuse_local(account)
    check_emails(emails)
    if not _NAME.fullmatch(name):
        raise RefusedError(
            f"{name!r} is no name for a team: letters, digits and hyphens between them, at most 63."
        )
    console = Console(stderr=True)
    try:
        directory = _directory(account, console)
        team = _team(name, description, directory, account, console)
    except ClientError as error:
        if is_closed(error):
            raise RefusedError(f"this account can make no workforce ({error}). {CLOSED}") from error
        raise
    for email in emails:
        invite(email, name, directory.user_pool, account, console)
    return show_team(team, account, as_json=as_json)


def run_invite(name: str, emails: Sequence[str], account: AwsAccount, *, as_json: bool) -> int:
    """Invite people into a team that is there."""
    _refuse_local(account)
    check_emails(emails)
    team = _existing_team(name, account)
    pool, group = _group_of(team)
    for email in emails:
        invite(email, group, pool, account, Console(stderr=True))
    return show_team(team, account, as_json=as_json)


def run_show(name: str | None, account: AwsAccount, *, as_json: bool) -> int:
    """Show one team, or all of them."""
    if name is not None:
        return show_team(_existing_team(name, account), account, as_json=as_json)
    pages = account.client("sagemaker").get_paginator("list_workteams").paginate()
    teams = [team for page in pages for team in page["Workteams"]]
    if as_json:
        typer.echo(json.dumps([_document(team, account) for team in teams], indent=1))
        return 0
    for team in teams:
        _print(_document(team, account))
    if not teams:
        Console(stderr=True).print(
            f"There are no private teams in {account.region}: `fewclick team create` makes one."
        )
    return 0


def run_who(pseudonym: str, job: str, account: AwsAccount) -> int:
    """Print the worker id behind a pseudonym, for whoever may read the job's records."""
    described = existing_job(job, account)
    path = described["OutputConfig"]["S3OutputPath"].rstrip("/")
    output = f"{path}/{described['LabelingJobName']}"
    store = S3Objects(account.client("s3"))
    names = load_pseudonyms(path.split("/")[2], store)
    for worker in sorted(set(_worker_ids(output, store))):
        if names.of(worker) == pseudonym:
            typer.echo(worker)
            return 0
    raise RefusedError(f"nobody who worked on {job} goes by {pseudonym}.")


def _worker_ids(output: str, store: S3Objects) -> Iterator[str]:
    for uri in store.list(f"{output}/annotations/worker-quality/"):
        yield from (item.worker_id for item in read_evidence(store.read(uri), uri))
    for uri in store.list(f"{output}/annotations/worker-response/"):
        for answer in json.loads(store.read(uri)).get("answers", []):
            yield str(answer["workerId"])


def check_emails(emails: Sequence[str]) -> None:
    """Raises RefusedError at the first that is no address."""
    for email in emails:
        if not _EMAIL.fullmatch(email):
            raise RefusedError(f"{email!r} is no e-mail address: nobody was invited.")


def _refuse_local(account: AwsAccount) -> None:
    if account.served is not None:
        raise RefusedError(
            "the local Ground Truth has one team, and everybody signs in by name at "
            f"{account.served.portal_url}."
        )


def _directory(account: AwsAccount, console: Console) -> Directory:
    """The user pool of the region's workforce, both made if there are none."""
    client = account.client("sagemaker")
    pages = client.get_paginator("list_workforces").paginate()
    for workforce in (item for page in pages for item in page["Workforces"]):
        cognito = workforce.get("CognitoConfig")
        if cognito is None:
            raise RefusedError(
                f"the workforce {workforce['WorkforceName']} signs in with a provider of your own "
                "(OIDC): make the team in the SageMaker console, by its groups."
            )
        return Directory(cognito["UserPool"], cognito["ClientId"])
    directory = _make_directory(account, console)
    client.create_workforce(
        WorkforceName=WORKFORCE,
        CognitoConfig={"UserPool": directory.user_pool, "ClientId": directory.client_id},
    )
    console.print(f"Made the private workforce of {account.region}.")
    workforce = client.describe_workforce(WorkforceName=WORKFORCE)["Workforce"]
    _let_portal_sign_in(directory, workforce["SubDomain"], account)
    return directory


def _make_directory(account: AwsAccount, console: Console) -> Directory:
    """A user pool into which nobody comes without an invitation, and a client for the portal."""
    cognito = account.client("cognito-idp")
    pools = cognito.get_paginator("list_user_pools").paginate(MaxResults=60)
    pool = next(
        (item["Id"] for page in pools for item in page["UserPools"] if item["Name"] == WORKFORCE),
        None,
    )
    if pool is None:
        pool = cognito.create_user_pool(
            PoolName=WORKFORCE,
            AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
            UsernameAttributes=["email"],
            AutoVerifiedAttributes=["email"],
            UserPoolTags={"fewclick": "workforce"},
        )["UserPool"]["Id"]
        console.print(f"Made the user pool {pool}.")
    if not cognito.describe_user_pool(UserPoolId=pool)["UserPool"].get("Domain"):
        # Domains share one name space with everybody's in the region.
        cognito.create_user_pool_domain(
            Domain=f"{WORKFORCE}-{secrets.token_hex(6)}", UserPoolId=pool
        )
    clients = cognito.get_paginator("list_user_pool_clients").paginate(
        UserPoolId=pool, MaxResults=60
    )
    for page in clients:
        for item in page["UserPoolClients"]:
            if item["ClientName"] == WORKFORCE:
                return Directory(pool, item["ClientId"])
    made = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName=WORKFORCE, GenerateSecret=True
    )["UserPoolClient"]
    return Directory(pool, made["ClientId"])


def _let_portal_sign_in(directory: Directory, sub_domain: str, account: AwsAccount) -> None:
    """Let the pool's sign-in page send people back to the portal."""
    portal = f"https://{sub_domain}"
    account.client("cognito-idp").update_user_pool_client(
        UserPoolId=directory.user_pool,
        ClientId=directory.client_id,
        CallbackURLs=[f"{portal}/oauth2/idpresponse"],
        LogoutURLs=[f"{portal}/logout"],
        AllowedOAuthFlows=["code", "implicit"],
        AllowedOAuthScopes=["email", "openid", "profile"],
        AllowedOAuthFlowsUserPoolClient=True,
        SupportedIdentityProviders=["COGNITO"],
    )


def _team(
    name: str, description: str, directory: Directory, account: AwsAccount, console: Console
) -> Mapping[str, Any]:
    there = describe_team(name, account)
    if there is not None:
        console.print(f"The team {name} is there already.")
        return there
    try:
        account.client("cognito-idp").create_group(GroupName=name, UserPoolId=directory.user_pool)
    except ClientError as error:
        if code_of(error) != "GroupExistsException":
            raise
    account.client("sagemaker").create_workteam(
        WorkteamName=name,
        MemberDefinitions=[
            {
                "CognitoMemberDefinition": {
                    "UserPool": directory.user_pool,
                    "UserGroup": name,
                    "ClientId": directory.client_id,
                }
            }
        ],
        Description=description,
    )
    console.print(f"Made the team {name}.")
    return _existing_team(name, account)


def invite(email: str, group: str, pool: str, account: AwsAccount, console: Console) -> None:
    """Let somebody into a team; who is new gets a password by e-mail."""
    cognito = account.client("cognito-idp")
    try:
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=email,
            UserAttributes=[
                {"Name": "email", "Value": email},
                {"Name": "email_verified", "Value": "true"},
            ],
            DesiredDeliveryMediums=["EMAIL"],
        )
        console.print(f"{email} gets an e-mail with a first password.")
    except ClientError as error:
        if code_of(error) != "UsernameExistsException":
            raise
        console.print(f"{email} has an account already.")
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName=group)


def _existing_team(name: str, account: AwsAccount) -> Mapping[str, Any]:
    team = describe_team(name, account)
    if team is None:
        raise RefusedError(
            f"there is no private team {name} in {account.region}: `fewclick team show` lists all."
        )
    return team


def _group_of(team: Mapping[str, Any]) -> tuple[str, str]:
    """User pool and group of a team's people."""
    for member in team["MemberDefinitions"]:
        cognito = member.get("CognitoMemberDefinition")
        if cognito is not None:
            return cognito["UserPool"], cognito["UserGroup"]
    raise RefusedError(
        f"the people of {team['WorkteamName']} come from a provider of your own (OIDC): add them "
        "there."
    )


def show_team(team: Mapping[str, Any], account: AwsAccount, *, as_json: bool) -> int:
    """Print a team."""
    document = _document(team, account)
    if as_json:
        typer.echo(json.dumps(document, indent=1))
    else:
        _print(document)
    return 0


def _document(team: Mapping[str, Any], account: AwsAccount) -> dict[str, Any]:
    sub_domain = team.get("SubDomain", "")
    if account.served is not None:
        portal = account.served.portal_url
    else:
        portal = f"https://{sub_domain}" if sub_domain else ""
    return {
        "name": team["WorkteamName"],
        "arn": team["WorkteamArn"],
        "portal_url": portal,
        "members": _members(team, account),
    }


def _members(team: Mapping[str, Any], account: AwsAccount) -> list[str]:
    """E-mail addresses of a team's people; none where they are not kept in Cognito."""
    found = []
    for member in team["MemberDefinitions"]:
        cognito = member.get("CognitoMemberDefinition")
        if cognito is None:
            continue
        pages = (
            account.client("cognito-idp")
            .get_paginator("list_users_in_group")
            .paginate(UserPoolId=cognito["UserPool"], GroupName=cognito["UserGroup"])
        )
        for user in (item for page in pages for item in page["Users"]):
            attributes = {item["Name"]: item["Value"] for item in user.get("Attributes", [])}
            found.append(attributes.get("email", user["Username"]))
    return found


def _print(document: Mapping[str, Any]) -> None:
    typer.echo(f"{document['name']}  {document['arn']}")
    typer.echo(f"  Workers sign in at {document['portal_url']}")
    if document["members"]:
        typer.echo(f"  {len(document['members'])} people: {', '.join(document['members'])}")
