"""What a simulated worker sees in an earlier label: how good it is, and what to leave alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hooks.core.answer import DrawnObject, MadeBy
from hooks.core.answer_block import Outcome
from hooks.core.categories import LabelCategories
from hooks.core.gold import gold_iou
from hooks.core.label_reader import ColorMap
from hooks.core.mask_reader import decode_mask
from hooks.core.masks import VOID, LabelMap, Mask, bounding_box, iou
from hooks.core.photo import PhotoHeader
from hooks.core.verification_answer import VerificationAnswer
from scripts.pages.task_page import Task
from scripts.photo_set import ReferenceObject, reference_label_map
from scripts.simulation.worker_habits import Habits

GOOD, WRONG = 0.8, 0.4
"""The IoU with the truth from which a label is good, and below which it is all wrong."""
KEPT_AT = 0.85
"""The IoU from which an object's mask is left as it is, if the worker asks no more."""
LOOKING_CLICKS = 2
"""Looking at a label takes as long as so many clicks."""
AROUND = 12
"""Pixels around an object within which a mask is taken for its own."""


def read_earlier_map(task: Task, png: bytes) -> LabelMap:
    """The label map that the task begins with, uint8 (height, width), in the job's classes."""
    colors = (task.earlier or {})["colors"]
    entries = [
        {"class-name": name or "BACKGROUND", "hex-color": color} for color, name in colors.items()
    ]
    color_map = ColorMap.from_json({str(key): entry for key, entry in enumerate(entries)})
    header = PhotoHeader(task.size, task.task_input["image"]["orientation"], "JPEG")
    label_map = decode_mask(png, color_map, header, tuple(task.labels)).label_map.copy()
    label_map[label_map == VOID] = 0  # as on the page, where it is no class's colour
    return label_map


def masks_worth(
    label_map: LabelMap, references: Sequence[ReferenceObject], labels: LabelCategories
) -> float:
    """How well a label map fits the true one, 0 to 1."""
    if not references:
        return float(not label_map.any())
    return gold_iou(label_map, reference_label_map(references, labels))


def judge(
    worth: float,
    verdicts: Sequence[str],
    reasons: Sequence[str],
    habits: Habits,
    rng: np.random.Generator,
) -> VerificationAnswer:
    """The verdict on a label that is worth so much, with a reason if it is not the first."""
    doubt = min(max((GOOD - worth) / (GOOD - WRONG), 0.0), 1.0)
    right = verdicts[math.ceil(doubt * (len(verdicts) - 1))]
    verdict = habits.choose(right, verdicts, rng)
    said = tuple(reasons[:1]) if verdict != verdicts[0] else ()
    seconds = habits.seconds(LOOKING_CLICKS)
    return VerificationAnswer(Outcome.LABELED, verdict, said, "", "", seconds)


@dataclass(frozen=True, slots=True)
class SortedMasks:
    """An earlier label, sorted into what is kept and what is drawn anew.

    Attributes:
        kept: masks that fit their object.
        redrawn: objects whose mask does not, or that have none.
        all: the whole label as it was.
        changes: whether anything is drawn anew or left out.
    """

    kept: tuple[DrawnObject, ...]
    redrawn: tuple[ReferenceObject, ...]
    all: tuple[DrawnObject, ...]
    changes: bool


def sort_masks(
    label_map: LabelMap,
    references: Sequence[ReferenceObject],
    labels: LabelCategories,
    habits: Habits,
) -> SortedMasks:
    """Compare an earlier label with the objects that are known."""
    kept, redrawn = [], []
    left = label_map.copy()
    for reference in references:
        index = labels.index(reference.label)
        own = (label_map == index) & _around(reference.mask)
        if index is not None and iou(own, reference.mask) >= min(KEPT_AT, habits.content_at):
            kept.append(_given(reference.label, own))
            left[own] = 0
        else:
            redrawn.append(reference)
    whole = tuple(
        _given(labels.name(index), label_map == index)
        for index in np.unique(label_map).tolist()
        if index
    )
    return SortedMasks(tuple(kept), tuple(redrawn), whole, bool(redrawn) or bool(left.any()))


def _around(mask: Mask) -> Mask:
    """The mask's bounding box, and some pixels round it."""
    box = bounding_box(mask)
    near = np.zeros_like(mask)
    rows = slice(max(box.top - AROUND, 0), box.bottom + AROUND)
    near[rows, max(box.left - AROUND, 0) : box.right + AROUND] = True
    return near


def _given(label: str, mask: Mask) -> DrawnObject:
    return DrawnObject(label, mask, None, (), MadeBy.GIVEN, 0.0)
