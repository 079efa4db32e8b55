"""From which confidence on a model's labels can be taken, with a guarantee.

The photos of the validation set are a random sample of those that nobody has labeled, so among the
photos above any confidence they are one of the machine labels' IoUs. Thresholds are tested from the
most confident down, each only if the one before it passed, so no test takes error probability from
another: fixed-sequence testing, as in Angelopoulos, Bates, Candès, Jordan and Lei, "Learn then
test" (2021). The thresholds are ranks of the confidences of *all* photos, judged and unjudged
together, which says nothing about who is judged.

The sequence has a weak end: few photos lie above the highest thresholds, and few, however good,
prove little. So it starts with the surest FIRST_SHARE of the photos, or with more if perfect labels
of so few would prove nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hooks.core.active_learning import fields
from hooks.core.active_learning.mean_bound import how_many_needed, is_above, lower_bound

THRESHOLDS = 20
"""Tested at most, evenly spaced by rank."""
FIRST_SHARE = 0.3
"""Of the photos, above the first threshold."""
FIRST_SAMPLE = 1.2
"""How much larger the sample above the first threshold is expected to be, at least, than the
smallest that could pass with perfect labels: how many are judged there is left to chance."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A validation photo: how sure the model was, and the IoU of its label with the people's."""

    confidence: float
    iou: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What came of it.

    Attributes:
        threshold: labels of this confidence or more can be taken; None if none can.
        above: validation photos above it, or above the first threshold tested if none passed.
        machine: photos above it that can be labeled by machine.
        mean_iou: of the validation photos above; None without any.
        bound: what the mean IoU of the machine labels is at least, but for the chance of `error`.
        error: the chance that is taken.
        needed_more: about how many more validation photos would be needed for a threshold; None if
            there is one, or if more of them would not help.
        reason: a sentence for people.
    """

    threshold: float | None
    above: int
    machine: int
    mean_iou: float | None
    bound: float | None
    error: float
    needed_more: int | None
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, record: object, place: str = "calibration") -> Calibration:
        """Raises ContractError, naming the field, when the record cannot be used."""
        values = fields.mapping(record, place)

        def optional(name: str) -> float | None:
            return None if values.get(name) is None else fields.number(values, name, place)

        needed = values.get("needed_more")
        return cls(
            threshold=optional("threshold"),
            above=fields.whole(values, "above", place),
            machine=fields.whole(values, "machine", place),
            mean_iou=optional("mean_iou"),
            bound=optional("bound"),
            error=fields.number(values, "error", place, 0.0, 1.0),
            needed_more=None if needed is None else fields.whole(values, "needed_more", place),
            reason=fields.text(values, "reason", place),
        )


def calibrate(
    validation: Sequence[Judged], pool: Sequence[float], target: float, error: float
) -> Calibration:
    """The smallest confidence from which on labels can be taken.

    Args:
        validation: judged photos, drawn at random from these and those of `pool`.
        pool: confidences of the photos that nobody has labeled.
        target: mean IoU that the machine labels are to have.
        error: chance that is taken of their having less.
    """
    if not pool:
        return _none(0, None, error, None, "There is no photo left to label by machine.")
    if not validation:
        return _none(0, None, error, None, "No validation photo is left to judge by.")
    ratio = len(pool) / len(validation)
    least = how_many_needed(target, error, unseen_per_drawn=ratio)
    if least is None or least > len(validation):
        return _too_small(validation, least, target, error)
    passed: float | None = None
    first: list[float] | None = None
    for threshold in _thresholds(validation, pool, least):
        values = [judged.iou for judged in validation if judged.confidence >= threshold]
        unseen = sum(confidence >= threshold for confidence in pool)
        first = values if first is None else first
        if not is_above(values, target, error, unseen):
            break
        passed = threshold
    if passed is None:
        return _first_failed(first or [], len(validation), ratio, target, error)
    values = [judged.iou for judged in validation if judged.confidence >= passed]
    machine = sum(confidence >= passed for confidence in pool)
    everything = machine == len(pool)
    return Calibration(
        threshold=passed,
        above=len(values),
        machine=machine,
        mean_iou=float(np.mean(values)) if values else None,
        bound=lower_bound(values, error, machine, at_least=target) if machine else None,
        error=error,
        needed_more=None,
        reason=(
            f"{'All' if everything else 'The'} {machine} photos of confidence {passed:.3f} or more "
            f"can be labeled by machine: {len(values)} validation photos vouch for them."
        ),
    )


def _thresholds(validation: Sequence[Judged], pool: Sequence[float], least: int) -> list[float]:
    """Confidences, descending, at ranks that do not depend on which photos are judged.

    Args:
        least: photos that have to be judged for perfect labels to pass.
    """
    confidences = sorted([*pool, *(judged.confidence for judged in validation)], reverse=True)
    count = len(confidences)
    enough = FIRST_SAMPLE * least * count / len(validation)
    first = min(math.ceil(max(FIRST_SHARE * count, enough)), count)
    ranks = np.unique(np.linspace(first, count, THRESHOLDS).round().astype(int))
    return list(dict.fromkeys(confidences[rank - 1] for rank in ranks))


def _none(
    above: int, mean: float | None, error: float, needed_more: int | None, reason: str
) -> Calibration:
    return Calibration(None, above, 0, mean, None, error, needed_more, reason)


def _too_small(
    validation: Sequence[Judged], least: int | None, target: float, error: float
) -> Calibration:
    mean = float(np.mean([judged.iou for judged in validation]))
    if least is None:
        return _none(
            len(validation), mean, error, None, f"No mean IoU can be shown to be {target:g}."
        )
    more = least - len(validation)
    return _none(
        len(validation),
        mean,
        error,
        more,
        f"{len(validation)} validation photos are too few to show a mean IoU of {target:g} with "
        f"certainty {1 - error:.4g}: even perfect labels would take {least}, {more} more.",
    )


def _first_failed(
    values: Sequence[float], validation: int, ratio: float, target: float, error: float
) -> Calibration:
    mean = float(np.mean(values)) if values else None
    needed = how_many_needed(target, error, values, ratio) if values else None
    if needed is None or mean is None:
        shown = "none is judged" if mean is None else f"their mean IoU is {mean:.3f}"
        return _none(
            len(values),
            mean,
            error,
            None,
            f"The model's most confident labels do not reach {target:g} yet: of {len(values)} "
            f"validation photos {shown}. More training photos may help, more validation photos "
            "would not.",
        )
    more = max(math.ceil(validation * (needed / len(values) - 1)), 1)
    return _none(
        len(values),
        mean,
        error,
        more,
        f"The {len(values)} most confident validation photos have a mean IoU of {mean:.3f}, too "
        f"few to show {target:g} with certainty {1 - error:.4g}: about {more} more validation "
        "photos are needed.",
    )
