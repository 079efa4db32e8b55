"""How a light head learns: the same way for masks and boxes, from nothing or from a prior head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from scripts.active_learning_simulation.convolutional_head import ConvolutionalHead

BATCH = 8
LEARNING_RATE = 3e-3
TUNING_RATE = 2e-3
"""For a head that has learned from other photos."""
WEIGHT_DECAY = 0.05
EPOCHS, TUNING_EPOCHS = 16, 10
"""In each, one view of every photo, by chance."""

Loss = Callable[["Tensor", "Tensor", "Tensor"], "Tensor"]
"""Of the head's answer (n, outputs, SIDE, SIDE), what was wanted, and which cells are inside."""


@dataclass(frozen=True, slots=True)
class Examples:
    """What is learned from.

    Attributes:
        cells: (photos, views, directions, SIDE, SIDE).
        inside: (photos, 1, SIDE, SIDE).
        wanted: (photos, views, ...).
    """

    cells: Tensor
    inside: Tensor
    wanted: Tensor


def fit(
    head: ConvolutionalHead, examples: Examples, loss: Loss, seed: int, epochs: int, rate: float
) -> ConvolutionalHead:
    """Train a head in place; the same for the same arguments. Returns it, ready to be asked."""
    import torch

    torch.manual_seed(seed)
    photos, views = examples.cells.shape[:2]
    optimizer = torch.optim.AdamW(head.parameters(), rate, weight_decay=WEIGHT_DECAY)
    steps = epochs * -(-photos // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, total_steps=steps, pct_start=0.2
    )
    head.train()
    for _ in range(epochs):
        for chosen in torch.randperm(photos).split(BATCH):  # type: ignore[no-untyped-call]
            view = torch.randint(views, chosen.shape)
            seen = examples.inside[chosen]
            answer = head(examples.cells[chosen, view], seen)
            lost = loss(answer, examples.wanted[chosen, view], seen)
            optimizer.zero_grad()
            lost.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return head.eval()
