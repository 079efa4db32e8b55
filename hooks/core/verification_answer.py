"""The worker's answer in a verification job.

A superset of what `crowd-image-classifier` answers:

    {"label": "needs fixing", "workerComment": "the tail is missing",     only where there is one
     "fewclick": {"schema_version": 1, "tool": "fewclick/0.1.0", "job_kind": "verification",
                  "outcome": "labeled" | "cannot-label", "reason": "",
                  "reasons": ["The outline is not exact"], "seconds": 6.2}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hooks.core.answer_block import BLOCK, SCHEMA_VERSION, TOOL, AnswerBlock, Outcome
from hooks.core.answered_object import parse_text
from hooks.core.errors import AnswerError

FORM_FIELD = "crowd-image-classifier"


@dataclass(frozen=True, slots=True)
class VerificationAnswer:
    """One worker's judgement of a label.

    Attributes:
        verdict: one of the job's; "" where the worker could not tell.
        reasons: those of the job's that the worker ticked, in the job's order.
        comment: in the worker's words; may be empty.
        reason: why the worker could not tell.
    """

    outcome: Outcome
    verdict: str
    reasons: tuple[str, ...]
    comment: str
    reason: str
    seconds: float

    @property
    def clicks(self) -> int:
        """None on the photo."""
        return 0

    @classmethod
    def from_fields(
        cls, fields: Mapping[str, Any], verdicts: Sequence[str], reasons: Sequence[str]
    ) -> VerificationAnswer:
        """Parse an answer; one without our block, as a Crowd element sends it, is `labeled`.

        Raises:
            AnswerError: it cannot be used; the message is the reason.
        """
        block = AnswerBlock.from_fields(fields)
        if block.outcome is Outcome.NOTHING_HERE:
            raise AnswerError('a verdict cannot have the outcome "nothing-here".')
        verdict = ""
        chosen: tuple[str, ...] = ()
        if block.outcome is Outcome.LABELED:
            verdict = _verdict(fields.get("label"), verdicts)
            chosen = _reasons(block.fields.get("reasons", []), reasons)
        return cls(
            outcome=block.outcome,
            verdict=verdict,
            reasons=chosen,
            comment=parse_text(fields.get("workerComment")).strip(),
            reason=block.reason,
            seconds=block.seconds,
        )

    def to_json(self) -> str:
        """What a page submits."""
        fields: dict[str, Any] = {}
        if self.outcome is Outcome.LABELED:
            fields["label"] = self.verdict
        if self.comment:
            fields["workerComment"] = self.comment
        fields[BLOCK] = {
            "schema_version": SCHEMA_VERSION,
            "tool": TOOL,
            "job_kind": "verification",
            "outcome": self.outcome.value,
            "reason": self.reason,
            "reasons": list(self.reasons),
            "seconds": self.seconds,
        }
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _verdict(value: object, verdicts: Sequence[str]) -> str:
    if not isinstance(value, str) or not value:
        raise AnswerError('"label" is missing: no verdict was given.')
    if value not in verdicts:
        raise AnswerError(f"the verdict {value!r} is not one of {', '.join(verdicts)}.")
    return value


def _reasons(value: object, reasons: Sequence[str]) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise AnswerError('"reasons" is not a list.')
    unknown = next((item for item in value if item not in reasons), None)
    if unknown is not None:
        raise AnswerError(f"the reason {unknown!r} is not one of this job's.")
    return tuple(reason for reason in reasons if reason in value)
