"""Simulated workers who judge or correct: what they see in an earlier label."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hooks.core.answer import MadeBy
from hooks.core.box_answer import BoxAnswer
from hooks.core.categories import LabelCategories
from hooks.core.geometry import Size
from hooks.core.labeled_box import LabeledBox
from hooks.core.masks import Mask, write_label_map
from scripts.pages.task_page import Task, read_page
from scripts.photo_set import ReferenceObject
from scripts.simulation.simulated_boxes import boxes_worth, draw_boxes, given_boxes
from scripts.simulation.simulated_looking import judge, masks_worth, read_earlier_map, sort_masks
from scripts.simulation.worker_habits import CAREFUL, CARELESS

LABELS = LabelCategories.from_names(["cat", "dog"])
SIZE = Size(200, 150)
VERDICTS = ("good", "needs fixing", "wrong")


def rectangle(left: int, top: int, right: int, bottom: int) -> Mask:
    mask = np.zeros(SIZE.shape, dtype=bool)
    mask[top:bottom, left:right] = True
    return mask


CAT = ReferenceObject("cat", rectangle(20, 20, 80, 90))
DOG = ReferenceObject("dog", rectangle(110, 40, 180, 120))
TRUTH = (CAT.mask * 1 + DOG.mask * 2).astype(np.uint8)


def task(earlier: dict[str, Any] | None = None, kind: str = "bounding-box") -> Task:
    task_input: dict[str, Any] = {"image": {"width": 200, "height": 150, "orientation": 1}}
    if earlier is not None:
        task_input["earlier"] = earlier
    return Task("http://x/tasks/1", task_input, "", "", "", {"kind": kind}, LABELS, "f")


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize(
    ("worth", "verdict"), [(1, "good"), (0.8, "good"), (0.7, "needs fixing"), (0.3, "wrong")]
)
def test_the_verdict_follows_what_the_label_is_worth(worth: float, verdict: str) -> None:
    answer = judge(worth, VERDICTS, ("outline",), CAREFUL, rng())
    assert answer.verdict == verdict
    assert answer.reasons == (() if verdict == "good" else ("outline",))
    assert answer.seconds > 0


def test_a_careless_worker_slips() -> None:
    generator = rng()
    said = [judge(1, VERDICTS, (), CARELESS, generator).verdict for _ in range(200)]
    assert 10 < sum(verdict != "good" for verdict in said) < 60


def test_masks_are_worth_what_they_agree_with_the_truth() -> None:
    assert masks_worth(TRUTH, [CAT, DOG], LABELS) == 1
    assert masks_worth(TRUTH * (TRUTH == 1), [CAT, DOG], LABELS) == pytest.approx(0.5)
    assert masks_worth(np.zeros_like(TRUTH), [], LABELS) == 1


def test_an_earlier_mask_is_read_by_colour_into_the_jobs_classes() -> None:
    palette = {0: "#fefefe", 1: "#111111", 2: "#222222", 3: "#333333"}
    png = write_label_map(np.where(TRUTH == 1, 2, np.where(TRUTH == 2, 1, 0)).astype("u1"), palette)
    colors = {"#fefefe": "", "#222222": "cat", "#111111": "dog", "#333333": "cow"}
    assert np.array_equal(read_earlier_map(task({"colors": colors}), png), TRUTH)


def test_masks_that_fit_are_left_alone() -> None:
    seen = sort_masks(TRUTH, [CAT, DOG], LABELS, CAREFUL)
    assert not seen.changes
    assert [(drawn.label, drawn.made_by) for drawn in seen.all] == [
        ("cat", MadeBy.GIVEN),
        ("dog", MadeBy.GIVEN),
    ]


def test_masks_that_do_not_fit_or_belong_to_nothing_are_seen() -> None:
    moved = np.roll(TRUTH, 40, axis=1) * (TRUTH != 2)
    seen = sort_masks(moved.astype(np.uint8), [CAT, DOG], LABELS, CAREFUL)
    assert seen.changes
    assert [reference.label for reference in seen.redrawn] == ["cat", "dog"]
    extra = TRUTH.copy()
    extra[:10, 150:190] = 1
    seen = sort_masks(extra, [CAT, DOG], LABELS, CAREFUL)
    assert (len(seen.kept), seen.redrawn, seen.changes) == (2, (), True)


def parsed(text: str) -> BoxAnswer:
    import json

    return BoxAnswer.from_fields(json.loads(text), SIZE, LABELS)


def test_boxes_are_drawn_by_extreme_points() -> None:
    steady = replace(CAREFUL, stray_px=0.0)
    answer = parsed(draw_boxes(task(), [CAT, DOG], steady, rng()))
    assert (answer.clicks, answer.modified) == (8, None)
    cat, dog = answer.boxes
    assert cat.iou(LabeledBox(1, 20, 20, 60, 70)) > 0.95
    assert (dog.label, dog.iou(LabeledBox(2, 110, 40, 70, 80)) > 0.95) == (2, True)


def test_given_boxes_that_fit_are_kept_and_the_others_replaced() -> None:
    right = {"label": "cat", "left": 20, "top": 20, "width": 60, "height": 70}
    wrong = {"label": "cat", "left": 110, "top": 40, "width": 70, "height": 80}
    answer = parsed(draw_boxes(task({"boxes": [right, wrong]}), [CAT, DOG], CAREFUL, rng()))
    assert [item.made_by for item in answer.objects] == ["given", "extreme-points"]
    assert answer.modified is True
    true = right, wrong | {"label": "dog"}
    answer = parsed(draw_boxes(task({"boxes": list(true)}), [CAT, DOG], CAREFUL, rng()))
    assert answer.modified is False
    assert len(given_boxes(task({"boxes": list(true)}))) == 2


def test_boxes_are_worth_what_they_agree_with_the_truth() -> None:
    cat, dog = LabeledBox(1, 20, 20, 60, 70), LabeledBox(2, 110, 40, 70, 80)
    assert boxes_worth([cat, dog], [CAT, DOG], LABELS) == 1
    assert boxes_worth([cat], [CAT, DOG], LABELS) == pytest.approx(1 / 1.5)


def test_a_page_tells_its_kind_its_field_and_its_earlier_mask() -> None:
    page = """<input name="crowd-x" id="answer"><i id="earlier" data-mask="https://m"></i>
    <div id="task" data-task="{}" data-photo="https://p"></div>
    <script id="job">{"kind": "verification", "labels": [{"name": "cat"}]}</script>"""
    found = read_page("http://x", page)
    assert (found.kind, found.field, found.earlier_link) == ("verification", "crowd-x", "https://m")
    assert found.earlier is None
