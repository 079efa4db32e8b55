"""How sure a model is of a mask, out of its probabilities. Pure numpy.

All of it is in [0, 1]. `expected_iou` is what the threshold of the loop is set on; the others say
which photos people should label next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Shares = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MaskMeasures:
    """What is measured of one photo.

    Attributes:
        confidence: expected IoU of the mask, mean over the classes it has; 0 where it has none.
        entropy: mean over the pixels, as a share of the most there can be.
        margin: mean over the pixels of how far the likeliest class is ahead of the second.
        disagreement: 1 minus the mean IoU of each view's own mask with the mask.
        main_class: the class index with the most pixels, background left out; 0 for none.
    """

    confidence: float
    entropy: float
    margin: float
    disagreement: float
    main_class: int


def measure_mask(views: Shares) -> MaskMeasures:
    """Measure what several views of one photo say.

    Args:
        views: (views, classes, h, w) probabilities; class 0 is the background.
    """
    shares = views.mean(0)
    mask = shares.argmax(0)
    classes = views.shape[1]
    pixels = np.bincount(mask.ravel(), minlength=classes)
    pixels[0] = 0
    there = np.flatnonzero(pixels)
    ordered = np.sort(shares, axis=0)
    logs = np.log(np.clip(shares, 1e-12, 1.0))
    entropy = float(-(shares * logs).sum(0).mean() / np.log(classes))
    return MaskMeasures(
        confidence=float(np.mean([expected_iou(shares[index], mask == index) for index in there]))
        if there.size
        else 0.0,
        entropy=_share(entropy),
        margin=_share(float((ordered[-1] - ordered[-2]).mean())),
        disagreement=_share(1 - float(np.mean([_agreement(view, mask) for view in views]))),
        main_class=int(pixels.argmax()) if there.size else 0,
    )


def expected_iou(share: Shares, mask: npt.NDArray[np.bool_]) -> float:
    """The IoU to expect between a mask and the truth, if each pixel is the class's with its share.

    Expected intersection over expected union: the ratio's own expectation has no closed form, and
    with thousands of pixels differs little.

    Args:
        share: (h, w) probabilities of the class.
    """
    inside = float(share[mask].sum(dtype=np.float64))
    outside = float(share[~mask].sum(dtype=np.float64))
    union = float(np.count_nonzero(mask)) + outside
    return _share(inside / union) if union else 0.0


def _agreement(view: Shares, mask: npt.NDArray[np.int64]) -> float:
    """Mean IoU of a view's mask with the mask, over classes either has; 1 if neither has any."""
    own = view.argmax(0)
    indices = np.union1d(np.unique(own), np.unique(mask))
    ious = []
    for index in indices[indices > 0]:
        one, other = own == index, mask == index
        ious.append(np.count_nonzero(one & other) / np.count_nonzero(one | other))
    return float(np.mean(ious)) if ious else 1.0


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)
