"""Learns boxes: a network of few weights on the shipped click model's encoder, anew each round.

Why anew: see `scripts.active_learning.mask_learner`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from hooks.core.active_learning.label_iou import boxes_iou
from hooks.core.active_learning.prediction import ImagePrediction
from hooks.core.categories import LabelCategories
from hooks.core.geometry import Size
from hooks.core.labeled_box import ScoredBox
from hooks.core.machine_label import machine_boxes
from hooks.core.photo import open_photo
from model_endpoint.detection_network import DetectionConfig, DetectionModel
from model_endpoint.detection_trainer import BoxedImage, DetectionTrainer
from model_endpoint.epoch_loop import EpochReport
from model_endpoint.model_directory import SHIPPED
from model_endpoint.segmentation_looks import OTHER_SCALE
from model_endpoint.segmentation_trainer import SegmentationRecipe
from scripts.active_learning.learner import BATCH, PLACES, Answer, LearnerSettings
from scripts.active_learning.mask_learner import (
    BACKGROUND,
    NO_ORIGIN,
    embedding_of,
    network_config,
)
from scripts.active_learning.round_request import AskedPhoto, RoundRequest
from scripts.active_learning.training_labels import BoxExample, Example


@dataclass(frozen=True, slots=True)
class BoxLearner:
    """See `scripts.active_learning.learner.Learner`."""

    request: RoundRequest
    settings: LearnerSettings
    work: Path

    def learn(
        self, examples: Sequence[Example], on_epoch: Callable[[EpochReport], None]
    ) -> LearnedBoxes:
        classes = (BACKGROUND, *self.request.labels)
        size = self.settings.size
        recipe = SegmentationRecipe(
            classes=classes,
            epochs=self.settings.epochs_for(len(examples)),
            batch=BATCH,
            size=size,
            crop=size,  # whole objects, most of the time
            seed=self.request.seed,
        )
        trainer = DetectionTrainer(
            recipe,
            DetectionConfig(classes, size, network_config()),
            self.work,
            click_weights=SHIPPED,
            device=self.settings.device,
        )
        images = [
            BoxedImage(example.name, example.read)
            for example in examples
            if isinstance(example, BoxExample)
        ]
        return LearnedBoxes(trainer.train(images, on_epoch), self.request.labels)


@dataclass(frozen=True, slots=True)
class LearnedBoxes:
    """A trained network. Its confidence in a photo is the mean of the scores of its boxes."""

    model: DetectionModel
    labels: LabelCategories

    def answer(self, asked: AskedPhoto, raw: bytes) -> Answer:
        photo = open_photo(raw, asked.source_ref)
        seen = self.model.look(photo, OTHER_SCALE)
        boxes = seen.boxes
        confidence = fmean(found.confidence for found in boxes) if boxes else 0.0
        size = Size(photo.shape[1], photo.shape[0])
        value = machine_boxes(boxes, confidence, self.labels, size, NO_ORIGIN).value
        prediction = ImagePrediction(
            line=asked.line,
            confidence=round(confidence, PLACES),
            entropy=round(fmean(map(_entropy, seen.scores)), PLACES),
            margin=round(fmean(abs(2 * score - 1) for score in seen.scores), PLACES),
            disagreement=round(_disagreement(seen.views), PLACES),
            embedding=embedding_of(seen.features),
            main_class=_main_class(boxes, self.labels),
            label=value if boxes else {},
        )
        return Answer(prediction)

    def write(self, folder: Path) -> None:
        self.model.write(folder)


def _entropy(score: float) -> float:
    """Of an object that is there with this probability; 1 is the most."""
    return sum(-share * math.log2(share) for share in (score, 1 - score) if share > 0)


def _disagreement(views: Sequence[Sequence[ScoredBox]]) -> float:
    """1 minus the mean IoU of the other views' boxes with those of the photo as it is."""
    plain, *others = [[found.box for found in view] for view in views]
    return 1 - fmean(boxes_iou(plain, other) for other in others)


def _main_class(boxes: Sequence[ScoredBox], labels: LabelCategories) -> str:
    """The class whose boxes cover most; "" for none."""
    areas: dict[int, float] = {}
    for found in boxes:
        area = found.box.width * found.box.height
        areas[found.box.label] = areas.get(found.box.label, 0.0) + area
    return labels.name(max(areas, key=lambda label: (areas[label], -label))) if areas else ""
