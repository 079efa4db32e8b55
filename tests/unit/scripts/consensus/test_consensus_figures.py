"""Means, paired differences and standard errors, by hand-computed values."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("cv2", reason="needs the benchmark or training extra")

from scripts.consensus.consensus_figures import summarise, weight_auc
from scripts.consensus.consensus_trials import Outcome


def outcome(scene: str, workers: int, bad: int, robust: float, **others: float) -> Outcome:
    iou = {"robust": robust, **others}
    return Outcome(
        set_name="made up",
        scene_name=scene,
        workers=workers,
        bad=bad,
        iou=iou,
        boundary_f={name: value / 2 for name, value in iou.items()},
        confidence=robust,
        relative_weights=(1.2, 0.4) if workers > 2 else (),
        honest=(True, False),
    )


OUTCOMES = [
    outcome("a", 2, 0, 0.5, voting=0.6, simple=0.1),
    outcome("a", 3, 0, 0.8, voting=0.7, simple=0.6),
    outcome("a", 3, 1, 0.7, voting=0.6, simple=0.6),
    outcome("b", 3, 0, 1.0, voting=0.7, simple=0.6),
    outcome("b", 3, 1, 0.9, voting=0.8, simple=0.8),
    outcome("b", 2, 0, 0.5, voting=0.5, simple=0.1),
]


def test_means_by_configuration_and_over_those_of_three_and_more() -> None:
    found = summarise(OUTCOMES, ["robust", "voting", "simple"], ["voting", "simple"])
    assert found["configurations"] == [[2, 0], [3, 0], [3, 1]]
    assert (found["scenes"], found["trials"]) == (2, 6)
    robust = found["methods"][0]
    assert robust["iou"] == pytest.approx([0.5, 0.9, 0.8])
    assert robust["iou_several"] == pytest.approx(0.85)
    assert robust["boundary_f_several"] == pytest.approx(0.425)
    assert [row["anchor"] for row in found["methods"]] == [False, True, True]


def test_the_standard_error_is_that_of_scenes_not_of_trials() -> None:
    found = summarise(OUTCOMES, ["robust", "voting", "simple"], ["voting", "simple"])
    overall, two = found["comparisons"][:2]
    assert overall["anchor"] == two["anchor"] == "voting"
    # Scene a: (.1 + .1) / 2, scene b: (.3 + .1) / 2; mean .15, s.d. .0707, by the root of 2.
    assert overall["difference"] == pytest.approx(0.15)
    assert overall["standard_error"] == pytest.approx(math.sqrt(0.005) / math.sqrt(2))
    assert (overall["wins"], overall["losses"]) == (1, 0)
    assert two["configurations"] == [[2, 0]]
    assert two["difference"] == pytest.approx(-0.05)
    assert (two["wins"], two["losses"]) == (0, 0.5)


def test_one_scene_has_no_standard_error() -> None:
    found = summarise(OUTCOMES[:3], ["robust", "voting"], ["voting"])
    assert found["comparisons"][0]["standard_error"] is None


def test_a_method_that_could_not_do_all_is_left_out() -> None:
    some = [*OUTCOMES, outcome("c", 3, 0, 0.8, voting=0.7)]
    found = summarise(some, ["robust", "voting", "simple"], ["voting", "simple"])
    assert [row["method"] for row in found["methods"]] == ["robust", "voting"]


def test_without_anchors_there_is_nothing_to_compare() -> None:
    assert summarise(OUTCOMES, ["robust"], [])["comparisons"] == []


def test_weights_of_three_and_more_workers_are_ranked() -> None:
    assert weight_auc(OUTCOMES) == 1
    assert weight_auc(OUTCOMES[:1]) is None
