"""Trains the segmentation network: seeded, resumable after every epoch, on a CPU or a card.

A run's folder is `model_endpoint.epoch_loop`'s, with the measures of SageMaker's built-in algorithm
in its log, and at the end `model/`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hooks.core.masks import LabelMap
from model_endpoint.epoch_loop import EpochLoop, EpochReport
from model_endpoint.kept_examples import KeptExamples, shrunk, shrunk_shape
from model_endpoint.segmentation_metrics import Confusion
from model_endpoint.segmentation_network import (
    Colours,
    SegmentationConfig,
    SegmentationModel,
    new_network,
    normalised,
)
from model_endpoint.segmentation_sampling import random_crop, segmentation_loss

MODEL_FOLDER = "model"


@dataclass(frozen=True, slots=True)
class TrainingImage:
    """One image of a channel; `read` gives photo (height, width, 3) and label map."""

    name: str
    read: Callable[[], tuple[Colours, LabelMap]]


@dataclass(frozen=True, slots=True)
class SegmentationRecipe:
    """Everything but the data that decides the weights.

    Attributes:
        classes: names, the background's first.
        size: the longer side at which photos are seen; crop: the side of the squares cut of them.
        click_weights: whether the encoder starts from the shipped click model.
    """

    classes: tuple[str, ...]
    epochs: int = 30
    batch: int = 8
    size: int = 256
    crop: int = 160
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    seed: int = 0
    click_weights: bool = True


class SegmentationTrainer:
    """One run. `train` may be called again after an interruption, in another process too."""

    def __init__(
        self,
        recipe: SegmentationRecipe,
        config: SegmentationConfig,
        out: Path,
        *,
        click_weights: Path | None,
        device: str = "cpu",
    ) -> None:
        self._recipe, self._config, self._out = recipe, config, out
        self._device = torch.device(device)
        self._network = new_network(config, click_weights, recipe.seed)
        self._loop = EpochLoop(
            self._network,
            self._network.encoder,
            recipe,
            asdict(recipe),
            out,
            known_encoder=click_weights is not None,
            device=self._device,
        )
        self._kept = KeptExamples[LabelMap]()

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return self._loop.epoch

    def train(
        self,
        images: Sequence[TrainingImage],
        kept_aside: Sequence[TrainingImage],
        on_epoch: Callable[[EpochReport], None],
    ) -> SegmentationModel:
        """Go on to the last epoch; writes and returns the model."""

        def loss_of(places: npt.NDArray[np.int64], rng: np.random.Generator) -> Tensor:
            return self._loss([self._sample(images[place], rng) for place in places])

        while not self._loop.is_over:
            started = time.monotonic()
            loss = self._loop.train_epoch(len(images), loss_of)
            confusion = self.measure(kept_aside)
            report = EpochReport(
                self._loop.epoch + 1,
                round(loss, 5),
                round(confusion.mean_iou, 5),
                round(confusion.pixel_accuracy, 5),
                round(time.monotonic() - started, 1),
            )
            self._loop.end_epoch(report)
            on_epoch(report)
        model = self.model()
        model.write(self._out / MODEL_FOLDER)
        return model

    def model(self) -> SegmentationModel:
        """The averaged network as it is now."""
        network = new_network(self._config, None, self._recipe.seed).to(self._device)
        network.load_state_dict(self._loop.average)
        return SegmentationModel(self._config, network.eval(), self._device)

    def measure(self, images: Sequence[TrainingImage]) -> Confusion:
        """The averaged network on these images, at the photos' own size."""
        model = self.model()
        confusion = Confusion(len(self._config.classes))
        for image in images:
            photo, label_map = image.read()
            confusion.add(model.label_map(photo), label_map)
        return confusion

    def _loss(self, pairs: Sequence[tuple[Colours, LabelMap]]) -> Tensor:
        colours = torch.from_numpy(np.stack([normalised(photo) for photo, _ in pairs]))
        label_maps = torch.from_numpy(np.stack([label_map for _, label_map in pairs])).long()
        colours = colours.to(self._device, memory_format=torch.channels_last)
        with torch.autocast(self._device.type, torch.bfloat16, self._device.type == "cuda"):
            logits = self._network(colours)
        return segmentation_loss(logits.float(), label_maps.to(self._device))

    def _sample(self, image: TrainingImage, rng: np.random.Generator) -> tuple[Colours, LabelMap]:
        photo, label_map = self._seen(image)
        return random_crop(photo, label_map, self._recipe.crop, rng)

    def _seen(self, image: TrainingImage) -> tuple[Colours, LabelMap]:
        """Photo and label map with the longer side at the recipe's size."""

        def read() -> tuple[Colours, LabelMap]:
            photo, label_map = image.read()
            shape = shrunk_shape(label_map.shape, self._recipe.size)
            labels = cv2.resize(label_map, shape, interpolation=cv2.INTER_NEAREST)
            return shrunk(photo, self._recipe.size), np.asarray(labels, np.uint8)

        return self._kept.get(image.name, read, lambda label_map: label_map.nbytes)
