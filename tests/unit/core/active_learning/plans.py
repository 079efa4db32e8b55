"""A plan to vary, and predictions of an imagined model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from hooks.core.active_learning.loop_plan import LabelKind, LoopPlan
from hooks.core.active_learning.prediction import ImagePrediction

CAT_LABEL = {"mask-ref": "s3://photos/masks/0.png"}


def cats(**changes: Any) -> LoopPlan:
    """400 photos of cats: 5 to test, 100 to judge by, 30 to begin with, 40 a round."""
    plan = LoopPlan(
        name="cats",
        kind=LabelKind.MASKS,
        labels=("cat",),
        objects=400,
        test_size=5,
        validation_size=100,
        training_size=30,
        batch_size=40,
    )
    return replace(plan, **changes)


def predict(line: int, confidence: float, main_class: str = "cat") -> ImagePrediction:
    """A label of this confidence; what else is known of the photo follows from it."""
    doubt = 1 - confidence
    return ImagePrediction(
        line=line,
        confidence=confidence,
        entropy=doubt,
        margin=confidence,
        disagreement=doubt / 2,
        embedding=(float(line % 7), float(line % 5)),
        main_class=main_class,
        label=CAT_LABEL,
    )


def imagined_model(
    lines: Iterable[int], seed: int, quality: float
) -> tuple[dict[int, ImagePrediction], dict[int, float]]:
    """Predictions, and their true IoUs: confidence is right but for noise, `quality` the mean."""
    rng = np.random.default_rng(seed)
    predictions, ious = {}, {}
    for line in lines:
        iou = float(np.clip(rng.normal(quality, 0.15), 0, 1))
        ious[line] = iou
        predictions[line] = predict(line, float(np.clip(iou + rng.normal(0, 0.1), 0, 1)))
    return predictions, ious
