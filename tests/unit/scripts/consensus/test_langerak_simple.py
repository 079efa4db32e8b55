"""SIMPLE on pictures small enough to follow by hand."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.consensus.langerak_simple import consolidate_simple, mean_dice, weighted_plurality
from tests.grid import label_grid

TRUTH = label_grid("....../.1111./.1111./.1111./......")
WRONG = label_grid("11..../11..../11..../11..../11....")


def test_an_outlier_is_dropped_and_the_vote_taken_again() -> None:
    # A plurality of four follows the two bad ones where the ties go to the foreground.
    right, other = TRUTH, label_grid("....../.1111./.1111./..111./......")
    voted = weighted_plurality([right, other, right, WRONG], np.ones(4), 1)
    assert (voted == TRUTH).all()
    assert (consolidate_simple([right, other, WRONG, WRONG, right], 1) == TRUTH).all()


def test_the_best_worker_decides_between_two() -> None:
    small = label_grid("....../..11../..11../....../......")
    # Ties go to the foreground: the first vote is the union, and the larger mask is nearer to it.
    assert (consolidate_simple([small, TRUTH], 1) == TRUTH).all()


def test_several_classes() -> None:
    one, other = label_grid("1122/1122/...."), label_grid("112./112./....")
    assert (consolidate_simple([one, one, other], 2) == one).all()


@pytest.mark.parametrize("picture", ["..../....", "11../22.."])
def test_equal_answers_and_a_single_one_come_back(picture: str) -> None:
    answer = label_grid(picture)
    assert (consolidate_simple([answer], 2) == answer).all()
    assert (consolidate_simple([answer] * 4, 2) == answer).all()


def test_mean_dice_by_hand() -> None:
    assert mean_dice(label_grid("11.2"), label_grid("1..2"), 3) == pytest.approx((2 / 3 + 1) / 2)
    assert mean_dice(label_grid("...."), label_grid("...."), 3) == 1
