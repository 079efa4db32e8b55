"""How a prediction is compared with the people's label."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hooks.core.active_learning.label_iou import boxes_iou, mask_iou
from hooks.core.labeled_box import LabeledBox
from tests.grid import label_grid


@pytest.mark.parametrize(
    ("truth", "predicted", "iou"),
    [
        ("11../....", "11../....", 1.0),
        ("11../....", "1.../....", 0.5),
        ("11../....", "..11/....", 0.0),
        ("..../....", "..../....", 1.0),  # nothing is there, and nothing was seen
        ("..../....", "1.../....", 0.0),
        ("1.../....", "..../....", 0.0),
        ("11../..22", "11../....", 0.5),  # the second class was not seen
        ("11../....", "11../..22", 0.5),  # or was, and is not there
        ("1x../....", "11../....", 1.0),  # nobody knows what is at the x
        ("1xx./....", "1.../....", 1.0),
        ("11../....", "1x../....", 0.5),  # a model that does not know is not right
        ("1.../....", "1..x/....", 1.0),  # nor wrong where there is nothing
    ],
)
def test_masks_agree_class_by_class(truth: str, predicted: str, iou: float) -> None:
    assert mask_iou(label_grid(truth), label_grid(predicted)) == pytest.approx(iou)


def test_masks_of_different_sizes_are_not_compared() -> None:
    with pytest.raises(ValueError, match="label maps of"):
        mask_iou(np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8))


MAPS = arrays(np.uint8, (3, 4), elements=st.sampled_from([0, 1, 2, 3]))


@given(MAPS, MAPS)
def test_masks_agree_fully_only_with_themselves(one: np.ndarray, other: np.ndarray) -> None:
    assert mask_iou(one, one) == 1
    assert 0 <= mask_iou(one, other) <= 1
    assert mask_iou(one, other) == mask_iou(other, one)
    assert (mask_iou(one, other) == 1) == bool(np.array_equal(one, other))


def box(label: int, left: float, top: float, width: float, height: float) -> LabeledBox:
    return LabeledBox(label, left, top, width, height)


FIRST, SECOND = box(1, 0, 0, 10, 10), box(1, 20, 0, 10, 10)
HALF = box(1, 0, 0, 10, 5)


@pytest.mark.parametrize(
    ("truth", "predicted", "iou"),
    [
        ([], [], 1.0),
        ([FIRST], [], 0.0),
        ([], [FIRST], 0.0),
        ([FIRST, SECOND], [SECOND, FIRST], 1.0),
        ([FIRST, SECOND], [FIRST], 0.5),  # one of two
        ([FIRST], [FIRST, SECOND], 0.5),
        ([FIRST], [HALF], 0.5),
        ([FIRST], [HALF, FIRST], 0.5),  # one box for one object: the best
        ([FIRST], [box(2, 0, 0, 10, 10)], 0.0),  # of another class
    ],
)
def test_boxes_agree_object_by_object(
    truth: list[LabeledBox], predicted: list[LabeledBox], iou: float
) -> None:
    assert boxes_iou(truth, predicted) == pytest.approx(iou)
    assert boxes_iou(predicted, truth) == pytest.approx(iou)
