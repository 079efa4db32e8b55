"""How sure a model is of a mask, by hand and by what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.active_learning.mask_measures import expected_iou, measure_mask
from tests.grid import grid


def test_the_expected_iou_is_expected_overlap_over_expected_union() -> None:
    share = np.array([[0.9, 0.8], [0.3, 0.1]], np.float32)
    # 1.7 of the mask's 2 pixels are right, and 0.4 pixels are missed: 1.7 / 2.4.
    assert expected_iou(share, grid("##/..")) == pytest.approx(1.7 / 2.4)


def test_a_sure_model_is_sure() -> None:
    plain = np.zeros((2, 3, 4), np.float32)
    plain[0], plain[1, 1, 1:3] = 1, 1
    plain[0, 1, 1:3] = 0
    found = measure_mask(np.stack([plain, plain, plain]))
    assert found.confidence == pytest.approx(1)
    assert found.entropy == pytest.approx(0, abs=1e-6)
    assert found.margin == pytest.approx(1)
    assert found.disagreement == pytest.approx(0)
    assert found.main_class == 1


def test_a_model_that_sees_nothing_has_no_confidence() -> None:
    views = np.stack([np.stack([np.full((2, 2), 0.9), np.full((2, 2), 0.1)])] * 3)
    found = measure_mask(views.astype(np.float32))
    assert (found.confidence, found.main_class, found.disagreement) == (0.0, 0, 0.0)


def test_views_that_see_different_things_disagree() -> None:
    left, right = np.zeros((2, 2, 1, 4), np.float32)
    left[1, 0, :2], right[1, 0, 2:] = 1, 1
    left[0], right[0] = 1 - left[1], 1 - right[1]
    assert measure_mask(np.stack([left, left, right])).disagreement == pytest.approx(1 / 3)


@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_all_measures_lie_between_0_and_1(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    views = rng.dirichlet(np.full(classes, 0.5), (3, 4, 5)).transpose(0, 3, 1, 2)
    found = measure_mask(views.astype(np.float32))
    for value in (found.confidence, found.entropy, found.margin, found.disagreement):
        assert 0 <= value <= 1
    assert 0 <= found.main_class < classes
