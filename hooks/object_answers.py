"""The workers' answers for one object: fetched, decoded side by side, the unusable ones told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from aws_lambda_powertools import Logger

from hooks import aws
from hooks.core.answer_block import Outcome
from hooks.core.contract import AnnotatedObject, WorkerAnnotation, form_field
from hooks.core.errors import AnswerError
from hooks.core.geometry import Size
from hooks.core.worker_record import Evidence

logger = Logger(service="consolidation", child=True)

PARALLEL_PIXELS = 100_000_000
"""Label images that are decoded side by side hold together no more pixels than this, five bytes
each for a short while."""
MOST_PARALLEL = 4


class Answer(Protocol):
    """What the answers of all kinds of job have in common."""

    @property
    def outcome(self) -> Outcome: ...
    @property
    def reason(self) -> str: ...
    @property
    def clicks(self) -> int: ...
    @property
    def seconds(self) -> float: ...


AnswerT = TypeVar("AnswerT", bound=Answer)
Parse = Callable[[Mapping[str, Any]], AnswerT]
"""Reads the fields of an answer. Raises AnswerError when it cannot be used."""


@dataclass(frozen=True, slots=True)
class UsedAnswer(Generic[AnswerT]):
    worker_id: str
    answer: AnswerT

    @property
    def votes(self) -> bool:
        """Whether it says anything of the photo."""
        return self.answer.outcome is not Outcome.CANNOT_LABEL


@dataclass(frozen=True, slots=True)
class DiscardedAnswer:
    worker_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ObjectAnswers(Generic[AnswerT]):
    """What the workers sent, by ascending worker id, and what of it is no use."""

    used: Sequence[UsedAnswer[AnswerT]]
    discarded: Sequence[DiscardedAnswer]

    @property
    def usable(self) -> list[UsedAnswer[AnswerT]]:
        return [item for item in self.used if item.votes]

    @property
    def cannot_label(self) -> int:
        return len(self.used) - len(self.usable)

    def why_none_usable(self) -> str:
        reasons = [
            f"{item.worker_id} cannot label it: {item.answer.reason or 'no reason given'}"
            for item in self.used
        ]
        reasons += [f"{item.worker_id}: {item.reason}" for item in self.discarded]
        return "no usable answer. " + " ".join(reasons or ["Nobody answered."])

    def evidence(self, photo: str) -> dict[str, Evidence]:
        """What is told of every worker before anything is compared, by worker id.

        Args:
            photo: its `source-ref`.
        """
        found = {
            item.worker_id: Evidence(item.worker_id, photo, "discarded") for item in self.discarded
        }
        for item in self.used:
            found[item.worker_id] = Evidence(
                item.worker_id,
                photo,
                item.answer.outcome.value,
                seconds=item.answer.seconds,
                clicks=item.answer.clicks,
            )
        return found


def read_answers(
    annotated: AnnotatedObject, form_name: str, parse: Parse[AnswerT], size: Size
) -> ObjectAnswers[AnswerT]:
    """Read all answers; of several by one worker the last counts.

    Args:
        form_name: the form's field that holds them.
        size: of the photo, if what is parsed has pixels.
    """

    def read(annotation: WorkerAnnotation) -> AnswerT | str:
        return _read(annotation, form_name, parse)

    parallel = max(1, min(MOST_PARALLEL, PARALLEL_PIXELS // max(size.pixels, 1)))
    with ThreadPoolExecutor(parallel) as pool:
        answers = list(pool.map(read, annotated.annotations))
    used: dict[str, UsedAnswer[AnswerT]] = {}
    discarded = []
    for annotation, answer in zip(annotated.annotations, answers, strict=True):
        worker_id = annotation.worker_id
        if isinstance(answer, str):
            discarded.append(DiscardedAnswer(worker_id, answer))
            continue
        if worker_id in used:
            discarded.append(DiscardedAnswer(worker_id, "the same worker answered again later."))
        used[worker_id] = UsedAnswer(worker_id, answer)
    return ObjectAnswers([used[worker_id] for worker_id in sorted(used)], discarded)


def _read(annotation: WorkerAnnotation, form_name: str, parse: Parse[AnswerT]) -> AnswerT | str:
    """The answer, or why it cannot be used."""
    try:
        return parse(form_field(_content(annotation), form_name))
    except AnswerError as error:
        logger.info("an answer was discarded", extra={"worker": annotation.worker_id})
        return str(error)
    except Exception as error:
        # Odd in a way that nobody thought of: that costs this answer, not the object.
        logger.exception("an answer could not be read", extra={"worker": annotation.worker_id})
        return f"the answer could not be read ({type(error).__name__})."


def _content(annotation: WorkerAnnotation) -> str | None:
    if annotation.content is not None or annotation.content_uri is None:
        return annotation.content
    try:
        return aws.read_bytes(annotation.content_uri).decode()
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise AnswerError(f"the answer cannot be read: {error}") from error
