"""The input manifest of a phase's job: photos, and where people correct a label, the model's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from aws_lambda_powertools import Logger

from hooks import aws, aws_loop
from hooks.core.active_learning.labeling_request import job_line
from hooks.core.active_learning.loop_plan import LabelKind
from hooks.core.active_learning.loop_state import LoopState
from hooks.core.active_learning.phases import REST, round_of
from hooks.core.active_learning.predicted_label import earlier_label, empty_boxes, empty_mask
from hooks.core.active_learning.prediction import ImagePrediction
from hooks.core.categories import BACKGROUND_COLOR
from hooks.core.errors import PhotoError
from hooks.core.job_settings import JobSettings
from hooks.core.manifest import ManifestLine
from hooks.core.masks import BACKGROUND, write_label_map
from hooks.loop_labels import fitting_label, prediction_date
from hooks.loop_records import Run

logger = Logger(service="active-learning", child=True)

PARALLEL_HEADERS = 8


def job_lines(
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
    png = write_label_map(np.zeros(size.shape, np.uint8), {BACKGROUND: BACKGROUND_COLOR})
    aws_loop.write_once(uri, png, "image/png")
    return empty_mask(uri)
