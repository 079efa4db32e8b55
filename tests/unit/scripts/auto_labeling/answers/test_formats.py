"""Answers of other people's models, in the shapes that their documents give."""

from __future__ import annotations

import io
import json
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hooks.core.geometry import Size
from hooks.core.masks import LabelMap
from hooks.core.photo import PhotoHeader
from scripts.auto_labeling.answers.format_name import FormatName
from scripts.auto_labeling.answers.formats import answer_format
from scripts.auto_labeling.answers.model_answer import (
    ClassesDifferError,
    FoundObject,
    LabelMapAnswer,
    ModelAnswer,
    ObjectsAnswer,
    UnreadableAnswerError,
)
from scripts.auto_labeling.answers.photo_frame import PhotoFrame
from scripts.auto_labeling.answers.sagemaker_semantic import expected_ious
from tests.grid import grid, label_grid

ANSWERS = Path(__file__).parents[4] / "answers"
FRAME = PhotoFrame(PhotoHeader(Size(8, 6), 1, "JPEG"))
COCO = ("person", "bicycle", "car")
PERSON = grid("......../.##...../.##...../.##...../.##...../........")
BICYCLE = grid("......../......../......../..####../..####../..####..")


def document(name: str) -> Any:
    return json.loads((ANSWERS / f"{name}.json").read_bytes())


def read(
    name: FormatName, answer: object, classes: tuple[str, ...] = (), frame: PhotoFrame = FRAME
) -> ModelAnswer:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return answer_format(name, classes).read(body, frame)


def objects(name: FormatName, answer: object, *classes: str) -> tuple[FoundObject, ...]:
    found = read(name, answer, classes)
    assert isinstance(found, ObjectsAnswer)
    return found.objects


def label_map(name: FormatName, answer: object, *classes: str) -> LabelMapAnswer:
    found = read(name, answer, classes)
    assert isinstance(found, LabelMapAnswer)
    return found


def pixels(found: FoundObject, size: Size = FRAME.size) -> Any:
    assert found.mask is not None
    return found.mask.to_mask(size)


def edges(found: FoundObject) -> tuple[float, ...]:
    return (found.left, found.top, found.right, found.bottom)


def test_every_fixture_names_where_its_shape_is_documented() -> None:
    named = set(re.findall(r"^\| `(\w+\.json)`", (ANSWERS / "SOURCES.md").read_text(), re.M))
    assert named == {path.name for path in ANSWERS.glob("*.json")}


# JumpStart, instance segmentation


def test_jumpstart_instances() -> None:
    person, bicycle = objects(FormatName.JUMPSTART_INSTANCES, document("jumpstart_instances"))
    assert (person.name, person.score) == ("person", 0.9987)
    assert edges(person) == pytest.approx((0.8, 0.9, 3.1, 5.0))
    assert (bicycle.name, bicycle.score) == ("bicycle", 0.6411)
    assert np.array_equal(pixels(person), PERSON)
    assert np.array_equal(pixels(bicycle), BICYCLE)


def test_jumpstart_instances_know_their_classes() -> None:
    found = read(FormatName.JUMPSTART_INSTANCES, document("jumpstart_instances"))
    assert isinstance(found, ObjectsAnswer)
    assert found.classes == COCO


def test_jumpstart_rows_that_fill_up_are_no_objects() -> None:
    answer = document("jumpstart_instances") | {"ids": [[0], [-1]], "scores": [[0.9987], [-1]]}
    (person,) = objects(FormatName.JUMPSTART_INSTANCES, answer)
    assert person.name == "person"


def test_a_mask_of_the_box_is_stretched_over_it() -> None:
    answer = document("jumpstart_instances")
    probabilities = np.full((28, 28), 0.9)
    probabilities[:14] = 0.1
    answer["masks"] = [probabilities.tolist(), probabilities.tolist()]
    answer["bboxes"][1] = [2, 2, 6, 6]
    _, bicycle = objects(FormatName.JUMPSTART_INSTANCES, answer)
    assert np.array_equal(
        pixels(bicycle), grid("......../......../......../......../..####../..####..")
    )


def test_a_mask_of_a_box_that_sticks_out_is_cut_to_the_photo() -> None:
    answer = document("jumpstart_instances")
    answer["masks"] = [np.ones((28, 28)).tolist()] * 2
    answer["bboxes"] = [[-2, -2, 2, 2], [6, 4, 20, 20]]
    first, second = objects(FormatName.JUMPSTART_INSTANCES, answer)
    assert np.array_equal(np.argwhere(pixels(first)), [[0, 0], [0, 1], [1, 0], [1, 1]])
    assert edges(second) == (6, 4, 8, 6)


def test_an_answer_of_half_the_photos_size_fits_the_photo() -> None:
    answer = document("jumpstart_instances")
    frame = PhotoFrame(PhotoHeader(Size(16, 12), 1, "JPEG"))
    found = read(FormatName.JUMPSTART_INSTANCES, answer, frame=frame)
    assert isinstance(found, ObjectsAnswer)
    person = found.objects[0]
    assert edges(person) == pytest.approx((1.6, 1.8, 6.2, 10))
    assert pixels(person, Size(16, 12)).sum() == 4 * PERSON.sum()


def test_jumpstart_instances_with_normalized_boxes() -> None:
    answer = document("jumpstart_boxes") | {"masks": document("jumpstart_instances")["masks"]}
    person, _ = objects(FormatName.JUMPSTART_INSTANCES, answer)
    assert edges(person) == pytest.approx((0.8, 0.9, 3.2, 5.1))
    assert np.array_equal(pixels(person), PERSON)


# JumpStart, object detection


def test_jumpstart_boxes() -> None:
    person, bicycle = objects(FormatName.JUMPSTART_BOXES, document("jumpstart_boxes"))
    assert (person.name, person.score, person.mask) == ("person", 0.9987, None)
    assert edges(person) == pytest.approx((0.8, 0.9, 3.2, 5.1))
    assert edges(bicycle) == pytest.approx((2, 3, 6, 6))


def test_boxes_without_names_need_them() -> None:
    answer = document("jumpstart_boxes")
    del answer["labels"]
    person, _ = objects(FormatName.JUMPSTART_BOXES, answer, *COCO)
    assert person.name == "person"
    with pytest.raises(ClassesDifferError, match="say their names"):
        read(FormatName.JUMPSTART_BOXES, answer)


def test_names_that_an_answer_says_itself_go_first() -> None:
    found = read(FormatName.JUMPSTART_BOXES, document("jumpstart_boxes"), ("cat", "dog"))
    assert isinstance(found, ObjectsAnswer)
    assert found.classes == COCO


# JumpStart, semantic segmentation


def test_jumpstart_semantic() -> None:
    found = label_map(FormatName.JUMPSTART_SEMANTIC, document("jumpstart_semantic"))
    assert np.array_equal(
        found.label_map, label_grid("x......./.22...../.22...../.22...../.22...../........")
    )
    assert found.classes == ("background", "aeroplane", "person")
    assert found.overall is None
    assert not found.confidence


# SageMaker's built-in algorithm


def png_of(values: LabelMap) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "PNG")
    return stream.getvalue()


CLASSES = ("BACKGROUND", "cat")


def test_built_in_semantic_png() -> None:
    found = label_map(FormatName.SAGEMAKER_SEMANTIC, png_of(PERSON.astype(np.uint8)), *CLASSES)
    assert np.array_equal(found.label_map, PERSON)
    assert found.classes == CLASSES
    assert found.overall is None


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def message(field: int, body: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(body)) + body


def record_of(shares: Any) -> bytes:
    """RecordIO round an `aialgs.data.Record`, as the endpoint writes it."""
    target = message(2, message(1, np.asarray(shares, "<f4").tobytes()))
    sides = b"".join(varint(side) for side in (1, *np.shape(shares)))
    shape = message(7, message(1, sides))
    record = b"".join(
        message(1, message(1, name) + message(2, value))
        for name, value in ((b"target", target), (b"shape", shape))
    )
    head = struct.pack("<II", 0xCED7230A, len(record))
    return head + record + b"\0" * (-len(record) % 4)


def test_built_in_semantic_probabilities() -> None:
    cat = np.where(PERSON, 0.9, 0.1)
    found = label_map(FormatName.SAGEMAKER_SEMANTIC, record_of([1 - cat, cat]), *CLASSES)
    assert np.array_equal(found.label_map, PERSON)
    inside, outside = int(PERSON.sum()), int((~PERSON).sum())
    assert found.confidence[1] == pytest.approx(0.9 * inside / (inside + 0.1 * outside))


def test_expected_iou_of_a_sure_model_is_one() -> None:
    sure = np.stack([~PERSON, PERSON]).astype(np.float32)
    assert expected_ious(sure, PERSON.astype(np.uint8)) == {0: 1.0, 1: 1.0}


def test_built_in_boxes() -> None:
    person, bicycle = objects(FormatName.SAGEMAKER_BOXES, document("sagemaker_boxes"), *COCO)
    assert (person.name, person.score, person.mask) == ("person", 0.9987, None)
    assert edges(person) == pytest.approx((0.8, 0.9, 3.2, 5.1))
    assert (bicycle.name, edges(bicycle)) == ("bicycle", (2, 3, 6, 6))


# TensorFlow


def test_tensorflow_with_masks() -> None:
    bicycle, person = objects(
        FormatName.TENSORFLOW, document("tensorflow_objects"), "BACKGROUND", "person", "bicycle"
    )
    assert (bicycle.name, bicycle.score, edges(bicycle)) == ("bicycle", 0.9231, (2, 3, 6, 6))
    assert np.array_equal(
        pixels(bicycle), grid("......../......../......../...###../...###../...###..")
    )
    assert person.name == "person"


def test_tensorflow_boxes_of_a_batch_of_one() -> None:
    inner = document("tensorflow_objects")["predictions"][0]
    del inner["detection_masks"]
    batch = {name: [value] for name, value in inner.items()}
    found = objects(FormatName.TENSORFLOW, batch, "BACKGROUND", "person", "bicycle")
    assert [(item.name, item.mask) for item in found] == [("bicycle", None), ("person", None)]


def test_tensorflow_answers_of_two_photos_are_refused() -> None:
    answer = document("tensorflow_objects")
    answer["predictions"] *= 2
    with pytest.raises(UnreadableAnswerError, match="one photo"):
        read(FormatName.TENSORFLOW, answer, COCO)


# Hugging Face


def test_huggingface_boxes() -> None:
    cat, remote = objects(FormatName.HUGGINGFACE, document("huggingface_boxes"))
    assert (cat.name, cat.score, edges(cat)) == ("cat", 0.9991, (1, 1, 3, 5))
    assert edges(remote) == (2, 3, 6, 6)


def test_huggingface_masks() -> None:
    cat, remote = objects(FormatName.HUGGINGFACE, document("huggingface_masks"))
    assert np.array_equal(pixels(cat), PERSON)
    assert np.array_equal(pixels(remote), BICYCLE)


def test_huggingface_semantic() -> None:
    found = label_map(FormatName.HUGGINGFACE, document("huggingface_semantic"))
    assert found.classes == ("background", "wall", "person")
    assert np.array_equal(found.label_map, np.where(PERSON, 2, 1))
    assert found.overall is None


# Whatever is wrong


def change(name: str, **fields: object) -> Callable[[], object]:
    return lambda: document(name) | fields


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        (FormatName.JUMPSTART_INSTANCES, lambda: [], "must be a JSON object"),
        (FormatName.JUMPSTART_INSTANCES, lambda: b"\x80\x04\x95", "not JSON"),
        (FormatName.JUMPSTART_INSTANCES, lambda: {"labels": ["cat"]}, "masks: must be a list"),
        (
            FormatName.JUMPSTART_INSTANCES,
            change("jumpstart_instances", ids=[0, 7]),
            r"ids\[1\]: the class 7 has no name; 3 classes are known",
        ),
        (
            FormatName.JUMPSTART_INSTANCES,
            change("jumpstart_instances", scores=[0.5]),
            "scores: has 1 numbers where 2 belong",
        ),
        (
            FormatName.JUMPSTART_INSTANCES,
            change("jumpstart_instances", scores=[0.5, 1.5]),
            "scores: must be numbers from 0 to 1",
        ),
        (
            FormatName.JUMPSTART_INSTANCES,
            change("jumpstart_instances", masks=[[[0, 1], [0]], [[0]]]),
            r"masks\[0\]: must be a list of numbers 2 deep",
        ),
        (
            FormatName.JUMPSTART_INSTANCES,
            change("jumpstart_instances", masks=[[[0] * 80] * 6] * 2),
            r"masks\[0\]: is of another photo: it is 80 x 6 pixels",
        ),
        (
            FormatName.JUMPSTART_BOXES,
            change("jumpstart_boxes", normalized_boxes="none"),
            "normalized_boxes",
        ),
        (FormatName.JUMPSTART_BOXES, change("jumpstart_boxes", classes=[0, 0.5]), "0.5 has no"),
        (
            FormatName.JUMPSTART_SEMANTIC,
            change("jumpstart_semantic", predictions=[[0, 9]]),
            "has the class 9, and the model's classes are 3",
        ),
        (
            FormatName.JUMPSTART_SEMANTIC,
            change("jumpstart_semantic", predictions=[[0, 0.5]]),
            "class numbers",
        ),
        (
            FormatName.JUMPSTART_SEMANTIC,
            change("jumpstart_semantic", predictions=[[0, -2]]),
            "only -1",
        ),
        (FormatName.JUMPSTART_SEMANTIC, lambda: {"labels": ["a"]}, "predictions"),
        (FormatName.SAGEMAKER_SEMANTIC, lambda: b"nothing", "no record of probabilities"),
        (FormatName.SAGEMAKER_SEMANTIC, lambda: b"\x89PNG\r\n\x1a\n", "cannot be read"),
        (FormatName.SAGEMAKER_BOXES, lambda: {"prediction": [[0, 1, 0, 0, 1]]}, "has 1 x 5"),
        (FormatName.HUGGINGFACE, lambda: {"error": "loading"}, "the answer: must be a list"),
        (FormatName.HUGGINGFACE, lambda: [1], r"\[0\]: must be an object"),
        (FormatName.HUGGINGFACE, lambda: [{"label": "cat", "score": 1}], "neither a mask"),
        (
            FormatName.HUGGINGFACE,
            lambda: [{"label": "cat", "score": 1, "mask": "?"}],
            r"\[0\].mask: not base64",
        ),
        (FormatName.TENSORFLOW, lambda: {"predictions": []}, "one photo"),
        (
            FormatName.TENSORFLOW,
            lambda: document("tensorflow_objects")["predictions"][0] | {"num_detections": 9},
            "num_detections",
        ),
    ],
)
def test_what_cannot_be_parsed_says_why(
    name: FormatName, answer: Callable[[], object], said: str
) -> None:
    classes = () if name.names_classes else COCO
    with pytest.raises(UnreadableAnswerError, match=said):
        read(name, answer(), classes)


def test_each_format_says_what_it_can_become() -> None:
    for name in FormatName:
        assert name.accept
        assert name.has_masks or name.has_boxes
