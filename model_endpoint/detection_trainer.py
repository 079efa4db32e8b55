"""Trains the detection network, as `model_endpoint.segmentation_trainer` does its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hooks.core.labeled_box import LabeledBox
from model_endpoint.detection_network import (
    DetectionConfig,
    DetectionModel,
    new_detection_network,
)
from model_endpoint.detection_targets import detection_loss, random_box_crop, targets_of
from model_endpoint.epoch_loop import EpochLoop, EpochReport
from model_endpoint.kept_examples import KeptExamples, shrunk
from model_endpoint.segmentation_network import Colours, normalised
from model_endpoint.segmentation_trainer import MODEL_FOLDER, SegmentationRecipe

Boxes = tuple[LabeledBox, ...]
BYTES_OF_A_BOX = 200


@dataclass(frozen=True, slots=True)
class BoxedImage:
    """One photo to train on; `read` gives it (height, width, 3) and its boxes in its pixels."""

    name: str
    read: Callable[[], tuple[Colours, Boxes]]


class DetectionTrainer:
    """One run. `train` may be called again after an interruption, in another process too.

    Args:
        recipe: of the segmentation network, whose trunk this one has.
    """

    def __init__(
        self,
        recipe: SegmentationRecipe,
        config: DetectionConfig,
        out: Path,
        *,
        click_weights: Path | None,
        device: str = "cpu",
    ) -> None:
        self._recipe, self._config, self._out = recipe, config, out
        self._device = torch.device(device)
        self._network = new_detection_network(config, click_weights, recipe.seed)
        self._loop = EpochLoop(
            self._network,
            self._network.encoder,
            recipe,
            asdict(recipe),
            out,
            known_encoder=click_weights is not None,
            device=self._device,
        )
        self._kept = KeptExamples[Boxes]()

    def train(
        self, images: Sequence[BoxedImage], on_epoch: Callable[[EpochReport], None]
    ) -> DetectionModel:
        """Go on to the last epoch; writes and returns the model."""

        def loss_of(places: npt.NDArray[np.int64], rng: np.random.Generator) -> Tensor:
            return self._loss([self._sample(images[place], rng) for place in places])

        while not self._loop.is_over:
            started = time.monotonic()
            loss = self._loop.train_epoch(len(images), loss_of)
            seconds = round(time.monotonic() - started, 1)
            report = EpochReport(self._loop.epoch + 1, round(loss, 5), 0.0, 0.0, seconds)
            self._loop.end_epoch(report)
            on_epoch(report)
        model = self.model()
        model.write(self._out / MODEL_FOLDER)
        return model

    def model(self) -> DetectionModel:
        """The averaged network as it is now."""
        network = new_detection_network(self._config, None, self._recipe.seed).to(self._device)
        network.load_state_dict(self._loop.average)
        return DetectionModel(self._config, network.eval(), self._device)

    def _sample(
        self, image: BoxedImage, rng: np.random.Generator
    ) -> tuple[Colours, list[LabeledBox]]:
        photo, boxes = self._seen(image)
        return random_box_crop(photo, boxes, self._recipe.crop, rng)

    def _seen(self, image: BoxedImage) -> tuple[Colours, Boxes]:
        """Photo with the longer side at the recipe's size, and its boxes there."""

        def read() -> tuple[Colours, Boxes]:
            photo, boxes = image.read()
            small = shrunk(photo, self._recipe.size)
            x, y = small.shape[1] / photo.shape[1], small.shape[0] / photo.shape[0]
            placed = tuple(
                LabeledBox(box.label, box.left * x, box.top * y, box.width * x, box.height * y)
                for box in boxes
            )
            return small, placed

        return self._kept.get(image.name, read, lambda boxes: BYTES_OF_A_BOX * len(boxes))

    def _loss(self, pairs: Sequence[tuple[Colours, list[LabeledBox]]]) -> Tensor:
        colours = torch.from_numpy(np.stack([normalised(photo) for photo, _ in pairs]))
        colours = colours.to(self._device, memory_format=torch.channels_last)
        labels = len(self._config.classes) - 1
        targets = [targets_of(boxes, labels, self._recipe.crop) for _, boxes in pairs]
        with torch.autocast(self._device.type, torch.bfloat16, self._device.type == "cuda"):
            middles, edges, _ = self._network(colours)
        return detection_loss(middles.float(), edges.float(), targets)
