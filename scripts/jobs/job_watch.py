"""`fewclick job watch`, `list` and `stop`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import typer
from botocore.exceptions import ClientError
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from scripts.account.aws_account import AwsAccount, open_account
from scripts.durations import span_of
from scripts.jobs.job_checks import endpoint_instances
from scripts.jobs.job_description import existing_job
from scripts.jobs.job_environment import STACK, find_environment
from scripts.jobs.job_progress import JobProgress, cost_so_far
from scripts.prices import dollars, load_prices
from scripts.refusal import RefusedError

SECONDS_BETWEEN_LOOKS = 10.0
SECONDS_BETWEEN_LOCAL_LOOKS = 0.5
RATE_WINDOW_SECONDS = 3600.0
"""The forecast goes by what was done in the last hour."""


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What the command line asked for; see `fewclick job watch --help`."""

    name: str
    once: bool = False
    stack: str = STACK
    prices: Path | None = None
    local: Path | None = None
    region: str | None = None
    profile: str | None = None
    as_json: bool = False


def run_watch(options: WatchOptions) -> int:
    """Show how far a job is until it is over; 0 if it was completed without a failed object."""
    account = open_account(options.local, options.region, options.profile)
    prices = load_prices(options.prices)
    looks: list[JobProgress] = []
    instance = _endpoint(options.stack, account)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns,
        TextColumn("{task.fields[more]}"),
        console=console,
        disable=not console.is_terminal,
    ) as bars:
        bar = bars.add_task(options.name, total=None, more="")
        hinted = False
        for job in _descriptions(options.name, account, once=options.once):
            progress = JobProgress.from_description(job)
            looks = [
                look for look in looks if progress.seconds - look.seconds <= (RATE_WINDOW_SECONDS)
            ] + [progress]
            cost = None
            if account.served is None:
                cost = cost_so_far(job, progress, prices, *instance)
            document = _document(progress, looks[0], cost.total if cost else None)
            bars.update(
                bar, completed=progress.done, total=progress.total, more=_sentence(document)
            )
            changed = len(looks) < 2 or looks[-2].done != progress.done or progress.is_over
            if options.as_json and (changed or options.once):
                typer.echo(json.dumps(document))
            elif not console.is_terminal and changed:
                console.print(
                    f"{progress.done} of {progress.total}: {_sentence(document)}", soft_wrap=True
                )
            if progress.hint() and not hinted:
                hinted = True
                console.print(f"[yellow]{progress.hint()}[/]", soft_wrap=True)
    return _end(progress, account, console) if progress.is_over else 0


def _descriptions(name: str, account: AwsAccount, *, once: bool) -> Iterator[Mapping[str, Any]]:
    pause = SECONDS_BETWEEN_LOOKS if account.served is None else SECONDS_BETWEEN_LOCAL_LOOKS
    while True:
        job = existing_job(name, account)
        yield job
        if once or JobProgress.from_description(job).is_over:
            return
        time.sleep(pause)


def _endpoint(stack: str, account: AwsAccount) -> tuple[str | None, int]:
    """The endpoint that a job's workers use; none where there is no stack to ask."""
    try:
        return endpoint_instances(find_environment(account, stack, role_arn=""), account)
    except RefusedError:
        return None, 0


def _document(progress: JobProgress, earlier: JobProgress, cost: Any) -> dict[str, Any]:
    rate = progress.rate(earlier)
    left = progress.seconds_left(earlier)
    return {
        "name": progress.name,
        "status": progress.status,
        "labeled": progress.labeled,
        "failed": progress.failed,
        "unlabeled": progress.left,
        "objects_per_hour": None if rate is None else round(rate, 1),
        "seconds_left": None if left is None else round(left),
        "cost_usd": None if cost is None else str(cost),
    }


def _sentence(document: Mapping[str, Any]) -> str:
    parts = [str(document["status"])]
    if document["failed"]:
        parts.append(f"{document['failed']} failed")
    if document["objects_per_hour"] is not None:
        parts.append(f"{document['objects_per_hour']:g} an hour")
    if document["seconds_left"] is not None:
        parts.append(f"{span_of(document['seconds_left'])} left")
    if document["cost_usd"] is not None:
        parts.append(f"{dollars(Decimal(document['cost_usd']))} so far")
    return " · ".join(parts)


def _end(progress: JobProgress, account: AwsAccount, console: Console) -> int:
    if progress.failure_reason:
        console.print(f"Failed: {progress.failure_reason}", soft_wrap=True, markup=False)
    if progress.failed or progress.status == "Failed":
        console.print(
            f"`fewclick job report {progress.name}` says why; `--retry-from {progress.name}` of "
            "`fewclick job create` labels again what failed.",
            soft_wrap=True,
        )
    return 0 if progress.status == "Completed" and not progress.failed else 1


def run_list(account: AwsAccount, *, contains: str | None, as_json: bool) -> int:
    """A table of all jobs, the newest first."""
    pages = (
        account.client("sagemaker")
        .get_paginator("list_labeling_jobs")
        .paginate(
            SortBy="CreationTime",
            SortOrder="Descending",
            **({} if contains is None else {"NameContains": contains}),
        )
    )
    jobs = [job for page in pages for job in page["LabelingJobSummaryList"]]
    if as_json:
        documents = [
            {
                "name": job["LabelingJobName"],
                "status": job["LabelingJobStatus"],
                "created": job["CreationTime"].isoformat(),
                "workteam": job.get("WorkteamArn"),
                **{
                    name: getattr(JobProgress.from_description(job), field)
                    for name, field in (
                        ("labeled", "labeled"), ("failed", "failed"), ("unlabeled", "left"),
                    )
                },
            }
            for job in jobs
        ]  # fmt: skip
        typer.echo(json.dumps(documents, indent=1))
        return 0
    table = Table(header_style="bold", box=SIMPLE_HEAD)
    for name in ("job", "status", "created"):
        table.add_column(name, no_wrap=name != "job")
    for name in ("labeled", "failed", "left"):
        table.add_column(name, justify="right")
    table.add_column("workers")
    for job in jobs:
        progress = JobProgress.from_description(job)
        table.add_row(
            progress.name,
            progress.status,
            job["CreationTime"].strftime("%Y-%m-%d %H:%M"),
            str(progress.labeled),
            str(progress.failed),
            str(progress.left),
            str(job.get("WorkteamArn", "")).rpartition(":workteam/")[2],
        )
    Console().print(table)
    if not jobs:
        Console(stderr=True).print(f"There are no labeling jobs in {account.region}.")
    return 0


def run_stop(name: str, account: AwsAccount, *, yes: bool) -> int:
    """Stop a job for good; what was answered is consolidated."""
    console = Console(stderr=True)
    job = existing_job(name, account)
    status = job["LabelingJobStatus"]
    if status in ("Stopping", "Stopped"):
        console.print(f"{name} is {status} already.")
        return 0
    if status not in ("Initializing", "InProgress"):
        raise RefusedError(f"the job {name} is {status}: there is nothing to stop.")
    progress = JobProgress.from_description(job)
    if not yes:
        typer.confirm(
            f"Stop {name} with {progress.left} of {progress.total} objects unlabeled? A stopped "
            "job cannot be started again; another can go on with its output (--retry-from).",
            abort=True,
            err=True,
        )
    try:
        account.client("sagemaker").stop_labeling_job(LabelingJobName=name)
    except ClientError:
        if existing_job(name, account)["LabelingJobStatus"] in ("Initializing", "InProgress"):
            raise
    console.print(f"{name} stops; `fewclick job watch {name}` shows when it has.")
    return 0
