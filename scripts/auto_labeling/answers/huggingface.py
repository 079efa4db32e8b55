"""Hugging Face's pipelines `object-detection` and `image-segmentation`.

    [{"label": "cat", "score": 0.97, "box": {"xmin": 1, "ymin": 2, "xmax": 30, "ymax": 40}}]
    [{"label": "cat", "score": 0.97, "mask": "<base64 of a PNG, 0 or 255, of the photo's size>"}]

Semantic models give no score (null): such an answer is a class a pixel, and does not say how sure
the model is.

Source: huggingface.co, "Inference Providers", tasks "Object detection" and "Image segmentation"
(schemas `object-detection/output.json`, `image-segmentation/output.json` of @huggingface/tasks);
huggingface/transformers, `src/transformers/pipelines/image_segmentation.py`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np

from hooks.core.errors import MaskError
from hooks.core.masks import VOID, PlacedMask
from scripts.auto_labeling.answers.answer_json import fraction, list_of, numbers, parse_json, text
from scripts.auto_labeling.answers.index_image import decode_index_image
from scripts.auto_labeling.answers.model_answer import (
    FoundObject,
    LabelMapAnswer,
    ModelAnswer,
    ObjectsAnswer,
    UnreadableAnswerError,
)
from scripts.auto_labeling.answers.photo_frame import PhotoFrame

BACKGROUND = "background"
SHOWN = 127
"""A mask's values above it are the object's."""
EDGES = ("xmin", "ymin", "xmax", "ymax")


class HuggingFaceObjects:
    """See the module's description. Answers name their classes themselves."""

    def read(self, body: bytes, frame: PhotoFrame) -> ModelAnswer:
        segments = list_of(parse_json(body), "the answer")
        for place, segment in enumerate(segments):
            if not isinstance(segment, Mapping):
                raise UnreadableAnswerError(f"[{place}]: must be an object.")
        if segments and all(segment.get("score") is None for segment in segments):
            return _label_map(segments, frame)
        found = [_object(item, f"[{place}]", frame) for place, item in enumerate(segments)]
        return ObjectsAnswer(tuple(item for item in found if item is not None))


def _object(segment: Mapping[str, Any], field: str, frame: PhotoFrame) -> FoundObject | None:
    name = text(segment.get("label"), f"{field}.label")
    score = fraction(segment.get("score"), f"{field}.score")
    if "mask" in segment:
        mask = _mask(segment, field, frame)
        return None if mask.box.is_empty else FoundObject(name, score, *mask.box.edges, mask=mask)
    box = segment.get("box")
    if not isinstance(box, Mapping):
        raise UnreadableAnswerError(f"{field}: has neither a mask nor a box.")
    values = numbers([box.get(edge) for edge in EDGES], f"{field}.box", (4,))
    across, down = frame.seen
    left, top, right, bottom = (values / np.array([across, down, across, down])).tolist()
    edges = frame.box(left, top, right, bottom)
    return None if edges is None else FoundObject(name, score, *edges)


def _label_map(segments: Any, frame: PhotoFrame) -> LabelMapAnswer:
    """Segments without scores do not overlap; what none covers is background."""
    if len(segments) >= VOID:
        raise UnreadableAnswerError(f"{len(segments)} segments; at most {VOID - 1}.")
    label_map = np.zeros(frame.size.shape, np.uint8)
    names = [BACKGROUND]
    for place, segment in enumerate(segments):
        name = text(segment.get("label"), f"[{place}].label")
        if name not in names:
            names.append(name)
        mask = _mask(segment, f"[{place}]", frame)
        label_map[mask.box.slices()][mask.mask] = names.index(name)
    return LabelMapAnswer(label_map, tuple(names))


def _mask(segment: Mapping[str, Any], field: str, frame: PhotoFrame) -> PlacedMask:
    try:
        png = base64.b64decode(text(segment.get("mask"), f"{field}.mask"), validate=True)
        return PlacedMask.cut(frame.mask(decode_index_image(png) > SHOWN))
    except (binascii.Error, ValueError) as error:
        raise UnreadableAnswerError(f"{field}.mask: not base64 ({error}).") from error
    except MaskError as error:
        raise UnreadableAnswerError(f"{field}.mask: is of another photo: {error}") from error
