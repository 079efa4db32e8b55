"""A segmentation network looks at a photo several ways; where its answers differ it is unsure.

What is measured of a photo (`scripts.active_learning.mask_measures`) is measured at the size at
which the network saw it. Only the label map is of the photo's own size, one class at a time, since
a big photo's probabilities of many classes would fill any memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from hooks.core.masks import LabelMap
from model_endpoint.segmentation_network import (
    Colours,
    SegmentationModel,
    normalised,
    padded,
    seen,
)

OTHER_SCALE = 0.75
"""Of the second size at which a photo is looked at."""

Shares = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Look:
    """What a network says of one photo.

    Attributes:
        views: float32 (3, classes, h, w), probabilities at the size that the network saw: of the
            photo, of its mirror image, and of the photo made smaller.
        label_map: uint8 (height, width) of the photo: the likeliest class by the mean of the views.
        features: float32 (channels,), the encoder's coarsest features, their mean over the photo.
    """

    views: Shares
    label_map: LabelMap
    features: npt.NDArray[np.float32]

    @property
    def shares(self) -> Shares:
        """float32 (classes, h, w), the mean of the views."""
        return np.asarray(self.views.mean(0), np.float32)


def look(model: SegmentationModel, photo: Colours) -> Look:
    """Look at a photo, uint8 (height, width, 3)."""
    maps = _maps(model, photo, 1.0)
    shape = (int(maps.shape[2]), int(maps.shape[3]))
    with torch.inference_mode():
        plain, features = _shares(model, maps)
        mirrored, _ = _shares(model, maps.flip(3))
        smaller, _ = _shares(model, _maps(model, photo, OTHER_SCALE))
        smaller = F.interpolate(smaller, shape, mode="bilinear", align_corners=False)
        views = torch.cat((plain, mirrored.flip(3), smaller), 0)
        label_map = _likeliest(views.mean(0), (photo.shape[0], photo.shape[1]))
    return Look(views.cpu().numpy(), label_map, features.cpu().numpy())


def _maps(model: SegmentationModel, photo: Colours, scale: float) -> Tensor:
    size = max(round(model.config.size * scale), 1)
    return torch.from_numpy(normalised(seen(photo, size)))[None].to(model.device)


def _shares(model: SegmentationModel, maps: Tensor) -> tuple[Tensor, Tensor]:
    """(1, classes, h, w) probabilities and (channels,) features of (1, 3, h, w) colours."""
    filled, height, width = padded(maps)
    logits, coarsest = model.network.forward_with_features(filled)
    return torch.softmax(logits.float(), 1)[:, :, :height, :width], coarsest[0].float().mean((1, 2))


def _likeliest(shares: Tensor, shape: tuple[int, int]) -> LabelMap:
    """(classes, h, w) -> uint8 of `shape`; of equal classes the first."""
    best = torch.full(shape, -1.0, device=shares.device)
    winner = torch.zeros(shape, dtype=torch.uint8, device=shares.device)
    for index, share in enumerate(shares):
        whole = F.interpolate(share[None, None], shape, mode="bilinear", align_corners=False)[0, 0]
        better = whole > best
        winner[better] = index
        best = torch.where(better, whole, best)
    label_map: LabelMap = winner.cpu().numpy()
    return label_map
