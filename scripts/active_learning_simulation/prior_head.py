"""A head trained on other photos, kept as a file, and heads that go on from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.active_learning_simulation.head_training import (
    EPOCHS,
    LEARNING_RATE,
    TUNING_EPOCHS,
    TUNING_RATE,
    Examples,
    Loss,
    fit,
)

if TYPE_CHECKING:
    from torch import Tensor

    from scripts.active_learning_simulation.convolutional_head import ConvolutionalHead

PRIOR_EPOCHS = 8


def train_head(
    outputs: int,
    examples: Examples,
    loss: Loss,
    seed: int,
    prior: Mapping[str, Tensor] | None,
) -> ConvolutionalHead:
    """A head trained from nothing, or on from a prior one's state."""
    import torch

    from scripts.active_learning_simulation.convolutional_head import ConvolutionalHead

    torch.manual_seed(seed)
    head = ConvolutionalHead(examples.cells.shape[2], outputs)
    if prior is None:
        return fit(head, examples, loss, seed, EPOCHS, LEARNING_RATE)
    head.load_state_dict(dict(prior))
    return fit(head, examples, loss, seed, TUNING_EPOCHS, TUNING_RATE)


def read_prior_head(
    path: Path, outputs: int, examples: Callable[[], Examples], loss: Loss
) -> Mapping[str, Tensor]:
    """The state of the prior head at a path, trained if it is not there."""
    from safetensors.torch import load_file, save_file

    from scripts.active_learning_simulation.convolutional_head import ConvolutionalHead

    if not path.exists():
        known = examples()
        head = ConvolutionalHead(known.cells.shape[2], outputs)
        fit(head, known, loss, 0, PRIOR_EPOCHS, LEARNING_RATE)
        partial = path.with_suffix(".partial")
        save_file({name: value.contiguous() for name, value in head.state_dict().items()}, partial)
        partial.replace(path)
    found: Mapping[str, Tensor] = load_file(path)
    return found
