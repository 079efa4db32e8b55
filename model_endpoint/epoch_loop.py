"""The part of training that is the same for every network on the click model's encoder.

Optimizer, learning rate, the running average of the weights, and a checkpoint after each epoch, so
that a run goes on in another process as if it had not been interrupted. What is shown and what the
loss is, is the trainer's own.

A run's folder holds `checkpoint.pt` and `log.jsonl`, a line an epoch.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

CHECKPOINT_FILE = "checkpoint.pt"
LOG_FILE = "log.jsonl"
HEAD_RATE = 2.0
"""How much faster the head learns than an encoder that starts from weights."""
WARM_UP_SHARE = 0.05
AVERAGE_DECAY = 0.99
MOST_GRADIENT = 3.0

LossOf = Callable[[npt.NDArray[np.int64], np.random.Generator], Tensor]
"""The loss of a batch: of the images at these places, drawn upon with this generator."""


@dataclass(frozen=True, slots=True)
class EpochReport:
    """What one epoch came to; mIoU and pixel accuracy are of the images kept aside."""

    epoch: int
    loss: float
    mean_iou: float
    pixel_accuracy: float
    seconds: float


class Recipe(Protocol):
    """What of a recipe the loop needs."""

    @property
    def epochs(self) -> int: ...
    @property
    def batch(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def seed(self) -> int: ...


class EpochLoop:
    """One run of training `network`, whose `encoder` may start from weights.

    Args:
        described: the recipe as JSON values; a checkpoint of another is refused.
        known_encoder: whether the encoder starts from weights, and so learns slower.

    Raises:
        ValueError: the folder holds a run of another recipe.
    """

    def __init__(
        self,
        network: nn.Module,
        encoder: nn.Module,
        recipe: Recipe,
        described: Mapping[str, Any],
        out: Path,
        *,
        known_encoder: bool,
        device: torch.device,
    ) -> None:
        self._recipe, self._described, self._out, self._device = recipe, described, out, device
        self._network = network.to(device)
        inner = list(encoder.parameters())
        known = {id(parameter) for parameter in inner}
        head = [parameter for parameter in network.parameters() if id(parameter) not in known]
        slow = 1 / HEAD_RATE if known_encoder else 1.0
        self._optimizer = torch.optim.AdamW(
            [{"params": inner, "share": slow}, {"params": head, "share": 1.0}],
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
        )
        self.average = {name: value.clone() for name, value in network.state_dict().items()}
        self.epoch = 0
        self._steps = 0
        self._restore()

    @property
    def is_over(self) -> bool:
        return self.epoch >= self._recipe.epochs

    def train_epoch(self, images: int, loss_of: LossOf) -> float:
        """One epoch over so many images; the mean loss of its batches."""
        recipe = self._recipe
        rng = np.random.default_rng([recipe.seed, self.epoch])
        torch.manual_seed(int(rng.integers(1 << 62)))  # of dropout; the same after an interruption
        order = rng.permutation(images)
        total = recipe.epochs * -(-images // recipe.batch)
        losses = []
        self._network.train()
        for start in range(0, images, recipe.batch):
            chosen = order[start : start + recipe.batch]
            if len(chosen) == 1:
                chosen = np.repeat(chosen, 2)  # normalisation needs two
            self._set_rate(self._steps / total)
            loss = loss_of(chosen, rng)
            self._step(loss)
            losses.append(float(loss.detach()))
        return float(np.mean(losses))

    def end_epoch(self, report: EpochReport) -> None:
        """Note what the epoch came to, and save."""
        self.epoch += 1
        with (self._out / LOG_FILE).open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(report)) + "\n")
        self._save()

    def _set_rate(self, done: float) -> None:
        rate = min((done + 1e-3) / WARM_UP_SHARE, 1.0) * (
            0.01 + 0.5 * (1 + math.cos(math.pi * done))
        )
        for group in self._optimizer.param_groups:
            group["lr"] = self._recipe.learning_rate * rate * group["share"]

    def _step(self, loss: Tensor) -> None:
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch ships it untyped
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), MOST_GRADIENT)
        self._optimizer.step()
        self._steps += 1
        decay = min(AVERAGE_DECAY, (1 + self._steps) / (10 + self._steps))
        for name, value in self._network.state_dict().items():
            mean = self.average[name]
            if mean.is_floating_point():
                mean.lerp_(value.detach(), 1 - decay)
            else:
                mean.copy_(value)

    def _save(self) -> None:
        state: dict[str, Any] = {
            "recipe": dict(self._described),
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "average": self.average,
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
        if _plain(state["recipe"]) != _plain(self._described):
            raise ValueError(f"{self._out} holds a run of another recipe: give another folder.")
        self._network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.average = state["average"]
        self.epoch, self._steps = state["epoch"], state["steps"]
        lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
        log.write_text("".join(lines[: self.epoch]), encoding="utf-8")


def _plain(recipe: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(recipe))
