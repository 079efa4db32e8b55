"""What a replay asks of a model: learn from people's labels, and predict other photos'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hooks.core.active_learning.prediction import ImagePrediction
from scripts.active_learning_simulation.labeled_photos import References
from scripts.active_learning_simulation.simulated_labels import HumanLabels

CLASS = "object"
"""The one class of a simulation: whatever the references outline."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """Predictions by photo, and the labels themselves: bool masks, or boxes' edges."""

    predictions: Mapping[int, ImagePrediction]
    labels: Mapping[int, Any]


class Learner(Protocol):
    """Trains from nothing each time; the same for the same arguments."""

    def learn(
        self, training: Sequence[int], human: HumanLabels, wanted: Sequence[int], seed: int
    ) -> Predicted:
        """Train on people's labels of some photos, and predict the wanted ones."""

    def agreement(self, label: Any, known: HumanLabels | References, place: int) -> float:
        """A predicted label's IoU with what is known of the photo, 0 to 1."""


def simulated_label(label: Any) -> Mapping[str, Any]:
    """Stands for a label value in a prediction: not empty where there is a label."""
    return {"simulated": True} if len(label) and label.any() else {}
