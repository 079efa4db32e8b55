"""From a model's answer to a label: the job's classes, what is sure enough, one class a pixel.

Confidences. An instance model's label is as sure as its objects: a class's confidence is the mean
score of its pixels, a label's the mean of its classes', or of its boxes'. A model that gives every
pixel a class says its confidences itself; where it does not, they are 0, as Ground Truth's are
where there is no evidence. Where nothing is found, the confidence is that there is nothing: 1 less
the score of the best object that was not sure enough; where the model names none, it is taken to
have been just below what counts, which is the least that "nothing" can mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from hooks.core.boxes import MAX_BOXES
from hooks.core.categories import LabelCategories
from hooks.core.geometry import Size
from hooks.core.instances import FusedInstance
from hooks.core.labeled_box import LabeledBox, ScoredBox
from hooks.core.masks import BACKGROUND, VOID, LabelMap, PlacedMask
from scripts.auto_labeling.answers.model_answer import (
    FoundObject,
    LabelMapAnswer,
    ModelAnswer,
    ObjectsAnswer,
    UnreadableAnswerError,
)

UNKNOWN_CONFIDENCE = "The model does not say how sure it is."
NOTHING = "The model found nothing of the job's labels."


@dataclass(frozen=True, slots=True)
class FoundMask:
    """A label map out of one answer, or out of several that were merged.

    Attributes:
        label_map: uint8 (height, width) of the upright photo, class indices of the job; 255 void.
        class_confidence: of the classes present, 0 to 1, without the background.
        confidence: of the whole, 0 to 1.
        instances: the objects, each with the pixels of it that are seen, the surest last; empty
            where the model does not tell objects apart.
        reason: what a person should know; a sentence, or "".
    """

    label_map: LabelMap
    class_confidence: Mapping[int, float]
    confidence: float
    instances: tuple[FusedInstance, ...] = ()
    reason: str = ""

    @property
    def is_nothing(self) -> bool:
        return not self.class_confidence


@dataclass(frozen=True, slots=True)
class FoundBoxes:
    """Boxes out of one answer, the surest first. `confidence` and `reason` as of a mask."""

    boxes: tuple[ScoredBox, ...]
    confidence: float
    reason: str = ""

    @property
    def is_nothing(self) -> bool:
        return not self.boxes


@dataclass(frozen=True, slots=True)
class LabelRules:
    """What of an answer becomes a label.

    Attributes:
        to_label: the model's name of a class to the job's; what is not in it is left out.
        min_score: what is less sure is left out, 0 to 1.
    """

    labels: LabelCategories
    to_label: Mapping[str, str]
    min_score: float

    def index(self, name: str) -> int:
        """The job's class index of a model's class; 0 for one that is left out."""
        label = self.to_label.get(name)
        return BACKGROUND if label is None else self.labels.index(label) or BACKGROUND


def mask_of(answer: ModelAnswer, rules: LabelRules, size: Size) -> FoundMask:
    """The label map of an answer.

    Objects that overlap go by their scores: the surer one's pixels are its own.

    Args:
        size: of the upright photo.

    Raises:
        UnreadableAnswerError: the answer has boxes alone.
    """
    if isinstance(answer, LabelMapAnswer):
        return _mask_of_label_map(answer, rules)
    if any(found.mask is None for found in answer.objects):
        raise UnreadableAnswerError("the answer has boxes and no masks.")
    kept, best_left = _sure_enough(answer, rules)
    if not kept:
        blank = np.zeros(size.shape, np.uint8)
        return FoundMask(blank, {}, _nothing(best_left, rules), reason=NOTHING)
    label_map, instances = _painted(kept, rules, size)
    pixels: dict[int, list[tuple[int, float]]] = {}
    for found in instances:
        pixels.setdefault(found.label, []).append((found.placed.area, found.confidence))
    confidence = {
        index: sum(area * score for area, score in parts) / sum(area for area, _ in parts)
        for index, parts in sorted(pixels.items())
    }
    overall = sum(confidence.values()) / len(confidence)
    return FoundMask(label_map, confidence, overall, instances)


def boxes_of(answer: ModelAnswer, rules: LabelRules) -> FoundBoxes:
    """The boxes of an answer, the surest first.

    Raises:
        UnreadableAnswerError: the answer gives every pixel a class and knows no objects.
    """
    if isinstance(answer, LabelMapAnswer):
        raise UnreadableAnswerError("the answer gives every pixel a class and has no boxes.")
    kept, best_left = _sure_enough(answer, rules)
    if not kept:
        return FoundBoxes((), _nothing(best_left, rules), NOTHING)
    surest = kept[::-1][:MAX_BOXES]
    boxes = tuple(
        ScoredBox(
            LabeledBox(
                rules.index(found.name),
                found.left,
                found.top,
                found.right - found.left,
                found.bottom - found.top,
            ),
            found.score,
        )
        for found in surest
    )
    reason = ""
    if len(kept) > MAX_BOXES:
        reason = f"Of {len(kept)} boxes the {MAX_BOXES} surest are kept."
    return FoundBoxes(boxes, sum(found.score for found in surest) / len(surest), reason)


def left_out_classes(answer: ModelAnswer, rules: LabelRules) -> dict[str, int]:
    """Sure objects of classes that are no labels of the job: the model's name to how many."""
    counts: dict[str, int] = {}
    if isinstance(answer, ObjectsAnswer):
        for found in answer.objects:
            if found.name not in rules.to_label and found.score >= rules.min_score:
                counts[found.name] = counts.get(found.name, 0) + 1
    return counts


def counted(found: FoundMask | FoundBoxes, labels: LabelCategories) -> dict[str, int]:
    """Label to how many objects of it; 1 where objects are not told apart."""
    if isinstance(found, FoundBoxes):
        indices = [item.box.label for item in found.boxes]
    elif found.instances:
        indices = [item.label for item in found.instances]
    else:
        indices = list(found.class_confidence)
    return dict(Counter(labels.name(index) for index in indices))


def _sure_enough(
    answer: ObjectsAnswer, rules: LabelRules
) -> tuple[list[FoundObject], float | None]:
    """The objects that count, the surest last; the best score of those that were not sure."""
    wanted = [found for found in answer.objects if rules.index(found.name) != BACKGROUND]
    kept = [found for found in wanted if found.score >= rules.min_score]
    left = [found.score for found in wanted if found.score < rules.min_score]
    return sorted(kept, key=lambda found: found.score), max(left, default=None)


def _nothing(best_left: float | None, rules: LabelRules) -> float:
    return 1 - (rules.min_score if best_left is None else best_left)


def _painted(
    objects: list[FoundObject], rules: LabelRules, size: Size
) -> tuple[LabelMap, tuple[FusedInstance, ...]]:
    """The label map, and of each object what is seen of it; the surest are painted last."""
    numbers = np.zeros(size.shape, np.uint16)
    label_map = np.zeros(size.shape, np.uint8)
    placed = [found.mask for found in objects if found.mask is not None]
    for number, (found, part) in enumerate(zip(objects, placed, strict=True), start=1):
        window = part.box.slices()
        numbers[window][part.mask] = number
        label_map[window][part.mask] = rules.index(found.name)
    instances = []
    for number, (found, part) in enumerate(zip(objects, placed, strict=True), start=1):
        seen = PlacedMask.cut(numbers[part.box.slices()] == number, part.box.left, part.box.top)
        if not seen.box.is_empty:
            instances.append(FusedInstance(rules.index(found.name), seen, found.score, ()))
    return label_map, tuple(instances)


def _mask_of_label_map(answer: LabelMapAnswer, rules: LabelRules) -> FoundMask:
    table = np.zeros(256, np.uint8)
    table[VOID] = VOID
    for value, name in enumerate(answer.classes[:VOID]):
        if answer.confidence.get(value, 1.0) >= rules.min_score:
            table[value] = rules.index(name)
    # Pillow counts in C, where numpy would first make eight bytes of every pixel.
    counts = Image.fromarray(answer.label_map).histogram()
    label_map = table[answer.label_map]
    present = [value for value, count in enumerate(counts) if count and value != VOID]
    foreground = [value for value in present if table[value] != BACKGROUND]
    if not foreground:
        confidence = _said(answer, present, counts)
        unsure = [
            answer.confidence[value]
            for value in present
            if value in answer.confidence and rules.index(answer.classes[value]) != BACKGROUND
        ]
        if unsure:
            # Something of the job's labels was there and not sure enough.
            confidence = 1 - max(unsure)
        return FoundMask(label_map, {}, confidence or 0.0, (), _reason(NOTHING, confidence))
    by_label: dict[int, list[int]] = {}
    for value in foreground:
        by_label.setdefault(int(table[value]), []).append(value)
    known = {label: _said(answer, values, counts) for label, values in sorted(by_label.items())}
    told = [value for value in known.values() if value is not None]
    overall = sum(told) / len(told) if told else answer.overall
    return FoundMask(
        label_map,
        {label: overall or 0.0 if value is None else value for label, value in known.items()},
        overall or 0.0,
        (),
        _reason("", overall),
    )


def _said(answer: LabelMapAnswer, values: list[int], counts: Sequence[int]) -> float | None:
    """The confidence in some classes' pixels, weighted by how many; None if nobody says."""
    told = [value for value in values if value in answer.confidence]
    if not told:
        return answer.overall
    areas = [counts[value] for value in told]
    total = sum(area * answer.confidence[value] for area, value in zip(areas, told, strict=True))
    return total / sum(areas)


def _reason(said: str, confidence: float | None) -> str:
    return said if confidence is not None else f"{said} {UNKNOWN_CONFIDENCE}".strip()
