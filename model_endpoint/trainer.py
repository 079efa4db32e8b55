"""One training process: its network, its optimiser, one update at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.distributed as distributed
from safetensors import SafetensorError
from torch import Tensor

from hooks.core.errors import FewclickError
from model_endpoint.guidance import FloatMap
from model_endpoint.losses import click_loss
from model_endpoint.network import ClickNetwork, NetworkConfig, read_weights
from model_endpoint.training_clicks import ClickSequence, spoil
from model_endpoint.training_data import TrainingSample

CHECKPOINT_FILE = "checkpoint.pt"
CLICK_COUNTS = (1, 2, 3, 4, 5)
CLICK_COUNT_SHARES = (0.4, 0.25, 0.17, 0.1, 0.08)
SPOILED_SHARE = 0.08
"""Of the corrected masks, the share that starts from a spoiled reference, as an import would."""
FORGOTTEN_SHARE = 0.08
"""Share of corrections that come without their previous mask."""
FIRST_MASK_SHARE = 0.4
"""Of every batch, the share that trains the first mask; the rest trains corrections."""


class TrainingError(FewclickError):
    """Training cannot start or go on."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the weights, written beside them."""

    data: tuple[str, ...]
    minutes: float
    steps: int | None = None  # in place of the minutes
    processes: int = 2
    batch: int = 16  # per process
    size: int = 192
    final_size: int = 256
    final_share: float = 0.3  # of the time, at the size that is served
    learning_rate: float = 1.8e-3
    weight_decay: float = 0.03
    warm_up_steps: int = 150
    average_decay: float = 0.998
    hand_noise: float = 0.0  # photo pixels; see TrainingPool
    start_from: str | None = None  # a model directory, in place of random weights
    seed: int = 1
    excluded: tuple[str, ...] = ()  # stems of photos that are also in an evaluation set
    source_weights: Mapping[str, float] = field(default_factory=dict)  # 1 for those not named
    network: NetworkConfig = field(default_factory=NetworkConfig)
    label: str = "small"


class Trainer:
    """One process's share of the training."""

    def __init__(self, recipe: Recipe, out: Path, rank: int, device: str = "cpu") -> None:
        """Raises TrainingError: the model to start from cannot be read, or does not fit."""
        self.recipe, self.out, self.rank = recipe, out, rank
        self.device = torch.device(device)
        torch.manual_seed(recipe.seed)
        begun = (out / CHECKPOINT_FILE).exists()
        self.network = ClickNetwork(recipe.network) if begun else first_network(recipe)
        # torch's stub does not know the argument.
        self.network.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        decay = [p for p in self.network.parameters() if p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": decay, "weight_decay": recipe.weight_decay},
                {"params": plain, "weight_decay": 0.0},
            ],
            lr=recipe.learning_rate,
        )
        self.average = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        self.steps, self.samples, self.seconds = 0, 0, 0.0
        self.rng = np.random.default_rng(recipe.seed * 1000 + rank)

    @property
    def fraction(self) -> float:
        if self.recipe.steps is not None:
            return min(self.steps / self.recipe.steps, 1.0)
        return min(self.seconds / (60 * self.recipe.minutes), 1.0)

    def resume(self) -> None:
        path = self.out / CHECKPOINT_FILE
        if not path.exists():
            return
        state = torch.load(path, weights_only=True, map_location=self.device)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average = state["average"]
        self.steps, self.samples = state["steps"], state["samples"]
        self.seconds = state["seconds"]

    def save(self) -> None:
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "steps": self.steps,
            "samples": self.samples,
            "seconds": self.seconds,
            "config": self.network.config.to_json(),
        }
        temporary = self.out / "checkpoint.tmp"
        torch.save(state, temporary)
        temporary.rename(self.out / CHECKPOINT_FILE)

    def set_learning_rate(self) -> None:
        warm = min((self.steps + 1) / self.recipe.warm_up_steps, 1.0)
        cosine = 0.5 * (1 + math.cos(math.pi * self.fraction))
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * warm * (0.005 + 0.995 * cosine)

    def step(self, samples: Sequence[TrainingSample]) -> dict[str, float]:
        """One update; returns losses and IoUs of first masks and corrections."""
        maps = self._image_batch([sample.maps for sample in samples])
        references = np.stack([sample.reference for sample in samples])
        first = round(FIRST_MASK_SHARE * len(samples))
        sequences = [
            ClickSequence(sample.reference, hand_noise=sample.hand_noise) for sample in samples
        ]
        self.network.train()
        with torch.autocast(self.device.type, torch.bfloat16):
            features = self.network.encode(maps)
        self._click(sequences[first:], tuple(f.detach()[first:] for f in features))
        prompts = self._image_batch([s.prompts() for s in sequences])
        with torch.autocast(self.device.type, torch.bfloat16):
            logits = self.network.decode(features, prompts)
        logits = logits.float()
        target = torch.from_numpy(references).to(self.device).float()[:, None]
        clicks = prompts[:, :3].amax(1, keepdim=True)
        loss = click_loss(logits, target, clicks)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch ships it untyped
        self._average_gradients()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 3.0)
        self.set_learning_rate()
        self.optimizer.step()
        self.steps += 1
        self.samples += len(samples) * self.recipe.processes
        self._follow()
        found = (logits.detach() > 0).float()
        overlap = (found * target).sum((1, 2, 3))
        iou = overlap / (found + target).clamp(max=1).sum((1, 2, 3)).clamp(min=1)
        return {
            "loss": float(loss.detach()),
            "iou_first": float(iou[:first].mean()),
            "iou_click": float(iou[first:].mean()),
        }

    def _click(self, sequences: list[ClickSequence], features: tuple[Tensor, ...]) -> None:
        """Place 1 to 5 clicks per sequence, each on the network's own newest mask."""
        counts = self.rng.choice(CLICK_COUNTS, len(sequences), p=CLICK_COUNT_SHARES)
        order = np.argsort(-counts)
        active = [sequences[index] for index in order]
        left = counts[order]
        places = torch.from_numpy(order.copy()).to(self.device)
        features = tuple(f[places] for f in features)
        for _ in range(int(left.max())):
            many = int((left > 0).sum())
            active, left = active[:many], left[:many] - 1
            probability = self._probability(tuple(f[:many] for f in features), active)
            for sequence, probable in zip(active, probability, strict=True):
                found: FloatMap = probable
                if not sequence.clicks and self.rng.random() < SPOILED_SHARE:
                    found = spoil(sequence.reference, self.rng)
                sequence.add_click(found, self.rng)
        for sequence in sequences:
            if self.rng.random() < FORGOTTEN_SHARE:
                sequence.previous = None

    def _probability(
        self, features: tuple[Tensor, ...], sequences: list[ClickSequence]
    ) -> npt.NDArray[np.float32]:
        prompts = self._image_batch([s.prompts() for s in sequences])
        with torch.no_grad(), torch.autocast(self.device.type, torch.bfloat16):
            logits = self.network.decode(features, prompts)
        found: npt.NDArray[np.float32] = torch.sigmoid(logits.float())[:, 0].cpu().numpy()
        return found

    def _image_batch(self, maps: Sequence[FloatMap]) -> Tensor:
        batch = torch.from_numpy(np.stack(maps)).to(self.device, non_blocking=True)
        return batch.contiguous(memory_format=torch.channels_last)

    def _average_gradients(self) -> None:
        if self.recipe.processes == 1:
            return
        gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
        # Over the CPU, so that several processes may share one graphics card.
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients]).cpu()
        distributed.all_reduce(flat)
        flat /= self.recipe.processes
        start = 0
        for gradient in gradients:
            count = gradient.numel()
            gradient.copy_(flat[start : start + count].view_as(gradient))
            start += count

    def _follow(self) -> None:
        """Move the exponential average, which is what is shipped."""
        decay = min(self.recipe.average_decay, (1 + self.steps) / (10 + self.steps))
        for name, value in self.network.state_dict().items():
            mean = self.average[name]
            if mean.is_floating_point():
                mean.lerp_(value.detach(), 1 - decay)
            else:
                mean.copy_(value)


def first_network(recipe: Recipe) -> ClickNetwork:
    """The network before the first step: random, or that of a model directory.

    Raises:
        TrainingError: there is no such model, or its network has other sizes than the recipe's.
    """
    if recipe.start_from is None:
        return ClickNetwork(recipe.network)
    directory = Path(recipe.start_from)
    try:
        network = read_weights(directory)
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
        raise TrainingError(f"{directory} holds no weights to start from: {error}") from error
    if network.config != recipe.network:
        raise TrainingError(
            f"{directory} holds a network of other sizes than the recipe's: train by the "
            "configuration that made it."
        )
    return network.train()
