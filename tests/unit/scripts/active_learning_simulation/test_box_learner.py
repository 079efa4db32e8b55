"""The detector's parts that need no network."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch")

from hooks.core.geometry import Size
from scripts.active_learning_simulation.box_learner import (
    keep_best,
    mirror,
    wanted_distances,
)
from scripts.active_learning_simulation.photo_features import CELL

pytestmark = pytest.mark.torch

LARGE = [0.0, 0.0, 80.0, 80.0]
SMALL = [16.0, 16.0, 24.0, 24.0]


def test_a_cell_learns_the_distances_to_the_edges_of_its_smallest_box() -> None:
    known = wanted_distances(np.array([LARGE, SMALL]), Size(96, 96))
    assert known[2, 2].tolist() == [4, 4, 4, 4]  # the small box's only cell
    assert known[4, 4].tolist() == [36, 36, 44, 44]
    assert known[9, 9].tolist() == [0, 0, 0, 0]  # inside the large one, but not in its middle


def test_every_object_larger_than_a_cell_has_one() -> None:
    for left in np.arange(0, 24, 0.5):
        box = np.array([[left, left, left + CELL + 1, left + CELL + 1]])
        assert (wanted_distances(box, Size(64, 64))[..., 0] > 0).any()


def test_of_overlapping_boxes_the_best_is_kept() -> None:
    edges = np.array([LARGE, [0, 0, 80, 70], SMALL])
    kept, scores = keep_best(edges, np.array([0.6, 0.9, 0.5]))
    assert kept.tolist() == [[0, 0, 80, 70], SMALL]
    assert scores.tolist() == [0.9, 0.5]


@given(st.integers(0, 50), st.integers(1, 50))
def test_a_mirrored_box_is_itself_when_mirrored_again(left: int, width: int) -> None:
    boxes = np.array([[left, 3.0, left + width, 9.0]])
    assert np.array_equal(mirror(mirror(boxes, 100), 100), boxes)
