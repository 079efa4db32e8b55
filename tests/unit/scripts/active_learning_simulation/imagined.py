"""An imagined model: good at some photos, sure where it is good, and better with every label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hooks.core.active_learning.prediction import ImagePrediction
from scripts.active_learning_simulation.labeled_photos import References
from scripts.active_learning_simulation.learner import CLASS, Predicted
from scripts.active_learning_simulation.replay import World
from scripts.active_learning_simulation.simulated_labels import HumanLabels

EMPTY = np.zeros((0, 192, 192), bool)


class ImaginedLearner:
    """Its labels are their own IoUs."""

    def __init__(self, difficulty: Sequence[float]) -> None:
        self.difficulty = difficulty
        self.trained_on: list[tuple[int, ...]] = []

    def learn(
        self, training: Sequence[int], human: HumanLabels, wanted: Sequence[int], seed: int
    ) -> Predicted:
        assert not set(training) & set(wanted), "judged by what it was trained on"
        self.trained_on.append(tuple(training))
        ious = {
            place: max(0.0, 1 - self.difficulty[place] * 40 / len(training)) for place in wanted
        }
        predictions = {
            place: ImagePrediction(
                place, iou, 1 - iou, iou, 1 - iou, (iou,), CLASS, {"simulated": True}
            )
            for place, iou in ious.items()
        }
        return Predicted(predictions, ious)

    def agreement(self, label: Any, known: HumanLabels | References, place: int) -> float:
        return float(label)


def imagined_world(photos: int) -> tuple[World, ImaginedLearner]:
    difficulty = np.random.default_rng(5).uniform(0, 1, photos).tolist()
    learner = ImaginedLearner(difficulty)
    return World(learner, HumanLabels(EMPTY, ()), References(EMPTY, ())), learner
