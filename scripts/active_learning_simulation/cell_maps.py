"""The features' cells as a head sees them: four together, of a photo and of its mirror image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hooks.core.geometry import Size
from scripts.active_learning_simulation.photo_features import CELL, GRID

if TYPE_CHECKING:
    from torch import Tensor

TOGETHER = 2
"""Rows and columns of cells that are one for the head."""
SIDE = GRID // TOGETHER
PIXELS = CELL * TOGETHER
"""Of the canvas, along the side of such a cell."""


def together(cells: npt.NDArray[np.floating[Any]]) -> Tensor:
    """(views, GRID, GRID, directions) -> float32 (views, directions, SIDE, SIDE)."""
    import torch
    from torch.nn import functional as F

    whole = torch.from_numpy(cells.astype(np.float32))
    return F.avg_pool2d(whole.permute(0, 3, 1, 2), TOGETHER)


def inside(size: Size) -> Tensor:
    """(1, SIDE, SIDE): 1 where a photo of such a size is on the canvas, else 0."""
    import torch

    found = torch.zeros(1, SIDE, SIDE)
    found[:, : size.height // PIXELS, : size.width // PIXELS] = 1
    return found
