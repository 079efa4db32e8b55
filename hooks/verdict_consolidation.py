"""One object of a verification job: its workers' verdicts become one.

    "<job>": {"class-name": "needs fixing", "class-id": 1, "confidence": 0.83,
              "reasons": {"The outline is not exact": 2},
              "worker-feedback": [{"comment": "the tail is missing"}],
              "status": "consensus", "reason": "", "workers": 3, "details-ref": "s3://..."},
    "<job>-metadata": {"type": "groundtruth/label-verification", "class-name": "needs fixing",
                       "confidence": 0.83, "worker-feedback": [...], ...}

`class-id` is the verdict's place in the job's list, which built-in jobs write as the whole value.
`reasons` counts the workers who gave each. The details object has every worker's word.
"""

from __future__ import annotations

from typing import Any

from hooks.consolidated_object import (
    ConsolidatedObject,
    JobKnowledge,
    doubted,
    failed_object,
    output_stem,
    with_agreement,
    write_json,
)
from hooks.core.contract import AnnotatedObject, ConsolidationRequest
from hooks.core.geometry import Size
from hooks.core.label_details import SCHEMA_VERSION
from hooks.core.label_limit import within_limit
from hooks.core.photo import PhotoHeader
from hooks.core.verdicts import VerdictConsensus, VerdictVote, decide
from hooks.core.verification_answer import FORM_FIELD, VerificationAnswer
from hooks.object_answers import ObjectAnswers, UsedAnswer, read_answers

FEEDBACK = "worker-feedback"
NO_PIXELS = Size(1, 1)


def consolidate_verdict_object(
    request: ConsolidationRequest,
    job: JobKnowledge,
    annotated: AnnotatedObject,
    header: PhotoHeader,
) -> ConsolidatedObject:
    """Decide, and write the details."""
    answers = read_answers(
        annotated,
        FORM_FIELD,
        lambda fields: VerificationAnswer.from_fields(fields, job.verdicts, job.reasons),
        NO_PIXELS,
    )
    details_ref = f"{output_stem(request, annotated)}.json"
    evidence = answers.evidence(annotated.source_ref or "")
    if not answers.usable:
        failed = failed_object(answers.why_none_usable(), annotated)
        label = failed.label | {"details-ref": details_ref}
        write_json(request, details_ref, _details(label, answers, None))
        return ConsolidatedObject(label, tuple(evidence.values()))
    consensus = decide(
        [VerdictVote(item.worker_id, item.answer.verdict) for item in answers.usable],
        job.verdicts,
        {worker_id: job.priors.get(worker_id, 1.0) for worker_id in evidence},
    )
    status, reason = doubted(consensus.status, consensus.reason, answers)
    metadata: dict[str, Any] = {
        "class-name": consensus.verdict,
        "confidence": round(consensus.confidence, 4),
    }
    comments = [{"comment": item.answer.comment} for item in answers.used if item.answer.comment]
    if comments:
        metadata[FEEDBACK] = comments
    label = {
        **metadata,
        "class-id": job.verdicts.index(consensus.verdict),
        "reasons": _reasons(answers, job.reasons),
        "status": status.value,
        "reason": reason,
        "workers": len(answers.used),
        "details-ref": details_ref,
    }
    write_json(request, details_ref, _details(label, answers, consensus))
    return ConsolidatedObject(
        within_limit(label, (FEEDBACK,)),
        with_agreement(evidence, consensus.agreement),
        within_limit(metadata, (FEEDBACK,)),
    )


def _reasons(
    answers: ObjectAnswers[VerificationAnswer], reasons: tuple[str, ...]
) -> dict[str, int]:
    counts = {
        reason: sum(reason in item.answer.reasons for item in answers.usable) for reason in reasons
    }
    return {reason: count for reason, count in counts.items() if count}


def _details(
    label: dict[str, Any],
    answers: ObjectAnswers[VerificationAnswer],
    consensus: VerdictConsensus | None,
) -> dict[str, Any]:
    details: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "label": dict(label),
        "workers": [_worker(item, consensus) for item in answers.used],
        "discarded": [
            {"worker_id": item.worker_id, "reason": item.reason} for item in answers.discarded
        ],
    }
    if consensus is not None:
        details["shares"] = {name: round(part, 4) for name, part in consensus.shares.items()}
    return details


def _worker(
    item: UsedAnswer[VerificationAnswer], consensus: VerdictConsensus | None
) -> dict[str, Any]:
    answer = item.answer
    agreement = None if consensus is None else consensus.agreement.get(item.worker_id)
    return {
        "worker_id": item.worker_id,
        "outcome": answer.outcome.value,
        "reason": answer.reason,
        "verdict": answer.verdict,
        "reasons": list(answer.reasons),
        "comment": answer.comment,
        "agreement": None if agreement is None else round(agreement, 4),
        "clicks": 0,
        "seconds": answer.seconds,
    }
