"""What our own segmentation model answers: a class a pixel, and how sure it is of each.

    {"fewclick_answer": 1, "image_size": [640, 480], "classes": ["BACKGROUND", "cat"],
     "label_map": "<base64 of an 8-bit greyscale PNG: the class of each pixel>",
     "confidence": 0.93, "class_confidence": {"cat": 0.93}}

In pixels of the upright photo. Confidences are IoUs with the truth that are to be expected.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.photo import open_photo

if TYPE_CHECKING:
    from model_endpoint.segmentation_network import SegmentationModel

VERSION = 1


def answer_photo(model: SegmentationModel, body: bytes) -> bytes:
    """The answer to a photo's bytes.

    Raises:
        PhotoError: they are no photo.
    """
    photo = open_photo(body, "the photo")
    return segmentation_answer(model.probabilities(photo), model.config.classes)


def segmentation_answer(probabilities: npt.NDArray[np.float32], classes: Sequence[str]) -> bytes:
    """The answer of the module's description.

    The whole label's confidence is the mean of those of its classes without the background; of the
    background's, where nothing else is seen.

    Args:
        probabilities: (classes, height, width) of the upright photo, adding up to 1 in each pixel.
        classes: names by index, the background's first.
    """
    label_map = probabilities.argmax(0).astype(np.uint8)
    height, width = label_map.shape
    present = [int(index) for index in np.unique(label_map)]
    expected = {index: expected_iou(probabilities[index], label_map == index) for index in present}
    seen = [index for index in present if index] or present
    stream = io.BytesIO()
    Image.fromarray(label_map).save(stream, "PNG", compress_level=1)
    answer = {
        "fewclick_answer": VERSION,
        "image_size": [width, height],
        "classes": list(classes),
        "label_map": base64.b64encode(stream.getvalue()).decode("ascii"),
        "confidence": round(sum(expected[index] for index in seen) / len(seen), 4),
        "class_confidence": {classes[index]: round(value, 4) for index, value in expected.items()},
    }
    return json.dumps(answer, ensure_ascii=False).encode()


def expected_iou(share: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_]) -> float:
    """About how well a mask will overlap the truth, if the model's probabilities are right.

    With each pixel of the class with probability `share`, the expected intersection is the sum
    inside the mask, and the expected union the mask's area with the sum outside; their quotient
    stands for the expected quotient, as in a soft Jaccard index.

    Args:
        share: (height, width), the probability of the class.
        mask: bool, of the same shape, with at least one pixel.
    """
    inside = float(share[mask].sum(dtype=np.float64))
    outside = float(share[~mask].sum(dtype=np.float64))
    return min(inside / (float(mask.sum()) + outside), 1.0)
