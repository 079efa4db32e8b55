"""What a run of active learning has cost so far, phase by phase, from its records.

Counts are those of the labeling jobs and of the outcomes, hours those of the Processing jobs;
prices are of the table that job creation uses. What people alone would have cost is reckoned from
the same table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hooks.core.active_learning.loop_cost import LoopCost, PhaseCost
from hooks.core.active_learning.loop_plan import LoopPlan
from hooks.core.active_learning.phases import FIRST, REST, batch_phase
from hooks.core.active_learning.round import RoundOutcome
from hooks.core.active_learning.run_folder import RunFolder
from hooks.core.errors import ContractError
from scripts.active_learning.cost_forecast import LoopRates, human_labels_cost
from scripts.object_store import ObjectStore
from scripts.prices import Prices
from scripts.refusal import RefusedError


@dataclass(frozen=True, slots=True)
class RunCost:
    """The bill of a run.

    Attributes:
        ended: whether the last photo has its label; until then more is to come.
        notes: what the bill leaves out.
    """

    cost: LoopCost
    ended: bool
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {**self.cost.to_json(), "ended": self.ended, "notes": list(self.notes)}


def read_run_cost(folder: RunFolder, store: ObjectStore, prices: Prices) -> RunCost:
    """The bill of the run in a folder.

    Raises:
        RefusedError: there is no run, or one of its records cannot be used.
    """
    bill = _Bill(folder, store, prices)
    try:
        return bill.read()
    except ContractError as error:
        raise RefusedError(f"the run {folder.address} has a record that is no good: {error}") from (
            error
        )


class _Bill:
    """Reads one run's records."""

    def __init__(self, folder: RunFolder, store: ObjectStore, prices: Prices) -> None:
        self._folder, self._store, self._prices = folder, store, prices
        self._fees_for = 0
        self._notes: dict[str, None] = {}

    def read(self) -> RunCost:
        record = self._record(self._folder.plan)
        if record is None:
            raise RefusedError(
                f"there is no run in {self._folder.address}: start it with `fewclick active-learn "
                "start`, or forecast one with `fewclick cost --objects`."
            )
        plan = LoopPlan.from_json(record)
        phases = [self._phase(phase) for phase in FIRST]
        number = 1
        while True:
            hours = self._hours(number)
            outcome = self._record(self._folder.round(number).outcome)
            if outcome is None and hours is None:
                break
            machine = 0
            if outcome is not None:
                machine = len(RoundOutcome.from_json(outcome).auto_lines)
            training = plan.round_cost if hours is None else self._training(hours)
            phases.append(self._phase(batch_phase(number), machine, training))
            number += 1
        rest = self._phase(REST)
        if rest.human:
            phases.append(rest)
        self._notes[f"Prices of {self._prices.dated}; S3, Lambda and taxes come on top."] = None
        return RunCost(
            LoopCost(tuple(phases), human_labels_cost(self._prices, plan.objects, self._rates())),
            self._record(self._folder.summary) is not None,
            tuple(self._notes),
        )

    def _phase(self, phase: str, machine: int = 0, training: Decimal = Decimal(0)) -> PhaseCost:
        human = self._labeled(phase)
        rates = self._rates()
        fees = self._prices.object_fees(human, already_this_month=self._fees_for)
        self._fees_for += human
        pay = human_labels_cost(self._prices, human, rates) - self._prices.object_fees(human)
        return PhaseCost(
            phase, human, machine, fees + pay, self._prices.machine_fees(machine), training
        )

    def _labeled(self, phase: str) -> int:
        """Photos that people labeled in a phase, whichever attempt it was."""
        labeled: set[int] = set()
        attempt = 1
        while (ended := self._record(self._folder.job_ended(phase, attempt))) is not None:
            labeled.update(ended.get("labeled", ()))
            attempt += 1
        return len(labeled)

    def _rates(self) -> LoopRates:
        """Of the labeling jobs, all of which are paid alike."""
        task = self._needed(self._folder.request(REST)).get("HumanTaskConfig", {})
        workers = task.get("NumberOfHumanWorkersPerDataObject")
        if isinstance(workers, bool) or not isinstance(workers, int):
            raise ContractError(
                f"{self._folder.request(REST)}.NumberOfHumanWorkersPerDataObject",
                "must be a number of workers.",
            )
        paid = task.get("PublicWorkforceTaskPrice", {}).get("AmountInUsd")
        if paid is None:
            self._notes["What a private or vendor team is paid is between you and them."] = None
            return LoopRates(workers, None, Decimal(0))
        thousandths = (
            1000 * paid.get("Dollars", 0)
            + 10 * paid.get("Cents", 0)
            + paid.get("TenthFractionsOfACent", 0)
        )
        return LoopRates(workers, Decimal(thousandths) / 1000, Decimal(0))

    def _hours(self, number: int) -> float | None:
        """That a round's Processing jobs ran; None if none has ended."""
        seconds, attempt, ended_once = 0.0, 1, False
        of_round = self._folder.round(number)
        while (ended := self._record(of_round.job_ended(attempt))) is not None:
            seconds += float(ended.get("seconds") or 0)
            attempt, ended_once = attempt + 1, True
        return seconds / 3600 if ended_once else None

    def _training(self, hours: float) -> Decimal:
        cluster = self._needed(self._folder.learner)["ProcessingResources"]["ClusterConfig"]
        instance_type = str(cluster["InstanceType"])
        cost = self._prices.instance_hours(instance_type, round(hours, 4))
        if cost is None:
            self._notes[
                f"The price table does not know {instance_type}, on which models were trained: "
                f"{hours:.1f} hours a round are not in the bill."
            ] = None
            return Decimal(0)
        return cost * int(cluster["InstanceCount"])

    def _needed(self, uri: str) -> Mapping[str, Any]:
        record = self._record(uri)
        if record is None:
            raise ContractError(uri, "is missing; it was written when the run was started.")
        return record

    def _record(self, uri: str) -> Mapping[str, Any] | None:
        try:
            value = json.loads(self._store.read(uri))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise ContractError(uri, f"is not JSON ({error}).") from error
        if not isinstance(value, Mapping):
            raise ContractError(uri, "must be a JSON object.")
        return value
