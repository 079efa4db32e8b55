"""The worker's boxes: what is built is read back, and what others send is read or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.answer_block import Outcome
from hooks.core.box_answer import BoxAnswer, DrawnBox, build_box_answer
from hooks.core.categories import LabelCategories
from hooks.core.clicks import ExtremePoints
from hooks.core.errors import AnswerError
from hooks.core.geometry import Point, Size
from hooks.core.labeled_box import LabeledBox

LABELS = LabelCategories.from_names(["cat", "dog"])
SIZE = Size(60, 40)
POINTS = ExtremePoints(Point(5, 1), Point(2, 5), Point(6, 9), Point(8, 4))
CROWD = {"label": "dog", "left": 3, "top": 4, "width": 10, "height": 5}


def parse(fields: dict[str, Any]) -> BoxAnswer:
    return BoxAnswer.from_fields(fields, SIZE, LABELS)


@st.composite
def drawn_boxes(draw: st.DrawFn) -> DrawnBox:
    """A box in quarters of a pixel, which floats hold exactly."""
    left, top = draw(st.integers(0, 4 * SIZE.width - 4)), draw(st.integers(0, 4 * SIZE.height - 4))
    width = draw(st.integers(1, 4 * SIZE.width - left))
    height = draw(st.integers(1, 4 * SIZE.height - top))
    box = LabeledBox(draw(st.integers(1, 2)), left / 4, top / 4, width / 4, height / 4)
    points = draw(st.sampled_from([None, POINTS]))
    return DrawnBox(box, points, draw(st.sampled_from(["given", "extreme-points"])), 1.5)


@given(st.lists(drawn_boxes(), max_size=6), st.sampled_from([None, True, False]))
def test_any_boxes_survive_the_answer(drawn: list[DrawnBox], modified: bool | None) -> None:
    text = build_box_answer(SIZE, LABELS, drawn, seconds=9.5, modified=modified)
    answer = parse(json.loads(text))
    assert answer.boxes == tuple(item.box for item in drawn)
    assert answer.outcome is (Outcome.LABELED if drawn else Outcome.NOTHING_HERE)
    assert answer.modified is modified
    assert answer.seconds == 9.5
    assert answer.clicks == 4 * sum(item.extreme_points is not None for item in drawn)
    assert [found.label for found in answer.objects] == [
        LABELS.name(item.box.label) for item in drawn
    ]


def test_what_crowd_bounding_box_answers_is_read() -> None:
    answer = parse({"boundingBoxes": [CROWD], "inputImageProperties": {"width": 60, "height": 40}})
    assert answer.boxes == (LabeledBox(2, 3, 4, 10, 5),)
    assert answer.outcome is Outcome.LABELED
    assert answer.modified is None


def test_a_box_that_a_page_rounded_over_the_edge_ends_at_it() -> None:
    (box,) = parse({"boundingBoxes": [CROWD | {"left": -0.5, "width": 61}]}).boxes
    assert (box.left, box.right) == (0, 60)


def test_boxes_of_a_photo_that_cannot_be_labeled_do_not_count() -> None:
    block = {"outcome": "cannot-label", "reason": "too dark"}
    answer = parse({"boundingBoxes": [CROWD], "fewclick": block})
    assert (answer.boxes, answer.reason) == ((), "too dark")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, '"boundingBoxes" is missing'),
        ({"boundingBoxes": {}}, '"boundingBoxes" is missing'),
        ({"boundingBoxes": [5]}, r"boundingBoxes\[0\] is not an object"),
        (
            {"boundingBoxes": [CROWD, CROWD | {"label": "cow"}]},
            r"\[1\]: the job has no label 'cow'",
        ),
        ({"boundingBoxes": [CROWD | {"left": "3"}]}, r"\[0\].left is not a number"),
        ({"boundingBoxes": [CROWD | {"top": float("nan")}]}, r"\[0\].top is not a number"),
        ({"boundingBoxes": [CROWD | {"width": 10**400}]}, r"\[0\].width is not a number"),
        ({"boundingBoxes": [CROWD | {"height": True}]}, r"\[0\].height is not a number"),
        ({"boundingBoxes": [CROWD | {"left": 55}]}, r"\[0\] sticks out"),
        ({"boundingBoxes": [CROWD | {"width": 0}]}, "has no area"),
        ({"boundingBoxes": [CROWD] * 1001}, "1001 boxes"),
        (
            {"boundingBoxes": [], "inputImageProperties": {"width": 40, "height": 60}},
            "a photo of 40 x 60 pixels, not of 60 x 40",
        ),
        ({"boundingBoxes": [], "fewclick": {"objects": {}}}, '"objects" is not a list'),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_cannot_be_used_is_refused_with_a_reason(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(AnswerError, match=problem):
        parse(fields)
