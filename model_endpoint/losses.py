"""What training minimises: normalised focal loss, soft IoU, and more weight where it matters."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

BOUNDARY_WEIGHT = 2.0
"""Extra weight of pixels within a few pixels of the reference's outline."""
CLICK_WEIGHT = 4.0
"""Extra weight at a click: a worker who clicks expects to be obeyed there."""


def click_loss(logits: Tensor, reference: Tensor, clicks: Tensor) -> Tensor:
    """Mean loss of a batch, a scalar.

    Args:
        logits: (n, 1, s, s) float32.
        reference: (n, 1, s, s), 0 or 1.
        clicks: (n, 1, s/2, s/2), every click's Gaussian, max-combined (0 before the first).
    """
    outline = 1 - (2 * F.avg_pool2d(reference, 9, 1, 4, count_include_pad=False) - 1).abs()
    near = F.interpolate(clicks, scale_factor=2.0, mode="nearest")
    weight = 1 + BOUNDARY_WEIGHT * outline + CLICK_WEIGHT * near
    probability = torch.sigmoid(logits)
    entropy = F.binary_cross_entropy_with_logits(logits, reference, reduction="none")
    focus = (reference - probability).abs().square()
    # Normalised focal: hard pixels count more, each sample counts the same (RITM).
    with torch.no_grad():
        scale = weight.sum((1, 2, 3)) / ((focus + 1e-3) * weight).sum((1, 2, 3)).clamp(min=1e-3)
        scale = scale.clamp(max=20.0)
    focal = (focus * entropy * weight).sum((1, 2, 3)) * scale / weight.sum((1, 2, 3))
    plain = (entropy * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3))
    overlap = (probability * reference).sum((1, 2, 3))
    union = (probability + reference - probability * reference).sum((1, 2, 3))
    jaccard = 1 - overlap / union.clamp(min=1.0)
    return (0.5 * focal + 0.5 * plain + jaccard).mean()
