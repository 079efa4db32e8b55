"""A compact network that finds boxes: the segmentation network's trunk with a head for objects.

Objects are points, the middles of boxes, and at each point stands how far the four edges are:
TTFNet (Liu et al., "Training-time-friendly network for real-time object detection", 2020), which
came of CenterNet (Zhou et al., "Objects as points", 2019). It learns the edges from all of an
object's middle, and so makes do with few photos.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hooks.core.labeled_box import LabeledBox, ScoredBox
from model_endpoint.network import NetworkConfig, NormedConv, read_weights
from model_endpoint.segmentation_network import (
    HEAD_CHANNELS,
    Colours,
    SegmentationConfig,
    Trunk,
    normalised,
    padded,
    read_state,
    seen,
    write_model,
)

CELL = 4
"""Pixels of the network's input that a point of its output stands for."""
REACH = 16.0
"""Pixels of an edge's distance in the unit that the network gives."""
RARE = -2.19
"""Where the points' logits begin: a point in ten, as Lin et al. 2017 for focal loss."""
NEAR_IOU = 0.5
"""Of two boxes of one class with this overlap the weaker one is dropped."""
MOST_BOXES = 100
LEAST_SCORE = 0.3
"""Of a box that is taken for one; see `Sighting.scores` for weaker ones."""
WEAKEST = 0.05


class DetectionConfig(SegmentationConfig):
    """What a model directory says of itself."""

    kind: ClassVar[str] = "detection"


class DetectionNetwork(Trunk):
    """(n, 3, h, w) normalised colours -> (n, labels, h / 4, w / 4) logits of middles, and
    (n, 4, h / 4, w / 4) distances in pixels to left, top, right, bottom; all positive."""

    def __init__(self, labels: int, config: NetworkConfig) -> None:
        super().__init__(config)
        self.dropout = nn.Dropout2d(0.1)
        self.middle = nn.Conv2d(HEAD_CHANNELS, labels, 1)
        self.reach = NormedConv(HEAD_CHANNELS, HEAD_CHANNELS)
        self.edges = nn.Conv2d(HEAD_CHANNELS, 4, 1)
        nn.init.constant_(torch.as_tensor(self.middle.bias), RARE)

    def forward(self, colours: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Also the encoder's coarsest features, (n, channels, h / 16, w / 16)."""
        x, coarsest = self.merged(colours)
        edges = F.softplus(self.edges(F.relu(self.reach(x)))) * REACH
        return self.middle(self.dropout(x)), edges, coarsest


def new_detection_network(
    config: DetectionConfig, click_weights: Path | None, seed: int
) -> DetectionNetwork:
    """A network to train; its encoder starts from a click model's directory, if one is given."""
    torch.manual_seed(seed)
    network = DetectionNetwork(len(config.classes) - 1, config.network)
    if click_weights is not None:
        network.encoder.load_state_dict(read_weights(click_weights).encoder.state_dict())
    return network


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a network sees in one photo.

    Attributes:
        boxes: in the photo's pixels, the surest first; scores of LEAST_SCORE or more.
        scores: of all that might be an object, boxes or not, the highest first; never empty.
        views: the boxes by the photo alone, by its mirror image, and by the photo made smaller.
        features: float32 (channels,), the encoder's coarsest features, their mean over the photo.
    """

    boxes: tuple[ScoredBox, ...]
    scores: tuple[float, ...]
    views: tuple[tuple[ScoredBox, ...], ...]
    features: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DetectionModel:
    """A trained network with what is needed to use it."""

    config: DetectionConfig
    network: DetectionNetwork
    device: torch.device

    @classmethod
    def read(cls, directory: Path, device: str = "cpu") -> DetectionModel:
        """Raises SegmentationModelError when the directory holds no such model."""
        config = DetectionConfig.read(directory)
        network = DetectionNetwork(len(config.classes) - 1, config.network)
        read_state(network, directory)
        return cls(config, network.eval().to(torch.device(device)), torch.device(device))

    def write(self, directory: Path) -> None:
        """Write the model's files."""
        write_model(self.network, self.config, directory)

    def look(self, photo: Colours, other_scale: float) -> Sighting:
        """Look at a photo, uint8 (height, width, 3), itself, mirrored and at another scale."""
        maps = self._maps(photo, 1.0)
        width = int(maps.shape[3])
        plain, features = self._see(maps)
        mirrored, _ = self._see(maps.flip(3))
        mirrored = [_mirrored(found, width) for found in mirrored]
        smaller_maps = self._maps(photo, other_scale)
        smaller, _ = self._see(smaller_maps)
        views = tuple(
            _in_photo(found, photo.shape[1] / seen_width, photo.shape[0] / seen_height, photo)
            for found, (seen_height, seen_width) in (
                (plain, _sides(maps)),
                (mirrored, _sides(maps)),
                (smaller, _sides(smaller_maps)),
            )
        )
        every = views[0]
        return Sighting(
            boxes=tuple(found for found in every if found.confidence >= LEAST_SCORE),
            scores=tuple(found.confidence for found in every) or (0.0,),
            views=tuple(
                tuple(found for found in view if found.confidence >= LEAST_SCORE) for view in views
            ),
            features=features.cpu().numpy(),
        )

    def _maps(self, photo: Colours, scale: float) -> Tensor:
        size = max(round(self.config.size * scale), 1)
        return torch.from_numpy(normalised(seen(photo, size)))[None].to(self.device)

    def _see(self, maps: Tensor) -> tuple[list[ScoredBox], Tensor]:
        """Boxes in the network's pixels, the surest first, and features."""
        filled, height, width = padded(maps)
        with torch.inference_mode():
            middles, edges, coarsest = self.network(filled)
        scores = torch.sigmoid(middles[0].float())
        rows, columns = -(-height // CELL), -(-width // CELL)
        found = peaks(scores[:, :rows, :columns], edges[0, :, :rows, :columns].float())
        return found, coarsest[0].float().mean((1, 2))


def peaks(scores: Tensor, edges: Tensor) -> list[ScoredBox]:
    """Boxes of the points that no neighbour surpasses, the surest first.

    Args:
        scores: (labels, h, w), 0 to 1.
        edges: (4, h, w) distances to left, top, right, bottom.
    """
    highest = F.max_pool2d(scores[None], 3, stride=1, padding=1)[0]
    kept = torch.where((scores == highest) & (scores >= WEAKEST), scores, torch.zeros(()))
    count = min(4 * MOST_BOXES, kept.numel())
    values, places = kept.flatten().topk(count)
    _, height, width = scores.shape
    found: list[ScoredBox] = []
    for value, place in zip(values.tolist(), places.tolist(), strict=True):
        if value <= 0 or len(found) == MOST_BOXES:
            break
        label, rest = divmod(place, height * width)
        row, column = divmod(rest, width)
        x, y = (column + 0.5) * CELL, (row + 0.5) * CELL
        left, top, right, bottom = edges[:, row, column].tolist()
        box = LabeledBox(label + 1, x - left, y - top, max(left + right, 1), max(top + bottom, 1))
        if all(_apart(box, other.box) for other in found):
            found.append(ScoredBox(box, value))
    return found


def _apart(one: LabeledBox, other: LabeledBox) -> bool:
    return one.label != other.label or one.iou(other) < NEAR_IOU


def _mirrored(found: ScoredBox, width: int) -> ScoredBox:
    box = found.box
    turned = LabeledBox(box.label, width - box.right, box.top, box.width, box.height)
    return ScoredBox(turned, found.confidence)


def _sides(maps: Tensor) -> tuple[int, int]:
    return int(maps.shape[2]), int(maps.shape[3])


def _in_photo(
    found: list[ScoredBox], x_scale: float, y_scale: float, photo: Colours
) -> tuple[ScoredBox, ...]:
    """The boxes in the photo's pixels, cut to the photo; what lies outside is dropped."""
    height, width = photo.shape[:2]
    placed = []
    for item in found:
        left, right = max(item.box.left * x_scale, 0.0), min(item.box.right * x_scale, width)
        top, bottom = max(item.box.top * y_scale, 0.0), min(item.box.bottom * y_scale, height)
        if right - left >= 1 and bottom - top >= 1:
            box = LabeledBox(item.box.label, left, top, right - left, bottom - top)
            placed.append(ScoredBox(box, item.confidence))
    return tuple(placed)
