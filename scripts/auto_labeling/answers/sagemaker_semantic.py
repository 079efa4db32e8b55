"""SageMaker's built-in semantic segmentation algorithm.

With `Accept: image/png` a PNG of the photo's size, the class of each pixel; it does not say how
sure the model is. With `Accept: application/x-protobuf` the probabilities of all classes
(`scripts.segmentation.record_io`), of which the label map and the IoU that is to be expected
follow. Neither names classes.

Source: developer guide, "Semantic Segmentation Algorithm", "Input/Output interface", and
aws/amazon-sagemaker-examples, `sm-semantic_segmentation.ipynb`, "Real-Time Inference".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scripts.auto_labeling.answers.index_image import checked_label_map, read_index_image
from scripts.auto_labeling.answers.known_classes import KnownClasses
from scripts.auto_labeling.answers.model_answer import (
    LabelMapAnswer,
    ModelAnswer,
    UnreadableAnswerError,
)
from scripts.auto_labeling.answers.photo_frame import PhotoFrame
from scripts.segmentation.record_io import RecordError, read_probabilities

PNG_START = b"\x89PNG\r\n\x1a\n"
MAX_CLASSES = 255


@dataclass(frozen=True, slots=True)
class SageMakerSemantic:
    """See the module's description."""

    classes: KnownClasses

    def read(self, body: bytes, frame: PhotoFrame) -> ModelAnswer:
        classes = self.classes.of_answer(None, "")
        if body.startswith(PNG_START):
            return LabelMapAnswer(read_index_image(body, frame, len(classes)), classes)
        try:
            probabilities = read_probabilities(body)
        except RecordError as error:
            raise UnreadableAnswerError(f"{error} It is no PNG, either.") from error
        if len(probabilities) > MAX_CLASSES or probabilities.size == 0:
            raise UnreadableAnswerError(f"the answer has {len(probabilities)} classes.")
        if not (np.isfinite(probabilities).all() and probabilities.min() >= 0):
            raise UnreadableAnswerError("the answer has probabilities that are none.")
        label_map = probabilities.argmax(0).astype(np.uint8)
        confidence = expected_ious(probabilities, label_map)
        whole = checked_label_map(label_map, frame, len(classes), "the answer")
        return LabelMapAnswer(whole, classes, confidence)


def expected_ious(
    probabilities: npt.NDArray[np.float32], label_map: npt.NDArray[np.uint8]
) -> dict[int, float]:
    """Class to its expected intersection over its expected union with the truth, 0 to 1.

    Of the classes present in the label map, if each pixel's class were drawn by its probabilities,
    (classes, height, width), independently of the others.
    """
    found = {}
    for index in np.unique(label_map).tolist():
        shares = probabilities[index]
        inside = label_map == index
        agreed = float(shares[inside].sum(dtype=np.float64))
        outside = float(shares[~inside].sum(dtype=np.float64))
        found[index] = min(agreed / (np.count_nonzero(inside) + outside), 1.0)
    return found
