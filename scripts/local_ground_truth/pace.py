"""How fast answers come: per hour, per worker, and when a job will be done. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

WINDOW_SECONDS = 3600.0
"""The rate is that of the last hour: what came before a night says little about now."""
SHORTEST_WINDOW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer; times are seconds since 1970."""

    worker: str
    accepted_at: float
    submitted_at: float


@dataclass(frozen=True, slots=True)
class WorkerPace:
    """One worker's work on a job.

    Attributes:
        seconds: the median time for an answer; half of the worker's answers took less.
        per_hour: answers in the last hour, as a rate.
        given_back: reasons why tasks were given back or declined, and how often.
        last_at: when the last answer came; None if none has.
    """

    worker: str
    answers: int
    seconds: float | None
    per_hour: float
    given_back: Mapping[str, int]
    last_at: float | None


def per_hour(answers: Sequence[Answered], now: float) -> float:
    """Answers per hour in the last hour, or since the first task was taken if that is later."""
    recent = [answer for answer in answers if answer.submitted_at > now - WINDOW_SECONDS]
    if not recent:
        return 0.0
    began = min(answer.accepted_at for answer in answers)
    window = min(WINDOW_SECONDS, max(SHORTEST_WINDOW_SECONDS, now - began))
    return len(recent) * 3600.0 / window


def seconds_left(remaining: int, rate: float) -> float | None:
    """How long the rest takes at this rate; None if nothing is coming in."""
    if remaining <= 0:
        return 0.0
    return remaining * 3600.0 / rate if rate > 0 else None


def seconds_per_answer(answers: Iterable[Answered]) -> float | None:
    """The median, which a coffee break does not move; None without answers."""
    times = [answer.submitted_at - answer.accepted_at for answer in answers]
    return median(times) if times else None


def by_worker(
    answers: Sequence[Answered], given_back: Iterable[tuple[str, str]], now: float
) -> list[WorkerPace]:
    """Every worker's pace, the one with the most answers first.

    Args:
        given_back: worker and reason, once for each time; "" for no reason.
    """
    reasons: dict[str, dict[str, int]] = {}
    for worker, reason in given_back:
        counted = reasons.setdefault(worker, {})
        counted[reason] = counted.get(reason, 0) + 1
    own: dict[str, list[Answered]] = {worker: [] for worker in reasons}
    for answer in answers:
        own.setdefault(answer.worker, []).append(answer)
    paces = [
        WorkerPace(
            worker=worker,
            answers=len(done),
            seconds=seconds_per_answer(done),
            per_hour=per_hour(done, now),
            given_back=reasons.get(worker, {}),
            last_at=max((answer.submitted_at for answer in done), default=None),
        )
        for worker, done in own.items()
    ]
    return sorted(paces, key=lambda pace: (-pace.answers, pace.worker.casefold()))
