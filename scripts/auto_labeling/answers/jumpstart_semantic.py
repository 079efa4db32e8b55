"""JumpStart's semantic segmentation models, asked for `application/json;verbose`.

    {"predictions": [height, width], "labels": ["background", "aeroplane", ...],
     "image_labels": ["background", "person"]}

Each value of `predictions` is a place in `labels`, -1 where there is none, which is void. The
answer does not say how sure the model is.

Source: aws/amazon-sagemaker-examples, "Introduction to JumpStart - Semantic Segmentation", sections
3.3 and 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hooks.core.masks import VOID
from scripts.auto_labeling.answers.answer_json import numbers, parse_object
from scripts.auto_labeling.answers.index_image import checked_label_map
from scripts.auto_labeling.answers.known_classes import KnownClasses
from scripts.auto_labeling.answers.model_answer import (
    LabelMapAnswer,
    ModelAnswer,
    UnreadableAnswerError,
)
from scripts.auto_labeling.answers.photo_frame import PhotoFrame


@dataclass(frozen=True, slots=True)
class JumpStartSemantic:
    """See the module's description. `classes` are needed only where answers name none."""

    classes: KnownClasses

    def read(self, body: bytes, frame: PhotoFrame) -> ModelAnswer:
        document = parse_object(body)
        classes = self.classes.of_answer(document.get("labels"), "labels")
        values = numbers(_one(document.get("predictions")), "predictions", (-1, -1))
        values[values == -1] = VOID
        if values.size == 0 or (values != values.round()).any() or values.max() > VOID:
            raise UnreadableAnswerError("predictions: must be rows of class numbers up to 254.")
        if values.min() < 0:
            raise UnreadableAnswerError(
                f"predictions: has the class {values.min():g}; only -1 means that there is none."
            )
        label_map = values.astype(np.uint8)
        label_map = checked_label_map(label_map, frame, min(len(classes), VOID), "predictions")
        return LabelMapAnswer(label_map, classes)


def _one(value: Any) -> Any:
    """A batch of one is that one."""
    batch = isinstance(value, list) and len(value) == 1 and isinstance(value[0], list)
    return value[0] if batch and value[0] and isinstance(value[0][0], list) else value
