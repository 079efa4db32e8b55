"""One object of a bounding-box job: its workers' boxes become a label.

The details object is, as for masks, what is too long for a manifest line:

{"schema_version": 1, "label": {...},
 "workers": [{"worker_id", "outcome", "reason", "weight", "agreement", "mean_iou", "matched",
              "missed", "extra", "modified", "boxes", "objects", "clicks", "seconds"}],
 "boxes": [{"label", "left", "top", "width", "height", "confidence", "worker_ids"}],
 "discarded": [{"worker_id", "reason"}]}

Its coordinates are hundredths of a pixel, its label is whole also where the manifest's is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hooks.consolidated_object import (
    ADJUSTMENT_STATUS,
    ConsolidatedObject,
    JobKnowledge,
    adjustment_status,
    doubted,
    failed_object,
    output_stem,
    with_agreement,
    write_json,
)
from hooks.core.box_answer import FORM_FIELD, BoxAnswer
from hooks.core.box_label import write_boxes
from hooks.core.boxes import BoxConsensus, BoxVote, consolidate_boxes
from hooks.core.categories import LabelCategories
from hooks.core.contract import AnnotatedObject, ConsolidationRequest
from hooks.core.label_details import SCHEMA_VERSION
from hooks.core.label_limit import within_limit
from hooks.core.labeled_box import LabeledBox, ScoredBox
from hooks.core.photo import PhotoHeader
from hooks.object_answers import ObjectAnswers, UsedAnswer, read_answers

LONG = ("objects", "annotations")
"""What a label is left without, in this order, where there are too many boxes for a line."""


def consolidate_box_object(
    request: ConsolidationRequest,
    job: JobKnowledge,
    annotated: AnnotatedObject,
    header: PhotoHeader,
) -> ConsolidatedObject:
    """Consolidate, and write the details."""
    answers = read_answers(
        annotated,
        FORM_FIELD,
        lambda fields: BoxAnswer.from_fields(fields, header.size, job.labels),
        header.size,
    )
    details_ref = f"{output_stem(request, annotated)}.json"
    evidence = answers.evidence(annotated.source_ref or "")
    if not answers.usable:
        failed = failed_object(answers.why_none_usable(), annotated)
        label = failed.label | {"details-ref": details_ref}
        write_json(request, details_ref, _details(label, answers, None, job.labels))
        return ConsolidatedObject(label, tuple(evidence.values()))
    consensus = consolidate_boxes(
        [BoxVote(item.worker_id, item.answer.boxes) for item in answers.usable],
        {worker_id: job.priors.get(worker_id, 1.0) for worker_id in evidence},
    )
    status, reason = doubted(consensus.status, consensus.reason, answers)
    scored = [ScoredBox(found.box, found.agreement) for found in consensus.boxes]
    boxes = write_boxes(scored, job.labels, header.size)
    label = {
        **boxes,
        "confidence": round(consensus.agreement, 4),
        "status": status.value,
        "reason": reason,
        "workers": len(answers.used),
        "details-ref": details_ref,
    }
    metadata = {"class-map": boxes["class-map"], "objects": boxes["objects"]}
    if job.begins_with_label:
        said = adjustment_status([item.answer.modified for item in answers.usable])
        label[ADJUSTMENT_STATUS] = metadata[ADJUSTMENT_STATUS] = said
    write_json(request, details_ref, _details(label, answers, consensus, job.labels))
    agreement = {worker_id: found.agreement for worker_id, found in consensus.workers.items()}
    return ConsolidatedObject(
        within_limit(label, LONG),
        with_agreement(evidence, agreement),
        within_limit(metadata, LONG),
    )


def _details(
    label: dict[str, Any],
    answers: ObjectAnswers[BoxAnswer],
    consensus: BoxConsensus | None,
    labels: LabelCategories,
) -> dict[str, Any]:
    fused = () if consensus is None else consensus.boxes
    return {
        "schema_version": SCHEMA_VERSION,
        "label": dict(label),
        "workers": [_worker(item, consensus, labels) for item in answers.used],
        "boxes": [
            {
                **described,
                "confidence": round(found.agreement, 4),
                "worker_ids": list(found.worker_ids),
            }
            for described, found in zip(
                _described([found.box for found in fused], labels), fused, strict=True
            )
        ],
        "discarded": [
            {"worker_id": item.worker_id, "reason": item.reason} for item in answers.discarded
        ],
    }


def _worker(
    item: UsedAnswer[BoxAnswer], consensus: BoxConsensus | None, labels: LabelCategories
) -> dict[str, Any]:
    answer = item.answer
    told: dict[str, Any] = {
        "worker_id": item.worker_id,
        "outcome": answer.outcome.value,
        "reason": answer.reason,
        "agreement": None,
    }
    quality = None if consensus is None else consensus.workers.get(item.worker_id)
    if quality is not None:
        told |= {
            "weight": round(quality.share, 4),
            "agreement": _rounded(quality.agreement),
            "mean_iou": _rounded(quality.mean_iou),
            "matched": quality.matched,
            "missed": quality.missed,
            "extra": quality.extra,
        }
    return told | {
        "modified": answer.modified,
        "boxes": _described(answer.boxes, labels),
        "objects": [found.to_json() for found in answer.objects],
        "clicks": answer.clicks,
        "seconds": answer.seconds,
    }


def _described(boxes: Sequence[LabeledBox], labels: LabelCategories) -> list[dict[str, Any]]:
    return [
        {
            "label": labels.name(box.label),
            "left": round(box.left, 2),
            "top": round(box.top, 2),
            "width": round(box.width, 2),
            "height": round(box.height, 2),
        }
        for box in boxes
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
