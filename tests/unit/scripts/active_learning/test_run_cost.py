"""What a run has cost so far, from the records in its folder."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hooks.core.active_learning.loop_plan import LabelKind, LoopPlan
from hooks.core.active_learning.round import RoundOutcome
from hooks.core.active_learning.run_folder import RunFolder
from scripts.active_learning.run_cost import read_run_cost
from scripts.object_store import FolderObjects
from scripts.prices import load_prices
from scripts.refusal import RefusedError

PRICES = load_prices()
RUN = RunFolder.of("bucket", "Cats")
PLAN = LoopPlan(
    name="Cats",
    kind=LabelKind.MASKS,
    labels=("cat",),
    objects=1000,
    test_size=10,
    validation_size=190,
    training_size=200,
    batch_size=200,
)


class RunBench:
    """A run's folder, written as `active-learn` and its steps write it."""

    def __init__(self, folder: Path) -> None:
        self.store = FolderObjects(folder)

    def write(self, uri: str, record: Any) -> None:
        self.store.write(uri, json.dumps(record).encode(), "application/json")

    def start(self, *, cents: int | None = 3, instance_type: str = "ml.g4dn.xlarge") -> None:
        self.write(RUN.plan, PLAN.to_json())
        task: dict[str, Any] = {"NumberOfHumanWorkersPerDataObject": 5}
        if cents is not None:
            price = {"Dollars": 0, "Cents": cents, "TenthFractionsOfACent": 6}
            task["PublicWorkforceTaskPrice"] = {"AmountInUsd": price}
        self.write(RUN.request("rest"), {"HumanTaskConfig": task})
        cluster = {"InstanceType": instance_type, "InstanceCount": 1, "VolumeSizeInGB": 30}
        self.write(RUN.learner, {"ProcessingResources": {"ClusterConfig": cluster}})

    def people(self, phase: str, labeled: int, attempt: int = 1, first: int = 0) -> None:
        lines = list(range(first, first + labeled))
        self.write(RUN.job_ended(phase, attempt), {"labeled": lines, "failed": {}})

    def trained(self, number: int, seconds: int) -> None:
        self.write(RUN.round(number).job_ended(1), {"status": "Completed", "seconds": seconds})

    def decided(self, number: int, machine: int, stop: str = "") -> None:
        outcome = RoundOutcome(number, {}, tuple(range(machine)), (), (), (), stop)
        self.write(RUN.round(number).outcome, outcome.to_json())


@pytest.fixture
def run(tmp_path: Path) -> RunBench:
    return RunBench(tmp_path)


def test_the_published_run_phase_by_phase(run: RunBench) -> None:
    """Its photos and prices: 189.44 USD in place of 260, when training is free."""
    run.start()
    for phase, labeled in (("test", 10), ("validation", 190), ("training", 200)):
        run.people(phase, labeled)
    for number, machine in ((1, 27), (2, 365)):
        run.trained(number, 0)
        run.decided(number, machine)
    run.people("round-1", 200)
    run.people("rest", 8)
    run.write(RUN.summary, {})
    bill = read_run_cost(RUN, run.store, PRICES)
    assert bill.ended
    assert [phase.phase for phase in bill.cost.phases][-2:] == ["round-2", "rest"]
    assert (bill.cost.human, bill.cost.machine) == (608, 392)
    assert bill.cost.total == Decimal("189.44")
    assert bill.cost.all_human == Decimal(260)


def test_training_is_billed_by_the_hours_that_it_ran(run: RunBench) -> None:
    run.start()
    run.people("test", 10)
    run.trained(1, 1800)
    bill = read_run_cost(RUN, run.store, PRICES)
    assert not bill.ended
    assert bill.cost.phases[-1].round_cost == Decimal("0.7364") / 2
    assert bill.cost.total == 10 * Decimal("0.26") + Decimal("0.3682")


def test_an_object_that_two_attempts_labeled_is_billed_once(run: RunBench) -> None:
    run.start()
    run.people("test", 6)
    run.people("test", 5, attempt=2, first=5)
    assert read_run_cost(RUN, run.store, PRICES).cost.human == 10


def test_what_the_bill_leaves_out_is_said(run: RunBench) -> None:
    run.start(cents=None, instance_type="ml.p9.huge")
    run.people("test", 10)
    run.trained(1, 3600)
    bill = read_run_cost(RUN, run.store, PRICES)
    assert bill.cost.total == 10 * Decimal("0.08")
    assert any("private or vendor team" in note for note in bill.notes)
    assert any("does not know ml.p9.huge" in note for note in bill.notes)


def test_no_run_and_a_broken_record_are_named(run: RunBench) -> None:
    with pytest.raises(RefusedError, match="there is no run in s3://bucket/active-learning/cats/"):
        read_run_cost(RUN, run.store, PRICES)
    run.start()
    run.store.write(RUN.job_ended("test", 1), b"{", "application/json")
    with pytest.raises(RefusedError, match=r"labeling/test\.ended\.json.*not JSON"):
        read_run_cost(RUN, run.store, PRICES)
