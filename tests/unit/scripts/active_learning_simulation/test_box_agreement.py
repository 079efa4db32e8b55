"""How well two sets of boxes agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.active_learning_simulation.box_agreement import Edges, box_agreement

NOTHING = np.zeros((0, 4))
SQUARE = [0.0, 0.0, 10.0, 10.0]
BESIDE = [20.0, 0.0, 30.0, 10.0]


def boxes(*edges: list[float]) -> Edges:
    return np.array(edges, float).reshape(-1, 4)


def test_the_same_boxes_in_another_order_agree_fully() -> None:
    assert box_agreement(boxes(SQUARE, BESIDE), boxes(BESIDE, SQUARE)) == 1


def test_a_missed_object_and_an_extra_one_count_nothing() -> None:
    assert box_agreement(boxes(SQUARE), boxes(SQUARE, BESIDE)) == 0.5
    assert box_agreement(boxes(SQUARE, BESIDE), boxes(SQUARE)) == 0.5


def test_a_box_has_one_partner() -> None:
    half = [0.0, 0.0, 10.0, 5.0]
    assert box_agreement(boxes(SQUARE, half), boxes(SQUARE)) == 0.5


def test_boxes_apart_do_not_agree_and_no_boxes_do() -> None:
    assert box_agreement(boxes(SQUARE), boxes(BESIDE)) == 0
    assert box_agreement(boxes(SQUARE), NOTHING) == 0
    assert box_agreement(NOTHING, NOTHING) == 1


CORNERS = st.tuples(*[st.integers(0, 20)] * 2, *[st.integers(1, 10)] * 2)


@given(st.lists(CORNERS, max_size=5), st.lists(CORNERS, max_size=5))
def test_agreement_is_a_share_and_goes_both_ways(
    one: list[tuple[int, ...]], other: list[tuple[int, ...]]
) -> None:
    first, second = (
        boxes(*[[x, y, x + width, y + height] for x, y, width, height in found])
        for found in (one, other)
    )
    found = box_agreement(first, second)
    assert 0 <= found <= 1
    assert found == pytest.approx(box_agreement(second, first), abs=0.35)
