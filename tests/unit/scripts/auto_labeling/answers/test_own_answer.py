"""This tool's own answer format: what is written is what is read, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.geometry import Size
from hooks.core.masks import PlacedMask
from hooks.core.photo import PhotoHeader
from scripts.auto_labeling.answers.model_answer import (
    FoundObject,
    LabelMapAnswer,
    ObjectsAnswer,
    UnreadableAnswerError,
)
from scripts.auto_labeling.answers.own_answer import (
    OwnAnswerFormat,
    encode_label_map,
    encode_objects,
)
from scripts.auto_labeling.answers.photo_frame import PhotoFrame
from tests.grid import grid, label_grid

CLASSES = ("BACKGROUND", "cat", "dog")
LABEL_MAP = label_grid(".11x/.122/....")
FRAME = PhotoFrame(PhotoHeader(Size(4, 3), 1, "JPEG"))


def read(body: bytes, frame: PhotoFrame = FRAME) -> LabelMapAnswer | ObjectsAnswer:
    return OwnAnswerFormat().read(body, frame)


def test_a_label_map_survives() -> None:
    found = read(encode_label_map(LABEL_MAP, CLASSES, 0.91, {"cat": 0.93, "dog": 0.87}))
    assert isinstance(found, LabelMapAnswer)
    assert np.array_equal(found.label_map, LABEL_MAP)
    assert found.classes == CLASSES
    assert (found.overall, found.confidence) == (0.91, {1: 0.93, 2: 0.87})


def test_objects_survive_with_and_without_masks() -> None:
    mask = PlacedMask.cut(grid("..##/..#./...."))
    cat, dog = (
        FoundObject("cat", 0.97, 1.5, 0, 4, 2.25, mask),
        FoundObject("dog", 0.5, 0, 0, 2, 2),
    )
    found = read(encode_objects([cat, dog], CLASSES[1:], 4, 3))
    assert isinstance(found, ObjectsAnswer)
    assert found.classes == ("cat", "dog")
    assert found.objects[1] == dog
    read_mask = found.objects[0].mask
    assert read_mask is not None
    assert read_mask.box == mask.box
    assert np.array_equal(read_mask.mask, mask.mask)
    assert found.objects[0].right == 4


def test_a_model_may_find_nothing() -> None:
    assert read(encode_objects([], ["cat"], 4, 3)) == ObjectsAnswer((), ("cat",))


@given(st.lists(st.integers(0, 2), min_size=12, max_size=12), st.floats(0, 1))
def test_any_label_map_survives(values: list[int], confidence: float) -> None:
    label_map = np.array(values, np.uint8).reshape(3, 4)
    found = read(encode_label_map(label_map, CLASSES, confidence, {}))
    assert isinstance(found, LabelMapAnswer)
    assert np.array_equal(found.label_map, label_map)
    assert found.overall == round(confidence, 4)


GOOD: dict[str, Any] = json.loads(encode_label_map(LABEL_MAP, CLASSES, 0.91, {"cat": 0.93}))
OBJECTS: dict[str, Any] = json.loads(
    encode_objects([FoundObject("cat", 0.9, 0, 0, 2, 2)], ["cat"], 4, 3)
)
CAT: dict[str, Any] = OBJECTS["objects"][0]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "of another format"),
        ([], "of another format"),
        (GOOD | {"fewclick_answer": 2}, "of another format"),
        (GOOD | {"image_size": [5, 3]}, "5 x 3 pixels"),
        (GOOD | {"image_size": [4, 3, 3]}, "image_size"),
        (GOOD | {"classes": []}, "classes"),
        (GOOD | {"classes": ["BACKGROUND", "cat"]}, "the class 2"),
        (GOOD | {"label_map": "?"}, "not base64"),
        (GOOD | {"label_map": "AAAA"}, "cannot be read"),
        (GOOD | {"confidence": 1.5}, "confidence: must be a number from 0 to 1"),
        (GOOD | {"class_confidence": {"horse": 0.5}}, "class_confidence"),
        (OBJECTS | {"objects": 5}, "objects: must be a list"),
        (OBJECTS | {"objects": ["cat"]}, r"objects\[0\]: must be an object"),
        (OBJECTS | {"objects": [CAT | {"score": None}]}, r"objects\[0\].score"),
        (OBJECTS | {"objects": [CAT | {"box": [0, 0, 2]}]}, r"objects\[0\].box: has 3 numbers"),
        (OBJECTS | {"objects": [CAT | {"mask": {}}]}, r"objects\[0\].mask"),
        (
            OBJECTS | {"objects": [CAT | {"mask": {"box": [3, 0, 2, 1], "counts": "02"}}]},
            "does not lie in the photo",
        ),
        (
            OBJECTS | {"objects": [CAT | {"mask": {"box": [0, 0, 2, 1], "counts": "09"}}]},
            "do not fill",
        ),
    ],
)
def test_anything_else_is_refused_with_its_field(document: object, said: str) -> None:
    with pytest.raises(UnreadableAnswerError, match=said):
        read(json.dumps(document).encode())


@pytest.mark.parametrize("body", [b"", b"\x80\x04", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError, match="not JSON"):
        read(body)
