"""The light head: what a cell is depends on the cells round it, and on what the photo is at all.

A few separable convolutions (Chollet, "Xception", 2017) over the fixed features' cells, each with
the mean of all cells added (as in "Squeeze-and-excitation networks", Hu et al., 2018, but added). A
head that looks at one cell at a time reaches two thirds of its IoU on photos with several small
objects.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

HIDDEN = 64
LAYERS = 3
REACH = 5
"""Side of a convolution, in cells."""
DROPPED = 0.2
"""Share of the features' directions that are left out at random in training."""


class ConvolutionalHead(nn.Module):
    """(n, directions, grid, grid) cells -> (n, outputs, grid, grid) logits.

    The second argument, (n, 1, grid, grid), says how much of each cell lies in the photo, 0 to 1.
    """

    def __init__(self, directions: int, outputs: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout2d(DROPPED)
        self.reduce = nn.Conv2d(directions, HIDDEN, 1)
        self.around = nn.ModuleList(
            nn.Conv2d(HIDDEN, HIDDEN, REACH, padding=REACH // 2, groups=HIDDEN)
            for _ in range(LAYERS)
        )
        self.mix = nn.ModuleList(nn.Conv2d(HIDDEN, HIDDEN, 1) for _ in range(LAYERS))
        self.everywhere = nn.ModuleList(nn.Linear(HIDDEN, HIDDEN) for _ in range(LAYERS))
        self.answer = nn.Conv2d(HIDDEN, outputs, 1)

    def forward(self, cells: Tensor, inside: Tensor) -> Tensor:
        x = F.relu(self.reduce(self.dropout(cells))) * inside
        area = inside.sum((2, 3))
        for around, mix, everywhere in zip(self.around, self.mix, self.everywhere, strict=True):
            y = F.relu(mix(around(x)))
            mean = (y * inside).sum((2, 3)) / area
            x = (x + y + everywhere(mean)[:, :, None, None]) * inside
        answer: Tensor = self.answer(x)
        return answer
