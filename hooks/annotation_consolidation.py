"""Consolidation: several workers' answers for each object of a batch become one label.

Every object gets an entry with a status, whatever happens to the others; a failed one says why.
All keys derive from the payload's key, so that a retry writes the same objects again.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from hooks import aws
from hooks.core.answer import FORM_FIELD, Outcome, WorkerAnswer
from hooks.core.categories import LabelCategories
from hooks.core.consensus import Consensus, Status, Vote, consolidate
from hooks.core.contract import (
    AnnotatedObject,
    ConsolidationRequest,
    WorkerAnnotation,
    consolidated_annotation,
    form_field,
)
from hooks.core.errors import AnswerError, ContractError, FewclickError
from hooks.core.geometry import Size
from hooks.core.job_settings import JobSettings, settings_key
from hooks.core.masks import VOID, write_label_map
from hooks.core.photo import PhotoHeader
from hooks.core.worker_quality import WorkerQuality
from hooks.settings import ConsolidationSettings

logger = Logger(service="consolidation")
metrics = Metrics(namespace="fewclick", service="consolidation")

PARALLEL_HEADERS = 8
"""Photos' headers are fetched side by side; masks are worked on one object at a time, so that
memory holds one object's label maps and no more."""

MAX_REASON_CHARACTERS = 1000
MAX_LABEL_CHARACTERS = 19_000
"""A manifest attribute holds 20,000 characters; some are left for how Ground Truth writes it."""


@dataclass(frozen=True, slots=True)
class UsedAnswer:
    worker_id: str
    answer: WorkerAnswer


@dataclass(frozen=True, slots=True)
class DiscardedAnswer:
    worker_id: str
    reason: str


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> list[dict[str, Any]]:
    """Entry point. Raises only when nothing at all can be done: no payload, no labels."""
    metrics.add_metric("Batches", MetricUnit.Count, 1)
    settings = ConsolidationSettings.from_environment(os.environ)
    request = ConsolidationRequest.from_event(event)
    logger.append_keys(job=request.job_name)
    labels = _labels(request, settings)
    payload = aws.read_json(request.payload_uri)
    if not isinstance(payload, list):
        raise ContractError(request.payload_uri, "must be a JSON list.")
    objects = [AnnotatedObject.from_json(item, index) for index, item in enumerate(payload)]
    with ThreadPoolExecutor(PARALLEL_HEADERS) as pool:
        headers = list(pool.map(_photo_header, objects))
    return [
        _entry(request, labels, annotated, header)
        for annotated, header in zip(objects, headers, strict=True)
    ]


def _labels(request: ConsolidationRequest, settings: ConsolidationSettings) -> LabelCategories:
    """The job's labels: from its settings, or from the event if it was made without us."""
    uri = f"s3://{settings.settings_bucket}/{settings_key(request.job_name)}"
    try:
        return JobSettings.from_json(aws.read_bytes(uri)).labels
    except FileNotFoundError as error:
        if request.label_categories is None:
            raise ContractError(
                "labelCategories", f"the event has none, and {uri} does not exist."
            ) from error
        return LabelCategories.from_names(request.label_categories, "labelCategories")


def _photo_header(annotated: AnnotatedObject) -> PhotoHeader | Exception:
    """The header, or why there is none: one missing photo must not stop the batch."""
    try:
        if annotated.source_ref is None:
            raise ContractError("dataObject.s3Uri", "missing; these jobs label photos.")
        return aws.read_photo_header(annotated.source_ref)
    except Exception as error:  # noqa: BLE001 (recorded as the object's reason)
        return error


def _entry(
    request: ConsolidationRequest,
    labels: LabelCategories,
    annotated: AnnotatedObject,
    header: PhotoHeader | Exception,
) -> dict[str, Any]:
    logger.append_keys(dataset_object_id=annotated.dataset_object_id)
    try:
        if isinstance(header, Exception):
            raise header
        label = _consolidate(request, labels, annotated, header)
    except Exception as error:
        # One object's trouble is that object's alone: it gets its entry, and the reason is kept.
        expected = isinstance(error, FewclickError)
        logger.warning("the object failed", exc_info=not expected)
        label = _failed(str(error) if expected else f"{type(error).__name__}: {error}", annotated)
    metrics.add_metric(f"Objects-{label['status']}", MetricUnit.Count, 1)
    metadata = {
        "type": "groundtruth/custom",
        "job-name": request.job_name,
        "human-annotated": "yes",
        "creation-date": request.batch_time,
    }
    return consolidated_annotation(
        annotated.dataset_object_id, request.label_attribute_name, label, metadata
    )


def _consolidate(
    request: ConsolidationRequest,
    labels: LabelCategories,
    annotated: AnnotatedObject,
    header: PhotoHeader,
) -> dict[str, Any]:
    used, discarded = _read_answers(annotated, header.size, labels)
    stem = (
        f"{request.output_uri}/consolidated-annotation/output/"
        f"{annotated.dataset_object_id}_{request.batch_time}"
    )
    details_ref = f"{stem}.json"
    usable = [item for item in used if item.answer.outcome is not Outcome.CANNOT_LABEL]
    if not usable:
        reason = _why_none_usable(used, discarded)
        label = _failed(reason, annotated) | {"details-ref": details_ref}
        _write_details(request, details_ref, label, used, discarded, None)
        return label
    votes = [Vote(item.worker_id, item.answer.label_map) for item in usable]
    consensus = consolidate(votes, labels.num_classes)
    status, reason = _status(consensus, len(used) - len(usable), len(used))
    mask_ref = f"{stem}.png"
    png = write_label_map(consensus.label_map, labels.colors(), orientation=header.orientation)
    aws.write_bytes(mask_ref, png, "image/png", request.kms_key_id)
    label = {
        "mask-ref": mask_ref,
        "internal-color-map": _color_map(consensus, labels),
        "confidence": round(consensus.image_confidence, 4),
        "status": status.value,
        "reason": reason,
        "workers": len(used),
        "details-ref": details_ref,
    }
    _write_details(request, details_ref, label, used, discarded, consensus)
    if len(json.dumps(label)) > MAX_LABEL_CHARACTERS:
        # Only a photo with well over a hundred labels in it gets here; the details hold the map.
        del label["internal-color-map"]
        label["left-out"] = ["internal-color-map"]
    return label


def _read_answers(
    annotated: AnnotatedObject, size: Size, labels: LabelCategories
) -> tuple[list[UsedAnswer], list[DiscardedAnswer]]:
    used: dict[str, UsedAnswer] = {}
    discarded = []
    for annotation in annotated.annotations:
        worker_id = annotation.worker_id
        try:
            answer = WorkerAnswer.from_fields(
                form_field(_content(annotation), FORM_FIELD), size, labels
            )
        except AnswerError as error:
            logger.info("an answer was discarded", extra={"worker": worker_id})
            discarded.append(DiscardedAnswer(worker_id, str(error)))
            continue
        except Exception as error:
            # Odd in a way that nobody thought of: that costs this answer, not the object.
            logger.exception("an answer could not be read", extra={"worker": worker_id})
            problem = f"the answer could not be read ({type(error).__name__})."
            discarded.append(DiscardedAnswer(worker_id, problem))
            continue
        if worker_id in used:
            discarded.append(DiscardedAnswer(worker_id, "the same worker answered again later."))
        used[worker_id] = UsedAnswer(worker_id, answer)
    return [used[worker_id] for worker_id in sorted(used)], discarded


def _content(annotation: WorkerAnnotation) -> str | None:
    if annotation.content is not None or annotation.content_uri is None:
        return annotation.content
    try:
        return aws.read_bytes(annotation.content_uri).decode()
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise AnswerError(f"the answer cannot be read: {error}") from error


def _why_none_usable(used: list[UsedAnswer], discarded: list[DiscardedAnswer]) -> str:
    reasons = [
        f"{item.worker_id} cannot label it: {item.answer.reason or 'no reason given'}"
        for item in used
    ]
    reasons += [f"{item.worker_id}: {item.reason}" for item in discarded]
    return "no usable answer. " + " ".join(reasons or ["Nobody answered."])


def _status(consensus: Consensus, cannot_label: int, answered: int) -> tuple[Status, str]:
    """ "Cannot label" is a vote too: at half of them or more, somebody should look."""
    if 2 * cannot_label >= answered and cannot_label:
        reason = f"{cannot_label} of {answered} workers could not label it."
        return Status.NEEDS_ADJUDICATION, f"{reason} {consensus.reason}".strip()
    return consensus.status, consensus.reason


def _color_map(consensus: Consensus, labels: LabelCategories) -> dict[str, Any]:
    return {
        str(index): {
            "class-name": labels.name(index),
            "hex-color": labels.color(index),
            "confidence": round(confidence, 4),
        }
        for index, confidence in sorted(consensus.confidence.items())
    }


def _failed(reason: str, annotated: AnnotatedObject) -> dict[str, Any]:
    return {
        "status": Status.FAILED.value,
        "reason": reason[:MAX_REASON_CHARACTERS],
        "confidence": 0.0,
        "workers": len({annotation.worker_id for annotation in annotated.annotations}),
    }


def _write_details(
    request: ConsolidationRequest,
    uri: str,
    label: dict[str, Any],
    used: list[UsedAnswer],
    discarded: list[DiscardedAnswer],
    consensus: Consensus | None,
) -> None:
    """What is too long for a manifest line: every worker's part, and why answers were left out."""
    qualities = {} if consensus is None else consensus.workers
    details = {
        "schema_version": 1,
        "label": label,
        "void_pixels": 0 if consensus is None else int((consensus.label_map == VOID).sum()),
        "workers": [
            {
                "worker_id": item.worker_id,
                "outcome": item.answer.outcome.value,
                "reason": item.answer.reason,
                **_quality(qualities.get(item.worker_id)),
                "objects": [found.to_json() for found in item.answer.objects],
                "clicks": item.answer.clicks,
                "seconds": item.answer.seconds,
                "warnings": list(item.answer.warnings),
            }
            for item in used
        ],
        "discarded": [{"worker_id": item.worker_id, "reason": item.reason} for item in discarded],
    }
    body = json.dumps(details, ensure_ascii=False).encode()
    aws.write_bytes(uri, body, "application/json", request.kms_key_id)


def _quality(quality: WorkerQuality | None) -> dict[str, Any]:
    if quality is None:
        return {"agreement": None}
    return {
        "weight": _rounded(quality.weight),
        "relative_weight": _rounded(quality.relative_weight),
        "agreement": _rounded(quality.agreement),
        "boundary_deviation": _rounded(quality.boundary_deviation),
        "flags": [flag.value for flag in quality.flags],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
