"""Runs replayed with an imagined model."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hooks.core.active_learning.acquisition import Acquisition
from hooks.core.active_learning.loop_plan import LabelKind
from scripts.active_learning_simulation.replay import learning_curve, replay
from scripts.active_learning_simulation.results import Trial
from scripts.active_learning_simulation.simulated_plan import simulated_plan
from scripts.active_learning_simulation.summary import summarize
from scripts.active_learning_simulation.summary_table import (
    seeds_table,
    summary_tables,
    table_text,
)
from tests.unit.scripts.active_learning_simulation.imagined import imagined_world

PHOTOS = 500


def plan(acquisition: Acquisition = Acquisition.ENTROPY, seed: int = 0, target: float = 0.6):  # type: ignore[no-untyped-def]
    return simulated_plan(
        LabelKind.MASKS,
        PHOTOS,
        seed=seed,
        acquisition=acquisition,
        target=target,
        human_cost=Decimal("0.26"),
        machine_cost=Decimal("0.08"),
    )


@pytest.mark.parametrize("acquisition", list(Acquisition))
def test_a_replay_labels_every_photo_and_counts_what_the_machine_made(
    acquisition: Acquisition,
) -> None:
    world, _ = imagined_world(PHOTOS)
    played = replay(plan(acquisition), world)
    assert played.cost.human + played.cost.machine == PHOTOS
    assert played.cost.machine == len(played.machine) > 200
    record = played.to_json(0.6)
    assert record["meets"] is True
    assert record["saved"] == pytest.approx(0.18 / 0.26 * played.cost.machine / PHOTOS)
    assert len(record["rounds"]) == len(played.outcomes)


def test_a_run_without_machine_labels_neither_meets_nor_misses_the_target() -> None:
    world, _ = imagined_world(PHOTOS)
    record = replay(plan(target=0.99), world).to_json(0.99)
    assert (record["machine"], record["machine_iou"], record["meets"]) == (0, None, None)
    assert record["saved"] == 0


def test_ways_to_choose_share_the_first_model() -> None:
    world, learner = imagined_world(PHOTOS)
    for acquisition in (Acquisition.RANDOM, Acquisition.ENTROPY):
        learning_curve(plan(acquisition), world, acquisition, 2)
    assert len(learner.trained_on) == 1 + 2 * 2


def test_learning_curves_are_measured_at_the_same_numbers_of_labels() -> None:
    world, _ = imagined_world(PHOTOS)
    points = learning_curve(plan(), world, Acquisition.ENTROPY, 3)
    assert [point["human"] for point in points] == [40, 90, 140, 190]
    assert [point["iou"] for point in points] == sorted(point["iou"] for point in points)


def test_the_summary_says_what_all_runs_say() -> None:
    results = {}
    for seed in range(3):
        world, _ = imagined_world(PHOTOS)
        for acquisition in (Acquisition.RANDOM, Acquisition.ENTROPY):
            one = plan(acquisition, seed)
            results[Trial("masks", seed, acquisition, 0.6)] = replay(one, world).to_json(0.6)
            points = learning_curve(one, world, acquisition, 2)
            results[Trial("masks", seed, acquisition, None)] = {"points": points}
    found = summarize(results)["masks"]
    random, entropy = found["runs"]
    assert (random["acquisition"], entropy["acquisition"]) == ("random", "entropy")
    assert entropy["met"]["held"] == entropy["met"]["runs"] == 3
    assert found["savings_compared"][0]["saved"]["runs"] == 3
    assert [row["human"] for row in found["curves_compared"]] == [90, 140]
    texts = [table_text(table) for table in [*summary_tables(found), seeds_table(results, "masks")]]
    assert "3 of 3 (29–100 %)" in texts[0]
    assert len(texts[-1].splitlines()) == 3 + 6
