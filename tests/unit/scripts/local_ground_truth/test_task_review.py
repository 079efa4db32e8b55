"""A worker's own answer, read for being looked at again."""

from __future__ import annotations

import json

from scripts.local_ground_truth.task_review import Box, review_of


def test_a_mask_comes_with_colours_and_counts() -> None:
    answer = {
        "inputImageProperties": {"width": 4, "height": 2},
        "labelMappings": {"cat": {"color": "#e69f00"}},
        "labeledImage": {"pngImageData": "aGVsbG8="},
        "fewclick": {
            "objects": [{"label": "cat"}, {"label": "cat"}],
            "outcome": "cannot-label",
            "reason": "too dark",
        },
    }
    review = review_of({"crowd-semantic-segmentation": json.dumps(answer)})
    assert (review.masks, review.colors) == (["aGVsbG8="], {"cat": "#e69f00"})
    assert review.counts == {"cat": 2}
    assert review.fields == {"outcome": "cannot-label", "reason": "too dark"}


def test_boxes_are_in_percent_of_the_photo() -> None:
    answer = {
        "boundingBoxes": [
            {"left": 1, "top": 1, "width": 2, "height": 1, "label": "cat"},
            {"left": "?"},
            "no box",
        ],
        "inputImageProperties": {"width": 4, "height": 2},
    }
    assert review_of({"annotatedResult": answer}).boxes == [Box(25, 50, 50, 50, "cat")]


def test_what_is_not_known_is_shown_as_text() -> None:
    review = review_of({"comment": "<b>dark</b>", "n": 3, "long": "x" * 1000, "cut": "{not json"})
    assert review.fields["comment"] == "<b>dark</b>"
    assert review.fields["n"] == "3"
    assert len(review.fields["long"]) < 400
    assert review.fields["cut"] == "{not json"
