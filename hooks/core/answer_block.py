"""What every answer of this tool's pages has beside the part that Crowd elements know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hooks.core.answered_object import parse_seconds, parse_text
from hooks.core.errors import AnswerError

SCHEMA_VERSION = 1
TOOL = "fewclick/0.1.0"
BLOCK = "fewclick"


class Outcome(StrEnum):
    """What the worker said of the photo as a whole."""

    LABELED = "labeled"
    NOTHING_HERE = "nothing-here"
    CANNOT_LABEL = "cannot-label"


@dataclass(frozen=True, slots=True)
class AnswerBlock:
    """The head of an answer's block; `fields` is all of it. An answer without one is `labeled`."""

    outcome: Outcome
    reason: str
    seconds: float
    fields: Mapping[str, Any]

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> AnswerBlock:
        """Raises AnswerError when there is one that cannot be read."""
        block = fields.get(BLOCK, {})
        if not isinstance(block, Mapping):
            raise AnswerError(f'the block "{BLOCK}" is not a JSON object.')
        version = block.get("schema_version", SCHEMA_VERSION)
        if version != SCHEMA_VERSION:
            raise AnswerError(f"the answer has schema version {version!r}, not {SCHEMA_VERSION}.")
        try:
            outcome = Outcome(block.get("outcome", Outcome.LABELED))
        except ValueError as error:
            raise AnswerError(f"the outcome {block.get('outcome')!r} is not known.") from error
        return cls(
            outcome, parse_text(block.get("reason")), parse_seconds(block.get("seconds", 0)), block
        )


def parse_modified(value: object) -> bool | None:
    """`initialValueModified`: whether the worker changed what the task began with."""
    return value if isinstance(value, bool) else None
