"""A light detector on the fixed encoder's features: every cell says whether it lies in the middle
of an object, and how far away the object's edges are.

After FCOS (Tian, Shen, Chen and He, 2019), with the score of generalized focal loss (Li and others,
2020): what it learns is the IoU that its box will have, 0 where there is no object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hooks.core.active_learning.prediction import ImagePrediction
from scripts.active_learning_simulation.box_agreement import box_agreement, pairwise_ious
from scripts.active_learning_simulation.labeled_photos import Edges, References
from scripts.active_learning_simulation.learner import CLASS, Predicted, simulated_label
from scripts.active_learning_simulation.photo_features import CELL, PhotoFeatures
from scripts.active_learning_simulation.simulated_labels import HumanLabels

if TYPE_CHECKING:
    from torch import Tensor, nn

HIDDEN = 96
MIDDLE = 0.3
"""Share of a box's sides, from its centre, within which a cell's centre lies in its middle."""
POSITIVES, NEGATIVES = 60, 160
"""Cells learned from in every photo, at most, and as many in its mirror image."""
EPOCHS = 10
BATCH = 2048
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.05
TYPICAL = 60.0
"""Pixels from a cell to an edge, where learning starts."""
SCORE_CUT = 0.35
OVERLAP_CUT = 0.5
CANDIDATES = 120
FLOOR = 1e-6

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BoxLearner:
    """Learns boxes; see `learner.Learner`."""

    features: PhotoFeatures

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

    def _train(self, training: Sequence[int], boxes: Sequence[Edges], seed: int) -> nn.Module:
        import torch
        from torch import nn
        from torch.nn import functional as F

        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        inputs, targets = [], []
        for place in training:
            size = self.features.grid_size(place)
            for mirrored in (0, 1):
                known = boxes[place]
                if mirrored:
                    known = mirror(known, size.width * CELL)
                cells, distances = sample_cells(size.width, size.height, known, rng)
                rows, columns = np.divmod(cells, size.width)
                inputs.append(self.features.cells[place, mirrored, rows, columns])
                targets.append(distances)
        given = torch.from_numpy(np.concatenate(inputs).astype(np.float32))
        wanted = torch.from_numpy(np.concatenate(targets).astype(np.float32))
        head = nn.Sequential(nn.Linear(given.shape[1], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 5))
        optimizer = torch.optim.AdamW(head.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        steps = EPOCHS * -(-len(given) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.2
        )
        for _ in range(EPOCHS):
            for chosen in torch.randperm(len(given)).split(BATCH):  # type: ignore[no-untyped-call]
                said, known_distances = head(given[chosen]), wanted[chosen]
                inside = known_distances[:, 0] > 0
                quality = torch.zeros(len(said))
                ious = _distance_ious(_distances(said[inside]), known_distances[inside])
                quality[inside] = ious.detach()
                loss = F.binary_cross_entropy_with_logits(said[:, 0], quality)
                if len(ious):
                    loss = loss + (1 - ious).mean()
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
        return head.eval()

    def _judge(self, head: nn.Module, place: int) -> tuple[Edges, ImagePrediction]:
        """The boxes, and what is to be thought of them."""
        import torch

        size = self.features.grid_size(place)
        cells = self.features.cells[place, :, : size.height, : size.width]
        said = head(torch.from_numpy(cells.astype(np.float32)))
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


def sample_cells(
    width: int, height: int, boxes: Edges, rng: np.random.Generator
) -> tuple[npt.NDArray[np.intp], Floats]:
    """Cells of a photo to learn from, row-major, and their pixels to the left, upper, right and
    lower edge of the smallest box in whose middle they lie; zeros where there is none."""
    x, y = np.meshgrid((np.arange(width) + 0.5) * CELL, (np.arange(height) + 0.5) * CELL)
    centres = np.stack((x.ravel(), y.ravel()), axis=1)
    distances = np.zeros((len(centres), 4))
    for box in boxes[np.argsort(-np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))]:
        middle, sides = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
        # At least half a cell, so all objects larger than one have one.
        near = np.abs(centres - middle) <= np.maximum(MIDDLE * sides, CELL / 2)
        inside = near.all(1) & (centres > box[:2]).all(1) & (centres < box[2:]).all(1)
        distances[inside] = np.hstack((centres[inside] - box[:2], box[2:] - centres[inside]))
    positive = np.flatnonzero(distances[:, 0] > 0)
    negative = np.flatnonzero(distances[:, 0] <= 0)
    taken = np.concatenate(
        (rng.permutation(positive)[:POSITIVES], rng.permutation(negative)[:NEGATIVES])
    )
    return taken, distances[taken]


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
