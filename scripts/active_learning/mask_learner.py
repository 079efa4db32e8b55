"""Learns masks: the segmentation network on the shipped click model's encoder, anew each round.

A round does not go on from the round before: a network that starts from one trained on less data
ends worse than one that starts afresh, though both see the same in the end (Ash and Adams, "On
warm-starting neural network training", 2020), and a round then depends on its labels alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hooks.core.active_learning.prediction import ImagePrediction
from hooks.core.categories import LabelCategories
from hooks.core.machine_label import Origin, machine_mask
from hooks.core.masks import LabelMap, write_label_map
from hooks.core.photo import open_photo, read_header
from model_endpoint.epoch_loop import EpochReport
from model_endpoint.model_directory import SHIPPED
from model_endpoint.network import NetworkConfig
from model_endpoint.segmentation_looks import look
from model_endpoint.segmentation_network import STRIDE, SegmentationConfig, SegmentationModel
from model_endpoint.segmentation_trainer import (
    SegmentationRecipe,
    SegmentationTrainer,
    TrainingImage,
)
from scripts.active_learning.learner import BATCH, PLACES, Answer, LearnerSettings
from scripts.active_learning.mask_measures import expected_iou, measure_mask
from scripts.active_learning.round_request import AskedPhoto, RoundRequest
from scripts.active_learning.training_labels import Example, MaskExample

BACKGROUND = "BACKGROUND"
NO_ORIGIN = Origin("", "")
"""Who takes the label says in its metadata whose it is."""


def network_config() -> NetworkConfig:
    """The shipped click model's, whose weights the encoder starts from."""
    text = (SHIPPED / "config.json").read_text(encoding="utf-8")
    return NetworkConfig.from_json(json.loads(text)["network"])


def crop_side(size: int) -> int:
    """The side of the squares that are cut of photos whose longer side is `size`."""
    return max(size * 2 // 3 // STRIDE * STRIDE, STRIDE)


@dataclass(frozen=True, slots=True)
class MaskLearner:
    """See `scripts.active_learning.learner.Learner`."""

    request: RoundRequest
    settings: LearnerSettings
    work: Path

    def learn(
        self, examples: Sequence[Example], on_epoch: Callable[[EpochReport], None]
    ) -> LearnedMasks:
        classes = (BACKGROUND, *self.request.labels)
        size = self.settings.size
        recipe = SegmentationRecipe(
            classes=classes,
            epochs=self.settings.epochs_for(len(examples)),
            batch=BATCH,
            size=size,
            crop=crop_side(size),
            seed=self.request.seed,
        )
        trainer = SegmentationTrainer(
            recipe,
            SegmentationConfig(classes, size, network_config()),
            self.work,
            click_weights=SHIPPED,
            device=self.settings.device,
        )
        images = [
            TrainingImage(example.name, example.read)
            for example in examples
            if isinstance(example, MaskExample)
        ]
        return LearnedMasks(
            trainer.train(images, (), on_epoch), self.request.labels, self.request.output
        )


@dataclass(frozen=True, slots=True)
class LearnedMasks:
    """A trained network, and where its masks will lie.

    Attributes:
        output: address below which `masks/<line>.png` goes, with its final slash.
    """

    model: SegmentationModel
    labels: LabelCategories
    output: str

    def answer(self, asked: AskedPhoto, raw: bytes) -> Answer:
        header = read_header(raw, asked.source_ref)
        seen = look(self.model, open_photo(raw, asked.source_ref))
        measured = measure_mask(seen.views)
        label: dict[str, Any] = {}
        if measured.main_class:
            label = machine_mask(
                f"{self.output}masks/{asked.line}.png",
                measured.confidence,
                _class_confidence(seen.shares, seen.label_map),
                self.labels,
                NO_ORIGIN,
            ).value
        prediction = ImagePrediction(
            line=asked.line,
            confidence=round(measured.confidence, PLACES),
            entropy=round(measured.entropy, PLACES),
            margin=round(measured.margin, PLACES),
            disagreement=round(measured.disagreement, PLACES),
            embedding=embedding_of(seen.features),
            main_class=self.labels.name(measured.main_class) if measured.main_class else "",
            label=label,
        )
        colors = self.labels.colors()
        png = write_label_map(seen.label_map, colors, orientation=header.orientation)
        return Answer(prediction, png)

    def write(self, folder: Path) -> None:
        self.model.write(folder)


def _class_confidence(shares: npt.NDArray[np.float32], label_map: LabelMap) -> dict[int, float]:
    """Classes of the label map to how sure the model is of each."""
    mask = shares.argmax(0)
    return {
        index: expected_iou(shares[index], mask == index) for index in np.unique(label_map).tolist()
    }


def embedding_of(features: npt.NDArray[np.float32]) -> tuple[float, ...]:
    """Features brought to length 1, so that how bright a photo is says little."""
    length = float(np.linalg.norm(features)) or 1.0
    return tuple(round(float(value) / length, PLACES) for value in features)
