"""JumpStart's object detection models, asked for `application/json;verbose`.

    {"normalized_boxes": [n, 4], "classes": [n], "scores": [n], "labels": ["person", ...]}

Boxes are left, top, right, bottom in fractions of the photo's width and height; classes are places
in `labels`, which plain `application/json` leaves out.

Source: aws/amazon-sagemaker-examples, "Introduction to JumpStart - Object Detection", section 2.4
(the notebook calls the second and the fourth number "bot" and "top", and draws them downwards).
"""

from __future__ import annotations

from dataclasses import dataclass

from scripts.auto_labeling.answers.answer_json import flat, name_of, numbers, parse_object, scores
from scripts.auto_labeling.answers.known_classes import KnownClasses
from scripts.auto_labeling.answers.model_answer import FoundObject, ModelAnswer, ObjectsAnswer
from scripts.auto_labeling.answers.photo_frame import PhotoFrame


@dataclass(frozen=True, slots=True)
class JumpStartBoxes:
    """See the module's description. `classes` are needed only where answers name none."""

    classes: KnownClasses

    def read(self, body: bytes, frame: PhotoFrame) -> ModelAnswer:
        document = parse_object(body)
        classes = self.classes.of_answer(document.get("labels"), "labels")
        boxes = numbers(document.get("normalized_boxes"), "normalized_boxes", (-1, 4))
        ids = numbers(flat(document.get("classes")), "classes", (len(boxes),))
        sure = scores(flat(document.get("scores")), "scores", ids >= 0)
        found = []
        for place, (left, top, right, bottom) in enumerate(boxes.tolist()):
            if ids[place] < 0:
                continue  # a row that fills up the network's fixed number
            name = name_of(float(ids[place]), classes, f"classes[{place}]")
            edges = frame.box(left, top, right, bottom)
            if edges is not None:
                found.append(FoundObject(name, float(sure[place]), *edges))
        return ObjectsAnswer(tuple(found), classes if "labels" in document else ())
