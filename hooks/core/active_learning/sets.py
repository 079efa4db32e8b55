"""Which photo is in which set: at the start, and as it stands after some rounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hooks.core.active_learning import fields
from hooks.core.active_learning.loop_plan import LoopPlan


@dataclass(frozen=True, slots=True)
class Sets:
    """Manifest lines, counted from 0 and ascending; no line is in two sets."""

    test: tuple[int, ...]
    validation: tuple[int, ...]
    training: tuple[int, ...]
    pool: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        return {name: list(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_json(cls, record: object) -> Sets:
        """Raises ContractError, naming the field, when the record cannot be used."""
        values = fields.mapping(record, "sets")
        return cls(*(fields.lines(values, name, "sets") for name in cls.__slots__))


def split(plan: LoopPlan) -> Sets:
    """The sets of a run, drawn at random by the plan's seed."""
    order = np.random.default_rng(plan.seed).permutation(plan.objects).tolist()
    ends = np.cumsum([plan.test_size, plan.validation_size, plan.training_size]).tolist()
    starts = [0, *ends]
    parts = [order[start:end] for start, end in zip(starts, [*ends, len(order)], strict=True)]
    return Sets(*(tuple(sorted(part)) for part in parts))


@dataclass(frozen=True, slots=True)
class Standing:
    """What a round begins with; manifest lines, ascending.

    Attributes:
        training: labeled by people, and not judged by: what the round's model is trained on.
        validation: labeled by people, and still judged by.
        pool: nobody has labeled them.
    """

    training: tuple[int, ...]
    validation: tuple[int, ...]
    pool: tuple[int, ...]


def standing(
    sets: Sets,
    labeled: Iterable[int] = (),
    machine: Iterable[int] = (),
    left_validation: Iterable[int] = (),
) -> Standing:
    """After people have labeled some lines of the pool, a model others, and validation photos have
    left their set, which makes them training photos."""
    people, gone = set(labeled), set(left_validation)
    taken = people | set(machine)
    return Standing(
        training=tuple(sorted({*sets.test, *sets.training, *people, *gone})),
        validation=tuple(line for line in sets.validation if line not in gone),
        pool=tuple(line for line in sets.pool if line not in taken),
    )
