"""What an active-learning run is to do; parsed once, and the same for all its rounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from hooks.core.active_learning import fields
from hooks.core.active_learning.acquisition import Acquisition
from hooks.core.active_learning.mean_bound import how_many_needed
from hooks.core.errors import ContractError

PLACE = "plan"


class LabelKind(StrEnum):
    """What a label is."""

    MASKS = "masks"
    BOXES = "boxes"


@dataclass(frozen=True, slots=True)
class LoopPlan:
    """The plan of a run.

    Attributes:
        labels: the classes, without background.
        objects: lines of the input manifest.
        test_size: photos to try the job with; they serve for training too.
        validation_size: photos that machine labels are judged by.
        training_size: photos that the first model is trained on.
        batch_size: photos that people label in a round.
        max_rounds: models trained at most. The error probability is spent evenly over them.
        target_iou: mean IoU that machine labels are to have.
        certainty: chance that all of a run's machine labels have it, 0 to 1.
        per_class: whether every class has a threshold of its own; the error probability is spent
            evenly over classes then.
        human_cost, machine_cost: dollars for one photo's label.
        round_cost: dollars for one training with its predictions.
    """

    name: str
    kind: LabelKind
    labels: tuple[str, ...]
    objects: int
    test_size: int
    validation_size: int
    training_size: int
    batch_size: int
    max_rounds: int = 5
    target_iou: float = 0.6
    certainty: float = 0.95
    per_class: bool = False
    acquisition: Acquisition = Acquisition.ENTROPY
    seed: int = 0
    human_cost: Decimal = Decimal("0.26")
    machine_cost: Decimal = Decimal("0.08")
    round_cost: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        """Raises ContractError, naming the field, when the plan cannot be carried out."""
        if not self.labels or len(set(self.labels)) != len(self.labels):
            raise ContractError(f"{PLACE}.labels", "there must be one or more, all different.")
        for name in ("objects", "validation_size", "training_size", "batch_size", "max_rounds"):
            if getattr(self, name) < 1:
                raise ContractError(f"{PLACE}.{name}", "must be 1 or more.")
        if self.test_size < 0:
            raise ContractError(f"{PLACE}.test_size", "must be 0 or more.")
        for name in ("target_iou", "certainty"):
            if not 0 < getattr(self, name) < 1:
                raise ContractError(f"{PLACE}.{name}", "must lie between 0 and 1, without both.")
        if self.pool_size < 1:
            raise ContractError(
                f"{PLACE}.objects",
                f"{self.objects} photos are too few: test, validation and training sets take "
                f"{self.objects - self.pool_size}, and nothing is left to label by machine.",
            )
        for name in ("human_cost", "machine_cost", "round_cost"):
            amount = getattr(self, name)
            if not amount.is_finite() or amount < 0:
                raise ContractError(f"{PLACE}.{name}", f"{amount} is no amount of dollars.")

    @property
    def pool_size(self) -> int:
        """Photos that nobody has labeled when the first model is trained."""
        return self.objects - self.test_size - self.validation_size - self.training_size

    @property
    def error(self) -> float:
        """The chance taken by one threshold of one round."""
        thresholds = len(self.labels) if self.per_class else 1
        return (1 - self.certainty) / (self.max_rounds * thresholds)

    @property
    def validation_needed(self) -> int:
        """Validation photos below which not even perfect labels can be shown to be good enough."""
        ratio = self.pool_size / self.validation_size
        needed = how_many_needed(self.target_iou, self.error, unseen_per_drawn=ratio)
        classes = len(self.labels) if self.per_class else 1
        return self.objects if needed is None else needed * classes

    def refuse_small_validation(self) -> None:
        """Raises ContractError when the validation set is too small for any machine label."""
        needed = self.validation_needed
        if needed > self.validation_size:
            raise ContractError(
                f"{PLACE}.validation_size",
                f"{self.validation_size} photos cannot show a mean IoU of {self.target_iou:g} with "
                f"certainty {self.certainty:g} over {self.max_rounds} rounds, not even if every "
                f"label is perfect: that takes {needed}, {needed - self.validation_size} more. "
                "Twice as many are a good start.",
            )

    def to_json(self) -> dict[str, Any]:
        record = {name: getattr(self, name) for name in self.__slots__}
        for name, value in record.items():
            if isinstance(value, Decimal):
                record[name] = str(value)
        return {**record, "labels": list(self.labels)}

    @classmethod
    def from_json(cls, record: object) -> LoopPlan:
        """Raises ContractError, naming the field, when the record cannot be used."""
        values = fields.mapping(record, PLACE)
        labels = fields.sequence(values, "labels", PLACE)
        for value in labels:
            if not isinstance(value, str) or not value:
                raise ContractError(f"{PLACE}.labels", f"{value!r} is no name of a class.")
        kind = fields.text(values, "kind", PLACE)
        acquisition = fields.text(values, "acquisition", PLACE)
        if kind not in list(LabelKind):
            raise ContractError(f"{PLACE}.kind", f"{kind!r} is not one of {', '.join(LabelKind)}.")
        if acquisition not in list(Acquisition):
            raise ContractError(
                f"{PLACE}.acquisition", f"{acquisition!r} is not one of {', '.join(Acquisition)}."
            )
        return cls(
            name=fields.text(values, "name", PLACE),
            kind=LabelKind(kind),
            labels=tuple(labels),
            objects=fields.whole(values, "objects", PLACE),
            test_size=fields.whole(values, "test_size", PLACE),
            validation_size=fields.whole(values, "validation_size", PLACE),
            training_size=fields.whole(values, "training_size", PLACE),
            batch_size=fields.whole(values, "batch_size", PLACE),
            max_rounds=fields.whole(values, "max_rounds", PLACE),
            target_iou=fields.number(values, "target_iou", PLACE),
            certainty=fields.number(values, "certainty", PLACE),
            per_class=fields.yes_or_no(values, "per_class", PLACE),
            acquisition=Acquisition(acquisition),
            seed=fields.whole(values, "seed", PLACE),
            human_cost=_amount(values, "human_cost"),
            machine_cost=_amount(values, "machine_cost"),
            round_cost=_amount(values, "round_cost"),
        )


def _amount(values: Mapping[str, Any], name: str) -> Decimal:
    try:
        return Decimal(fields.text(values, name, PLACE))
    except InvalidOperation as error:
        raise ContractError(f"{PLACE}.{name}", f"{values[name]!r} is no amount.") from error
