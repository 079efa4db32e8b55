"""TensorFlow's object detection models behind TensorFlow Serving.

    {"predictions": [{"num_detections": 100.0, "detection_boxes": [n, 4],
                      "detection_classes": [n], "detection_scores": [n],
                      "detection_masks": [n, 33, 33] or [n, height, width]}]}

or the inner object alone, or lists of one in it, as a batch of one gives them. Boxes are top, left,
bottom, right in fractions; the first `num_detections` rows count. Classes are the ids of the
model's label map, which begin with 1: so the first name that is given is the background's. Masks
are of their boxes (Mask R-CNN's own) or, "reframed", of the whole photo.

Source: tensorflow/models, `research/object_detection/exporter_main_v2.py` and
`core/standard_fields.py` (`DetectionResultFields`); TensorFlow Serving, "RESTful API", "Predict
API".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.auto_labeling.answers.answer_json import (
    list_of,
    name_of,
    numbers,
    parse_object,
    scores,
)
from scripts.auto_labeling.answers.known_classes import KnownClasses
from scripts.auto_labeling.answers.model_answer import (
    FoundObject,
    ModelAnswer,
    ObjectsAnswer,
    UnreadableAnswerError,
)
from scripts.auto_labeling.answers.object_masks import read_object_mask
from scripts.auto_labeling.answers.photo_frame import PhotoFrame

MASKS = ("detection_masks_reframed", "detection_masks")


@dataclass(frozen=True, slots=True)
class TensorFlowObjects:
    """See the module's description."""

    classes: KnownClasses

    def read(self, body: bytes, frame: PhotoFrame) -> ModelAnswer:
        document = _of_one_photo(parse_object(body))
        classes = self.classes.of_answer(None, "")
        boxes = numbers(_row(document, "detection_boxes", 2), "detection_boxes", (-1, 4))
        count = _count(document, len(boxes))
        ids = numbers(_row(document, "detection_classes", 1), "detection_classes", (len(boxes),))
        sure = scores(_row(document, "detection_scores", 1), "detection_scores", ids >= 0)
        field = next((name for name in MASKS if name in document), None)
        masks = None if field is None else list_of(_row(document, field, 3), field)
        if masks is not None and len(masks) != len(boxes):
            raise UnreadableAnswerError(f"{field}: {len(masks)} masks of {len(boxes)} boxes.")
        found = []
        for place, (top, left, bottom, right) in enumerate(boxes[:count].tolist()):
            name = name_of(float(ids[place]), classes, f"detection_classes[{place}]")
            fractions = (left, top, right, bottom)
            edges, mask = frame.box(*fractions), None
            if masks is not None:
                mask = read_object_mask(masks[place], fractions, frame, f"{field}[{place}]")
                if mask.box.is_empty:
                    continue
                edges = edges or mask.box.edges
            if edges is not None:
                found.append(FoundObject(name, float(sure[place]), *edges, mask=mask))
        return ObjectsAnswer(tuple(found))


def _of_one_photo(document: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in ("predictions", "outputs"):
        inner = document.get(name)
        if isinstance(inner, list) and len(inner) == 1:
            inner = inner[0]
        if isinstance(inner, Mapping):
            return inner
        if inner is not None:
            raise UnreadableAnswerError(f"{name}: must be the answer to one photo.")
    return document


def _row(document: Mapping[str, Any], name: str, depth: int) -> object:
    """A field's value; of a batch of one, which is nested one deeper, that one's."""
    value = document.get(name)
    inner = value
    for _ in range(depth):
        if not isinstance(inner, list) or not inner:
            return value
        inner = inner[0]
    batch = isinstance(inner, list) and isinstance(value, list) and len(value) == 1
    return value[0] if batch and isinstance(value, list) else value


def _count(document: Mapping[str, Any], boxes: int) -> int:
    said = document.get("num_detections", boxes)
    if isinstance(said, list) and len(said) == 1:
        said = said[0]
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said <= boxes:
        raise UnreadableAnswerError(f"num_detections: must be a number from 0 to {boxes}.")
    return int(said)
