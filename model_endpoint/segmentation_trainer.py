"""Trains the segmentation network: seeded, resumable after every epoch, on a CPU or a card.

A run's folder holds `checkpoint.pt` and `log.jsonl` (a line an epoch, the measures of SageMaker's
built-in algorithm among them), and at the end `model/`.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from hooks.core.masks import LabelMap
from model_endpoint.segmentation_metrics import Confusion
from model_endpoint.segmentation_network import (
    Colours,
    SegmentationConfig,
    SegmentationModel,
    new_network,
    normalised,
)
from model_endpoint.segmentation_sampling import random_crop, segmentation_loss

CHECKPOINT_FILE = "checkpoint.pt"
LOG_FILE = "log.jsonl"
MODEL_FOLDER = "model"
HEAD_RATE = 2.0
"""How much faster the head learns than an encoder that starts from weights."""
WARM_UP_SHARE = 0.05
AVERAGE_DECAY = 0.99
KEPT_BYTES = 1_000_000_000
"""Decoded photos that are kept; the rest is read again for every use."""


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


@dataclass(frozen=True, slots=True)
class EpochReport:
    """What one epoch came to; mIoU and pixel accuracy are of the images kept aside."""

    epoch: int
    loss: float
    mean_iou: float
    pixel_accuracy: float
    seconds: float


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
        network = new_network(config, click_weights, recipe.seed).to(self._device)
        self._network = network
        encoder = list(network.encoder.parameters())
        known = {id(parameter) for parameter in encoder}
        head = [parameter for parameter in network.parameters() if id(parameter) not in known]
        slow = 1.0 if click_weights is None else 1 / HEAD_RATE
        self._optimizer = torch.optim.AdamW(
            [{"params": encoder, "share": slow}, {"params": head, "share": 1.0}],
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
        )
        self._average = {name: value.clone() for name, value in network.state_dict().items()}
        self.epoch = 0
        self._steps = 0
        self._kept: dict[str, tuple[Colours, LabelMap]] = {}
        self._kept_bytes = 0
        self._restore()

    def train(
        self,
        images: Sequence[TrainingImage],
        kept_aside: Sequence[TrainingImage],
        on_epoch: Callable[[EpochReport], None],
    ) -> SegmentationModel:
        """Go on to the last epoch; writes and returns the model."""
        while self.epoch < self._recipe.epochs:
            started = time.monotonic()
            loss = self._train_epoch(images)
            confusion = self.measure(kept_aside)
            self.epoch += 1
            report = EpochReport(
                self.epoch,
                round(loss, 5),
                round(confusion.mean_iou, 5),
                round(confusion.pixel_accuracy, 5),
                round(time.monotonic() - started, 1),
            )
            with (self._out / LOG_FILE).open("a", encoding="utf-8") as log:
                log.write(json.dumps(asdict(report)) + "\n")
            self._save()
            on_epoch(report)
        model = self.model()
        model.write(self._out / MODEL_FOLDER)
        return model

    def model(self) -> SegmentationModel:
        """The averaged network as it is now."""
        network = new_network(self._config, None, self._recipe.seed).to(self._device)
        network.load_state_dict(self._average)
        return SegmentationModel(self._config, network.eval(), self._device)

    def measure(self, images: Sequence[TrainingImage]) -> Confusion:
        """The averaged network on these images, at the photos' own size."""
        model = self.model()
        confusion = Confusion(len(self._config.classes))
        for image in images:
            photo, label_map = image.read()
            confusion.add(model.label_map(photo), label_map)
        return confusion

    def _train_epoch(self, images: Sequence[TrainingImage]) -> float:
        recipe = self._recipe
        rng = np.random.default_rng([recipe.seed, self.epoch])
        torch.manual_seed(int(rng.integers(1 << 62)))  # of dropout; the same after an interruption
        order = rng.permutation(len(images))
        total = recipe.epochs * self._batches(len(images))
        losses = []
        self._network.train()
        for start in range(0, len(order), recipe.batch):
            chosen = [images[place] for place in order[start : start + recipe.batch]]
            if len(chosen) == 1:
                chosen *= 2  # normalisation needs two
            pairs = [self._sample(image, rng) for image in chosen]
            colours = torch.from_numpy(np.stack([normalised(photo) for photo, _ in pairs]))
            label_maps = torch.from_numpy(np.stack([label_map for _, label_map in pairs]))
            losses.append(self._step(colours, label_maps.long(), self._steps / total))
        return float(np.mean(losses))

    def _batches(self, images: int) -> int:
        return -(-images // self._recipe.batch)

    def _step(self, colours: Tensor, label_maps: Tensor, done: float) -> float:
        colours = colours.to(self._device, memory_format=torch.channels_last)
        label_maps = label_maps.to(self._device)
        rate = min((done + 1e-3) / WARM_UP_SHARE, 1.0) * (
            0.01 + 0.5 * (1 + math.cos(math.pi * done))
        )
        for group in self._optimizer.param_groups:
            group["lr"] = self._recipe.learning_rate * rate * group["share"]
        with torch.autocast(self._device.type, torch.bfloat16, self._device.type == "cuda"):
            logits = self._network(colours)
        loss = segmentation_loss(logits.float(), label_maps)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch ships it untyped
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 3.0)
        self._optimizer.step()
        self._steps += 1
        decay = min(AVERAGE_DECAY, (1 + self._steps) / (10 + self._steps))
        for name, value in self._network.state_dict().items():
            mean = self._average[name]
            if mean.is_floating_point():
                mean.lerp_(value.detach(), 1 - decay)
            else:
                mean.copy_(value)
        return float(loss.detach())

    def _sample(self, image: TrainingImage, rng: np.random.Generator) -> tuple[Colours, LabelMap]:
        photo, label_map = self._seen(image)
        return random_crop(photo, label_map, self._recipe.crop, rng)

    def _seen(self, image: TrainingImage) -> tuple[Colours, LabelMap]:
        """Photo and label map with the longer side at the recipe's size."""
        if image.name in self._kept:
            return self._kept[image.name]
        photo, label_map = image.read()
        scale = self._recipe.size / max(label_map.shape)
        shape = (
            max(round(label_map.shape[1] * scale), 1),
            max(round(label_map.shape[0] * scale), 1),
        )
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        pair = (
            np.asarray(cv2.resize(photo, shape, interpolation=way), np.uint8),
            np.asarray(cv2.resize(label_map, shape, interpolation=cv2.INTER_NEAREST), np.uint8),
        )
        size = pair[0].nbytes + pair[1].nbytes
        if self._kept_bytes + size <= KEPT_BYTES:
            self._kept[image.name] = pair
            self._kept_bytes += size
        return pair

    def _save(self) -> None:
        state: dict[str, Any] = {
            "recipe": asdict(self._recipe),
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "average": self._average,
            "epoch": self.epoch,
            "steps": self._steps,
        }
        partial = self._out / f"{CHECKPOINT_FILE}.partial"
        torch.save(state, partial)
        partial.replace(self._out / CHECKPOINT_FILE)

    def _restore(self) -> None:
        path = self._out / CHECKPOINT_FILE
        self._out.mkdir(parents=True, exist_ok=True)
        log = self._out / LOG_FILE
        if not path.exists():
            log.unlink(missing_ok=True)
            return
        state = torch.load(path, weights_only=True, map_location=self._device)
        if _plain(state["recipe"]) != _plain(asdict(self._recipe)):
            raise ValueError(f"{self._out} holds a run of another recipe: give another folder.")
        self._network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._average = state["average"]
        self.epoch, self._steps = state["epoch"], state["steps"]
        lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
        log.write_text("".join(lines[: self.epoch]), encoding="utf-8")


def _plain(recipe: dict[str, Any]) -> Any:
    return json.loads(json.dumps(recipe))
