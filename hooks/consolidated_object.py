"""What consolidating one object takes and gives, whatever the kind of job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hooks import aws
from hooks.core.agreement_weights import relative_weights
from hooks.core.categories import LabelCategories
from hooks.core.consensus import Method, Status
from hooks.core.contract import AnnotatedObject, ConsolidationRequest
from hooks.core.gold import GoldIndex
from hooks.core.job_settings import DEFAULT_REASONS, DEFAULT_VERDICTS, JobKind
from hooks.core.worker_record import Evidence
from hooks.object_answers import AnswerT, ObjectAnswers

MAX_REASON_CHARACTERS = 1000
DECIDED = "decided by a reviewer."
ADJUSTMENT_STATUS = "adjustment-status"


@dataclass(frozen=True, slots=True)
class JobKnowledge:
    """What a batch's objects have in common.

    Attributes:
        priors: worker id to how much the worker's earlier work lets it count.
        verdicts, reasons: of a verification job.
        begins_with_label: whether its tasks begin with an earlier label's masks or boxes.
    """

    labels: LabelCategories
    kind: JobKind = JobKind.SEGMENTATION
    method: Method = Method.ROBUST
    gold: GoldIndex = field(default_factory=GoldIndex)
    priors: Mapping[str, float] = field(default_factory=dict)
    verdicts: tuple[str, ...] = DEFAULT_VERDICTS
    reasons: tuple[str, ...] = DEFAULT_REASONS
    begins_with_label: bool = False


@dataclass(frozen=True, slots=True)
class ConsolidatedObject:
    """The label value of one object, and what the object says of its workers.

    Attributes:
        metadata: what Ground Truth's built-in jobs write beside such a label; all that matters of
            it stands in the label too.
    """

    label: dict[str, Any]
    evidence: tuple[Evidence, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


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


def output_stem(request: ConsolidationRequest, annotated: AnnotatedObject) -> str:
    """The beginning of the addresses of all that is written for an object.

    It derives from the payload's key, so that a retry writes the same objects again.
    """
    return (
        f"{request.output_uri}/consolidated-annotation/output/"
        f"{annotated.dataset_object_id}_{request.batch_time}"
    )


def write_json(request: ConsolidationRequest, uri: str, value: Mapping[str, Any]) -> None:
    body = json.dumps(value, ensure_ascii=False).encode()
    aws.write_bytes(uri, body, "application/json", request.kms_key_id)


def adjustment_status(modified: list[bool | None]) -> str:
    """Ground Truth's word for what became of an earlier label: any worker's change counts.

    A worker whose page did not say so is taken to have changed it: nobody has looked at less.
    """
    return "unadjusted" if modified and all(said is False for said in modified) else "adjusted"


def doubted(status: Status, reason: str, answers: ObjectAnswers[AnswerT]) -> tuple[Status, str]:
    """ "Cannot label" is a vote too: at half of them or more, somebody should look."""
    if answers.cannot_label and 2 * answers.cannot_label >= len(answers.used):
        said = f"{answers.cannot_label} of {len(answers.used)} workers could not label it."
        return Status.NEEDS_ADJUDICATION, f"{said} {reason}".strip()
    return status, reason


def with_agreement(
    evidence: Mapping[str, Evidence], agreement: Mapping[str, float | None]
) -> tuple[Evidence, ...]:
    """Evidence with each worker's agreement, and the weight that this photo alone would give.

    Args:
        agreement: worker id to agreement with the others, 0 to 1.
    """
    weights = relative_weights(agreement)
    return tuple(
        replace(
            item,
            agreement=agreement.get(worker_id),
            relative_weight=weights.get(worker_id),
        )
        for worker_id, item in evidence.items()
    )
