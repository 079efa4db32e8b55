"""A run's records, read for people who ask how it goes. Nothing is written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hooks.core.active_learning.loop_plan import LoopPlan
from hooks.core.active_learning.phases import FIRST, all_phases
from hooks.core.active_learning.prediction import ImagePrediction, read_predictions
from hooks.core.active_learning.round import RoundOutcome
from hooks.core.active_learning.run_folder import RunFolder
from hooks.core.errors import ContractError
from hooks.core.manifest import ManifestLine
from scripts.object_store import ObjectStore
from scripts.refusal import RefusedError

OPEN, DONE, COMING = "open", "done", "coming"


@dataclass(frozen=True, slots=True)
class PhaseRecord:
    """What people were asked and said in a phase.

    Attributes:
        job: the labeling job's name; "" before there is one.
        ended: whether its labels have been taken.
    """

    phase: str
    job: str
    asked: int
    labeled: int
    failed: Mapping[int, str]
    ended: bool

    @property
    def state(self) -> str:
        if self.ended:
            return DONE
        return OPEN if self.job else COMING


@dataclass(frozen=True, slots=True)
class RoundRecord:
    """A round so far.

    Attributes:
        job: the learner's Processing job.
        trained: whether it has ended.
        ious: by line of the photos that it was judged by; empty before.
        outcome: None before it is decided.
    """

    number: int
    job: str
    trained: bool
    ious: Mapping[int, float]
    outcome: RoundOutcome | None

    @property
    def mean_iou(self) -> float | None:
        return sum(self.ious.values()) / len(self.ious) if self.ious else None


@dataclass(frozen=True, slots=True)
class RunRecords:
    """The run in a folder."""

    plan: LoopPlan
    folder: RunFolder
    store: ObjectStore

    @classmethod
    def open(cls, folder: RunFolder, name: str, store: ObjectStore) -> RunRecords:
        """Raises RefusedError when there is no such run."""
        record = _read(store, folder.plan)
        if record is None:
            raise RefusedError(
                f"there is no run {name} in {folder.address}: start it with `fewclick "
                "active-learn start`."
            )
        try:
            return cls(LoopPlan.from_json(record), folder, store)
        except ContractError as error:
            raise RefusedError(f"{folder.plan} is no plan of a run: {error}") from error

    @property
    def is_over(self) -> bool:
        """Whether every photo has its label, or none can be got."""
        return self.summary is not None

    @property
    def summary(self) -> Mapping[str, Any] | None:
        return _read(self.store, self.folder.summary)

    def rounds(self) -> list[RoundRecord]:
        """Every round that has begun."""
        found = []
        for number in range(1, self.plan.max_rounds + 1):
            of_round = self.folder.round(number)
            attempts = list(_attempts(self.store, of_round.job_started, of_round.job_ended))
            if not attempts:
                break
            started, ended = attempts[-1]
            judged = _read(self.store, of_round.validation) or {"ious": {}}
            outcome = _read(self.store, of_round.outcome)
            found.append(
                RoundRecord(
                    number,
                    str(started["job"]),
                    ended is not None,
                    {int(line): float(value) for line, value in judged["ious"].items()},
                    None if outcome is None else RoundOutcome.from_json(outcome),
                )
            )
        return found

    def phases(self, rounds: int) -> list[PhaseRecord]:
        """The phases of the first so many rounds that people have or had to do with, and those
        that certainly come."""
        found = []
        for phase in all_phases(rounds):
            record = self._phase(phase)
            if record.job or phase in FIRST:
                found.append(record)
        return found

    def predictions(self, number: int) -> dict[int, ImagePrediction]:
        """What a round's model said, by line."""
        return read_predictions(self.store.read(self.folder.round(number).predictions).decode())

    def lines(self) -> list[ManifestLine]:
        """The input manifest."""
        texts = self.store.read(self.folder.input).decode().splitlines()
        return [ManifestLine.parse(text, number) for number, text in enumerate(texts, start=1)]

    def _phase(self, phase: str) -> PhaseRecord:
        asked: set[int] = set()
        labeled: set[int] = set()
        failed: dict[int, str] = {}
        job, ended_well = "", False
        for started, ended in _attempts(
            self.store,
            lambda attempt: self.folder.job_started(phase, attempt),
            lambda attempt: self.folder.job_ended(phase, attempt),
        ):
            job = str(started["job"])
            asked.update(started.get("lines", ()))
            ended_well = ended is not None
            if ended is not None:
                labeled.update(ended["labeled"])
                failed |= {int(line): str(why) for line, why in ended["failed"].items()}
        return PhaseRecord(
            phase,
            job,
            len(asked) or self._planned(phase),
            len(labeled),
            {line: why for line, why in failed.items() if line not in labeled},
            ended_well,
        )

    def _planned(self, phase: str) -> int:
        return int(getattr(self.plan, f"{phase}_size")) if phase in FIRST else 0


def _attempts(
    store: ObjectStore, started_at: Any, ended_at: Any
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any] | None]]:
    """The records of a job's attempts: how each began and, if it has, how it ended."""
    attempt = 1
    while (started := _read(store, started_at(attempt))) is not None:
        yield started, _read(store, ended_at(attempt))
        attempt += 1


def _read(store: ObjectStore, uri: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(store.read(uri))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise RefusedError(f"{uri} is not JSON ({error}).") from error
    if not isinstance(value, Mapping):
        raise RefusedError(f"{uri} is no JSON object.")
    return value
