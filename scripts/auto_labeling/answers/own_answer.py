"""This tool's own answer: what a model behind an endpoint of yours may best say.

    {"fewclick_answer": 1, "image_size": [width, height],
     "classes": ["BACKGROUND", "cat", "dog"],
     "label_map": "<base64 of an 8-bit greyscale PNG: the class of each pixel, 255 void>",
     "confidence": 0.91, "class_confidence": {"cat": 0.93}}

or, object by object, each with a box and, if the model makes masks, run lengths:

    {"fewclick_answer": 1, "image_size": [width, height], "classes": ["cat", "dog"],
     "objects": [{"label": "cat", "score": 0.97, "box": [left, top, width, height],
                  "mask": {"box": [left, top, width, height], "counts": "<COCO run lengths>"}}]}

Coordinates are pixels of the upright photo, whose size `image_size` is. Run lengths are those of
`hooks.core.masks.encode_rle`, cut to their own box of whole pixels. Confidences are from 0 to 1;
"confidence" and "class_confidence" best say the IoU with the truth that is to be expected.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from hooks.core.errors import MaskError
from hooks.core.geometry import Size
from hooks.core.masks import CroppedMask, LabelMap, PlacedMask, decode_rle, encode_rle
from scripts.auto_labeling.answers.answer_json import (
    class_names,
    fraction,
    list_of,
    numbers,
    parse_json,
    text,
)
from scripts.auto_labeling.answers.index_image import read_index_image
from scripts.auto_labeling.answers.model_answer import (
    FoundObject,
    LabelMapAnswer,
    ModelAnswer,
    ObjectsAnswer,
    UnreadableAnswerError,
)
from scripts.auto_labeling.answers.photo_frame import PhotoFrame

VERSION = 1
CONTENT_TYPE = "application/json"


def encode_label_map(
    label_map: LabelMap,
    classes: Sequence[str],
    confidence: float,
    class_confidence: Mapping[str, float],
) -> bytes:
    """The answer of a model that gives every pixel a class.

    Args:
        label_map: uint8 (height, width) of the upright photo: places in `classes`, 255 void.
        classes: the background's name first.
        confidence: of the whole label map, 0 to 1.
        class_confidence: of the classes present, by name.
    """
    stream = io.BytesIO()
    Image.fromarray(label_map).save(stream, "PNG", compress_level=1)
    return _encoded(
        label_map.shape[1],
        label_map.shape[0],
        classes,
        {
            "label_map": base64.b64encode(stream.getvalue()).decode("ascii"),
            "confidence": round(confidence, 4),
            "class_confidence": {name: round(value, 4) for name, value in class_confidence.items()},
        },
    )


def encode_objects(
    objects: Sequence[FoundObject], classes: Sequence[str], width: int, height: int
) -> bytes:
    """The answer of a model that finds objects, in a photo of this size."""
    found = [
        {
            "label": item.name,
            "score": round(item.score, 4),
            "box": [
                round(item.left, 2),
                round(item.top, 2),
                round(item.right - item.left, 2),
                round(item.bottom - item.top, 2),
            ],
        }
        | (
            {}
            if item.mask is None
            else {"mask": CroppedMask(item.mask.box, encode_rle(item.mask.mask)).to_json()}
        )
        for item in objects
    ]
    return _encoded(width, height, classes, {"objects": found})


class OwnAnswerFormat:
    """Reads what `encode_label_map` and `encode_objects` write."""

    def read(self, body: bytes, frame: PhotoFrame) -> ModelAnswer:
        document = parse_json(body)
        if not isinstance(document, Mapping) or document.get("fewclick_answer") != VERSION:
            raise UnreadableAnswerError(
                f'the answer has no "fewclick_answer": {VERSION}, so it is of another format.'
            )
        classes = class_names(document.get("classes"), "classes")
        size = numbers(document.get("image_size"), "image_size", (2,)).tolist()
        if size != list(frame.size):
            raise UnreadableAnswerError(
                f"the answer is of a photo of {size[0]:g} x {size[1]:g} pixels, and this one is "
                f"{frame.size.width} x {frame.size.height}."
            )
        if "label_map" in document:
            return _label_map(document, classes, frame)
        objects = list_of(document.get("objects"), "objects")
        found = [_object(item, f"objects[{place}]", frame) for place, item in enumerate(objects)]
        return ObjectsAnswer(tuple(item for item in found if item is not None), classes)


def _encoded(width: int, height: int, classes: Sequence[str], rest: dict[str, Any]) -> bytes:
    document = {
        "fewclick_answer": VERSION,
        "image_size": [width, height],
        "classes": list(classes),
        **rest,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _label_map(
    document: Mapping[str, Any], classes: tuple[str, ...], frame: PhotoFrame
) -> LabelMapAnswer:
    try:
        png = base64.b64decode(text(document["label_map"], "label_map"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableAnswerError(f"label_map: not base64 ({error}).") from error
    label_map = read_index_image(png, frame, len(classes))
    said = document.get("class_confidence", {})
    if not isinstance(said, Mapping) or not set(said) <= set(classes):
        raise UnreadableAnswerError("class_confidence: must be an object of the answer's classes.")
    confidence = {
        classes.index(name): fraction(value, f"class_confidence.{name}")
        for name, value in said.items()
    }
    overall = document.get("confidence")
    return LabelMapAnswer(
        label_map,
        classes,
        confidence,
        None if overall is None else fraction(overall, "confidence"),
    )


def _object(item: object, field: str, frame: PhotoFrame) -> FoundObject | None:
    if not isinstance(item, Mapping):
        raise UnreadableAnswerError(f"{field}: must be an object.")
    left, top, width, height = numbers(item.get("box"), f"{field}.box", (4,)).tolist()
    across, down = frame.size
    edges = PhotoFrame(frame.photo).box(
        left / across, top / down, (left + width) / across, (top + height) / down
    )
    score = fraction(item.get("score"), f"{field}.score")
    name = text(item.get("label"), f"{field}.label")
    if "mask" not in item:
        return None if edges is None else FoundObject(name, score, *edges)
    try:
        cropped = CroppedMask.from_json(item["mask"])
        if not cropped.box.lies_in(frame.size):
            raise MaskError("its box does not lie in the photo.")
        inside = decode_rle(cropped.counts, Size(cropped.box.width, cropped.box.height))
        mask = PlacedMask.cut(inside, cropped.box.left, cropped.box.top)
    except MaskError as error:
        raise UnreadableAnswerError(f"{field}.mask: {error}") from error
    if mask.box.is_empty:
        return None
    left, top, right, bottom = edges or mask.box.edges
    return FoundObject(name, score, left, top, right, bottom, mask)
