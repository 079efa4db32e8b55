"""What a simulated worker makes of boxes: draws them by extreme points, or corrects given ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hooks.core.box_answer import DrawnBox, build_box_answer
from hooks.core.boxes import BoxVote, consolidate_boxes
from hooks.core.categories import LabelCategories
from hooks.core.labeled_box import LabeledBox
from hooks.core.masks import Mask, bounding_box
from scripts.pages.task_page import Task
from scripts.photo_set import ReferenceObject
from scripts.simulation.worker_habits import Habits

KEPT_AT = 0.85
"""The IoU with the true box from which a given one is left as it is, if the worker asks no more."""


def given_boxes(task: Task) -> list[LabeledBox]:
    """The boxes that the task begins with, in the job's classes."""
    boxes = []
    for box in (task.earlier or {}).get("boxes", []):
        label = task.labels.index(box["label"])
        if label is not None:
            boxes.append(LabeledBox(label, box["left"], box["top"], box["width"], box["height"]))
    return boxes


def reference_boxes(
    references: Sequence[ReferenceObject], labels: LabelCategories
) -> list[LabeledBox]:
    """The true boxes of the photo, as far as the job has their classes."""
    return [
        _box_of(reference.mask, label)
        for reference in references
        if (label := labels.index(reference.label)) is not None and reference.mask.any()
    ]


def boxes_worth(
    boxes: Sequence[LabeledBox], references: Sequence[ReferenceObject], labels: LabelCategories
) -> float:
    """How well boxes fit the true ones, 0 to 1: what two workers would agree by."""
    truth = reference_boxes(references, labels)
    compared = consolidate_boxes([BoxVote("label", boxes), BoxVote("truth", truth)])
    return compared.workers["label"].agreement or 0.0


def draw_boxes(
    task: Task,
    references: Sequence[ReferenceObject],
    habits: Habits,
    rng: np.random.Generator,
) -> str:
    """The answer: a given box that fits is kept, every other object is boxed by its extremes."""
    given = given_boxes(task)
    left = list(given)
    drawn = []
    for reference in references:
        label = task.labels.index(reference.label)
        if label is None or not reference.mask.any():
            continue
        true = _box_of(reference.mask, label)
        kept = next((box for box in left if _fits(box, true, habits)), None)
        if kept is not None:
            left.remove(kept)
            drawn.append(DrawnBox(kept, None, "given", 0.0))
            continue
        if habits.overlook(rng):
            continue
        points = habits.find_extremes(reference.mask, task.size, rng)
        if points is None:
            continue
        chosen = task.labels.index(habits.choose(reference.label, tuple(task.labels), rng)) or label
        x, y, right, bottom = points.bounds()
        box = LabeledBox(chosen, x, y, right - x, bottom - y)
        drawn.append(DrawnBox(box, points, "extreme-points", habits.seconds(4)))
    clicks = 4 * sum(item.extreme_points is not None for item in drawn)
    changed = bool(left) or any(item.made_by != "given" for item in drawn)
    return build_box_answer(
        task.size,
        task.labels,
        drawn,
        seconds=habits.seconds(clicks + 1),
        modified=None if task.earlier is None else changed,
    )


def _fits(box: LabeledBox, true: LabeledBox, habits: Habits) -> bool:
    return box.label == true.label and box.iou(true) >= min(KEPT_AT, habits.content_at)


def _box_of(mask: Mask, label: int) -> LabeledBox:
    box = bounding_box(mask)
    return LabeledBox(label, box.left, box.top, box.width, box.height)
