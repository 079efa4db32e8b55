"""What a run's state machine carries from state to state: little, as all else is recorded in S3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from hooks.core.active_learning import fields
from hooks.core.active_learning.phases import TEST
from hooks.core.active_learning.run_folder import RunFolder
from hooks.core.errors import ContractError

LOOKS_PER_JOB_TIME = 100
MOST_SECONDS = 3600


class Step(StrEnum):
    """What the function can be asked to do."""

    SPLIT = "split"
    START_LABELING = "start_labeling"
    CHECK_LABELING = "check_labeling"
    START_TRAINING = "start_training"
    CHECK_TRAINING = "check_training"
    JUDGE = "judge"
    AUTO_LABEL = "auto_label"
    FINISH = "finish"


class Next(StrEnum):
    """What comes after a step; the definition's choices go by it."""

    LABEL = "label"
    WAIT_FOR_PEOPLE = "wait_for_people"
    TRAIN = "train"
    WAIT_FOR_TRAINING = "wait_for_training"
    JUDGE = "judge"
    AUTO_LABEL = "auto_label"
    FINISH = "finish"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class LoopState:
    """Where a run is.

    Attributes:
        wait_seconds: between two looks at a job that has just begun.
        look_in: seconds before the next look, if there is something to wait for.
        phase: whose photos people label, or labeled last.
        round: whose model is trained, or was last; 0 before the first.
    """

    folder: RunFolder
    wait_seconds: int
    phase: str = TEST
    round: int = 0
    next: Next = Next.LABEL
    look_in: int = 0

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> LoopState:
        """Raises ContractError, naming the field."""
        return cls(
            folder=RunFolder.parse(event.get("run")),
            wait_seconds=fields.whole(event, "wait_seconds", "event", 1),
            phase=fields.text(event, "phase", "event", TEST),
            round=fields.whole({"round": 0, **event}, "round", "event"),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "run": self.folder.address,
            "wait_seconds": self.wait_seconds,
            "phase": self.phase,
            "round": self.round,
            "next": self.next.value,
            "look_in": self.look_in,
        }

    def waiting(self, following: Next, job_seconds: float = 0.0) -> LoopState:
        """The state in which a job is waited for that has run so long.

        The longer it has, the longer until the next look: a state machine's history has room for
        some thousand looks, and people may take a month.
        """
        share = min(int(job_seconds / LOOKS_PER_JOB_TIME), MOST_SECONDS)
        return replace(self, next=following, look_in=max(self.wait_seconds, share))

    def then(
        self, following: Next, *, phase: str | None = None, round: int | None = None
    ) -> LoopState:
        return replace(
            self,
            next=following,
            phase=self.phase if phase is None else phase,
            round=self.round if round is None else round,
            look_in=0,
        )


def step_of(event: Mapping[str, Any]) -> Step:
    """Raises ContractError for what is no step."""
    name = event.get("step")
    if name not in list(Step):
        raise ContractError("step", f"{name!r} is not one of {', '.join(Step)}.")
    return Step(str(name))
