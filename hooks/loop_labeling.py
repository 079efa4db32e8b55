"""The loop's steps for people: a labeling job for a phase's photos, until there are labels.

A phase has one job, and another for what is left when that one failed or was stopped and the run
was started anew. A photo that a job could not label is not asked again in the phase; the last
phase, `rest`, asks for all of them once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from aws_lambda_powertools import Logger

from hooks import aws, aws_loop
from hooks.core.active_learning.labeling_request import (
    LINE,
    PhaseLabels,
    job_line,
    read_job_output,
    settings_for,
)
from hooks.core.active_learning.loop_plan import LabelKind
from hooks.core.active_learning.loop_state import LoopState, Next
from hooks.core.active_learning.phases import FIRST, REST, lines_of, round_of
from hooks.core.active_learning.predicted_label import earlier_label, empty_boxes, empty_mask
from hooks.core.active_learning.prediction import ImagePrediction
from hooks.core.errors import ContractError, PhotoError
from hooks.core.job_settings import JobSettings, settings_key
from hooks.core.manifest import ManifestLine
from hooks.core.masks import write_label_map
from hooks.loop_labels import fitting_label, prediction_date
from hooks.loop_records import Run, RunError, listed, parse_manifest, write_manifest

logger = Logger(service="active-learning", child=True)

COMPLETED = "Completed"
OVER = frozenset({COMPLETED, "Failed", "Stopped"})
PARALLEL_HEADERS = 8


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
    """Have people label the phase's photos; a phase without photos is over at once."""
    run = Run(state.folder)
    lines = phase_lines(run, state)
    attempt = _attempt(run, state.phase)
    if not lines or (attempt.ended is not None and _is_good(attempt.ended, state.phase)):
        return _after(state)
    number = attempt.number if attempt.ended is None else attempt.number + 1
    if aws_loop.read_record(run.folder.job_started(state.phase, number)) is None:
        _start(run, state, number, lines)
    return state.then(Next.WAIT_FOR_PEOPLE)


def check_labeling(state: LoopState) -> LoopState:
    """Take the labels when the job is over.

    Raises:
        LabelingJobEndedError: it did not come to a good end. What it labeled is kept.
    """
    run = Run(state.folder)
    attempt = _attempt(run, state.phase)
    ended = attempt.ended
    if ended is None:
        started = aws_loop.read_record(run.folder.job_started(state.phase, attempt.number))
        if started is None:
            return state.then(Next.LABEL)
        described = aws_loop.describe_labeling_job(started["job"])
        if described["LabelingJobStatus"] not in OVER:
            return state.then(Next.WAIT_FOR_PEOPLE)
        ended = _end(run, state.phase, attempt.number, started, described)
    if not _is_good(ended, state.phase):
        raise LabelingJobEndedError(_why(run, ended))
    write_manifest(run.folder.labels(state.phase), _all_labels(run, state, attempt.number))
    return _after(state)


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


def _is_good(ended: Mapping[str, Any], phase: str) -> bool:
    """Whether a phase is over with this job. One that labels nothing at the beginning shows that
    something is wrong with all of it."""
    return ended["status"] == COMPLETED and (bool(ended["labeled"]) or phase not in FIRST)


def _start(run: Run, state: LoopState, number: int, lines: Sequence[int]) -> None:
    phase, folder = state.phase, run.folder
    prepared = run.request(phase)
    settings = JobSettings.from_json(_settings(run, prepared.name))
    done = _said(run, phase, number - 1)
    asked = [line for line in lines if line not in done.labeled and line not in done.failed]
    if number > 1 and not asked:  # all of them failed: what was wrong may have been repaired
        asked = [line for line in lines if line not in done.labeled]
    write_manifest(folder.job_manifest(phase, number), _job_lines(run, state, settings, asked))
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


def _job_lines(
    run: Run, state: LoopState, settings: JobSettings, asked: Sequence[int]
) -> list[ManifestLine]:
    """The job's input: the photos, and where its workers begin with a label, the model's."""
    if not settings.earlier_label:
        return [job_line(run.lines[line], line, {}) for line in asked]
    number = state.round if state.phase == REST else round_of(state.phase)
    predictions = run.predictions(number) if number else {}
    date = prediction_date(run, number) if number else ""
    with ThreadPoolExecutor(PARALLEL_HEADERS) as pool:
        return list(
            pool.map(
                lambda line: _line_with_label(
                    run, settings, line, predictions.get(line), number, date
                ),
                asked,
            )
        )


def _line_with_label(
    run: Run,
    settings: JobSettings,
    line: int,
    prediction: ImagePrediction | None,
    number: int,
    date: str,
) -> ManifestLine:
    empty: Mapping[str, Any] = {}
    if prediction is None or prediction.is_empty:
        try:
            empty = _empty_label(run, line)
        except PhotoError:
            # Ground Truth's hook refuses the photo by name, and the object fails.
            logger.warning("a photo cannot be read", extra={"line": line})
            return job_line(run.lines[line], line, {})
    label = fitting_label(
        lambda details_ref: earlier_label(prediction, run.plan, date, empty, details_ref),
        run.folder.round(number).details(line),
    )
    return job_line(run.lines[line], line, label.fields(settings.earlier_label))


def _empty_label(run: Run, line: int) -> dict[str, Any]:
    """Where the model saw nothing, or nothing was asked of it: people begin with nothing."""
    source = run.lines[line].source_ref
    if source is None:
        raise PhotoError(f"line {line + 1}", "it names no photo.")
    size = aws.read_photo_header(source).size
    if run.plan.kind is LabelKind.BOXES:
        return empty_boxes(size)
    uri = run.folder.empty_mask(size.width, size.height)
    png = write_label_map(np.zeros(size.shape, np.uint8), {0: "#ffffff"})
    aws_loop.write_once(uri, png, "image/png")
    return empty_mask(uri)


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
