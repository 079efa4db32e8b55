"""`fewclick job create`: check everything, show the price, ask, and make the job, once.

Until somebody says yes, nothing is written and nothing is charged. After that, whatever is cut off
is done again by the same command: photos that are there are not sent again, and a job that is
there already is told by the digest in its tag from a job of the same name that is another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from botocore.exceptions import ClientError
from rich.console import Console

from scripts.account.aws_account import AwsAccount, open_account
from scripts.account.aws_errors import CLOSED, PUBLIC_ENDS, code_of, is_closed
from scripts.commands.choices import Workforce
from scripts.jobs.job_checks import check_surroundings
from scripts.jobs.job_cost import JobCost
from scripts.jobs.job_create_options import JobCreateOptions
from scripts.jobs.job_description import describe_job
from scripts.jobs.job_environment import find_environment
from scripts.jobs.job_plan import REQUEST_TAG, JobPlan, differences, tags_of
from scripts.jobs.job_preparation import PreparedJob, prepare_job
from scripts.jobs.job_upload import upload_photos
from scripts.jobs.retention import delete_answers_after
from scripts.object_store import S3Objects
from scripts.progress import counting
from scripts.refusal import RefusedError


@dataclass(frozen=True, slots=True)
class MadeJob:
    """A job that is there. `status` is `created`, or `exists` where the same request made it."""

    name: str
    arn: str
    status: str
    portal_url: str | None
    cost: JobCost | None

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "arn": self.arn,
            "status": self.status,
            "portal_url": self.portal_url,
            "cost": None if self.cost is None else self.cost.to_json(),
        }


def run_create(options: JobCreateOptions) -> int:
    """Make the job, or say why not; the exit code."""
    console = Console(stderr=True)
    made = create_job(options, console)
    if made is not None:
        typer.echo(json.dumps(made.to_json(), indent=1) if options.as_json else made.arn)
        tell_job(made, options.local, console)
    return 0


def create_job(options: JobCreateOptions, console: Console) -> MadeJob | None:
    """Make the job; None for a dry run, which prints the request.

    Raises:
        RefusedError: it cannot be made as asked.
    """
    account = open_account(options.local, options.region, options.profile)
    there = describe_job(options.name, account)
    if there is not None and REQUEST_TAG not in tags_of(there):
        raise _taken(options.name, "it was not made by this command")
    if options.workforce is Workforce.PUBLIC:
        console.print(f"[yellow]{PUBLIC_ENDS}[/]", soft_wrap=True)
    environment = find_environment(account, options.stack, options.role)
    prepared = prepare_job(options, account, environment, console)
    if options.dry_run:
        typer.echo(json.dumps(prepared.plan.request, ensure_ascii=False, indent=1))
        return None
    if there is not None:
        _compare(prepared.plan, there)
        return _made(options, account, there["LabelingJobArn"], "exists", prepared.cost)
    streaming = options.input_topic is not None
    check_surroundings(prepared.plan, prepared.lines, account, streaming=streaming)
    _show_cost(prepared, account, console)
    if account.served is None and not options.yes:
        typer.confirm("Create this job?", abort=True, err=True)
    if environment.endpoint_guard:
        wake_endpoint(environment.endpoint_guard, account, console)
    arn, status = _make(prepared, account)
    if options.delete_answers_after is not None:
        delete_answers_after(
            options.delete_answers_after, prepared.plan.request, account.client("s3")
        )
    return _made(options, account, arn, status, prepared.cost)


def _compare(plan: JobPlan, there: Mapping[str, Any]) -> None:
    if tags_of(there)[REQUEST_TAG] == plan.digest:
        return
    fields = differences(plan.request, there)
    where = f"it differs in {', '.join(fields)}" if fields else "its instructions differ"
    raise _taken(plan.name, where)


def _taken(name: str, why: str) -> RefusedError:
    return RefusedError(
        f"there is a labeling job named {name} already, and {why}: choose another name. "
        "(Names cannot be used again, not even after the job has ended.)"
    )


def _show_cost(prepared: PreparedJob, account: AwsAccount, console: Console) -> None:
    console.print(f"Labeling job [bold]{prepared.plan.name}[/]", highlight=False)
    if account.served is not None:
        console.print(f"{len(prepared.lines):,} objects; on this machine it costs nothing.")
        return
    for sentence in prepared.cost.sentences():
        console.print(f"  {sentence}", soft_wrap=True, highlight=False)


def wake_endpoint(guard: str, account: AwsAccount, console: Console) -> None:
    """Have the endpoint brought up, if it is down for want of jobs; it takes some minutes."""
    answer = account.client("lambda").invoke(
        FunctionName=guard, Payload=json.dumps({"action": "start"}).encode()
    )
    said = json.loads(answer["Payload"].read() or b"{}")
    if answer.get("FunctionError"):
        raise RefusedError(
            f"the function {guard} could not bring the endpoint up "
            f"({said.get('errorMessage', 'see its log')}): look at its log, then run this again."
        )
    console.print(f"Endpoint {said.get('endpoint')}: {said.get('status')}", highlight=False)


def _make(prepared: PreparedJob, account: AwsAccount) -> tuple[str, str]:
    """Upload what the job needs and send the request; its ARN, and `created` or `exists`."""
    s3 = account.client("s3")
    photos = prepared.data.photos
    with counting("photos uploaded", len(photos)) as on_photo:
        upload_photos(photos, s3, on_photo)
    store = S3Objects(s3)
    for item in prepared.plan.objects:
        store.write(item.address, item.body, item.content_type)
    try:
        answer = account.client("sagemaker").create_labeling_job(**prepared.plan.request)
    except ClientError as error:
        if is_closed(error):
            raise RefusedError(f"this account cannot use Ground Truth ({error}). {CLOSED}") from (
                error
            )
        if code_of(error) != "ResourceInUse":
            raise
        # Somebody was quicker, or an answer to this very request was lost on its way.
        there = describe_job(prepared.plan.name, account)
        if there is None or REQUEST_TAG not in tags_of(there):
            raise _taken(prepared.plan.name, "it was not made by this command") from error
        _compare(prepared.plan, there)
        return there["LabelingJobArn"], "exists"
    return answer["LabelingJobArn"], "created"


def _made(
    options: JobCreateOptions, account: AwsAccount, arn: str, status: str, cost: JobCost
) -> MadeJob:
    if account.served is None:
        return MadeJob(options.name, arn, status, None, cost)
    return MadeJob(options.name, arn, status, account.served.portal_url, None)


def tell_job(made: MadeJob, local: Path | None, console: Console) -> None:
    """Where the job is worked on, and how to see how it goes."""
    if made.status == "exists":
        console.print("The job is there already, from the same request: nothing was made anew.")
    if made.portal_url is not None:
        console.print(f"Label here: [bold underline]{made.portal_url}[/]", soft_wrap=True)
    where = "" if local is None else f" --local {local}"
    console.print(f"See how it goes: fewclick job watch {made.name}{where}", soft_wrap=True)
