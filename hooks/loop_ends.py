"""The loop's first and last step: photos into sets, and all labels into one manifest."""

from __future__ import annotations

from aws_lambda_powertools import Logger

from hooks import aws, aws_loop
from hooks.core.active_learning.labeling_request import LINE, failed_line, output_line
from hooks.core.active_learning.loop_state import LoopState, Next
from hooks.core.active_learning.loop_summary import PhasePeople, loop_summary
from hooks.core.active_learning.phases import REST, TEST, all_phases
from hooks.core.active_learning.sets import split
from hooks.core.manifest import ManifestLine
from hooks.loop_records import Run, RunError, parse_manifest, write_manifest

logger = Logger(service="active-learning", child=True)


def split_photos(state: LoopState) -> LoopState:
    """Record which photo is in which set. Raises ContractError if the run was changed since it
    was planned."""
    run = Run(state.folder)
    foreign = [line.number for line in run.lines if LINE in line.fields]
    if foreign:
        raise RunError(
            f"{run.folder.input}, line {foreign[0]}: {LINE} is a name of the loop's own."
        )
    aws_loop.write_record(run.folder.sets, split(run.plan).to_json())
    return state.then(Next.LABEL, phase=TEST, round=0)


def finish(state: LoopState) -> LoopState:
    """Write the output manifest, every line of the input in its order, and the summary."""
    run = Run(state.folder)
    attribute = run.label_attribute_name
    outcomes = run.outcomes(state.round)
    by_people = run.human_labels(state.round, rest=True)
    by_machine = {
        line.fields[LINE]: line
        for outcome in outcomes
        for line in parse_manifest(run.folder.round(outcome.round).auto)
    }
    failed = {**run.failures(state.round), **run.labels(REST).failed}
    unlabeled: dict[int, str] = {}
    lines: list[ManifestLine] = []
    for place, line in enumerate(run.lines):
        label = by_people.get(place) or by_machine.get(place)
        if label is not None:
            lines.append(output_line(line, label, attribute))
            continue
        unlabeled[place] = failed.get(place, "nobody was asked.")
        lines.append(failed_line(line, unlabeled[place], attribute))
    write_manifest(run.folder.output, lines)
    validation = [aws.read_json(run.folder.round(outcome.round).validation) for outcome in outcomes]
    people = {
        phase: PhasePeople(len(said.labeled), said.failed)
        for phase in all_phases(state.round)
        if (said := run.labels(phase)).labeled or said.failed
    }
    summary = loop_summary(
        run.plan,
        outcomes,
        people,
        [{int(line): iou for line, iou in each["ious"].items()} for each in validation],
        unlabeled,
        {
            outcome.round: [f"line {line}: {why}" for line, why in each["problems"].items()]
            for outcome, each in zip(outcomes, validation, strict=True)
        },
    )
    aws_loop.write_record(run.folder.summary, summary)
    logger.info(
        "finished", extra={"lines": len(lines), "machine": len(by_machine), "not": len(unlabeled)}
    )
    return state.then(Next.DONE)
