"""Plans: written, read, refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hooks.core.active_learning.loop_plan import LoopPlan
from hooks.core.active_learning.sets import Sets, split
from hooks.core.errors import ContractError
from tests.unit.core.active_learning.plans import cats


def test_a_plan_survives_its_record() -> None:
    plan = cats(round_cost=Decimal("1.37"), per_class=True, labels=("cat", "dog"))
    assert LoopPlan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "lines"),
        ("acquisition", "luck"),
        ("labels", []),
        ("labels", ["cat", "cat"]),
        ("labels", "cat"),
        ("objects", 100),
        ("batch_size", 0),
        ("target_iou", 1.0),
        ("certainty", float("nan")),
        ("per_class", "yes"),
        ("human_cost", "a lot"),
        ("human_cost", "-1"),
        ("seed", None),
    ],
)
def test_a_field_that_cannot_be_used_is_named(name: str, value: Any) -> None:
    with pytest.raises(ContractError, match=rf"^plan\.{name}:"):
        LoopPlan.from_json({**cats().to_json(), name: value})


def test_a_validation_set_too_small_for_the_guarantee_is_told_how_many_more_it_takes() -> None:
    with pytest.raises(ContractError, match=r"that takes (\d+), \d+ more") as refused:
        cats(validation_size=10, target_iou=0.8).refuse_small_validation()
    assert refused.value.field == "plan.validation_size"
    cats().refuse_small_validation()


def test_every_class_needs_validation_photos_of_its_own() -> None:
    together = cats(labels=("cat", "dog"))
    assert cats(labels=("cat", "dog"), per_class=True).validation_needed > (
        2 * together.validation_needed
    )


@given(st.integers(0, 5), st.integers(1, 30), st.integers(1, 30), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_every_photo_is_in_one_set(test: int, validation: int, training: int, seed: int) -> None:
    plan = cats(
        objects=80, test_size=test, validation_size=validation, training_size=training, seed=seed
    )
    sets = split(plan)
    assert [len(part) for part in (sets.test, sets.validation, sets.training)] == [
        test,
        validation,
        training,
    ]
    together = [*sets.test, *sets.validation, *sets.training, *sets.pool]
    assert sorted(together) == list(range(80))
    assert Sets.from_json(sets.to_json()) == sets == split(plan)
