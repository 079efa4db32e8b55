"""One object of a batch: its workers' masks become a label, and what lies behind it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aws_lambda_powertools import Logger

from hooks import aws
from hooks.consolidated_object import (
    ADJUSTMENT_STATUS,
    DECIDED,
    ConsolidatedObject,
    JobKnowledge,
    adjustment_status,
    doubted,
    failed_object,
    output_stem,
    write_json,
)
from hooks.core.answer import FORM_FIELD, WorkerAnswer
from hooks.core.answer_block import Outcome
from hooks.core.categories import LabelCategories
from hooks.core.consensus import Consensus, Status, Vote, consolidate
from hooks.core.contract import AnnotatedObject, ConsolidationRequest
from hooks.core.errors import AnswerError, MaskError
from hooks.core.geometry import Size
from hooks.core.gold import gold_iou, read_gold_mask
from hooks.core.instance_image import write_instance_image
from hooks.core.instances import (
    DrawnInstance,
    InstanceConsensus,
    InstanceVote,
    consolidate_instances,
)
from hooks.core.job_settings import JobKind
from hooks.core.label_details import label_details
from hooks.core.label_limit import within_limit
from hooks.core.masks import LabelMap, write_label_map
from hooks.core.photo import PhotoHeader
from hooks.core.worker_record import Evidence
from hooks.object_answers import ObjectAnswers, UsedAnswer, read_answers

logger = Logger(service="consolidation", child=True)


def consolidate_object(
    request: ConsolidationRequest,
    job: JobKnowledge,
    annotated: AnnotatedObject,
    header: PhotoHeader,
) -> ConsolidatedObject:
    """Consolidate, and write the mask, the instances and the details next to each other.

    The label is `hooks.core.label_details`' "label"; an adjustment job's says whether any worker
    changed what the task began with.
    """
    answers = read_answers(
        annotated,
        FORM_FIELD,
        lambda fields: WorkerAnswer.from_fields(fields, header.size, job.labels),
        header.size,
    )
    stem = output_stem(request, annotated)
    details_ref = f"{stem}.json"
    evidence = _evidence(annotated, answers, None, {})
    usable = answers.usable
    if not usable:
        failed = failed_object(answers.why_none_usable(), annotated)
        label = failed.label | {"details-ref": details_ref}
        write_json(request, details_ref, label_details(label, answers.used, answers.discarded))
        return ConsolidatedObject(label, evidence)
    votes = [Vote(item.worker_id, item.answer.label_map) for item in usable]
    consensus = consolidate(votes, job.labels.num_classes, method=job.method, priors=job.priors)
    consensus = _judged(consensus, job.kind, answers)
    instances = _instances(usable, job.labels, header.size, consensus)
    label = {
        "mask-ref": f"{stem}.png",
        "internal-color-map": _color_map(consensus, job.labels),
        "confidence": round(consensus.image_confidence, 4),
        "status": consensus.status.value,
        "reason": consensus.reason,
        "workers": len(answers.used),
        "details-ref": details_ref,
    }
    metadata = {}
    if job.begins_with_label:
        said = adjustment_status([item.answer.modified for item in usable])
        label[ADJUSTMENT_STATUS] = metadata[ADJUSTMENT_STATUS] = said
    _write_mask(request, label["mask-ref"], consensus.label_map, job.labels, header)
    details = label_details(
        label, answers.used, answers.discarded, consensus, instances, job.labels
    )
    if instances is not None and instances.instances:
        details["instances-ref"] = f"{stem}.instances.png"
        png = write_instance_image(instances.instances, header)
        aws.write_bytes(details["instances-ref"], png, "image/png", request.kms_key_id)
    told = {worker["worker_id"]: worker for worker in details["workers"]}
    if consensus.status is Status.NEEDS_ADJUDICATION:
        # A reviewer will want to see who drew what.
        for number, item in enumerate(usable):
            uri = told[item.worker_id]["mask-ref"] = f"{stem}.{number}.png"
            _write_mask(request, uri, item.answer.label_map, job.labels, header)
    golds: dict[str, float] = {}
    try:
        golds = _gold_ious(annotated, usable, job, header)
    except (MaskError, FileNotFoundError) as error:
        # The workers' label is no worse for it.
        logger.warning("a gold mask cannot be used", exc_info=True)
        details["gold-problem"] = str(error)
    for worker_id, score in golds.items():
        told[worker_id]["gold_iou"] = round(score, 4)
    write_json(request, details_ref, details)
    # Only a photo with well over a hundred labels in it is too long; the details hold the map.
    label = within_limit(label, ("internal-color-map",))
    return ConsolidatedObject(label, _evidence(annotated, answers, consensus, golds), metadata)


def _judged(consensus: Consensus, kind: JobKind, answers: ObjectAnswers[WorkerAnswer]) -> Consensus:
    """The consensus with what is known beside the masks: a reviewer's word is the last one."""
    if kind is JobKind.ADJUDICATION and len(answers.used) == 1:
        return replace(
            consensus,
            confidence=dict.fromkeys(consensus.confidence, 1.0),
            image_confidence=1.0,
            status=Status.CONSENSUS,
            reason=DECIDED,
        )
    status, reason = doubted(consensus.status, consensus.reason, answers)
    return replace(consensus, status=status, reason=reason)


def _instances(
    usable: list[UsedAnswer[WorkerAnswer]],
    labels: LabelCategories,
    size: Size,
    consensus: Consensus,
) -> InstanceConsensus | None:
    """The workers' objects consolidated; None when no answer has any.

    An answer that had to leave its objects out says nothing of them.
    """
    votes = []
    for item in usable:
        try:
            masks = item.answer.object_masks()
        except AnswerError:
            continue  # the label map is fine, and the warnings of the page are not ours to repeat
        if not masks and item.answer.label_map.any():
            continue
        drawn = [
            DrawnInstance(index, masks[found.id])
            for found in item.answer.objects
            if found.id in masks and (index := labels.index(found.label)) is not None
        ]
        votes.append(InstanceVote(item.worker_id, drawn))
    if not any(vote.instances for vote in votes):
        return None
    weights = {
        vote.worker_id: max(consensus.workers[vote.worker_id].weight, 1e-3) for vote in votes
    }
    return consolidate_instances(votes, size, weights)


def _gold_ious(
    annotated: AnnotatedObject,
    usable: list[UsedAnswer[WorkerAnswer]],
    job: JobKnowledge,
    header: PhotoHeader,
) -> dict[str, float]:
    """Worker id to IoU with the truth, on a gold photo; else nothing.

    Raises:
        MaskError, FileNotFoundError: the gold mask is no good.
    """
    uri = job.gold.masks.get(annotated.source_ref or "")
    if uri is None:
        return {}
    try:
        truth: LabelMap = read_gold_mask(aws.read_bytes(uri), job.labels, header)
    except MaskError as error:
        raise MaskError(f"the gold mask {uri}: {error}") from error
    return {item.worker_id: gold_iou(item.answer.label_map, truth) for item in usable}


def _evidence(
    annotated: AnnotatedObject,
    answers: ObjectAnswers[WorkerAnswer],
    consensus: Consensus | None,
    golds: Mapping[str, float],
) -> tuple[Evidence, ...]:
    found = answers.evidence(annotated.source_ref or "")
    for item in answers.used:
        worker_id = item.worker_id
        plain = replace(found[worker_id], gold_iou=golds.get(worker_id))
        quality = None if consensus is None else consensus.workers.get(worker_id)
        if quality is not None and item.answer.outcome is not Outcome.CANNOT_LABEL:
            plain = replace(
                plain,
                relative_weight=quality.relative_weight,
                agreement=quality.agreement,
                boundary_deviation=quality.boundary_deviation,
                flags=tuple(flag.value for flag in quality.flags),
            )
        found[worker_id] = plain
    return tuple(found.values())


def _color_map(consensus: Consensus, labels: LabelCategories) -> dict[str, Any]:
    return {
        str(index): {
            "class-name": labels.name(index),
            "hex-color": labels.color(index),
            "confidence": round(confidence, 4),
        }
        for index, confidence in sorted(consensus.confidence.items())
    }


def _write_mask(
    request: ConsolidationRequest,
    uri: str,
    label_map: LabelMap,
    labels: LabelCategories,
    header: PhotoHeader,
) -> None:
    png = write_label_map(label_map, labels.colors(), orientation=header.orientation)
    aws.write_bytes(uri, png, "image/png", request.kms_key_id)
