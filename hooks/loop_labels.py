"""The loop's step that writes machine labels, and how a prediction becomes one."""

from __future__ import annotations

import json
from collections.abc import Callable

from aws_lambda_powertools import Logger

from hooks import aws_loop
from hooks.core.active_learning.labeling_request import job_line
from hooks.core.active_learning.loop_state import LoopState, Next
from hooks.core.active_learning.phases import REST, batch_phase
from hooks.core.active_learning.predicted_label import machine_label
from hooks.core.machine_label import MachineLabel
from hooks.core.manifest import ManifestLine
from hooks.loop_records import Run, write_manifest

logger = Logger(service="active-learning", child=True)


def auto_label(state: LoopState) -> LoopState:
    """Write the round's machine labels; then its batch is for people, or what is left."""
    run = Run(state.folder)
    outcome = run.outcomes(state.round)[-1]
    of_round = run.folder.round(state.round)
    predictions = run.predictions(state.round)
    date = prediction_date(run, state.round)

    def labeled(line: int) -> ManifestLine:
        label = fitting_label(
            lambda details_ref: machine_label(predictions[line], run.plan, date, details_ref),
            of_round.details(line),
        )
        return job_line(run.lines[line], line, label.fields(run.label_attribute_name))

    lines = [labeled(line) for line in outcome.auto_lines]
    write_manifest(of_round.auto, lines)
    logger.info("labeled by machine", extra={"round": state.round, "lines": len(lines)})
    return state.then(Next.LABEL, phase=REST if outcome.stop else batch_phase(state.round))


def prediction_date(run: Run, number: int) -> str:
    """When a round's predictions were made, as metadata has it."""
    attempt = 1
    while True:
        ended = aws_loop.read_record(run.folder.round(number).job_ended(attempt))
        if ended["status"] == "Completed":
            return str(ended["ended"])
        attempt += 1


def fitting_label(make: Callable[[str], MachineLabel], details_ref: str) -> MachineLabel:
    """A label that a manifest holds; one that is too long has its details written."""
    try:
        return make("")
    except ValueError:
        label = make(details_ref)
    details = {"schema_version": 1, "label": label.whole}
    body = json.dumps(details, ensure_ascii=False).encode()
    aws_loop.write_once(details_ref, body, "application/json")
    return label
