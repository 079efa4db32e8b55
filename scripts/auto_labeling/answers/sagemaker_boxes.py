"""SageMaker's built-in object detection algorithm.

    {"prediction": [[class, score, left, top, right, bottom], ...]}

Edges are fractions of the photo's width and height. Classes are numbers without names.

Source: developer guide, "Object Detection Request and Response Formats".
"""

from __future__ import annotations

from dataclasses import dataclass

from scripts.auto_labeling.answers.answer_json import name_of, numbers, parse_object, scores
from scripts.auto_labeling.answers.known_classes import KnownClasses
from scripts.auto_labeling.answers.model_answer import FoundObject, ModelAnswer, ObjectsAnswer
from scripts.auto_labeling.answers.photo_frame import PhotoFrame


@dataclass(frozen=True, slots=True)
class SageMakerBoxes:
    """See the module's description."""

    classes: KnownClasses

    def read(self, body: bytes, frame: PhotoFrame) -> ModelAnswer:
        classes = self.classes.of_answer(None, "")
        rows = numbers(parse_object(body).get("prediction"), "prediction", (-1, 6))
        sure = scores(rows[:, 1].tolist(), "prediction, second column", rows[:, 0] >= 0)
        found = []
        for place, (index, _, left, top, right, bottom) in enumerate(rows.tolist()):
            if index < 0:
                continue  # a row that fills up the network's fixed number
            name = name_of(index, classes, f"prediction[{place}]")
            edges = frame.box(left, top, right, bottom)
            if edges is not None:
                found.append(FoundObject(name, float(sure[place]), *edges))
        return ObjectsAnswer(tuple(found))
