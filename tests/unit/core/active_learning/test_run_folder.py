"""A run's addresses, its phases, and what its state machine carries."""

from __future__ import annotations

from typing import Any

import pytest

from hooks.core.active_learning.loop_state import LoopState, Next, Step, step_of
from hooks.core.active_learning.phases import all_phases, batch_phase, lines_of, round_of
from hooks.core.active_learning.round import RoundOutcome
from hooks.core.active_learning.run_folder import RunFolder
from hooks.core.active_learning.sets import Sets
from hooks.core.errors import ContractError

FOLDER = RunFolder.of("bucket", "Cats-1")


def test_addresses_derive_from_the_runs_name() -> None:
    assert FOLDER.address == "s3://bucket/active-learning/cats-1/"
    assert RunFolder.parse(FOLDER.address) == FOLDER
    assert FOLDER.bucket == "bucket"
    assert FOLDER.job_started("rest", 1) == f"{FOLDER.address}labeling/rest.json"
    assert FOLDER.job_ended("rest", 2) == f"{FOLDER.address}labeling/rest.2.ended.json"
    assert FOLDER.round(3).job_started(2) == f"{FOLDER.address}rounds/3/training.2.json"


def test_no_two_records_have_one_address() -> None:
    of_round = FOLDER.round(1)
    addresses = [
        getattr(FOLDER, name) for name in ("plan", "input", "learner", "sets", "output", "summary")
    ]
    addresses += [getattr(of_round, name) for name in type(of_round).__dict__ if _is_address(name)]
    for attempt in (1, 2):
        for phase in ("rest", "round-1"):
            addresses += [
                FOLDER.job_manifest(phase, attempt),
                FOLDER.job_started(phase, attempt),
                FOLDER.job_labels(phase, attempt),
                FOLDER.job_ended(phase, attempt),
            ]
        addresses += [of_round.job_started(attempt), of_round.job_ended(attempt)]
    assert len(addresses) == len(set(addresses)) > 25


def _is_address(name: str) -> bool:
    return isinstance(getattr(type(FOLDER.round(1)), name), property)


@pytest.mark.parametrize(
    "address",
    [
        None,
        "cats",
        "s3://bucket/cats/",
        "s3://bucket/active-learning/cats",
        "s3://bucket/active-learning//",
        "s3://bucket/active-learning/cats/rounds/",
    ],
)
def test_what_is_no_runs_folder_is_refused(address: object) -> None:
    with pytest.raises(ContractError, match="run"):
        RunFolder.parse(address)


def outcome(number: int, *lines: int, stop: str = "") -> RoundOutcome:
    return RoundOutcome(number, {}, (), tuple(lines), (), (), stop)


def test_each_phase_has_its_lines() -> None:
    sets = Sets((1,), (2, 3), (4,), (5, 6, 7, 8))
    outcomes = [outcome(1, 6), outcome(2, 5, 8, stop="enough")]
    assert all_phases(2) == ["test", "validation", "training", "round-1", "round-2", "rest"]
    found = {phase: lines_of(phase, sets, outcomes) for phase in all_phases(2)}
    assert found == {
        "test": (1,),
        "validation": (2, 3),
        "training": (4,),
        "round-1": (6,),
        "round-2": (),  # the last round's are the rest
        "rest": (5, 8),
    }
    assert lines_of("rest", sets, outcomes[:1]) == ()


def test_a_phase_says_which_round_came_before() -> None:
    assert [round_of(phase) for phase in ("test", "training", batch_phase(12))] == [0, 0, 12]
    for name in ("round-0", "round-", "rest", "Test", ""):
        with pytest.raises(ContractError, match="is no phase"):
            round_of(name)


def test_the_state_goes_through_json() -> None:
    event: dict[str, Any] = {"run": FOLDER.address, "wait_seconds": 9}
    state = LoopState.from_event(event)
    assert (state.phase, state.round) == ("test", 0)
    moved = state.then(Next.TRAIN, phase="round-1", round=2)
    assert moved.to_json() == event | {
        "phase": "round-1",
        "round": 2,
        "next": "train",
        "look_in": 0,
    }
    assert LoopState.from_event(moved.to_json()) == state.then(Next.LABEL, phase="round-1", round=2)


def test_a_step_has_a_name() -> None:
    assert step_of({"step": "judge"}) is Step.JUDGE
    with pytest.raises(ContractError, match="None is not one of split"):
        step_of({})
