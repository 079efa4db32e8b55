"""What the detection network is shown in training, and what it is told of its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from hooks.core.labeled_box import LabeledBox
from model_endpoint.augmentation import recolour
from model_endpoint.detection_network import CELL
from model_endpoint.segmentation_network import Colours
from model_endpoint.segmentation_sampling import crop_matrix, cropped

SPREAD = 0.54 / 6
"""Standard deviation of an object's middle as a share of its sides (TTFNet, alpha 0.54)."""
LEAST_SPREAD = 0.6
"""The same in points of the network's output, for small objects."""
MIDDLE = 0.05
"""Points whose share of the middle is higher learn the edges, too."""
LEAST_VISIBLE = 0.35
"""Share of an object that must be in a crop for it to be learned as one."""
EDGE_WEIGHT = 5.0

Maps = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Targets:
    """What is to come out of the network for one crop of side s.

    Attributes:
        middles: float32 (labels, s / 4, s / 4), 1 in an object's middle, falling off round it.
        edges: float32 (4, s / 4, s / 4), distances in pixels to left, top, right, bottom.
        weights: float32 (s / 4, s / 4), how much each point's edges count; 0 off all objects.
    """

    middles: Maps
    edges: Maps
    weights: Maps


def random_box_crop(
    photo: Colours, boxes: Sequence[LabeledBox], side: int, rng: np.random.Generator
) -> tuple[Colours, list[LabeledBox]]:
    """A square of a photo as `segmentation_sampling.random_crop` cuts it, and the boxes in it."""
    matrix = crop_matrix(photo.shape, side, rng)
    inside = []
    for box in boxes:
        corners = np.array([[box.left, box.right], [box.top, box.bottom], [1, 1]])
        (x0, x1), (y0, y1) = np.sort(matrix @ corners, axis=1)
        left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, side), min(y1, side)
        visible = max(right - left, 0) * max(bottom - top, 0)
        if visible >= LEAST_VISIBLE * (x1 - x0) * (y1 - y0) and min(right - left, bottom - top) > 1:
            inside.append(
                LabeledBox(box.label, *map(float, (left, top, right - left, bottom - top)))
            )
    return recolour(cropped(photo, matrix, side), rng), inside


def targets_of(boxes: Sequence[LabeledBox], labels: int, side: int) -> Targets:
    """The maps of a crop's boxes; where objects lie over each other the smaller one counts."""
    cells = side // CELL
    middles = np.zeros((labels, cells, cells), np.float32)
    edges = np.zeros((4, cells, cells), np.float32)
    weights = np.zeros((cells, cells), np.float32)
    places = (np.arange(cells) + 0.5) * CELL
    for box in sorted(boxes, key=lambda box: -box.width * box.height):
        x, y = box.left + box.width / 2, box.top + box.height / 2
        # The point nearest to the middle is to have exactly 1.
        x, y = places[np.abs(places - x).argmin()], places[np.abs(places - y).argmin()]
        across = _bell(places - x, box.width)
        down = _bell(places - y, box.height)
        bell = down[:, None] * across[None, :]
        np.maximum(middles[box.label - 1], bell, out=middles[box.label - 1])
        own = bell > MIDDLE
        rows, columns = np.nonzero(own)
        edges[0][own], edges[2][own] = places[columns] - box.left, box.right - places[columns]
        edges[1][own], edges[3][own] = places[rows] - box.top, box.bottom - places[rows]
        # All of an object's points together weigh as the logarithm of its area.
        weights[own] = np.log(box.width * box.height + 1) * bell[own] / bell[own].sum()
    return Targets(middles, np.maximum(edges, 0), weights)


def detection_loss(middles: Tensor, edges: Tensor, targets: Sequence[Targets]) -> Tensor:
    """CornerNet's focal loss of the middles, and the generalised IoU of the edges.

    Args:
        middles: (n, labels, h, w) logits.
        edges: (n, 4, h, w) distances.
    """
    wanted = _stacked([target.middles for target in targets], middles)
    wanted_edges = _stacked([target.edges for target in targets], middles)
    weights = _stacked([target.weights for target in targets], middles)
    return _focal(middles, wanted) + EDGE_WEIGHT * _giou_loss(edges, wanted_edges, weights)


def _focal(logits: Tensor, wanted: Tensor) -> Tensor:
    """Law and Deng, "CornerNet", 2018, equation 1, a mean over the objects."""
    shares = torch.sigmoid(logits)
    is_middle = wanted >= 1
    positive = -F.logsigmoid(logits) * (1 - shares) ** 2 * is_middle
    negative = -F.logsigmoid(-logits) * shares**2 * (1 - wanted) ** 4 * ~is_middle
    return (positive.sum() + negative.sum()) / is_middle.sum().clamp(min=1)


def _giou_loss(edges: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """Rezatofighi et al., "Generalized intersection over union", 2019, from a shared point."""
    least, most = torch.minimum(edges, wanted), torch.maximum(edges, wanted)
    shared = (least[:, 0] + least[:, 2]) * (least[:, 1] + least[:, 3])
    hull = (most[:, 0] + most[:, 2]) * (most[:, 1] + most[:, 3])
    areas = [(side[:, 0] + side[:, 2]) * (side[:, 1] + side[:, 3]) for side in (edges, wanted)]
    union = (areas[0] + areas[1] - shared).clamp(min=1e-6)
    giou = shared / union - (hull - union) / hull.clamp(min=1e-6)
    return ((1 - giou) * weights).sum() / weights.sum().clamp(min=1e-6)


def _bell(distances: npt.NDArray[np.float64], side: float) -> Maps:
    spread = max(side / CELL * SPREAD, LEAST_SPREAD) * CELL
    return np.exp(-(distances**2) / (2 * spread**2)).astype(np.float32)


def _stacked(maps: Sequence[Maps], like: Tensor) -> Tensor:
    return torch.from_numpy(np.stack(maps)).to(like.device)
