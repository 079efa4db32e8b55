"""A light detector on the fixed encoder's features: every cell says whether it lies in the middle
of an object, and how far away the object's edges are.

After FCOS (Tian, Shen, Chen and He, 2019), with the score of generalized focal loss (Li and others,
2020): what it learns is the IoU that its box will have, 0 where there is no object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hooks.core.active_learning.prediction import ImagePrediction
from hooks.core.geometry import Size
from scripts.active_learning_simulation.box_agreement import box_agreement, pairwise_ious
from scripts.active_learning_simulation.cell_maps import SIDE, inside, together
from scripts.active_learning_simulation.head_training import Examples
from scripts.active_learning_simulation.labeled_photos import Edges, References
from scripts.active_learning_simulation.learner import CLASS, Predicted, simulated_label
from scripts.active_learning_simulation.photo_features import CELL, GRID, PhotoFeatures
from scripts.active_learning_simulation.prior_head import train_head
from scripts.active_learning_simulation.prior_photos import PriorPhotos
from scripts.active_learning_simulation.simulated_labels import HumanLabels

if TYPE_CHECKING:
    from torch import Tensor

    from scripts.active_learning_simulation.convolutional_head import ConvolutionalHead

FINER = GRID // SIDE
"""Rows and columns that a cell of the head is divided into in its answer."""
OUTPUTS = 5 * FINER * FINER
MIDDLE = 0.3
"""Share of a box's sides, from its centre, within which a cell's centre lies in its middle."""
TYPICAL = 60.0
"""Pixels from a cell to an edge, where learning starts."""
SCORE_CUT = 0.3
OVERLAP_CUT = 0.35
CANDIDATES = 120
FLOOR = 1e-6

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BoxLearner:
    """Learns boxes; see `learner.Learner`.

    Attributes:
        prior: the state of a head that has learned from other photos; None to start from nothing.
    """

    features: PhotoFeatures
    prior: Mapping[str, Tensor] | None = None

    def learn(
        self, training: Sequence[int], human: HumanLabels, wanted: Sequence[int], seed: int
    ) -> Predicted:
        """Train on people's boxes of some photos, and predict the wanted ones."""
        import torch

        head = self._train(training, human.boxes, seed)
        predictions: dict[int, ImagePrediction] = {}
        boxes: dict[int, Edges] = {}
        with torch.inference_mode():
            for place in wanted:
                boxes[place], predictions[place] = self._judge(head, place)
        return Predicted(predictions, boxes)

    def agreement(self, label: Any, known: HumanLabels | References, place: int) -> float:
        """Mean IoU over the objects that either has; misses and extras count 0."""
        return box_agreement(label, known.boxes[place])

    def _train(
        self, training: Sequence[int], boxes: Sequence[Edges], seed: int
    ) -> ConvolutionalHead:
        import torch

        size_of = self.features.sizes
        wanted = [
            torch.stack(
                (
                    wanted_distances(boxes[place], size_of[place]),
                    wanted_distances(mirror(boxes[place], size_of[place].width), size_of[place]),
                )
            )
            for place in training
        ]
        examples = Examples(
            torch.stack([together(self.features.cells[place]) for place in training]),
            torch.stack([inside(size_of[place]) for place in training]),
            torch.stack(wanted),
        )
        return train_head(OUTPUTS, examples, box_loss, seed, self.prior)

    def _judge(self, head: ConvolutionalHead, place: int) -> tuple[Edges, ImagePrediction]:
        """The boxes, and what is to be thought of them."""
        import torch

        size = self.features.grid_size(place)
        answer = head(
            together(self.features.cells[place]),
            inside(self.features.sizes[place]).expand(2, -1, -1, -1),
        )
        said = _on_cells(answer)[:, : size.height, : size.width]
        scores = torch.sigmoid(said[..., 0]).numpy().astype(float)
        distances = _distances(said).numpy().astype(float)
        width = size.width * CELL
        found = [
            _candidates(scores[view], distances[view], self.features.sizes[place])
            for view in (0, 1)
        ]
        found[1] = (mirror(found[1][0], width), found[1][1])
        views = [keep_best(*one) for one in found]
        edges, sure = keep_best(
            np.concatenate([one for one, _ in found]), np.concatenate([one for _, one in found])
        )
        taken = sure >= SCORE_CUT
        boxes: Edges = edges[taken]
        doubt = _binary_entropy(np.clip(sure, FLOOR, 1 - FLOOR))
        each = max(len(boxes), 1)
        prediction = ImagePrediction(
            line=place,
            confidence=float(sure[taken].mean()) if taken.any() else 0.0,
            entropy=float(doubt.sum()) / each,
            margin=float(np.abs(2 * sure - 1).mean()) if len(sure) else 0.0,
            disagreement=1 - box_agreement(*(one[score >= SCORE_CUT] for one, score in views)),
            embedding=tuple(self.features.embeddings[place].tolist()),
            main_class=CLASS if taken.any() else "",
            label=simulated_label(boxes),
        )
        return boxes, prediction


def mirror(boxes: Edges, width: float) -> Edges:
    """The boxes as they lie in the mirror image of a photo so wide."""
    return np.stack((width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]), axis=1)


def prior_examples(prior: PriorPhotos) -> Examples:
    """What a prior head learns boxes from."""
    import torch

    pairs = zip(prior.references.boxes, prior.sizes, strict=True)
    return Examples(
        torch.from_numpy(prior.cells.astype(np.float32))[:, None],
        torch.stack([inside(size) for size in prior.sizes]),
        torch.stack([wanted_distances(boxes, size) for boxes, size in pairs])[:, None],
    )


def wanted_distances(boxes: Edges, size: Size) -> Tensor:
    """(GRID, GRID, 4): pixels from a cell's centre to the left, upper, right and lower edge of the
    smallest box in whose middle it lies; zeros where there is none."""
    import torch

    wanted = np.zeros((GRID, GRID, 4), np.float32)
    columns, rows = size.width // CELL, size.height // CELL
    x, y = np.meshgrid((np.arange(columns) + 0.5) * CELL, (np.arange(rows) + 0.5) * CELL)
    centres = np.stack((x, y), axis=2)
    for box in boxes[np.argsort(-np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))]:
        middle, sides = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
        # At least half a cell, so all objects larger than one have one.
        near = np.abs(centres - middle) <= np.maximum(MIDDLE * sides, CELL / 2)
        within = near.all(2) & (centres > box[:2]).all(2) & (centres < box[2:]).all(2)
        wanted[:rows, :columns][within] = np.concatenate(
            (centres - box[:2], box[2:] - centres), axis=2
        )[within]
    return torch.from_numpy(wanted)


def box_loss(answer: Tensor, wanted: Tensor, inside: Tensor) -> Tensor:
    """Of the score, weighted by how wrong it is, and of the boxes where there is an object."""
    import torch
    from torch.nn import functional as F

    said = _on_cells(answer)
    seen = F.interpolate(inside, scale_factor=FINER)[:, 0]
    there = wanted[..., 0] > 0
    ious = _distance_ious(_distances(said[there]), wanted[there])
    quality = torch.zeros(there.shape)
    quality[there] = ious.detach()
    each = F.binary_cross_entropy_with_logits(said[..., 0], quality, reduction="none")
    wrong = (said[..., 0].detach().sigmoid() - quality) ** 2
    objects = max(len(ious), 1)
    return (each * wrong * seen).sum() / objects + (1 - ious).sum() / objects


def _on_cells(answer: Tensor) -> Tensor:
    """(n, GRID, GRID, 5) of a head's answer (n, OUTPUTS, SIDE, SIDE)."""
    from torch.nn import functional as F

    return F.pixel_shuffle(answer, FINER).permute(0, 2, 3, 1)


def keep_best(edges: Edges, scores: Floats) -> tuple[Edges, Floats]:
    """Boxes that no better one overlaps, best first."""
    order = np.argsort(-scores)[:CANDIDATES]
    edges, scores = edges[order], scores[order]
    overlap = pairwise_ious(edges, edges) > OVERLAP_CUT
    kept = np.ones(len(edges), bool)
    for place in range(len(edges)):
        if kept[place]:
            kept[place + 1 :] &= ~overlap[place, place + 1 :]
    return edges[kept], scores[kept]


def _candidates(scores: Floats, distances: Floats, size: tuple[int, int]) -> tuple[Edges, Floats]:
    """Boxes (n, 4) of the cells with the highest scores, cut to the photo, and their scores."""
    order = np.argsort(-scores, axis=None)[:CANDIDATES]
    rows, columns = np.divmod(order, scores.shape[1])
    centres = (np.stack((columns, rows), axis=1) + 0.5) * CELL
    reach = distances[rows, columns]
    edges = np.hstack((centres - reach[:, :2], centres + reach[:, 2:]))
    return np.clip(edges, 0, np.tile(size, 2)), scores[rows, columns]


def _distances(said: Tensor) -> Tensor:
    """(…, 4) pixels to the edges, of a head's answers (…, 5)."""
    return said[..., 1:].clamp(-4, 3).exp() * TYPICAL


def _distance_ious(one: Tensor, other: Tensor) -> Tensor:
    """IoU of boxes (n, 4) that are given by the distances from one point."""
    shared = one.minimum(other)
    areas = [(side[:, 0] + side[:, 2]) * (side[:, 1] + side[:, 3]) for side in (one, other, shared)]
    return areas[2] / (areas[0] + areas[1] - areas[2])


def _binary_entropy(chances: Floats) -> Floats:
    return np.asarray(-(chances * np.log(chances) + (1 - chances) * np.log(1 - chances)))


LOSS = box_loss
