"""JumpStart's instance segmentation models, asked for `application/json;verbose`.

    {"ids": [n], "scores": [n], "bboxes": [n, 4], "masks": [n, height, width],
     "labels": ["person", ...], "image_with_masks": [height, width, 3]}

as the MXNet models (GluonCV's Mask R-CNN) answer: boxes are left, top, right, bottom in pixels of
`image_with_masks`, masks of the whole of it or, as the network itself gives them, of the box; ids
are places in `labels`, -1 where there is no object. Other versions say `normalized_boxes`, in
fractions, and `classes` in place of `bboxes` and `ids`, as the detection models do.

Source: aws/amazon-sagemaker-examples, "Introduction to JumpStart - Instance Segmentation", section
3.3; dmlc/gluon-cv, `gluoncv/utils/viz/mask.py`, `expand_mask`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hooks.core.geometry import Size
from scripts.auto_labeling.answers.answer_json import (
    flat,
    list_of,
    name_of,
    numbers,
    parse_object,
    scores,
)
from scripts.auto_labeling.answers.known_classes import KnownClasses
from scripts.auto_labeling.answers.model_answer import FoundObject, ModelAnswer, ObjectsAnswer
from scripts.auto_labeling.answers.object_masks import is_box_mask, read_object_mask, rows_size
from scripts.auto_labeling.answers.photo_frame import PhotoFrame

Edges = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class JumpStartInstances:
    """See the module's description. `classes` are needed only where answers name none."""

    classes: KnownClasses

    def read(self, body: bytes, frame: PhotoFrame) -> ModelAnswer:
        document = parse_object(body)
        classes = self.classes.of_answer(document.get("labels"), "labels")
        masks = list_of(document.get("masks"), "masks")
        count = len(masks)
        size = _picture_size(document, masks, frame)
        boxes = _fractions(document, count, size)
        ids_field = "ids" if "ids" in document else "classes"
        ids = numbers(flat(document.get(ids_field)), ids_field, (count,))
        sure = scores(flat(document.get("scores")), "scores", ids >= 0)
        found = []
        for place in range(count):
            if ids[place] < 0:
                continue  # a row that fills up the network's fixed number
            left, top, right, bottom = boxes[place].tolist()
            name = name_of(float(ids[place]), classes, f"{ids_field}[{place}]")
            edges = (left, top, right, bottom)
            mask = read_object_mask(masks[place], edges, frame, f"masks[{place}]", size)
            if mask.box.is_empty:
                continue
            kept: Edges = frame.box(*edges) or mask.box.edges
            found.append(FoundObject(name, float(sure[place]), *kept, mask=mask))
        return ObjectsAnswer(tuple(found), classes if "labels" in document else ())


def _fractions(document: Mapping[str, Any], count: int, size: Size) -> npt.NDArray[np.float64]:
    if "normalized_boxes" in document:
        return numbers(document["normalized_boxes"], "normalized_boxes", (count, 4))
    boxes = numbers(document.get("bboxes"), "bboxes", (count, 4))
    return np.asarray(boxes / np.array([size.width, size.height] * 2))


def _picture_size(document: Mapping[str, Any], masks: Sequence[Any], frame: PhotoFrame) -> Size:
    """Of what the answer's coordinates are pixels of: its picture, or else its whole masks."""
    picture = rows_size(document.get("image_with_masks"))
    mask = rows_size(masks[0]) if masks else None
    if picture is None and mask is not None and not is_box_mask(mask, frame):
        picture = mask
    return picture or frame.seen
