"""A light head that tells objects from background by the fixed encoder's features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hooks.core.active_learning.prediction import ImagePrediction
from hooks.core.geometry import Size
from scripts.active_learning_simulation.cell_maps import PIXELS, SIDE, inside, together
from scripts.active_learning_simulation.head_training import Examples
from scripts.active_learning_simulation.labeled_photos import MASK_SIDE, Masks, References
from scripts.active_learning_simulation.learner import CLASS, Predicted, simulated_label
from scripts.active_learning_simulation.photo_features import PhotoFeatures
from scripts.active_learning_simulation.prior_head import train_head
from scripts.active_learning_simulation.prior_photos import PriorPhotos
from scripts.active_learning_simulation.simulated_labels import HumanLabels, mask_agreement

if TYPE_CHECKING:
    from torch import Tensor

    from scripts.active_learning_simulation.convolutional_head import ConvolutionalHead

FINER = 4
"""Rows and columns that a cell is divided into in the head's answer."""
OVERLAP_WEIGHT = 0.5
"""Of the overlap's loss (Milletari et al., "V-Net", 2016) beside that of the pixels."""
OUTPUTS = FINER * FINER
SMOOTHING = 20.0
"""Pixels of the answer that are added to both sides of the overlap, for photos without objects."""
FLOOR = 1e-6
LEAST_SHARE = 0.1
"""Where no part of the photo is surer than that, there is no object."""


@dataclass(frozen=True, slots=True)
class MaskLearner:
    """Learns masks; see `learner.Learner`.

    Attributes:
        prior: the state of a head that has learned from other photos; None to start from nothing.
    """

    features: PhotoFeatures
    prior: Mapping[str, Tensor] | None = None

    def learn(
        self, training: Sequence[int], human: HumanLabels, wanted: Sequence[int], seed: int
    ) -> Predicted:
        """Train on people's masks of some photos, and predict the wanted ones."""
        import torch

        head = self._train(training, human.masks, seed)
        predictions: dict[int, ImagePrediction] = {}
        masks: dict[int, Masks] = {}
        with torch.inference_mode():
            for place in wanted:
                shares = self._shares(head, place)
                mask, prediction = self._judge(place, shares)
                masks[place], predictions[place] = mask, prediction
        return Predicted(predictions, masks)

    def agreement(self, label: Any, known: HumanLabels | References, place: int) -> float:
        """IoU of a mask with what is known, at half the canvas' scale."""
        return mask_agreement(label, known.masks[place])

    def _train(self, training: Sequence[int], masks: Masks, seed: int) -> ConvolutionalHead:
        import torch

        size_of = self.features.sizes
        examples = Examples(
            torch.stack([together(self.features.cells[place]) for place in training]),
            torch.stack([inside(size_of[place]) for place in training]),
            torch.stack([_both(wanted_mask(masks[place]), size_of[place]) for place in training]),
        )
        return train_head(OUTPUTS, examples, mask_loss, seed, self.prior)

    def _shares(self, head: ConvolutionalHead, place: int) -> Tensor:
        """(2, height, width) probabilities at the head's resolution, of the photo and of its
        mirror image turned back."""
        import torch
        from torch.nn import functional as F

        size = self.features.sizes[place]
        cells = together(self.features.cells[place])
        logits = head(cells, inside(size).expand(2, -1, -1, -1))
        rows, columns = (FINER * edge // PIXELS for edge in (size.height, size.width))
        fine = F.pixel_shuffle(logits, FINER)[:, 0, :rows, :columns]
        return torch.sigmoid(torch.stack((fine[0], fine[1].flip(1))))

    def _judge(self, place: int, shares: Tensor) -> tuple[Masks, ImagePrediction]:
        """The mask, and what is to be thought of it."""
        import torch
        from torch.nn import functional as F

        both = shares.mean(0)
        size = self.features.sizes[place]
        fine = F.interpolate(
            both[None, None],
            (size.height // 2, size.width // 2),
            mode="bilinear",
            align_corners=False,
        )[0, 0]
        mask = np.zeros((MASK_SIDE, MASK_SIDE), bool)
        taken, confidence = best_mask(fine)
        mask[: size.height // 2, : size.width // 2] = taken.numpy()
        sure = both.clamp(FLOOR, 1 - FLOOR)
        doubt = -(sure * sure.log() + (1 - sure) * (1 - sure).log())
        one, other = shares[0] > 0.5, shares[1] > 0.5
        either = float((one | other).sum())
        # Photos differ in how much of them is object: doubt is taken by the object's size.
        extent = float(both.sum()) + 1.0
        prediction = ImagePrediction(
            line=place,
            confidence=min(max(confidence, 0.0), 1.0),
            entropy=float(doubt.sum()) / extent,
            margin=-float((1 - (2 * both - 1).abs()).sum()) / extent,
            disagreement=1 - float((one & other).sum()) / either if either else 0.0,
            embedding=tuple(self.features.embeddings[place].tolist()),
            main_class=CLASS if bool(torch.any(taken)) else "",
            label=simulated_label(mask),
        )
        return mask, prediction


def best_mask(shares: Tensor) -> tuple[Tensor, float]:
    """The mask above the threshold that promises most, and the IoU that it promises.

    That is the expected intersection by the expected union, were pixels independent (Nowozin,
    "Optimal decisions from probabilistic models: the intersection-over-union case", CVPR 2014).
    Where the head is unsure it takes more in than a threshold of a half would.
    """
    import torch

    ordered = shares.flatten().sort(descending=True).values
    found = ordered.cumsum(0)
    count = torch.arange(1, len(ordered) + 1)
    promised = found / (count + found[-1] - found)
    best = int(promised.argmax())
    if float(ordered[best]) < LEAST_SHARE:
        return torch.zeros_like(shares, dtype=torch.bool), 0.0
    return shares >= ordered[best], float(promised[best])


def prior_examples(prior: PriorPhotos) -> Examples:
    """What a prior head learns masks from."""
    import torch

    masks = prior.references.masks
    return Examples(
        torch.from_numpy(prior.cells.astype(np.float32))[:, None],
        torch.stack([inside(size) for size in prior.sizes]),
        torch.stack([wanted_mask(mask) for mask in masks])[:, None],
    )


def wanted_mask(mask: Masks) -> Tensor:
    """(FINER * SIDE, FINER * SIDE): the object's share of every part of a cell."""
    import torch

    side = FINER * SIDE
    part = MASK_SIDE // side
    return torch.from_numpy(mask.reshape(side, part, side, part).mean((1, 3)).astype(np.float32))


def mask_loss(answer: Tensor, wanted: Tensor, inside: Tensor) -> Tensor:
    """Of every part's share, and of the overlap of what is found with what is there."""
    from torch.nn import functional as F

    logits = F.pixel_shuffle(answer, FINER)[:, 0]
    seen = F.interpolate(inside, scale_factor=FINER)[:, 0]
    each = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    pixels = (each * seen).sum() / seen.sum()
    found = logits.sigmoid() * seen
    shared = (found * wanted).sum((1, 2)) * 2 + SMOOTHING
    both = found.sum((1, 2)) + wanted.sum((1, 2)) + SMOOTHING
    return pixels + OVERLAP_WEIGHT * (1 - shared / both).mean()


def _both(wanted: Tensor, size: Size) -> Tensor:
    """What is wanted of a photo and of its mirror image, (2, rows, columns)."""
    import torch

    columns = FINER * size.width // PIXELS
    mirrored = torch.zeros_like(wanted)
    mirrored[:, :columns] = wanted[:, :columns].flip(1)
    return torch.stack((wanted, mirrored))


LOSS = mask_loss
