"""Executions: what each state does, errors, and going on after a kill."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scripts.active_learning.execution import Ended, Execution, ExecutionFileError, Progress
from scripts.active_learning.state_machine import StateError, StateMachine
from scripts.active_learning.states import LAMBDA_INVOKE
from scripts.local_ground_truth.folder_lock import FolderInUseError, lock_folder


def task(**more: Any) -> dict[str, Any]:
    usual = {
        "Type": "Task",
        "Resource": LAMBDA_INVOKE,
        "Parameters": {"FunctionName": "f", "Payload.$": "$"},
    }
    ends = {} if "Next" in more else {"End": True}
    return usual | ends | more


@dataclass
class Bench:
    """A machine, its clock, and what its function answers, one thing after another."""

    folder: Path
    answers: list[Any] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    now: float = 1000.0

    def invoke(self, function: str, payload: Any) -> dict[str, Any]:
        self.asked.append((function, payload))
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return {"Payload": answer, "StatusCode": 200, "ExecutedVersion": "$LATEST"}

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def run(
        self,
        states: dict[str, Any],
        given: Any = None,
        *answers: Any,
        watch: Callable[[Progress], None] = lambda progress: None,
    ) -> Ended:
        self.answers += answers
        text = json.dumps({"StartAt": next(iter(states)), "States": states})
        machine = StateMachine.parse(text)
        execution = Execution(
            machine, self.folder, self.invoke, clock=lambda: self.now, sleep=self.sleep
        )
        return execution.run({} if given is None else given, watch)

    def history(self) -> list[dict[str, Any]]:
        text = (self.folder / "history.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "execution")


# ---------------------------------------------------------------------- data


@pytest.mark.parametrize(
    ("more", "output"),
    [
        ({}, {"Payload": {"y": 2}, "StatusCode": 200, "ExecutedVersion": "$LATEST"}),
        ({"OutputPath": "$.Payload"}, {"y": 2}),
        ({"ResultSelector": {"got.$": "$.Payload.y"}}, {"got": 2}),
        ({"ResultSelector": {"y.$": "$.Payload.y"}, "ResultPath": "$.r"}, {"x": 1, "r": {"y": 2}}),
        ({"ResultPath": None}, {"x": 1}),
        ({"ResultPath": None, "OutputPath": None}, {}),
    ],
)
def test_a_tasks_result_goes_where_its_paths_say(
    bench: Bench, more: dict[str, Any], output: Any
) -> None:
    assert bench.run({"T": task(**more)}, {"x": 1}, {"y": 2}).output == output
    assert bench.asked == [("f", {"x": 1})]


def test_a_task_is_given_what_its_paths_say(bench: Bench) -> None:
    parameters = {"FunctionName.$": "$.name", "Payload": {"step": "s", "deep": [{"v.$": "$.v"}]}}
    state = task(InputPath="$.in", Parameters=parameters)
    bench.run({"T": state}, {"in": {"name": "g", "v": [1]}}, None)
    assert bench.asked == [("g", {"step": "s", "deep": [{"v": [1]}]})]


@pytest.mark.parametrize(
    ("state", "output"),
    [
        ({"Type": "Pass", "End": True}, {"x": 1}),
        ({"Type": "Pass", "Result": [2], "End": True}, [2]),
        ({"Type": "Pass", "Result": 2, "ResultPath": "$.r", "End": True}, {"x": 1, "r": 2}),
        ({"Type": "Pass", "Parameters": {"z.$": "$.x"}, "End": True}, {"z": 1}),
        ({"Type": "Pass", "InputPath": "$.x", "End": True}, 1),
        ({"Type": "Pass", "InputPath": None, "End": True}, {}),
        ({"Type": "Succeed", "OutputPath": "$.x"}, 1),
        ({"Type": "Wait", "Seconds": 1, "End": True}, {"x": 1}),
    ],
)
def test_a_state_hands_its_data_on(bench: Bench, state: dict[str, Any], output: Any) -> None:
    assert bench.run({"S": state}, {"x": 1}) == Ended("SUCCEEDED", output)


def test_a_choice_takes_the_first_state_whose_condition_holds(bench: Bench) -> None:
    states = {
        "C": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.n", "NumericEquals": 1, "Next": "One"},
                {"Variable": "$.n", "NumericLessThan": 5, "Next": "Few"},
            ],
            "Default": "Many",
        }
    } | {name: {"Type": "Pass", "Result": name, "End": True} for name in ("One", "Few", "Many")}
    for number, name in ((1, "One"), (3, "Few"), (9, "Many")):
        other = Bench(bench.folder / name)
        assert other.run(states, {"n": number}).output == name


def test_waits_are_as_long_as_they_are_told(bench: Bench) -> None:
    states = {
        "W": {"Type": "Wait", "SecondsPath": "$.s", "Next": "V"},
        "V": {"Type": "Wait", "Seconds": 2, "End": True},
    }
    bench.run(states, {"s": 7})
    assert bench.slept == [7, 2]


# ---------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("states", "given", "error"),
    [
        ({"T": task(InputPath="$.no")}, {}, "States.Runtime"),
        ({"T": {"Type": "Pass", "OutputPath": "$.no", "End": True}}, {}, "States.Runtime"),
        (
            {"T": task(Parameters={"FunctionName": "f", "Payload.$": "$.no"})},
            {},
            "States.ParameterPathFailure",
        ),
        (
            {"T": {"Type": "Pass", "Result": 1, "ResultPath": "$.x.y", "End": True}},
            {"x": 1},
            "States.ResultPathMatchFailure",
        ),
        (
            {
                "T": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "T"}],
                }
            },
            {"x": 1},
            "States.NoChoiceMatched",
        ),
        (
            {
                "T": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.y", "IsNull": True, "Next": "T"}],
                }
            },
            {"x": 1},
            "States.Runtime",
        ),
        (
            {"T": {"Type": "Wait", "SecondsPath": "$.x", "End": True}},
            {"x": "soon"},
            "States.Runtime",
        ),
        (
            {"T": {"Type": "Pass", "Result": "x" * 262_144, "End": True}},
            {},
            "States.DataLimitExceeded",
        ),
    ],
)
def test_what_goes_wrong_has_step_functions_name(
    bench: Bench, states: dict[str, Any], given: Any, error: str
) -> None:
    ended = bench.run(states, given)
    assert (ended.status, ended.error) == ("FAILED", error)
    assert ended.cause


def test_a_fail_state_says_its_own_or_what_its_paths_lead_to(bench: Bench) -> None:
    ended = bench.run({"F": {"Type": "Fail", "Error": "Bad", "Cause": "because"}})
    assert ended == Ended("FAILED", error="Bad", cause="because")
    states = {"F": {"Type": "Fail", "ErrorPath": "$.e", "Cause": "because"}}
    assert Bench(bench.folder / "2").run(states, {"e": "Worse"}).error == "Worse"


def failure(name: str) -> StateError:
    return StateError(name, "because")


def test_a_task_is_tried_again_after_longer_and_longer_waits(bench: Bench) -> None:
    retry = {"ErrorEquals": ["Busy"], "IntervalSeconds": 3, "BackoffRate": 2, "MaxAttempts": 3}
    errors = [failure("Busy")] * 3
    ended = bench.run({"T": task(Retry=[retry], OutputPath="$.Payload")}, {}, *errors, "done")
    assert ended.output == "done"
    assert bench.slept == [3, 6, 12]


def test_a_task_is_not_tried_again_for_ever_nor_for_other_errors(bench: Bench) -> None:
    retry = {"ErrorEquals": ["Busy"], "MaxAttempts": 2, "MaxDelaySeconds": 1}
    ended = bench.run({"T": task(Retry=[retry])}, {}, *[failure("Busy")] * 3)
    assert (ended.error, bench.slept) == ("Busy", [1, 1])
    other = Bench(bench.folder / "2")
    assert other.run({"T": task(Retry=[retry])}, {}, failure("Bad")).error == "Bad"
    assert other.slept == []


def test_each_retrier_counts_for_itself(bench: Bench) -> None:
    retry = [{"ErrorEquals": ["A"], "MaxAttempts": 1}, {"ErrorEquals": ["B"], "MaxAttempts": 1}]
    ended = bench.run({"T": task(Retry=retry)}, {}, failure("A"), failure("B"), failure("A"))
    assert ended.error == "A"
    assert len(bench.asked) == 3


def test_an_error_is_caught_after_its_retries_and_put_where_it_is_wanted(bench: Bench) -> None:
    states = {
        "T": task(
            Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}],
            Catch=[
                {"ErrorEquals": ["Other"], "Next": "Never"},
                {"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Caught"},
            ],
        ),
        "Caught": {"Type": "Pass", "End": True},
        "Never": {"Type": "Fail"},
    }
    ended = bench.run(states, {"x": 1}, failure("Bad"), failure("Bad"))
    assert ended.output == {"x": 1, "failure": {"Error": "Bad", "Cause": "because"}}


@pytest.mark.parametrize(
    ("error", "name", "caught"),
    [
        ("Bad", "States.ALL", True),
        ("Bad", "States.TaskFailed", True),
        ("States.Timeout", "States.TaskFailed", False),
        ("States.Timeout", "States.ALL", True),
        ("States.Runtime", "States.ALL", False),
        ("States.DataLimitExceeded", "States.TaskFailed", False),
        ("Bad", "Worse", False),
    ],
)
def test_names_of_many_errors_catch_those_that_they_stand_for(
    bench: Bench, error: str, name: str, caught: bool
) -> None:
    states = {
        "T": task(Catch=[{"ErrorEquals": [name], "Next": "C"}]),
        "C": {"Type": "Pass", "End": True},
    }
    ended = bench.run(states, {}, failure(error))
    assert ended.status == ("SUCCEEDED" if caught else "FAILED")
    if caught:
        assert ended.output == {"Error": error, "Cause": "because"}


# ---------------------------------------------------------------------- kills

LOOP = {
    "T": task(
        OutputPath="$.Payload", Next="C", Retry=[{"ErrorEquals": ["Busy"], "IntervalSeconds": 5}]
    ),
    "C": {
        "Type": "Choice",
        "Choices": [{"Variable": "$.n", "NumericLessThan": 3, "Next": "W"}],
        "Default": "End",
    },
    "W": {"Type": "Wait", "Seconds": 10, "Next": "T"},
    "End": {"Type": "Succeed"},
}


class Killed(BaseException):
    """As when the process ends."""


def test_an_execution_killed_after_every_transition_goes_on_where_it_was(bench: Bench) -> None:
    seen: list[tuple[int, str]] = []

    def die(progress: Progress) -> None:
        seen.append((progress.events, progress.state))
        raise Killed

    bench.answers = [{"n": 1}, failure("Busy"), {"n": 2}, {"n": 3}]
    ended = None
    while ended is None:
        try:
            ended = bench.run(LOOP, {"n": 0}, watch=die)
        except Killed:
            continue
    assert ended == Ended("SUCCEEDED", {"n": 3})
    assert [payload["n"] for _, payload in bench.asked] == [0, 1, 1, 2]
    assert [number for number, _ in seen] == list(range(1, len(seen) + 1))
    assert bench.slept == [10, 5, 10]
    assert [event["number"] for event in bench.history()] == list(range(len(seen) + 1))


def test_a_task_is_asked_again_whose_answer_was_not_written_down(bench: Bench) -> None:
    bench.answers = [Killed(), {"n": 5}]
    with pytest.raises(Killed):
        bench.run(LOOP, {"n": 0})
    assert bench.run(LOOP, {"n": "ignored: it has begun"}).output == {"n": 5}
    assert [payload for _, payload in bench.asked] == [{"n": 0}, {"n": 0}]


def test_only_what_is_left_of_a_wait_is_waited(bench: Bench) -> None:
    def die(progress: Progress) -> None:
        if progress.until is not None:
            raise Killed

    with pytest.raises(Killed):
        bench.run(LOOP, {"n": 0}, {"n": 1}, watch=die)
    bench.now += 8
    bench.run(LOOP, None, {"n": 3})
    assert bench.slept == [2]


def test_an_execution_that_has_ended_only_says_how(bench: Bench) -> None:
    first = bench.run(LOOP, {"n": 0}, failure("Bad"))
    assert bench.run(LOOP, {"n": 0}) == first
    assert len(bench.asked) == 1


def test_an_execution_keeps_the_definition_that_it_began_with(bench: Bench) -> None:
    with pytest.raises(Killed):
        bench.run(LOOP, {"n": 0}, Killed())
    assert bench.run({"Other": {"Type": "Succeed"}}, {}, {"n": 9}).output == {"n": 9}


def test_what_was_said_of_a_transition_that_a_kill_undid_is_forgotten(bench: Bench) -> None:
    with pytest.raises(Killed):
        bench.run(LOOP, {"n": 0}, {"n": 1}, Killed())
    with (bench.folder / "history.jsonl").open("a") as history:
        history.write('{"number": 99, "event": "leaves"}\n{"number": 10')
    bench.run(LOOP, None, {"n": 3})
    numbers = [event["number"] for event in bench.history()]
    assert numbers == list(range(len(numbers)))


def test_two_processes_do_not_execute_the_same(bench: Bench) -> None:
    from contextlib import ExitStack

    bench.folder.mkdir()
    with ExitStack() as closing:
        lock_folder(bench.folder, closing)
        with pytest.raises(FolderInUseError):
            bench.run(LOOP, {"n": 0})


@pytest.mark.parametrize("content", ["{", "{}", '{"schema_version": 7}', '{"schema_version": 1}'])
def test_a_file_that_is_no_execution_is_refused(bench: Bench, content: str) -> None:
    bench.folder.mkdir()
    (bench.folder / "execution.json").write_text(content)
    with pytest.raises(ExecutionFileError, match=r"execution\.json"):
        bench.run(LOOP, {"n": 0})
