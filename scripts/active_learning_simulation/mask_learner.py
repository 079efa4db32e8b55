"""A light head that tells objects from background by the fixed encoder's features of each cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hooks.core.active_learning.prediction import ImagePrediction
from scripts.active_learning_simulation.labeled_photos import MASK_SIDE, Masks, References
from scripts.active_learning_simulation.learner import CLASS, Predicted, simulated_label
from scripts.active_learning_simulation.photo_features import CELL, GRID, PhotoFeatures
from scripts.active_learning_simulation.simulated_labels import HumanLabels, mask_agreement

if TYPE_CHECKING:
    from torch import Tensor, nn

FINER = 2
"""Rows and columns that a cell is divided into: the head's own resolution."""
HIDDEN = 64
CELLS_OF_PHOTO = 250
"""Learned from in every photo, and as many in its mirror image."""
EPOCHS = 8
BATCH = 2048
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.05
FLOOR = 1e-6


@dataclass(frozen=True, slots=True)
class MaskLearner:
    """Learns masks; see `learner.Learner`."""

    features: PhotoFeatures

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

    def _train(self, training: Sequence[int], masks: Masks, seed: int) -> nn.Module:
        import torch
        from torch import nn
        from torch.nn import functional as F

        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        inputs, targets = [], []
        for place in training:
            size = self.features.grid_size(place)
            finer = _finer(masks[place])
            for mirrored in (0, 1):
                # The same cells of both: where one is taken, so is its mirror image.
                known = finer[: size.height, : size.width]
                if mirrored:
                    known = known[:, ::-1, :, ::-1]
                taken = rng.integers(size.height * size.width, size=CELLS_OF_PHOTO)
                rows, columns = np.divmod(taken, size.width)
                inputs.append(self.features.cells[place, mirrored, rows, columns])
                targets.append(known[rows, columns].reshape(CELLS_OF_PHOTO, -1))
        given = torch.from_numpy(np.concatenate(inputs).astype(np.float32))
        wanted = torch.from_numpy(np.concatenate(targets).astype(np.float32))
        head = nn.Sequential(
            nn.Linear(given.shape[1], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, FINER * FINER)
        )
        optimizer = torch.optim.AdamW(head.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        steps = EPOCHS * -(-len(given) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.2
        )
        for _ in range(EPOCHS):
            for chosen in torch.randperm(len(given)).split(BATCH):  # type: ignore[no-untyped-call]
                loss = F.binary_cross_entropy_with_logits(head(given[chosen]), wanted[chosen])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
        return head.eval()

    def _shares(self, head: nn.Module, place: int) -> Tensor:
        """(2, height, width) probabilities at the head's resolution, of the photo and of its
        mirror image turned back."""
        import torch
        from torch.nn import functional as F

        size = self.features.grid_size(place)
        cells = self.features.cells[place, :, : size.height, : size.width]
        logits = head(torch.from_numpy(cells.astype(np.float32))).permute(0, 3, 1, 2)
        fine = F.pixel_shuffle(logits, FINER)[:, 0]
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
        inside = fine > 0.5
        mask[: size.height // 2, : size.width // 2] = inside.numpy()
        found = fine[inside].sum()
        missed = fine[~inside].sum()
        # The expected intersection by the expected union, both under independent pixels.
        confidence = float(found / (inside.sum() + missed)) if bool(inside.any()) else 0.0
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
            main_class=CLASS if bool(torch.any(inside)) else "",
            label=simulated_label(mask),
        )
        return mask, prediction


def _finer(mask: Masks) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(GRID, GRID, FINER, FINER): the object's share of the parts of every cell."""
    part = CELL // FINER // 2  # a mask's pixel is two of the canvas
    shares = mask.reshape(GRID, FINER, part, GRID, FINER, part).mean((2, 5))
    return np.asarray(shares.transpose(0, 2, 1, 3), np.float32)
