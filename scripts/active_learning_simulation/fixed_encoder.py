"""The click encoder, never trained here, looking at whole photos at several scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from model_endpoint.guidance import COLOUR_MEAN, COLOUR_SCALE
from model_endpoint.network import read_weights

if TYPE_CHECKING:
    from torch import Tensor
    from torch.utils.hooks import RemovableHandle

    from model_endpoint.network import Encoder

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the encoder makes of one photo.

    Attributes:
        cells: float32 (2, grid, grid, channels); the photo, and its mirror image.
        mean: float32 (coarsest channels,), over the photo.
    """

    cells: Floats
    mean: Floats


@dataclass(frozen=True, slots=True)
class FixedEncoder:
    """Looks at canvases of `canvas` pixels, and gives features for `grid` x `grid` cells."""

    encoder: Encoder
    canvas: int
    grid: int
    scales: Sequence[float]

    @classmethod
    def read(cls, directory: Path, canvas: int, grid: int, scales: Sequence[float]) -> FixedEncoder:
        """The encoder of a click model's directory."""
        network = read_weights(directory)
        network.fold()
        return cls(network.encoder, canvas, grid, scales)

    def look(self, pixels: npt.NDArray[np.uint8]) -> Seen:
        """At a photo of canvas size or less, uint8 (height, width, 3), and its mirror image."""
        import torch
        from torch.nn import functional as F

        height, width = pixels.shape[:2]
        colours = np.zeros((2, 3, self.canvas, self.canvas), np.float32)
        for place, seen in enumerate((pixels, pixels[:, ::-1])):
            colours[place, :, :height, :width] = (
                seen.transpose(2, 0, 1).astype(np.float32) - COLOUR_MEAN
            ) / COLOUR_SCALE
        whole = torch.from_numpy(colours)
        parts: list[Tensor] = []
        means: list[Tensor] = []
        with torch.inference_mode():
            for scale in self.scales:
                side = round(self.canvas * scale)
                view = whole if scale == 1 else F.interpolate(whole, (side, side), mode="area")
                for features in self._features(view):
                    parts.append(self._on_grid(features))
                rows, columns = (-(-round(edge * scale) // 32) for edge in (height, width))
                means.append(features[:1, :, :rows, :columns].mean((0, 2, 3)))
            cells = torch.cat(parts, 1).permute(0, 2, 3, 1).contiguous()
        return Seen(cells.numpy(), torch.cat(means).numpy())

    def _on_grid(self, features: Tensor) -> Tensor:
        from torch.nn import functional as F

        if features.shape[2] > self.grid:
            return F.interpolate(features, (self.grid, self.grid), mode="area")
        return F.interpolate(features, (self.grid, self.grid), mode="bilinear", align_corners=False)

    def _features(self, colours: Tensor) -> list[Tensor]:
        """Of strides 4, 8, 16, then the stages' own of 16 and 32, which know more of what a thing
        is than clicks need."""
        import torch

        stages: list[Tensor] = []

        def keep(module: object, given: object, result: Tensor) -> None:
            stages.append(result)

        handles: list[RemovableHandle] = [
            self.encoder.stages[place].register_forward_hook(keep) for place in (2, 3)
        ]
        # As a click on the whole photo: no extreme points, a box round everything.
        points = torch.zeros_like(colours[:, :1])
        try:
            _, *fine = self.encoder(torch.cat((colours, points, points + 1), 1))
        finally:
            for handle in handles:
                handle.remove()
        return [*fine, *stages]
