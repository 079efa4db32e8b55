"""The loop's step that holds predictions against people's labels, and decides the round.

Photos are judged some at a time, each part recorded, and the step asks to be done again before its
time is up: a validation set of any size can be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from aws_lambda_powertools import Logger

from hooks import aws, aws_loop
from hooks.core.active_learning.label_iou import boxes_iou, mask_iou
from hooks.core.active_learning.loop_plan import LabelKind
from hooks.core.active_learning.loop_state import LoopState, Next
from hooks.core.active_learning.phases import VALIDATION
from hooks.core.active_learning.prediction import ImagePrediction
from hooks.core.active_learning.round import decide_round, standing_after
from hooks.core.box_label import read_boxes
from hooks.core.earlier_label import left_out_details, with_details
from hooks.core.errors import ContractError, FewclickError
from hooks.core.label_reader import COLOR_MAP, ColorMap, MaskLabel, read_label
from hooks.core.labeled_box import LabeledBox
from hooks.core.manifest import METADATA_SUFFIX, ManifestLine
from hooks.core.mask_reader import decode_mask
from hooks.core.masks import LabelMap
from hooks.core.photo import PhotoHeader
from hooks.loop_records import Run

logger = Logger(service="active-learning", child=True)

PART = 25
"""Photos that are judged between two records."""
SECONDS_FOR_A_PART = 120.0
"""With less time than this left, the step stops and asks to be done again."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a photo's prediction compares with the people's label.

    Attributes:
        problem: why it could not be compared and counts as wrong; "" else.
    """

    iou: float
    problem: str = ""


def judge(state: LoopState, seconds_left: Callable[[], float]) -> LoopState:
    """Judge the validation photos, then decide what is labeled by machine and what by people."""
    run = Run(state.folder)
    of_round = run.folder.round(state.round)
    if aws_loop.read_record(of_round.outcome) is not None:
        return state.then(Next.AUTO_LABEL)
    earlier = run.outcomes(state.round - 1)
    now = standing_after(run.plan, earlier)
    predictions = run.predictions(state.round)
    judged: dict[int, Judgement] = {}
    for part, lines in enumerate(_parts(now.validation)):
        record = aws_loop.read_record(of_round.judged(part))
        if record is None:
            if seconds_left() < SECONDS_FOR_A_PART and part:
                return state.then(Next.JUDGE)
            found = {line: _judge(run, line, predictions.get(line)) for line in lines}
            record = aws_loop.write_record(of_round.judged(part), _to_json(found))
        judged |= _from_json(record)
    aws_loop.write_record(of_round.validation, _to_json(judged))
    outcome = decide_round(
        run.plan,
        earlier,
        {line: _sure(line, predictions.get(line)) for line in (*now.pool, *now.validation)},
        {line: found.iou for line, found in judged.items()},
    )
    aws_loop.write_record(of_round.outcome, outcome.to_json())
    logger.info(
        "decided",
        extra={
            "round": state.round,
            "machine": len(outcome.auto_lines),
            "people": len(outcome.next_lines),
            "calibrations": {name: one.reason for name, one in outcome.calibrations.items()},
            "stop": outcome.stop,
        },
    )
    return state.then(Next.AUTO_LABEL)


def _parts(lines: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(lines), PART):
        yield lines[start : start + PART]


def _sure(line: int, prediction: ImagePrediction | None) -> ImagePrediction:
    """A photo that the learner left out is one in which it saw nothing: people label it."""
    return ImagePrediction(line, 0.0) if prediction is None else replace(prediction, line=line)


def _judge(run: Run, line: int, prediction: ImagePrediction | None) -> Judgement:
    """What cannot be compared counts as wrong: so the guarantee stays good."""
    labeled = run.labels(VALIDATION).labeled.get(line)
    if labeled is None:
        return Judgement(0.0, "people did not label it.")
    try:
        header = aws.read_photo_header(labeled.source_ref or "")
        if run.plan.kind is LabelKind.BOXES:
            return Judgement(_boxes_iou(run, labeled, prediction, header))
        return Judgement(_masks_iou(run, labeled, prediction, header))
    except (FewclickError, FileNotFoundError) as error:
        logger.warning("a validation photo cannot be judged", extra={"line": line}, exc_info=True)
        return Judgement(0.0, str(error))


def _masks_iou(
    run: Run, labeled: ManifestLine, prediction: ImagePrediction | None, header: PhotoHeader
) -> float:
    """One photo's two label maps are in memory at a time, and no more."""
    label = read_label(_whole(labeled, run.label_attribute_name), run.label_attribute_name)
    if not isinstance(label, MaskLabel):
        raise ContractError(f"line {labeled.number}", label.reason)
    truth = _label_map(label.mask_ref, label.color_map, header, run.plan.labels)
    if prediction is None or prediction.is_empty:
        return mask_iou(truth, np.zeros_like(truth))
    colors = ColorMap.from_json(prediction.label.get(COLOR_MAP), f"prediction.{COLOR_MAP}")
    predicted = _label_map(str(prediction.label["mask-ref"]), colors, header, run.plan.labels)
    return mask_iou(truth, predicted)


def _label_map(
    uri: str, colors: ColorMap, header: PhotoHeader, labels: tuple[str, ...]
) -> LabelMap:
    return decode_mask(aws.read_bytes(uri), colors, header, labels).label_map


def _boxes_iou(
    run: Run, labeled: ManifestLine, prediction: ImagePrediction | None, header: PhotoHeader
) -> float:
    attribute = run.label_attribute_name
    whole = _whole(labeled, attribute)
    metadata = whole.fields.get(attribute + METADATA_SUFFIX, {})
    truth = _boxes(run, whole.fields[attribute], metadata, header, attribute)
    if prediction is None or prediction.is_empty:
        return boxes_iou(truth, [])
    return boxes_iou(truth, _boxes(run, prediction.label, {}, header, "prediction"))


def _boxes(
    run: Run,
    value: Mapping[str, Any],
    metadata: Mapping[str, Any],
    header: PhotoHeader,
    field: str,
) -> list[LabeledBox]:
    place = {name: index for index, name in enumerate(run.plan.labels, start=1)}
    found = read_boxes(value, metadata, header.size, field)
    foreign = sorted({box.label for box in found} - set(place))
    if foreign:
        raise ContractError(field, f"has the class {foreign[0]}, which the run has not.")
    return [LabeledBox(place[box.label], box.left, box.top, box.width, box.height) for box in found]


def _whole(line: ManifestLine, attribute: str) -> ManifestLine:
    """The line with what was left out of a label for its length."""
    details_ref = left_out_details(line.fields, attribute)
    if details_ref is None:
        return line
    return ManifestLine(
        line.number, with_details(line.fields, attribute, aws.read_json(details_ref))
    )


def _to_json(judged: Mapping[int, Judgement]) -> dict[str, Any]:
    return {
        "ious": {str(line): judged[line].iou for line in sorted(judged)},
        "problems": {
            str(line): judged[line].problem for line in sorted(judged) if judged[line].problem
        },
    }


def _from_json(record: Mapping[str, Any]) -> dict[int, Judgement]:
    return {
        int(line): Judgement(float(iou), record["problems"].get(line, ""))
        for line, iou in record["ious"].items()
    }
