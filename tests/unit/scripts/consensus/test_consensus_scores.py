"""Scores and rank statistics, by hand-computed values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("cv2", reason="needs the benchmark or training extra")

from scripts.consensus.consensus_scores import area_under_curve, mean_boundary_f, mean_iou, spearman
from tests.grid import label_grid


def test_mean_iou_counts_classes_of_either_map() -> None:
    truth, result = label_grid("11../22.."), label_grid("1.../2233")
    # Class 1: 1 of 2. Class 2: all. Class 3: none. The others are in neither.
    assert mean_iou(result, truth, 9) == pytest.approx((0.5 + 1 + 0) / 3)


def test_two_empty_maps_agree() -> None:
    empty = label_grid(".../...")
    assert mean_iou(empty, empty, 2) == 1
    assert mean_boundary_f(empty, empty, 2) == 1


def test_the_boundary_is_right_within_the_tolerance() -> None:
    truth = np.zeros((64, 64), np.uint8)
    truth[10:50, 10:50] = 1
    near, far = np.roll(truth, 1, axis=1), np.roll(truth, 6, axis=(0, 1))
    assert mean_boundary_f(truth, truth, 1) == 1
    assert mean_boundary_f(near, truth, 1) == 1
    # Apart from pixels near the two crossings of the outlines, nothing lies within 1.5 px.
    assert mean_boundary_f(far, truth, 1) < 0.1
    assert mean_boundary_f(np.zeros_like(truth), truth, 1) == 0


def test_at_higher_resolution_the_tolerance_grows() -> None:
    truth = np.zeros((1024, 1024), np.uint8)
    truth[200:800, 200:800] = 1
    assert mean_boundary_f(np.roll(truth, 4, axis=1), truth, 1) == 1
    # The horizontal edges still lie on each other.
    assert mean_boundary_f(np.roll(truth, 5, axis=1), truth, 1) == pytest.approx(0.5, abs=0.02)


def test_spearman_looks_at_the_order_alone() -> None:
    assert spearman([1, 2, 3, 4], [1, 10, 100, 1000]) == pytest.approx(1)
    assert spearman([1, 2, 3, 4], [9, 8, 7, 1]) == pytest.approx(-1)
    assert spearman([1, 2, 2, 3], [1, 2, 2, 3]) == pytest.approx(1)
    # Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: 4.5 / sqrt(4.5 * 5).
    assert spearman([1, 2, 2, 3], [1, 2, 3, 4]) == pytest.approx(4.5 / np.sqrt(22.5))


def test_without_variation_there_is_no_rank_correlation() -> None:
    assert spearman([1, 1], [1, 2]) is None
    assert spearman([1], [2]) is None
    assert spearman([], []) is None


def test_area_under_curve_by_hand() -> None:
    assert area_under_curve([3, 4], [1, 2]) == 1
    assert area_under_curve([1, 2], [3, 4]) == 0
    # 2 beats 1, ties with 2; 3 beats both.
    assert area_under_curve([2, 3], [1, 2]) == pytest.approx(3.5 / 4)
    assert area_under_curve([], [1]) is None
    assert area_under_curve([1], []) is None


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=8),
    st.lists(st.integers(0, 5), min_size=1, max_size=8),
)
def test_area_under_curve_is_the_chance_to_be_above(good: list[float], bad: list[float]) -> None:
    above = np.mean([(one > other) + (one == other) / 2 for one in good for other in bad])
    assert area_under_curve(good, bad) == pytest.approx(above)
