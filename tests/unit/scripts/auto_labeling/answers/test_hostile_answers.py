"""Whatever an answer holds, it is read or refused: nothing else happens."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hooks.core.geometry import Size
from hooks.core.photo import PhotoHeader
from scripts.auto_labeling.answers.format_name import FormatName
from scripts.auto_labeling.answers.formats import answer_format
from scripts.auto_labeling.answers.model_answer import ClassesDifferError, UnreadableAnswerError
from scripts.auto_labeling.answers.own_answer import encode_objects
from scripts.auto_labeling.answers.photo_frame import PhotoFrame

ANSWERS = Path(__file__).parents[4] / "answers"
FRAME = PhotoFrame(PhotoHeader(Size(8, 6), 6, "JPEG"), file_grid=True)
CLASSES = ("BACKGROUND", "person", "bicycle")
GOOD: list[tuple[FormatName, Any]] = [
    (FormatName.JUMPSTART_INSTANCES, "jumpstart_instances"),
    (FormatName.JUMPSTART_BOXES, "jumpstart_boxes"),
    (FormatName.JUMPSTART_SEMANTIC, "jumpstart_semantic"),
    (FormatName.SAGEMAKER_BOXES, "sagemaker_boxes"),
    (FormatName.TENSORFLOW, "tensorflow_objects"),
    (FormatName.HUGGINGFACE, "huggingface_masks"),
    (FormatName.HUGGINGFACE, "huggingface_boxes"),
]
JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**400), 10**400),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.just([[]]),
    st.just([[1e308, -1e308, 1e308, 1e308]]),
    st.lists(st.integers(-5, 300), max_size=4),
)


def spoiled(value: Any, data: st.DataObject, depth: int = 0) -> Any:
    """The value with one part, at any depth, in place of which stands something else."""
    if depth < 5 and isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: spoiled(value[key], data, depth + 1)}
    if depth < 5 and isinstance(value, list) and value and data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(value) - 1))
        return [*value[:place], spoiled(value[place], data, depth + 1), *value[place + 1 :]]
    return data.draw(JUNK)


def read(name: FormatName, body: bytes) -> None:
    with contextlib.suppress(UnreadableAnswerError, ClassesDifferError):
        answer_format(name, CLASSES).read(body, FRAME)


@pytest.mark.parametrize(("name", "file"), GOOD)
@settings(max_examples=60)
@given(st.data())
def test_a_spoiled_answer_is_read_or_refused(
    name: FormatName, file: str, data: st.DataObject
) -> None:
    document = json.loads((ANSWERS / f"{file}.json").read_bytes())
    read(name, json.dumps(spoiled(document, data)).encode())


@settings(max_examples=60)
@given(st.data())
def test_a_spoiled_own_answer_is_read_or_refused(data: st.DataObject) -> None:
    document = json.loads(encode_objects([], ["cat"], 6, 8))
    document["objects"] = [
        {"label": "cat", "score": 0.9, "box": [0, 0, 2, 2], "mask": {"box": [0, 0, 2, 1]}}
    ]
    read(FormatName.FEWCLICK, json.dumps(spoiled(document, data)).encode())


@pytest.mark.parametrize("name", list(FormatName))
@given(body=st.binary(max_size=60))
def test_any_bytes_are_refused(name: FormatName, body: bytes) -> None:
    read(name, body)
