"""The loop's steps for people: a labeling job for a phase's photos, until there are labels.

A phase has one job, and another for what is left when that one failed or was stopped and the run
was started anew. A photo that a job could not label is not asked again in the phase; the last
phase, `rest`, asks for all of them once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from hooks import aws, aws_loop
from hooks.core.active_learning.labeling_request import (
    LINE,
    PhaseLabels,
    read_job_output,
    settings_for,
    with_places,
)
from hooks.core.active_learning.loop_state import LoopState, Next
from hooks.core.active_learning.phases import FIRST, REST, lines_of, round_of
from hooks.core.errors import ContractError
from hooks.core.job_settings import JobSettings, settings_key
from hooks.core.manifest import ManifestLine
from hooks.loop_job_lines import job_lines
from hooks.loop_records import Run, RunError, listed, parse_manifest, write_manifest

logger = Logger(service="active-learning", child=True)

COMPLETED = "Completed"
OVER = frozenset({COMPLETED, "Failed", "Stopped"})


class LabelingJobEndedError(RunError):
    """A labeling job failed or was stopped, or labeled nothing."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One job of a phase.

    Attributes:
        ended: its record; None while it runs, or before it is made.
    """

    number: int
    ended: Mapping[str, Any] | None


def start_labeling(state: LoopState) -> LoopState:
    """Have people label the phase's photos; a phase without photos is over at once.

    A job that was stopped, or failed, when nobody executed the run, is followed by another here.
    """
    run = Run(state.folder)
    lines = phase_lines(run, state)
    attempt = _attempt(run, state.phase)
    if not lines:
        return _after(state)
    ended = attempt.ended or _look(run, state, attempt.number)[0]
    if ended is not None and _is_good(ended, state.phase):
        return _over(run, state, attempt.number)
    number = attempt.number if ended is None else attempt.number + 1
    if aws_loop.read_record(run.folder.job_started(state.phase, number)) is None:
        asked = _left(run, state.phase, number - 1, lines)
        if not asked:
            return _over(run, state, attempt.number)
        _start(run, state, number, asked)
    return state.waiting(Next.WAIT_FOR_PEOPLE)


def check_labeling(state: LoopState) -> LoopState:
    """Take the labels when the job is over.

    Raises:
        LabelingJobEndedError: it did not come to a good end. What it labeled is kept.
    """
    run = Run(state.folder)
    attempt = _attempt(run, state.phase)
    started = aws_loop.read_record(run.folder.job_started(state.phase, attempt.number))
    if started is None:
        return state.then(Next.LABEL)
    ended, seconds = attempt.ended, 0.0
    if ended is None:
        ended, seconds = _look(run, state, attempt.number)
    if ended is None:
        return state.waiting(Next.WAIT_FOR_PEOPLE, seconds)
    if not _is_good(ended, state.phase):
        raise LabelingJobEndedError(_why(run, ended))
    return _over(run, state, attempt.number)


def phase_lines(run: Run, state: LoopState) -> tuple[int, ...]:
    """The lines that people are to label in a phase; `rest` has those that failed before, too."""
    rounds = state.round if state.phase == REST else max(round_of(state.phase), 0)
    outcomes = run.outcomes(rounds)
    lines = lines_of(state.phase, run.sets, outcomes)
    if state.phase != REST:
        return lines
    return tuple(sorted({*lines, *run.failures(rounds)}))


def _attempt(run: Run, phase: str) -> Attempt:
    """The newest attempt that has a record."""
    number = 1
    while True:
        ended = aws_loop.read_record(run.folder.job_ended(phase, number))
        if ended is None or _is_good(ended, phase):
            return Attempt(number, ended)
        if aws_loop.read_record(run.folder.job_started(phase, number + 1)) is None:
            return Attempt(number, ended)
        number += 1


def _look(run: Run, state: LoopState, number: int) -> tuple[Mapping[str, Any] | None, float]:
    """The record of how an attempt's job ended, written now, or None; and how long ago it began."""
    started = aws_loop.read_record(run.folder.job_started(state.phase, number))
    if started is None:
        return None, 0.0
    described = aws_loop.describe_labeling_job(started["job"])
    if described["LabelingJobStatus"] not in OVER:
        return None, aws_loop.seconds_since(described["CreationTime"])
    return _end(run, state.phase, number, started, described), 0.0


def _over(run: Run, state: LoopState, attempts: int) -> LoopState:
    """Write down all that was said in a phase, and go on."""
    write_manifest(run.folder.labels(state.phase), _all_labels(run, state, attempts))
    return _after(state)


def _is_good(ended: Mapping[str, Any], phase: str) -> bool:
    """Whether a phase is over with this job. One that labels nothing at the beginning shows that
    something is wrong with all of it."""
    return ended["status"] == COMPLETED and (bool(ended["labeled"]) or phase not in FIRST)


def _left(run: Run, phase: str, attempts: int, lines: Sequence[int]) -> list[int]:
    """The lines that an earlier attempt has not come to; all of them, if none could be labeled:
    what was wrong may have been repaired since."""
    done = _said(run, phase, attempts)
    if not done.labeled:
        return list(lines)
    return [line for line in lines if line not in done.labeled and line not in done.failed]


def _start(run: Run, state: LoopState, number: int, asked: Sequence[int]) -> None:
    phase, folder = state.phase, run.folder
    prepared = run.request(phase)
    settings = JobSettings.from_json(_settings(run, prepared.name))
    write_manifest(folder.job_manifest(phase, number), job_lines(run, state, settings, asked))
    request = prepared.for_attempt(number, folder.job_manifest(phase, number))
    if number > 1:
        text = settings_for(settings, request.name).to_json()
        uri = f"s3://{folder.bucket}/{settings_key(request.name)}"
        aws_loop.write_once(uri, text.encode(), "application/json")
    there = aws_loop.create_labeling_job(request.parameters)
    if there is not None and not request.is_of(there):
        raise RunError(
            f"there is a labeling job {request.name} already, and it is not this run's: start "
            "another run under another name."
        )
    aws_loop.write_record(
        folder.job_started(phase, number),
        {"phase": phase, "attempt": number, "job": request.name, "lines": list(asked)},
    )
    logger.info(
        "labeling started", extra={"phase": phase, "job": request.name, "lines": len(asked)}
    )


def _settings(run: Run, job_name: str) -> bytes:
    return aws.read_bytes(f"s3://{run.folder.bucket}/{settings_key(job_name)}")


def _end(
    run: Run,
    phase: str,
    number: int,
    started: Mapping[str, Any],
    described: Mapping[str, Any],
) -> Mapping[str, Any]:
    """Record how a job ended, after what it labeled."""
    output = described.get("LabelingJobOutput", {}).get("OutputDatasetS3Uri")
    lines: list[ManifestLine] = []
    if output:
        try:
            lines = parse_manifest(output)
        except FileNotFoundError:  # a job that was stopped early may have written none
            logger.warning("the job has no output", extra={"job": started["job"]})
    lines = with_places(lines, {line: run.lines[line] for line in started["lines"]})
    said = read_job_output(lines, run.label_attribute_name)
    foreign = sorted({*said.labeled, *said.failed} - set(started["lines"]))
    if foreign:
        raise ContractError(f"{output}, {LINE}", f"line {foreign[0]} is none of the job's.")
    write_manifest(run.folder.job_labels(phase, number), lines)
    ended: Mapping[str, Any] = aws_loop.write_record(
        run.folder.job_ended(phase, number),
        {
            "phase": phase,
            "job": started["job"],
            "status": described["LabelingJobStatus"],
            "reason": described.get("FailureReason", ""),
            "labeled": sorted(said.labeled),
            "failed": {str(line): said.failed[line] for line in sorted(said.failed)},
            "created": _iso(described["CreationTime"]),
            "ended": _iso(described["LastModifiedTime"]),
        },
    )
    logger.info("labeling ended", extra={"phase": phase, "status": ended["status"]})
    return ended


def _why(run: Run, ended: Mapping[str, Any]) -> str:
    job, labeled = ended["job"], len(ended["labeled"])
    kept = f"Its {labeled} labels are kept. " if labeled else ""
    again = "Start the run again: what it left is asked in another job."
    if ended["status"] == COMPLETED:
        failed = {int(line): reason for line, reason in ended["failed"].items()}
        return (
            f"the labeling job {job} labeled none of its photos: {listed(failed, run.lines)}. "
            "Repair what is wrong, then start the run again."
        )
    if ended["status"] == "Stopped":
        return f"the labeling job {job} was stopped. {kept}{again}"
    reason = ended["reason"] or "no reason was given."
    return f"the labeling job {job} failed: {reason} {kept}Repair what is wrong. {again}"


def _said(run: Run, phase: str, attempts: int) -> PhaseLabels:
    """What people said in the first so many attempts; a later word counts."""
    labeled: dict[int, ManifestLine] = {}
    failed: dict[int, str] = {}
    for number in range(1, attempts + 1):
        lines = parse_manifest(run.folder.job_labels(phase, number))
        said = read_job_output(lines, run.label_attribute_name)
        failed = {line: why for line, why in failed.items() if line not in said.labeled}
        labeled |= said.labeled
        failed |= said.failed
    return PhaseLabels(labeled, failed)


def _all_labels(run: Run, state: LoopState, attempts: int) -> list[ManifestLine]:
    """The lines of all attempts in the order of the run's manifest, labeled or failed."""
    found: dict[int, ManifestLine] = {}
    for number in range(1, attempts + 1):
        for line in parse_manifest(run.folder.job_labels(state.phase, number)):
            place = line.fields[LINE]
            said = read_job_output([line], run.label_attribute_name)
            if said.labeled or (said.failed and place not in found):
                found[place] = line
    return [found[place] for place in sorted(found)]


def _after(state: LoopState) -> LoopState:
    """What comes when a phase is over."""
    if state.phase == REST:
        return state.then(Next.FINISH)
    if state.phase in FIRST[:-1]:
        return state.then(Next.LABEL, phase=FIRST[FIRST.index(state.phase) + 1])
    return state.then(Next.TRAIN, round=round_of(state.phase) + 1)


def _iso(when: Any) -> str:
    return str(when.isoformat())
