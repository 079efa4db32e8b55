"""What became of each photo that a model was asked about: an answer in S3, or the reason for none.

Who submits photos yields these; who makes labels of answers takes them. They come one at a time,
in any order, so that neither side holds more than one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answered:
    """The model answered.

    Attributes:
        line: 0-based line of the input manifest.
        source_ref: the photo, `s3://bucket/key`.
        output: where the answer's bytes are, `s3://bucket/key`; the object's content type is
            the one that the model gave.
    """

    line: int
    source_ref: str
    output: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """There is no answer, and there will be none.

    Attributes:
        line: 0-based line of the input manifest.
        source_ref: the photo, `s3://bucket/key`.
        reason: a sentence: what the model or the service said.
    """

    line: int
    source_ref: str
    reason: str


Outcome = Answered | Unanswered
