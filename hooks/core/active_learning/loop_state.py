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
        wait_seconds: between two looks at a job.
        phase: whose photos people label, or labeled last.
        round: whose model is trained, or was last; 0 before the first.
    """

    folder: RunFolder
    wait_seconds: int
    phase: str = TEST
    round: int = 0
    next: Next = Next.LABEL

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
        }

    def then(
        self, following: Next, *, phase: str | None = None, round: int | None = None
    ) -> LoopState:
        return replace(
            self,
            next=following,
            phase=self.phase if phase is None else phase,
            round=self.round if round is None else round,
        )


def step_of(event: Mapping[str, Any]) -> Step:
    """Raises ContractError for what is no step."""
    name = event.get("step")
    if name not in list(Step):
        raise ContractError("step", f"{name!r} is not one of {', '.join(Step)}.")
    return Step(str(name))
