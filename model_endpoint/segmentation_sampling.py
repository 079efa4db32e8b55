"""What the segmentation network is shown in training, and what it is told of its answer."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from hooks.core.masks import VOID, LabelMap
from model_endpoint.augmentation import recolour
from model_endpoint.segmentation_network import Colours

SCALES = (0.7, 1.5)

Matrix = npt.NDArray[np.float64]


def segmentation_loss(logits: Tensor, label_maps: Tensor) -> Tensor:
    """Cross entropy and soft IoU of the classes that a batch has; void pixels count in neither.

    Args:
        logits: (n, classes, h, w) float32.
        label_maps: (n, h, w) int64, 255 void.
    """
    known = label_maps != VOID
    targets = label_maps.masked_fill(~known, 0)
    entropy = F.cross_entropy(logits, targets, reduction="none")
    entropy = (entropy * known).sum() / known.sum().clamp(min=1)
    shares = torch.softmax(logits, 1) * known[:, None]
    wanted = F.one_hot(targets, logits.shape[1]).permute(0, 3, 1, 2) * known[:, None]
    overlap = (shares * wanted).sum((0, 2, 3))
    union = (shares + wanted).sum((0, 2, 3)) - overlap
    there = wanted.sum((0, 2, 3)) > 0
    jaccard = (1 - overlap / union.clamp(min=1.0))[there].sum() / there.sum().clamp(min=1)
    return entropy + jaccard


def random_crop(
    photo: Colours, label_map: LabelMap, side: int, rng: np.random.Generator
) -> tuple[Colours, LabelMap]:
    """A square of a photo at a random scale and place, sometimes mirrored, in other colours.

    What lies beyond the photo is void.
    """
    matrix = crop_matrix(label_map.shape, side, rng)
    colours = cropped(photo, matrix, side)
    labels = cv2.warpAffine(
        label_map,
        matrix,
        (side, side),
        flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=[VOID],
    )
    return recolour(colours, rng), np.asarray(labels, np.uint8)


def crop_matrix(shape: tuple[int, ...], side: int, rng: np.random.Generator) -> Matrix:
    """Where the pixels of a photo (height, width) go in a square cut of it, float64 (2, 3)."""
    height, width = shape[:2]
    scale = float(np.exp(rng.uniform(*np.log(SCALES))))
    free_x, free_y = width * scale - side, height * scale - side
    left, top = (free * rng.random() if free > 0 else free / 2 for free in (free_x, free_y))
    mirrored = rng.random() < 0.5
    matrix = np.array([[scale, 0, -left], [0, scale, -top]])
    if mirrored:
        matrix[0] = (-scale, 0, side + left)
    return matrix


def cropped(photo: Colours, matrix: Matrix, side: int) -> Colours:
    """The square of a photo; what lies beyond the photo has its mean colour."""
    border: npt.NDArray[np.float64] = photo.reshape(-1, 3).mean(0)
    colours = cv2.warpAffine(
        photo,
        matrix,
        (side, side),
        flags=cv2.INTER_AREA if matrix[1, 1] < 1 else cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=[float(value) for value in border],
    )
    return np.asarray(colours, np.uint8)
