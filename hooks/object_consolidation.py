"""One object of a batch: its workers' answers become a label, and what lies behind it is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aws_lambda_powertools import Logger

from hooks import aws
from hooks.core.answer import Outcome
from hooks.core.categories import LabelCategories
from hooks.core.consensus import Consensus, Method, Status, Vote, consolidate
from hooks.core.contract import AnnotatedObject, ConsolidationRequest
from hooks.core.errors import AnswerError, MaskError
from hooks.core.geometry import Size
from hooks.core.gold import GoldIndex, gold_iou, read_gold_mask
from hooks.core.instance_image import write_instance_image
from hooks.core.instances import (
    DrawnInstance,
    InstanceConsensus,
    InstanceVote,
    consolidate_instances,
)
from hooks.core.job_settings import JobKind
from hooks.core.label_details import label_details
from hooks.core.masks import LabelMap, write_label_map
from hooks.core.photo import PhotoHeader
from hooks.core.worker_record import Evidence
from hooks.object_answers import ObjectAnswers, UsedAnswer, read_answers

logger = Logger(service="consolidation", child=True)

MAX_REASON_CHARACTERS = 1000
MAX_LABEL_CHARACTERS = 19_000
"""A manifest attribute holds 20,000 characters; some are left for how Ground Truth writes it."""
DECIDED = "decided by a reviewer."


@dataclass(frozen=True, slots=True)
class JobKnowledge:
    """What a batch's objects have in common.

    Attributes:
        priors: worker id to how much the worker's earlier work lets it count.
    """

    labels: LabelCategories
    kind: JobKind = JobKind.SEGMENTATION
    method: Method = Method.ROBUST
    gold: GoldIndex = field(default_factory=GoldIndex)
    priors: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConsolidatedObject:
    """The label value of one object, and what the object says of its workers."""

    label: dict[str, Any]
    evidence: tuple[Evidence, ...] = ()


def failed_object(reason: str, annotated: AnnotatedObject) -> ConsolidatedObject:
    """A label that says why there is none."""
    return ConsolidatedObject(
        {
            "status": Status.FAILED.value,
            "reason": reason[:MAX_REASON_CHARACTERS],
            "confidence": 0.0,
            "workers": len({annotation.worker_id for annotation in annotated.annotations}),
        }
    )


def consolidate_object(
    request: ConsolidationRequest,
    job: JobKnowledge,
    annotated: AnnotatedObject,
    header: PhotoHeader,
) -> ConsolidatedObject:
    """Consolidate, and write the mask, the instances and the details next to each other.

    Every key derives from the payload's, so that a retry writes the same objects again.
    """
    answers = read_answers(annotated, header.size, job.labels)
    stem = (
        f"{request.output_uri}/consolidated-annotation/output/"
        f"{annotated.dataset_object_id}_{request.batch_time}"
    )
    details_ref = f"{stem}.json"
    evidence = _evidence(annotated, answers, None, {})
    usable = answers.usable
    if not usable:
        failed = failed_object(answers.why_none_usable(), annotated)
        label = failed.label | {"details-ref": details_ref}
        _write_json(request, details_ref, label_details(label, answers.used, answers.discarded))
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
    _write_json(request, details_ref, details)
    if len(json.dumps(label)) > MAX_LABEL_CHARACTERS:
        # Only a photo with well over a hundred labels in it gets here; the details hold the map.
        del label["internal-color-map"]
        label["left-out"] = ["internal-color-map"]
    return ConsolidatedObject(label, _evidence(annotated, answers, consensus, golds))


def _judged(consensus: Consensus, kind: JobKind, answers: ObjectAnswers) -> Consensus:
    """The consensus with what is known beside the masks.

    "Cannot label" is a vote too: at half of them or more, somebody should look. And a reviewer's
    word is the last one.
    """
    if kind is JobKind.ADJUDICATION and len(answers.used) == 1:
        return replace(
            consensus,
            confidence=dict.fromkeys(consensus.confidence, 1.0),
            image_confidence=1.0,
            status=Status.CONSENSUS,
            reason=DECIDED,
        )
    if answers.cannot_label and 2 * answers.cannot_label >= len(answers.used):
        said = f"{answers.cannot_label} of {len(answers.used)} workers could not label it."
        return replace(
            consensus,
            status=Status.NEEDS_ADJUDICATION,
            reason=f"{said} {consensus.reason}".strip(),
        )
    return consensus


def _instances(
    usable: list[UsedAnswer], labels: LabelCategories, size: Size, consensus: Consensus
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
    annotated: AnnotatedObject, usable: list[UsedAnswer], job: JobKnowledge, header: PhotoHeader
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
    answers: ObjectAnswers,
    consensus: Consensus | None,
    golds: Mapping[str, float],
) -> tuple[Evidence, ...]:
    photo = annotated.source_ref or ""
    found = [
        Evidence(item.worker_id, photo, "discarded")
        for item in answers.discarded
        if item.worker_id not in {used.worker_id for used in answers.used}
    ]
    for item in answers.used:
        quality = None if consensus is None else consensus.workers.get(item.worker_id)
        plain = Evidence(
            item.worker_id,
            photo,
            item.answer.outcome.value,
            gold_iou=golds.get(item.worker_id),
            seconds=item.answer.seconds,
            clicks=item.answer.clicks,
        )
        if quality is not None and item.answer.outcome is not Outcome.CANNOT_LABEL:
            plain = replace(
                plain,
                relative_weight=quality.relative_weight,
                agreement=quality.agreement,
                boundary_deviation=quality.boundary_deviation,
                flags=tuple(flag.value for flag in quality.flags),
            )
        found.append(plain)
    return tuple(found)


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


def _write_json(request: ConsolidationRequest, uri: str, value: dict[str, Any]) -> None:
    body = json.dumps(value, ensure_ascii=False).encode()
    aws.write_bytes(uri, body, "application/json", request.kms_key_id)
