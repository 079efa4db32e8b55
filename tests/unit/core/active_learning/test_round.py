"""Rounds played through with an imagined model that gets better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from hooks.core.active_learning.acquisition import Acquisition
from hooks.core.active_learning.loop_cost import loop_cost
from hooks.core.active_learning.loop_plan import LoopPlan
from hooks.core.active_learning.prediction import ImagePrediction
from hooks.core.active_learning.round import (
    ALL_CLASSES,
    RoundOutcome,
    decide_round,
    standing_after,
)
from hooks.core.active_learning.sets import split
from hooks.core.errors import ContractError
from tests.unit.core.active_learning.plans import cats, imagined_model, predict


def play(plan: LoopPlan, qualities: Sequence[float]) -> list[RoundOutcome]:
    """Rounds until one stops; each has a model of the next quality."""
    outcomes: list[RoundOutcome] = []
    for number, quality in enumerate(qualities):
        now = standing_after(plan, outcomes)
        predictions, ious = imagined_model((*now.pool, *now.validation), number, quality)
        outcomes.append(decide_round(plan, outcomes, predictions, ious))
        if outcomes[-1].stop:
            break
    return outcomes


@pytest.mark.parametrize("acquisition", list(Acquisition))
def test_every_photo_is_labeled_once(acquisition: Acquisition) -> None:
    plan = cats(acquisition=acquisition)
    outcomes = play(plan, (0.5, 0.65, 0.7, 0.7, 0.7))
    assert outcomes[-1].stop
    labeled = [line for outcome in outcomes for line in (*outcome.auto_lines, *outcome.next_lines)]
    assert sorted(labeled) == list(split(plan).pool)
    assert standing_after(plan, outcomes).pool == ()


def test_a_photo_is_trained_on_or_judged_by_but_never_both() -> None:
    plan = cats()
    outcomes: list[RoundOutcome] = []
    for quality in (0.5, 0.65, 0.7):
        now = standing_after(plan, outcomes)
        assert not {*now.training} & {*now.validation}
        predictions, ious = imagined_model((*now.pool, *now.validation), 1, quality)
        outcomes.append(decide_round(plan, outcomes, predictions, ious))
        left = {*outcomes[-1].gated_validation, *outcomes[-1].chosen_validation}
        after = standing_after(plan, outcomes)
        assert left == {*now.validation} - {*after.validation}
        assert left <= {*after.training}


def test_validation_photos_pass_the_gate_of_the_pool() -> None:
    plan = cats()
    now = standing_after(plan, [])
    predictions, ious = imagined_model((*now.pool, *now.validation), 0, 0.65)
    outcome = decide_round(plan, [], predictions, ious)
    threshold = outcome.calibrations[ALL_CLASSES].threshold
    assert threshold is not None
    assert set(outcome.gated_validation) == {
        line for line in now.validation if predictions[line].confidence >= threshold
    }
    assert outcome.calibrations[ALL_CLASSES].machine == len(outcome.auto_lines)


def test_a_weak_model_labels_nothing_and_people_go_on() -> None:
    (outcome,) = play(cats(), (0.3,))
    assert outcome.auto_lines == ()
    assert len(outcome.next_lines) == 40
    assert outcome.stop == ""
    assert "training photos may help" in outcome.calibrations[ALL_CLASSES].reason


def test_a_model_that_is_sure_and_right_labels_everything_and_the_run_ends() -> None:
    plan = cats()
    now = standing_after(plan, [])
    predictions = {line: predict(line, 1.0) for line in (*now.pool, *now.validation)}
    outcome = decide_round(plan, [], predictions, dict.fromkeys(now.validation, 0.9))
    assert outcome.auto_lines == now.pool
    assert (outcome.next_lines, outcome.stop) == ((), "Every photo is labeled.")


def test_photos_in_which_the_model_saw_nothing_go_to_people() -> None:
    plan = cats()
    now = standing_after(plan, [])
    predictions = {line: predict(line, 1.0) for line in (*now.pool, *now.validation)}
    blank = now.pool[:3]
    predictions |= {line: ImagePrediction(line, 1.0) for line in blank}
    outcome = decide_round(plan, [], predictions, dict.fromkeys(now.validation, 0.9))
    assert outcome.next_lines == blank
    assert outcome.stop == "The 3 photos left are one batch for people."


def test_a_model_that_sees_nothing_at_all_labels_nothing() -> None:
    plan = cats()
    now = standing_after(plan, [])
    predictions = {line: ImagePrediction(line, 0.0) for line in (*now.pool, *now.validation)}
    outcome = decide_round(plan, [], predictions, dict.fromkeys(now.validation, 0.0))
    assert outcome.auto_lines == ()
    assert outcome.calibrations[ALL_CLASSES].reason == "There is no photo left to label by machine."


def test_each_class_has_a_threshold_of_its_own_if_wanted() -> None:
    plan = cats(labels=("cat", "dog"), per_class=True, objects=1000, validation_size=300)
    now = standing_after(plan, [])
    lines = (*now.pool, *now.validation)
    predictions = {line: predict(line, 0.9, ("cat", "dog")[line % 2]) for line in lines}
    # The model knows cats; of dogs it only thinks so.
    outcome = decide_round(
        plan, [], predictions, {line: (0.95, 0.2)[line % 2] for line in now.validation}
    )
    assert outcome.calibrations["cat"].threshold == 0.9
    assert outcome.calibrations["dog"].threshold is None
    assert {line % 2 for line in outcome.auto_lines} == {0}
    together = decide_round(
        replace(plan, per_class=False),
        [],
        predictions,
        {line: (0.95, 0.2)[line % 2] for line in now.validation},
    )
    assert together.auto_lines == ()


def test_a_model_made_for_other_classes_is_refused() -> None:
    plan = cats()
    now = standing_after(plan, [])
    predictions = {line: predict(line, 0.9, "kitten") for line in (*now.pool, *now.validation)}
    with pytest.raises(ContractError, match=r"'kitten'.*classes are cat"):
        decide_round(plan, [], predictions, dict.fromkeys(now.validation, 0.9))


@pytest.mark.parametrize("missing", ["prediction", "iou"])
def test_what_is_missing_is_named(missing: str) -> None:
    plan = cats()
    now = standing_after(plan, [])
    predictions = {line: predict(line, 0.9) for line in (*now.pool, *now.validation)}
    ious = dict.fromkeys(now.validation, 0.9)
    line = now.validation[0]
    (predictions if missing == "prediction" else ious).pop(line)  # type: ignore[attr-defined]
    with pytest.raises(ContractError, match=rf"manifest line {line + 1}\b"):
        decide_round(plan, [], predictions, ious)


def test_a_round_that_costs_more_than_it_can_save_is_not_begun() -> None:
    (outcome,) = play(cats(round_cost=Decimal(1000)), (0.3,))
    assert outcome.stop.startswith("Another round costs 1000 USD and could not save more than")
    assert len(outcome.next_lines) == 265


def test_the_rounds_of_the_plan_end() -> None:
    outcomes = play(cats(max_rounds=2), (0.3, 0.3, 0.3))
    assert [bool(outcome.stop) for outcome in outcomes] == [False, True]
    assert outcomes[-1].stop == "The 2 rounds of the plan are over."


def test_an_outcome_survives_its_record() -> None:
    for outcome in play(cats(), (0.6, 0.7)):
        assert RoundOutcome.from_json(outcome.to_json()) == outcome


def test_the_bill_counts_every_photo_once() -> None:
    plan = cats(round_cost=Decimal("0.50"))
    outcomes = play(plan, (0.5, 0.65, 0.7, 0.7, 0.7))
    bill = loop_cost(plan, outcomes)
    assert bill.human + bill.machine == plan.objects
    machine = sum(len(outcome.auto_lines) for outcome in outcomes)
    assert bill.machine == machine > 0
    assert bill.total == (
        bill.human * Decimal("0.26") + machine * Decimal("0.08") + len(outcomes) * Decimal("0.50")
    )
    assert bill.all_human == Decimal("104.00")


def test_the_articles_bill() -> None:
    # Five iterations over 1,000 photos of birds: 608 human labels, 392 by machine.
    plan = cats(objects=1000, test_size=10, validation_size=190, training_size=200)
    outcomes = [
        RoundOutcome(1, {}, (), tuple(range(200)), (), (), ""),
        RoundOutcome(2, {}, tuple(range(27)), (), (), (), ""),
        RoundOutcome(3, {}, tuple(range(365)), tuple(range(8)), (), (), "The 8 photos left …"),
    ]
    bill = loop_cost(plan, outcomes)
    assert (bill.human, bill.machine, bill.total) == (608, 392, Decimal("189.44"))
    assert round(bill.saved, 3) == 0.271
    assert [phase.phase for phase in bill.phases][-2:] == ["round-3", "rest"]
