"""`fewclick active-learn status` and `stop`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from botocore.exceptions import ClientError
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from scripts.account.aws_account import AwsAccount
from scripts.account.aws_errors import code_of
from scripts.active_learning.run_environment import find_loop_environment, store_of
from scripts.active_learning.run_executor import (
    RUNNING,
    AwsExecutor,
    ExecutionStatus,
    open_executor,
)
from scripts.active_learning.run_records import OPEN, PhaseRecord, RoundRecord, RunRecords
from scripts.jobs.job_description import describe_job
from scripts.refusal import RefusedError


def run_status(
    name: str, stack: str, account: AwsAccount, local: Path | None, *, as_json: bool
) -> int:
    """Print how a run stands; 0, or 1 if its execution failed."""
    environment = find_loop_environment(account, stack)
    records = RunRecords.open(environment.folder(name), name, store_of(account))
    rounds = records.rounds()
    phases = records.phases(len(rounds))
    status = open_executor(account, local, environment).newest(records.plan.name)
    failed = not records.is_over and status.status not in (RUNNING, "SUCCEEDED", "NOT STARTED")
    if as_json:
        typer.echo(json.dumps(_document(records, phases, rounds, status, account), indent=1))
        return int(failed)
    Console().print(_phase_table(phases, account))
    if rounds:
        Console().print(_round_table(rounds))
    typer.echo(f"Execution {status.number}: {status.status}")
    if status.cause:
        typer.echo(status.cause)
    summary = records.summary
    if summary is not None:
        typer.echo(f"{summary['guarantee']} {summary['stop']}".strip())
        typer.echo(records.folder.output)
    elif failed:
        where = "" if local is None else f" --local {local}"
        typer.echo(f"Go on with: fewclick active-learn resume {records.plan.name}{where}")
    return int(failed)


def run_stop(
    name: str, stack: str, account: AwsAccount, local: Path | None, *, with_jobs: bool
) -> int:
    """End a run's execution, and its open jobs if that is wanted; the exit code."""
    environment = find_loop_environment(account, stack)
    records = RunRecords.open(environment.folder(name), name, store_of(account))
    executor = open_executor(account, local, environment)
    status = executor.newest(records.plan.name)
    if isinstance(executor, AwsExecutor):
        if status.status == RUNNING:
            executor.stop(records.plan.name, status.number)
            typer.echo(f"Execution {records.plan.name}-{status.number} is stopped.")
    elif not with_jobs:
        raise RefusedError(
            "a run on this machine ends with Ctrl-C where it is executed. --with-jobs stops its "
            "open labeling job and its learner."
        )
    if with_jobs:
        for job in _stop_jobs(records, account):
            typer.echo(f"{job} is stopping; what it has is kept.")
    return 0


def _stop_jobs(records: RunRecords, account: AwsAccount) -> list[str]:
    """Stop what is open; the names of the jobs."""
    sagemaker = account.client("sagemaker")
    rounds = records.rounds()
    stopped = []
    for phase in records.phases(len(rounds)):
        if phase.state == OPEN and _stop(
            lambda name: sagemaker.stop_labeling_job(LabelingJobName=name), phase.job
        ):
            stopped.append(phase.job)
    for found in rounds:
        if not found.trained and _stop(
            lambda name: sagemaker.stop_processing_job(ProcessingJobName=name), found.job
        ):
            stopped.append(found.job)
    return stopped


def _stop(stop: Any, name: str) -> bool:
    """False for a job that has ended by itself."""
    try:
        stop(name)
    except ClientError as error:
        if code_of(error) not in ("ValidationException", "ResourceNotFound"):
            raise
        return False
    return True


def _phase_table(phases: Sequence[PhaseRecord], account: AwsAccount) -> Table:
    table = _table("phase", "asked", "labeled", "failed", "state")
    for phase in phases:
        labeled = phase.labeled or _so_far(phase, account)
        cells = (phase.asked, labeled, len(phase.failed))
        table.add_row(phase.phase, *map(str, cells), phase.state)
    return table


def _so_far(phase: PhaseRecord, account: AwsAccount) -> int:
    """What an open job has labeled."""
    if phase.state != OPEN:
        return 0
    described = describe_job(phase.job, account)
    return 0 if described is None else int(described["LabelCounters"]["TotalLabeled"])


def _round_table(rounds: Sequence[RoundRecord]) -> Table:
    table = _table("round", "judged by", "mean IoU", "threshold", "guaranteed", "machine", "next")
    for found in rounds:
        outcome = found.outcome
        if outcome is None:
            state = "judging" if found.trained else "training"
            table.add_row(str(found.number), *5 * ("",), state)
            continue
        thresholds = [one.threshold for one in outcome.calibrations.values()]
        bounds = [one.bound for one in outcome.calibrations.values()]
        table.add_row(
            str(found.number),
            str(len(found.ious)),
            _figure(found.mean_iou),
            ", ".join(map(_figure, thresholds)),
            ", ".join(map(_figure, bounds)),
            str(len(outcome.auto_lines)),
            str(len(outcome.next_lines)),
        )
    return table


def _document(
    records: RunRecords,
    phases: Sequence[PhaseRecord],
    rounds: Sequence[RoundRecord],
    status: ExecutionStatus,
    account: AwsAccount,
) -> dict[str, Any]:
    return {
        "run": records.plan.name,
        "folder": records.folder.address,
        "execution": {
            "number": status.number,
            "status": status.status,
            "error": status.error,
            "cause": status.cause,
        },
        "phases": [
            {
                "phase": phase.phase,
                "job": phase.job,
                "asked": phase.asked,
                "labeled": phase.labeled or _so_far(phase, account),
                "failed": {str(line): why for line, why in phase.failed.items()},
                "state": phase.state,
            }
            for phase in phases
        ],
        "rounds": [
            {
                "round": found.number,
                "job": found.job,
                "trained": found.trained,
                "mean_iou": found.mean_iou,
                "outcome": None if found.outcome is None else found.outcome.to_json(),
            }
            for found in rounds
        ],
        "summary": records.summary,
    }


def _table(first: str, *others: str) -> Table:
    table = Table(header_style="bold", box=SIMPLE_HEAD)
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
