"""The definition of active learning's loop, held against the template, its function, a linter of
the States Language, and an executor that somebody else wrote."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from cfnlint.api import lint_file
from moto.core.config import default_user_config

from hooks import aws_loop
from hooks.core.active_learning.loop_state import Next, Step
from scripts.active_learning.state_machine import DEFINITION, load_definition
from scripts.active_learning.states import Choice
from tests.contract.deployed import deployed
from tests.unit.hooks.conftest import Account
from tests.unit.hooks.loop_bench import LoopBench, plan_of, standing_in

DOCUMENT = json.loads(DEFINITION.read_text())
STATES: dict[str, Any] = DOCUMENT["States"]
FUNCTION = "arn:of:function"
MAY_FOLLOW = {
    "AfterLabeling": {Next.WAIT_FOR_PEOPLE, Next.LABEL, Next.TRAIN, Next.FINISH},
    "AfterTraining": {Next.WAIT_FOR_TRAINING, Next.JUDGE, Next.TRAIN},
    "AfterJudging": {Next.JUDGE, Next.AUTO_LABEL},
}
"""What the steps before a choice can answer as their `next`."""


@pytest.fixture
def bench(account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopBench]:
    aws_loop._sagemaker.cache_clear()
    bench = LoopBench(account, plan_of(), looks=0)
    with standing_in(bench, monkeypatch):
        yield bench


def test_the_template_deploys_this_definition_and_fills_its_names() -> None:
    (machine,) = deployed("guarded").of_type("AWS::Serverless::StateMachine").values()
    assert machine["DefinitionUri"] == "hooks/active_learning.asl.json"
    named = set(re.findall(r"\$\{(\w+)\}", DEFINITION.read_text()))
    assert set(machine["DefinitionSubstitutions"]) == named
    assert machine["DefinitionSubstitutions"] == {
        "ActiveLearningFunctionArn": "arn:of:SageMakerActiveLearning"
    }
    assert machine["Logging"]["Level"] == "ALL"
    assert machine["Logging"]["IncludeExecutionData"] is False
    assert machine["Tracing"]["Enabled"] is True


def test_cfn_lint_has_nothing_to_say_against_the_definition(tmp_path: Path) -> None:
    machine = {"RoleArn": "arn:aws:iam::123456789012:role/loop", "Definition": DOCUMENT}
    machine["DefinitionSubstitutions"] = {"ActiveLearningFunctionArn": FUNCTION}
    file = tmp_path / "template.json"
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine}
    file.write_text(json.dumps({"Resources": {"Loop": resource}}))
    assert [f"{found.rule.id} {found.message}" for found in lint_file(file)] == []


def test_the_linter_would_find_what_is_wrong(tmp_path: Path) -> None:
    spoiled = json.loads(DEFINITION.read_text())
    spoiled["States"]["Split"]["Nxt"] = spoiled["States"]["Split"].pop("Next")
    machine = {"RoleArn": "arn:aws:iam::123456789012:role/loop", "Definition": spoiled}
    file = tmp_path / "template.json"
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine}
    file.write_text(json.dumps({"Resources": {"Loop": resource}}))
    assert lint_file(file)


def test_every_step_of_the_function_is_a_task_that_retries_and_is_caught() -> None:
    tasks = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
    asked = {state["Parameters"]["Payload"]["step"] for state in tasks.values()}
    assert asked == set(Step)
    busy = aws_loop.AwsBusyError.__name__
    for name, state in tasks.items():
        assert any(busy in retrier["ErrorEquals"] for retrier in state["Retry"]), name
        assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name
        assert state["Catch"][-1]["Next"] == "Failed", name


@pytest.mark.parametrize("name", MAY_FOLLOW)
def test_every_answer_of_a_step_leads_somewhere(name: str) -> None:
    machine = load_definition({"ActiveLearningFunctionArn": FUNCTION})
    choice = machine.states[name]
    assert isinstance(choice, Choice)
    for following in MAY_FOLLOW[name]:
        data = {"next": following.value}
        assert any(condition(data) for condition, _ in choice.rules), following
    known = {rule["StringEquals"] for rule in STATES[name]["Choices"]}
    assert known == set(MAY_FOLLOW[name])


def test_a_step_without_a_choice_after_it_has_one_answer() -> None:
    assert (STATES["Split"]["Next"], STATES["Finish"]["Next"]) == ("StartLabeling", "Done")


def execute_by_moto(bench: LoopBench) -> dict[str, Any]:
    """DescribeExecution of a run that has ended."""
    states = boto3.client("stepfunctions")
    made = states.create_state_machine(
        name="loop",
        definition=load_definition({"ActiveLearningFunctionArn": FUNCTION}).text,
        roleArn="arn:aws:iam::123456789012:role/loop",
    )
    given = {"run": bench.folder.address, "wait_seconds": 1}
    started = states.start_execution(
        stateMachineArn=made["stateMachineArn"], input=json.dumps(given)
    )
    while True:
        execution: Any = states.describe_execution(executionArn=started["executionArn"])
        if execution["status"] != "RUNNING":
            return dict(execution)
        time.sleep(0.2)


@pytest.mark.slow
def test_another_executor_comes_to_the_same_end(
    bench: LoopBench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """moto's executor, which is derived from LocalStack's, knows nothing of this one."""
    monkeypatch.setitem(default_user_config, "stepfunctions", {"execute_state_machine": True})  # type: ignore[call-overload]
    bench.start()
    ended = bench.execute(tmp_path)
    assert ended.status == "SUCCEEDED"
    ours = bench.account.get(bench.folder.output)
    assert bench.s3 is not None
    bench.s3.objects.clear()
    bench.jobs, bench.masks = {}, {}
    bench.start()
    execution = execute_by_moto(bench)
    assert execution["status"] == "SUCCEEDED", execution
    assert json.loads(execution["output"]) == {**ended.output, "wait_seconds": 1}
    assert bench.account.get(bench.folder.output) == ours


@pytest.mark.slow
def test_another_executor_fails_where_this_one_does(
    bench: LoopBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(default_user_config, "stepfunctions", {"execute_state_machine": True})  # type: ignore[call-overload]
    bench.endings = {"cats-test": ("Failed", 0)}
    bench.start()
    execution = execute_by_moto(bench)
    assert (execution["status"], execution["error"]) == ("FAILED", "LabelingJobEndedError")
    assert "the labeling job cats-test failed" in json.loads(execution["cause"])["errorMessage"]
