"""The loop's steps for the learner: a Processing job that trains and predicts, until it is over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger

from hooks import aws, aws_loop
from hooks.core.active_learning.learner_request import LearnerRequest, round_task
from hooks.core.active_learning.loop_state import LoopState, Next
from hooks.core.active_learning.predicted_label import check_prediction
from hooks.core.active_learning.round import standing_after
from hooks.core.errors import FewclickError
from hooks.loop_records import MANIFEST_TYPE, Run, RunError, write_manifest

logger = Logger(service="active-learning", child=True)

COMPLETED, FAILED, UNUSABLE = "Completed", "Failed", "Unusable"
OVER = frozenset({COMPLETED, FAILED, "Stopped"})


class TrainingEndedError(RunError):
    """A Processing job failed or was stopped, or what it wrote cannot be used."""


def start_training(state: LoopState) -> LoopState:
    """Have the round's model trained, and what nobody has labeled predicted.

    A job that was stopped, or failed, when nobody executed the run, is followed by another here.
    """
    run = Run(state.folder)
    number, ended = _attempt(run, state.round)
    ended = ended or _look(run, state.round, number)[0]
    if ended is not None and ended["status"] == COMPLETED:
        return state.then(Next.JUDGE)
    if ended is not None:
        number += 1
    if aws_loop.read_record(run.folder.round(state.round).job_started(number)) is None:
        _start(run, state.round, number)
    return state.waiting(Next.WAIT_FOR_TRAINING)


def check_training(state: LoopState) -> LoopState:
    """Go on when the predictions are there.

    Raises:
        TrainingEndedError: there are none.
    """
    run = Run(state.folder)
    number, ended = _attempt(run, state.round)
    started = aws_loop.read_record(run.folder.round(state.round).job_started(number))
    if started is None:
        return state.then(Next.TRAIN)
    seconds = 0.0
    if ended is None:
        ended, seconds = _look(run, state.round, number)
    if ended is None:
        return state.waiting(Next.WAIT_FOR_TRAINING, seconds)
    if ended["status"] == COMPLETED:
        return state.then(Next.JUDGE)
    raise TrainingEndedError(_why(ended))


def _attempt(run: Run, round_number: int) -> tuple[int, Mapping[str, Any] | None]:
    """The newest attempt that has a record, and its end; None if it has not ended."""
    of_round = run.folder.round(round_number)
    number = 1
    while True:
        ended = aws_loop.read_record(of_round.job_ended(number))
        if ended is None or ended["status"] == COMPLETED:
            return number, ended
        if aws_loop.read_record(of_round.job_started(number + 1)) is None:
            return number, ended
        number += 1


def _look(run: Run, round_number: int, attempt: int) -> tuple[Mapping[str, Any] | None, float]:
    """The record of how an attempt's job ended, written now, or None; and how long ago it began."""
    started = aws_loop.read_record(run.folder.round(round_number).job_started(attempt))
    if started is None:
        return None, 0.0
    described = aws_loop.describe_processing_job(started["job"])
    if described["ProcessingJobStatus"] not in OVER:
        return None, aws_loop.seconds_since(described["CreationTime"])
    return _end(run, round_number, attempt, started, described), 0.0


def _start(run: Run, round_number: int, attempt: int) -> None:
    of_round = run.folder.round(round_number)
    now = standing_after(run.plan, run.outcomes(round_number - 1))
    labels = run.human_labels(round_number - 1)
    training = [labels[line] for line in now.training if line in labels]
    if not training:
        raise RunError(
            "people have labeled no photo that a model could be trained on: look at the labeling "
            "jobs' failures."
        )
    write_manifest(of_round.training, training)
    asked = "".join(
        json.dumps({"line": line, "source-ref": run.lines[line].source_ref}, ensure_ascii=False)
        + "\n"
        for line in sorted({*now.validation, *now.pool})
    )
    aws_loop.write_once(of_round.predict, asked.encode(), MANIFEST_TYPE)
    task = round_task(run.plan, run.folder, round_number, run.label_attribute_name)
    aws_loop.write_record(of_round.task, task)
    prepared = LearnerRequest.parse(aws.read_json(run.folder.learner), run.folder.learner)
    request = prepared.for_round(round_number, attempt, of_round.task)
    there = aws_loop.create_processing_job(request.parameters)
    if there is not None and not request.is_of(there):
        raise RunError(
            f"there is a processing job {request.name} already, and it is not this run's: start "
            "another run under another name."
        )
    aws_loop.write_record(
        of_round.job_started(attempt),
        {"round": round_number, "attempt": attempt, "job": request.name},
    )
    logger.info("training started", extra={"round": round_number, "job": request.name})


def _end(
    run: Run,
    round_number: int,
    attempt: int,
    started: Mapping[str, Any],
    described: Mapping[str, Any],
) -> Mapping[str, Any]:
    """Record how a job ended; one whose predictions cannot be used did not end well."""
    status = described["ProcessingJobStatus"]
    reason = described.get("FailureReason") or described.get("ExitMessage") or ""
    if status == COMPLETED:
        reason = _problem(run, round_number)
        status = UNUSABLE if reason else COMPLETED
    began = described.get("ProcessingStartTime") or described["CreationTime"]
    over = described.get("ProcessingEndTime") or described["LastModifiedTime"]
    record: Mapping[str, Any] = aws_loop.write_record(
        run.folder.round(round_number).job_ended(attempt),
        {
            "round": round_number,
            "job": started["job"],
            "status": status,
            "reason": reason,
            "seconds": round((over - began).total_seconds(), 1),
            "ended": _creation_date(over),
        },
    )
    logger.info("training ended", extra={"round": round_number, "status": record["status"]})
    return record


def _problem(run: Run, round_number: int) -> str:
    """Why a round's predictions cannot be used; "" if they can."""
    try:
        predictions = run.predictions(round_number)
        for prediction in predictions.values():
            check_prediction(prediction, run.plan)
    except (FewclickError, FileNotFoundError) as error:
        return str(error)
    return "" if predictions else "predictions.jsonl has no prediction."


def _why(ended: Mapping[str, Any]) -> str:
    job, reason = ended["job"], ended["reason"] or "no reason was given; its log may say more."
    if ended["status"] == UNUSABLE:
        return (
            f"the predictions of the processing job {job} cannot be used: {reason} Repair the "
            "learner, then start the run again: it trains anew."
        )
    happened = "failed" if ended["status"] == FAILED else "was stopped"
    return (
        f"the processing job {job} {happened}: {reason} Repair what is wrong, then start the run "
        "again: it trains anew, and keeps all labels."
    )


def _creation_date(when: datetime) -> str:
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
