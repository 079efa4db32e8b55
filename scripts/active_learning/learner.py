"""What learns in a round: trained on people's labels, then asked photo by photo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from hooks.core.active_learning.loop_plan import LabelKind
from hooks.core.active_learning.prediction import ImagePrediction
from scripts.active_learning.round_request import AskedPhoto, RoundRequest
from scripts.active_learning.training_labels import Example, LearnerError

if TYPE_CHECKING:
    from model_endpoint.epoch_loop import EpochReport

BATCH = 8
STEPS = 400
"""Of training, whatever the number of labels: some five minutes of one core at the usual size."""
FEWEST_EPOCHS = 8
MOST_EPOCHS = 80
PLACES = 6
"""Decimal places of what is measured, and of an embedding's numbers."""


@dataclass(frozen=True, slots=True)
class LearnerSettings:
    """What decides how long it takes and how good it gets.

    Attributes:
        epochs: None for as many as make about STEPS steps.
        size: the longer side of a photo as the network sees it, a multiple of 32.
    """

    epochs: int | None = None
    size: int = 256
    device: str = "cpu"

    def epochs_for(self, images: int) -> int:
        if self.epochs is not None:
            return self.epochs
        steps_an_epoch = -(-images // BATCH)
        return min(max(-(-STEPS // steps_an_epoch), FEWEST_EPOCHS), MOST_EPOCHS)

    def to_json(self) -> dict[str, Any]:
        return {"epochs": self.epochs, "size": self.size}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a learner says of a photo; `mask` is a PNG where the labels are masks."""

    prediction: ImagePrediction
    mask: bytes | None = None


class TrainedModel(Protocol):
    """A model that has learned."""

    def answer(self, asked: AskedPhoto, raw: bytes) -> Answer:
        """What it says of a photo's file. Raises PhotoError when it cannot be read."""

    def write(self, folder: Path) -> None:
        """Write the model's files."""


class Learner(Protocol):
    """Trains a model. After an interruption it goes on from its work folder."""

    def learn(
        self, examples: Sequence[Example], on_epoch: Callable[[EpochReport], None]
    ) -> TrainedModel: ...


def open_learner(request: RoundRequest, settings: LearnerSettings, work: Path) -> Learner:
    """The learner of a round's kind of labels.

    Raises:
        LearnerError: torch or another package is missing.
    """
    try:
        if request.kind is LabelKind.MASKS:
            from scripts.active_learning.mask_learner import MaskLearner

            return MaskLearner(request, settings, work)
        from scripts.active_learning.box_learner import BoxLearner

        return BoxLearner(request, settings, work)
    except ImportError as error:
        raise LearnerError(f"learning needs {error.name}: pip install 'fewclick[train]'.") from (
            error
        )
