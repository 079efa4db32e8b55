"""`fewclick doctor`: is this account, in this region, fit for a deployment and for jobs?

Nothing is changed. Every check says what it found and, if that is no good, the fix. A check that
may not look says so: not knowing is no problem by itself, but worth a word.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from scripts.account.aws_account import AwsAccount
from scripts.account.aws_errors import (
    CLOSED,
    code_of,
    explain,
    is_about_credentials,
    is_closed,
    is_denied,
)
from scripts.account.doctor_files import check_pages, check_template, check_tools
from scripts.jobs.job_environment import JobEnvironment, find_environment
from scripts.jobs.role_permissions import missing_permissions, needed_permissions
from scripts.manifests.manifest_objects import check_bucket
from scripts.refusal import RefusedError

MOST_CLOCK_SECONDS = 240
"""AWS refuses requests that are five minutes off."""
DEPLOYMENT_ACTIONS = (
    "apigateway:POST",
    "cloudformation:CreateChangeSet",
    "cloudformation:ExecuteChangeSet",
    "iam:CreateRole",
    "iam:PassRole",
    "lambda:CreateFunction",
    "s3:CreateBucket",
    "sagemaker:AddTags",
    "sagemaker:CreateEndpoint",
    "sagemaker:CreateLabelingJob",
    "secretsmanager:CreateSecret",
)
"""Some of what a deployment and a job ask of the caller: who lacks one of these gets nowhere."""
ENDPOINT_QUOTA = "{} for endpoint usage"


class Outcome(StrEnum):
    """What a check found."""

    GOOD = "good"
    UNKNOWN = "unknown"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One finding; `fix` is empty where nothing is to be done."""

    check: str
    outcome: Outcome
    found: str
    fix: str = ""

    def to_json(self) -> dict[str, str]:
        return {
            "check": self.check,
            "outcome": self.outcome.value,
            "found": self.found,
            "fix": self.fix,
        }


Findings = Iterator[CheckResult]


def good(check: str, found: str) -> CheckResult:
    return CheckResult(check, Outcome.GOOD, found)


def unknown(check: str, found: str, fix: str = "") -> CheckResult:
    return CheckResult(check, Outcome.UNKNOWN, found, fix)


def problem(check: str, found: str, fix: str) -> CheckResult:
    return CheckResult(check, Outcome.PROBLEM, found, fix)


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """What the command line asked for; see `fewclick doctor --help`."""

    stack: str = "fewclick"
    instance_type: str = "ml.c6i.xlarge"
    as_json: bool = False


def run_doctor(options: DoctorOptions, account: AwsAccount) -> int:
    """Look at everything; 1 if there is a problem."""
    results = list(examine(options, account))
    if options.as_json:
        typer.echo(json.dumps([result.to_json() for result in results], indent=1))
    else:
        marks = {Outcome.GOOD: "✓", Outcome.UNKNOWN: "?", Outcome.PROBLEM: "✗"}
        for result in results:
            typer.echo(f"{marks[result.outcome]} {result.check}: {result.found}")
            if result.fix:
                typer.echo(f"    {result.fix}")
    problems = sum(result.outcome is Outcome.PROBLEM for result in results)
    Console(stderr=True).print(
        f"{len(results)} checks, {problems} problems." if problems else "Nothing is in the way."
    )
    return 1 if problems else 0


def examine(options: DoctorOptions, account: AwsAccount) -> Findings:
    """Every check in order. Without credentials only what lies on this machine is looked at."""
    for name, found, fix in (*check_tools(), *check_template(), *check_pages()):
        yield problem(name, found, fix) if fix else good(name, found)
    credentials = check_credentials(account)
    yield credentials
    if credentials.outcome is Outcome.PROBLEM:
        return
    checks: list[tuple[str, Callable[[], Findings]]] = [
        ("clock", lambda: _check_clock(account)),
        ("permissions", lambda: _check_permissions(account)),
        ("Ground Truth", lambda: _check_ground_truth(account)),
        ("quota", lambda: _check_quota(options.instance_type, account)),
        ("team", lambda: _check_team(account)),
        ("stack", lambda: _check_stack(options, account)),
    ]
    for name, check in checks:
        try:
            yield from check()
        except ClientError as error:
            if not is_denied(error):
                raise
            yield unknown(
                name,
                f"these credentials may not call {error.operation_name}.",
                "Allow it, or ask somebody who may.",
            )


def check_credentials(account: AwsAccount) -> CheckResult:
    """Who is asking."""
    try:
        caller = account.client("sts").get_caller_identity()
    except (ClientError, BotoCoreError) as error:
        if not is_about_credentials(error) and isinstance(error, ClientError):
            raise
        return problem("credentials", "AWS takes none of them.", explain(error))
    return good("credentials", f"{caller['Arn']}, region {account.region}.")


def _check_clock(account: AwsAccount) -> Findings:
    answer = account.client("sts").get_caller_identity()
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    if date is None:
        yield unknown("clock", "AWS's answer has no date.")
        return
    off = (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    if abs(off) > MOST_CLOCK_SECONDS:
        yield problem(
            "clock",
            f"this machine is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} AWS.",
            "Set the clock (timedatectl set-ntp true): AWS refuses requests five minutes off.",
        )
    else:
        yield good("clock", f"{abs(off):.0f} s off.")


def _check_permissions(account: AwsAccount) -> Findings:
    arn = str(account.client("sts").get_caller_identity()["Arn"])
    if ":assumed-role/" in arn:
        # The simulation knows roles, not sessions of them.
        role, iam = arn.split("/")[1], account.client("iam")
        arn = iam.get_role(RoleName=role)["Role"]["Arn"]
    elif arn.endswith(":root"):
        yield good("permissions", "the account's root may do everything; better use a role.")
        return
    answer = account.client("iam").simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=list(DEPLOYMENT_ACTIONS), ResourceArns=["*"]
    )
    missing = [
        item["EvalActionName"]
        for item in answer["EvaluationResults"]
        if item["EvalDecision"] != "allowed"
    ]
    if missing:
        yield problem(
            "permissions",
            f"{arn} may not {', '.join(missing)}.",
            "Ask for these rights, or let somebody who has them deploy.",
        )
    else:
        yield good("permissions", "you may deploy and create jobs.")


def _check_ground_truth(account: AwsAccount) -> Findings:
    try:
        jobs = account.client("sagemaker").list_labeling_jobs(MaxResults=1)
    except ClientError as error:
        if is_closed(error):
            yield problem("Ground Truth", f"this account cannot use it ({code_of(error)}).", CLOSED)
            return
        raise
    if jobs["LabelingJobSummaryList"]:
        yield good("Ground Truth", "there have been labeling jobs in this region.")
    else:
        # AWS took new customers until 2026; that the list answers does not say that a job will.
        yield unknown(
            "Ground Truth",
            "no labeling job has run in this region yet.",
            "If the account is new to Ground Truth, AWS may refuse it: " + CLOSED,
        )


def _check_quota(instance_type: str, account: AwsAccount) -> Findings:
    name = ENDPOINT_QUOTA.format(instance_type)
    pages = (
        account.client("service-quotas")
        .get_paginator("list_service_quotas")
        .paginate(ServiceCode="sagemaker")
    )
    for quota in (item for page in pages for item in page["Quotas"]):
        if quota["QuotaName"] == name:
            if quota["Value"] < 1:
                code = quota["QuotaCode"]
                yield problem(
                    "quota",
                    f"no {instance_type} is allowed for endpoints here.",
                    "Ask for one: `aws service-quotas request-service-quota-increase "
                    f"--service-code sagemaker --quota-code {code} --desired-value 1`, or deploy "
                    "on a CPU instance.",
                )
            else:
                yield good("quota", f"{quota['Value']:g} {instance_type} for endpoints.")
            return
    yield unknown("quota", f"there is no quota named {name!r}: is the instance type right?")


def _check_team(account: AwsAccount) -> Findings:
    pages = account.client("sagemaker").get_paginator("list_workteams").paginate()
    teams = [team["WorkteamName"] for page in pages for team in page["Workteams"]]
    if teams:
        yield good("team", f"private teams: {', '.join(teams)}.")
    else:
        yield problem(
            "team",
            "there is no private team in this region.",
            "Make one: `fewclick team create <name> --email <address>`.",
        )


def _check_stack(options: DoctorOptions, account: AwsAccount) -> Findings:
    try:
        environment = find_environment(account, options.stack)
    except RefusedError as error:
        if "there is no stack" not in str(error):
            yield problem("stack", str(error), "Deploy it again: `sam build && sam deploy`.")
        else:
            yield unknown("stack", f"{options.stack} is not deployed yet.")
        return
    yield good("stack", f"{options.stack} is deployed.")
    yield from _check_bucket(environment, account)
    yield from _check_role(environment, account)
    yield from _check_endpoint(environment, account)


def _check_bucket(environment: JobEnvironment, account: AwsAccount) -> Findings:
    wrong = list(check_bucket(environment.bucket, account.client("s3"), account.region))
    for found, fix in wrong:
        yield problem("bucket", found, fix)
    if not wrong:
        yield good("bucket", f"{environment.bucket}: region and CORS rule are right.")


def _check_role(environment: JobEnvironment, account: AwsAccount) -> Findings:
    root = f"s3://{environment.bucket}"
    needed = needed_permissions(
        reads=[f"{root}/jobs/x/input.manifest"],
        writes=[f"{root}/output/x/manifests/output/output.manifest"],
        functions=[environment.pre_annotation_arn, environment.consolidation_arn],
    )
    try:
        missing = missing_permissions(environment.role_arn, needed, account)
    except RefusedError as error:
        yield problem("role", str(error), "Deploy the stack again, or mend the role.")
        return
    if missing is None:
        yield unknown(
            "role",
            f"nobody may look at {environment.role_arn}.",
            "Allow iam:SimulatePrincipalPolicy, or iam:GetRole and the reading of its policies.",
        )
    elif missing:
        yield problem(
            "role",
            f"{environment.role_arn} lacks {'; '.join(map(str, missing))}.",
            "Add it to the role's policy, or deploy the stack again.",
        )
    else:
        yield good("role", f"{environment.role_arn} may do all that a job needs.")


def _check_endpoint(environment: JobEnvironment, account: AwsAccount) -> Findings:
    endpoint = environment.endpoint
    if not endpoint:
        yield good("endpoint", "none: workers have the manual tools only.")
        return
    try:
        described: Any = account.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    except ClientError as error:
        if code_of(error) not in ("ValidationException", "ResourceNotFound"):
            raise
        if environment.endpoint_guard:
            yield good("endpoint", f"{endpoint} is down while no job is open; jobs wake it.")
            return
        yield problem(
            "endpoint",
            f"there is no endpoint {endpoint}.",
            "Deploy it, or take EndpointName out of the stack.",
        )
        return
    status = described["EndpointStatus"]
    if status == "InService":
        yield good("endpoint", f"{endpoint} is in service.")
    elif status in ("Creating", "Updating", "SystemUpdating"):
        yield unknown("endpoint", f"{endpoint} is {status}.", "Look again in some minutes.")
    else:
        why = described.get("FailureReason") or "see its log in CloudWatch"
        yield problem("endpoint", f"{endpoint} is {status}: {why}.", "Make it anew.")
