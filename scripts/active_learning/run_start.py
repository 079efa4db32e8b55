"""`fewclick active-learn start` and `resume`: check, show the cost, ask, write, and execute.

Until somebody says yes, nothing is written and nothing is charged. A run is there when its plan is,
which is written last; the same command then goes on with it, and another of the same name is
refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from hooks.core.active_learning.loop_plan import LoopPlan
from hooks.core.active_learning.phases import REST
from hooks.core.active_learning.run_folder import RunFolder
from hooks.core.errors import ContractError
from scripts.account.aws_account import AwsAccount, open_account
from scripts.active_learning.execution import SUCCEEDED
from scripts.active_learning.run_environment import (
    LoopEnvironment,
    find_loop_environment,
    store_of,
)
from scripts.active_learning.run_executor import (
    RUNNING,
    AwsExecutor,
    ExecutionStatus,
    LocalExecutor,
    open_executor,
)
from scripts.active_learning.run_options import StartOptions
from scripts.active_learning.run_preparation import PreparedRun, prepare_run
from scripts.active_learning.run_progress import RunProgress
from scripts.jobs.job_checks import check_surroundings
from scripts.jobs.job_create import wake_endpoint
from scripts.jobs.job_plan import REQUEST_TAG, tags_of
from scripts.jobs.job_upload import upload_photos
from scripts.object_store import ObjectStore
from scripts.prices import dollars
from scripts.progress import counting
from scripts.refusal import RefusedError


@dataclass(frozen=True, slots=True)
class Started:
    """Where and how a run is executed.

    Attributes:
        local: folder of the local Ground Truth; None on AWS.
        command: with which the user goes on with it.
    """

    account: AwsAccount
    environment: LoopEnvironment
    folder: RunFolder
    name: str
    local: Path | None
    wait_seconds: int
    as_json: bool
    console: Console

    @property
    def where(self) -> str:
        return "" if self.local is None else f" --local {self.local}"


def run_start(options: StartOptions) -> int:
    """Start a run or go on with it; the exit code."""
    console = Console(stderr=True)
    job = options.job
    account = open_account(job.local, job.region, job.profile)
    environment = find_loop_environment(account, job.stack, job.role)
    prepared = prepare_run(options, account, environment, console)
    if job.dry_run:
        typer.echo(json.dumps(_documents(prepared), ensure_ascii=False, indent=1))
        return 0
    store = store_of(account)
    there = read_plan(prepared.folder, store)
    if there is None:
        for plan in prepared.jobs:
            check_surroundings(plan, prepared.lines, account, streaming=False)
        _show(prepared, account, console)
        if account.served is None and not job.yes:
            typer.confirm("Start this run?", abort=True, err=True)
        _write(prepared, account, store)
    else:
        _compare(prepared, there, store)
        console.print(f"The run {job.name} is there already and goes on.")
    guard = environment.jobs.endpoint_guard
    if guard:
        wake_endpoint(guard, account, console)
    started = Started(
        account,
        environment,
        prepared.folder,
        job.name,
        job.local,
        options.wait_seconds,
        job.as_json,
        console,
    )
    return execute(started)


def run_resume(
    name: str, stack: str, account: AwsAccount, local: Path | None, *, wait: int, as_json: bool
) -> int:
    """Go on with a run that was started; the exit code."""
    environment = find_loop_environment(account, stack)
    folder = environment.folder(name)
    plan = read_plan(folder, store_of(account))
    if plan is None:
        raise RefusedError(
            f"there is no run {name} in {folder.address}: start it with `fewclick active-learn "
            "start`."
        )
    console = Console(stderr=True)
    return execute(Started(account, environment, folder, plan.name, local, wait, as_json, console))


def read_plan(folder: RunFolder, store: ObjectStore) -> LoopPlan | None:
    """The plan of a run; None if there is no such run."""
    try:
        return LoopPlan.from_json(json.loads(store.read(folder.plan)))
    except FileNotFoundError:
        return None
    except (ContractError, ValueError) as error:
        raise RefusedError(f"{folder.plan} is no plan of a run: {error}") from error


def execute(run: Started) -> int:
    """Have a run executed from where it is; the exit code."""
    executor = open_executor(run.account, run.local, run.environment)
    newest = executor.newest(run.name)
    if newest.status == SUCCEEDED:
        run.console.print(f"The run {run.name} has come to its end: {run.folder.output}")
        return _tell(run, "ended")
    given = {"run": run.folder.address, "wait_seconds": run.wait_seconds}
    if isinstance(executor, LocalExecutor):
        return _execute_here(run, executor, newest, given)
    return _execute_there(run, executor, newest, given)


def _execute_there(
    run: Started, executor: AwsExecutor, newest: ExecutionStatus, given: Mapping[str, Any]
) -> int:
    if newest.status == RUNNING:
        run.console.print(f"The run {run.name} is being executed already.")
        return _tell(run, "running")
    if newest.cause:
        run.console.print(f"[yellow]Before: {newest.cause}[/]", soft_wrap=True, highlight=False)
    arn = executor.start(run.name, newest.number + 1, dict(given))
    run.console.print(f"Execution {arn}", soft_wrap=True, highlight=False)
    return _tell(run, "started")


def _execute_here(
    run: Started, executor: LocalExecutor, newest: ExecutionStatus, given: Mapping[str, Any]
) -> int:
    number = newest.number if newest.status == RUNNING else newest.number + 1
    if newest.cause:
        run.console.print(f"[yellow]Before: {newest.cause}[/]", soft_wrap=True, highlight=False)
    served = run.account.served
    assert served is not None, "a local executor has a local account"
    run.console.print(
        "Ctrl-C stops; nothing is lost: "
        f"fewclick active-learn resume {run.name}{run.where} goes on.",
        soft_wrap=True,
        highlight=False,
    )
    with RunProgress(run.console, served.portal_url) as progress:
        ended = executor.run(run.name, number, dict(given), progress.on_transition)
    if ended.status == SUCCEEDED:
        run.console.print(f"Output manifest  {run.folder.output}", soft_wrap=True)
        return _tell(run, "ended")
    status = executor.newest(run.name)
    run.console.print(f"[red]{status.error}[/]: {status.cause}", soft_wrap=True, highlight=False)
    _tell(run, "failed")
    return 1


def _show(prepared: PreparedRun, account: AwsAccount, console: Console) -> None:
    plan = prepared.plan
    console.print(
        f"Active-learning run [bold]{plan.name}[/]: {plan.objects:,} photos, of which people label "
        f"{plan.objects - plan.pool_size:,} before the first model; machine labels are to have a "
        f"mean IoU of {plan.target_iou:g} with a certainty of {plan.certainty:g}.",
        soft_wrap=True,
        highlight=False,
    )
    for case in prepared.cases:
        console.print(
            f"  {case.name}: {case.human:,} by people, {case.machine:,} by machine, "
            f"{dollars(case.total)} in place of {dollars(case.all_human_cost)} ({case.saved:+.0%})",
            soft_wrap=True,
            highlight=False,
        )
    for note in prepared.notes:
        console.print(f"  {note}", soft_wrap=True, highlight=False)


def _write(prepared: PreparedRun, account: AwsAccount, store: ObjectStore) -> None:
    """All that the run needs, its plan last: it makes the run."""
    with counting("photos uploaded", len(prepared.photos)) as on_photo:
        upload_photos(prepared.photos, account.client("s3"), on_photo)
    for item in prepared.objects:
        store.write(item.address, item.body, item.content_type)


def _compare(prepared: PreparedRun, there: LoopPlan, store: ObjectStore) -> None:
    """Raises RefusedError unless the run that is there is the one that is asked for."""
    asked, known = prepared.plan.to_json(), there.to_json()
    differing = [field for field, value in asked.items() if known.get(field) != value]
    request = prepared.folder.request(REST)
    own = next(item for item in prepared.objects if item.address == request)
    tags = [tags_of(json.loads(body)) for body in (own.body, store.read(request))]
    if not differing and tags[0][REQUEST_TAG] != tags[1].get(REQUEST_TAG):
        differing = ["its labeling jobs"]
    if differing:
        raise RefusedError(
            f"there is a run {there.name} already, and it differs in {', '.join(differing)}: go on "
            f"with it as it is (`fewclick active-learn resume {there.name}`), or choose another "
            "name."
        )


def _documents(prepared: PreparedRun) -> dict[str, Any]:
    """All that would be written and is JSON, by address."""
    return {
        item.address: json.loads(item.body)
        for item in prepared.objects
        if item.content_type == "application/json"
    }


def _tell(run: Started, status: str) -> int:
    if run.as_json:
        document = {
            "run": run.name,
            "folder": run.folder.address,
            "status": status,
            "output": run.folder.output if status == "ended" else None,
        }
        typer.echo(json.dumps(document, indent=1))
    else:
        typer.echo(run.folder.output if status == "ended" else run.folder.address)
    if status in ("started", "running"):
        run.console.print(f"See how it goes: fewclick active-learn status {run.name}{run.where}")
    return 0
