"""A round's decisions: what the model labels, what people label next, and whether to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hooks.core.active_learning import fields
from hooks.core.active_learning.acquisition import Choice, choose_batch
from hooks.core.active_learning.calibration import Calibration, Judged, calibrate
from hooks.core.active_learning.loop_plan import LoopPlan
from hooks.core.active_learning.prediction import ImagePrediction
from hooks.core.active_learning.sets import Standing, split, standing
from hooks.core.errors import ContractError

ALL_CLASSES = ""
"""The name of the one calibration when classes have none of their own."""
PLACE = "outcome"


@dataclass(frozen=True, slots=True)
class RoundOutcome:
    """What was decided in a round.

    Attributes:
        round: counted from 1.
        calibrations: by class; one of all classes is named ALL_CLASSES.
        auto_lines: labeled by machine in this round.
        next_lines: what people label next; the whole rest if the run stops here.
        gated_validation: validation photos above the threshold. They leave their set.
        chosen_validation: validation photos that the choice came across. They leave theirs too.
        stop: why this was the last round, a sentence; "" if it was not.
    """

    round: int
    calibrations: Mapping[str, Calibration]
    auto_lines: tuple[int, ...]
    next_lines: tuple[int, ...]
    gated_validation: tuple[int, ...]
    chosen_validation: tuple[int, ...]
    stop: str

    def to_json(self) -> dict[str, Any]:
        return {
            "round": self.round,
            "calibrations": {name: one.to_json() for name, one in self.calibrations.items()},
            "auto_lines": list(self.auto_lines),
            "next_lines": list(self.next_lines),
            "gated_validation": list(self.gated_validation),
            "chosen_validation": list(self.chosen_validation),
            "stop": self.stop,
        }

    @classmethod
    def from_json(cls, record: object) -> RoundOutcome:
        """Raises ContractError, naming the field, when the record cannot be used."""
        values = fields.mapping(record, PLACE)
        calibrations = fields.mapping(values.get("calibrations"), f"{PLACE}.calibrations")
        return cls(
            round=fields.whole(values, "round", PLACE, 1),
            calibrations={
                str(name): Calibration.from_json(one, f"{PLACE}.calibrations.{name}")
                for name, one in calibrations.items()
            },
            auto_lines=fields.lines(values, "auto_lines", PLACE),
            next_lines=fields.lines(values, "next_lines", PLACE),
            gated_validation=fields.lines(values, "gated_validation", PLACE),
            chosen_validation=fields.lines(values, "chosen_validation", PLACE),
            stop=fields.text(values, "stop", PLACE),
        )


def standing_after(plan: LoopPlan, outcomes: Sequence[RoundOutcome]) -> Standing:
    """What the next round begins with, once people have labeled what the last one chose."""
    return standing(
        split(plan),
        labeled=(line for outcome in outcomes for line in outcome.next_lines),
        machine=(line for outcome in outcomes for line in outcome.auto_lines),
        left_validation=(
            line
            for outcome in outcomes
            for line in (*outcome.gated_validation, *outcome.chosen_validation)
        ),
    )


def decide_round(
    plan: LoopPlan,
    earlier: Sequence[RoundOutcome],
    predictions: Mapping[int, ImagePrediction],
    validation_ious: Mapping[int, float],
) -> RoundOutcome:
    """The outcome of the round after `earlier`.

    Args:
        predictions: by manifest line, of at least the pool and the validation set of
            `standing_after(plan, earlier)`.
        validation_ious: by manifest line, of at least that validation set: the IoU of the model's
            label with the people's, 0 to 1.

    Raises:
        ContractError: a prediction or an IoU is missing, or a class is none of the plan's.
    """
    now = standing_after(plan, earlier)
    number = len(earlier) + 1
    _check(plan, now, predictions, validation_ious)
    calibrations: dict[str, Calibration] = {}
    auto: list[int] = []
    gated: list[int] = []
    for name in plan.labels if plan.per_class else (ALL_CLASSES,):

        def counts(line: int, name: str = name) -> bool:
            found = predictions[line]
            return not found.is_empty and name in (ALL_CLASSES, found.main_class)

        pool = [line for line in now.pool if counts(line)]
        validation = [line for line in now.validation if counts(line)]
        calibration = calibrate(
            [Judged(predictions[line].confidence, validation_ious[line]) for line in validation],
            [predictions[line].confidence for line in pool],
            plan.target_iou,
            plan.error,
        )
        calibrations[name] = calibration
        threshold = calibration.threshold
        if threshold is not None:
            auto += [line for line in pool if predictions[line].confidence >= threshold]
            gated += [line for line in validation if predictions[line].confidence >= threshold]
    taken = {*auto, *gated}
    pool = [line for line in now.pool if line not in taken]
    validation = [line for line in now.validation if line not in taken]
    stop = _stop(plan, earlier, number, len(auto), len(now.pool), len(pool), len(validation))
    choice = (
        Choice(tuple(pool), ())
        if stop
        else choose_batch(
            [predictions[line] for line in pool],
            [predictions[line] for line in validation],
            plan.batch_size,
            plan.acquisition,
            _seed(plan.seed, number),
        )
    )
    return RoundOutcome(
        round=number,
        calibrations=calibrations,
        auto_lines=tuple(sorted(auto)),
        next_lines=choice.lines,
        gated_validation=tuple(sorted(gated)),
        chosen_validation=choice.left_validation,
        stop=stop,
    )


def _stop(
    plan: LoopPlan,
    earlier: Sequence[RoundOutcome],
    number: int,
    auto: int,
    before: int,
    left: int,
    validation: int,
) -> str:
    """Why the run ends with this round; "" if another one is worth it.

    Args:
        auto: photos that this round's model labels.
        before, left: photos of the pool, before and after that.
        validation: photos still judged by.
    """
    if not left:
        return "Every photo is labeled."
    after_batch = left - plan.batch_size
    if after_batch <= 0:
        return f"The {left} photos left are one batch for people."
    if number >= plan.max_rounds:
        return f"The {number} rounds of the plan are over."
    if validation < plan.validation_needed:
        return (
            f"The {validation} validation photos left could not vouch for any further label; that "
            f"takes {plan.validation_needed}."
        )
    saves_one = plan.human_cost - plan.machine_cost
    most = after_batch * saves_one
    if most <= plan.round_cost:
        return f"Another round costs {plan.round_cost} USD and could not save more than {most} USD."
    if any(outcome.auto_lines for outcome in earlier) and not auto:
        return "This round labeled nothing after one that did: what is left is for people."
    if auto:
        # The next model is expected to take the share of its photos that this one took.
        expected = after_batch * auto / before
        saved = round(float(saves_one) * expected, 2)
        if saved <= plan.round_cost:
            return (
                f"Another round costs {plan.round_cost} USD and would save about {saved} USD: "
                f"{expected:.0f} labels by machine are to be expected."
            )
    return ""


def _check(
    plan: LoopPlan,
    now: Standing,
    predictions: Mapping[int, ImagePrediction],
    validation_ious: Mapping[int, float],
) -> None:
    for line in (*now.pool, *now.validation):
        found = predictions.get(line)
        if found is None:
            raise ContractError("predictions", f"there is none of manifest line {line + 1}.")
        if not found.is_empty and found.main_class not in plan.labels:
            raise ContractError(
                "predictions",
                f"manifest line {line + 1} is of class {found.main_class!r}, and the run's classes "
                f"are {', '.join(plan.labels)}: the model was made for others.",
            )
    for line in now.validation:
        if not 0 <= validation_ious.get(line, -1.0) <= 1:
            raise ContractError(
                "validation_ious", f"there is none from 0 to 1 of manifest line {line + 1}."
            )


def _seed(seed: int, number: int) -> int:
    """Another one for every round."""
    return seed * 1009 + number
