"""Definitions that can be executed here, and those that are refused by field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.active_learning.field_reader import DefinitionError
from scripts.active_learning.state_machine import DEFINITION, StateMachine, load_definition
from scripts.active_learning.states import LAMBDA_INVOKE

TASK = {
    "Type": "Task",
    "Resource": LAMBDA_INVOKE,
    "Parameters": {"FunctionName": "f", "Payload": {"x.$": "$.x"}},
    "End": True,
}
RETRY = {"ErrorEquals": ["E"]}


def parse(state: Any, **others: Any) -> StateMachine:
    states = {"First": state, "Last": {"Type": "Succeed"}}
    return StateMachine.parse(json.dumps({"StartAt": "First", "States": states, **others}))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"Type": "Map"}, "the type 'Map' is not one of Task, Choice, Wait, Pass, Succeed, Fail"),
        ({"Type": "Parallel", "Branches": []}, "'Parallel'"),
        ("Pass", "must be an object"),
        (TASK | {"TimeoutSeconds": 3}, "state First: TimeoutSeconds cannot be executed here"),
        (TASK | {"HeartbeatSeconds": 3, "Assign": {}}, "Assign, HeartbeatSeconds cannot"),
        (TASK | {"Resource": "arn:aws:states:::sns:publish"}, "sns:publish"),
        (TASK | {"Resource": f"{LAMBDA_INVOKE}.waitForTaskToken"}, "waitForTaskToken"),
        (TASK | {"Parameters": {"FunctionName": "f", "Qualifier": "1"}}, "FunctionName and Pay"),
        (TASK | {"Parameters": {"Payload": {"x.$": "States.UUID()"}, "FunctionName": "f"}}, "UUID"),
        (TASK | {"Parameters": {"Payload": {"x.$": "$$.State.Name"}}}, "reference path"),
        (TASK | {"Next": "Last"}, 'either a Next or "End"'),
        (TASK | {"End": False}, 'either a Next or "End"'),
        ({"Type": "Pass", "Next": "Nowhere"}, "there is no state Nowhere"),
        (TASK | {"Catch": [{"ErrorEquals": ["E"], "Next": "Nowhere"}]}, "no state Nowhere"),
        (TASK | {"Retry": [RETRY | {"MaxAttempts": -1}]}, "MaxAttempts must be"),
        (TASK | {"Retry": [RETRY | {"BackoffRate": 0.5}]}, "BackoffRate must be"),
        (TASK | {"Retry": [RETRY | {"JitterStrategy": "FULL"}]}, r"Retry\[0\]: JitterStrategy"),
        (TASK | {"Retry": [{"ErrorEquals": ["States.ALL", "E"]}]}, "must stand alone"),
        (TASK | {"Retry": [{"ErrorEquals": ["States.ALL"]}, RETRY]}, "must come last"),
        (TASK | {"Retry": [{"ErrorEquals": []}]}, "a list of names"),
        ({"Type": "Wait", "Timestamp": "2026-11-20T00:00:00Z", "Next": "Last"}, "one of Seconds"),
        ({"Type": "Wait", "Seconds": 1, "SecondsPath": "$.x", "Next": "Last"}, "one of Seconds"),
        ({"Type": "Wait", "Seconds": -1, "Next": "Last"}, "Seconds must be"),
        ({"Type": "Choice", "Choices": []}, "Choices is empty"),
        ({"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": True}]}, "needs a Next"),
        (
            {"Type": "Choice", "Choices": [{"Variable": "$.x", "Is": True, "Next": "Last"}]},
            "the operator Is cannot",
        ),
        ({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}, "Error or ErrorPath, not both"),
        ({"Type": "Succeed", "Next": "Last"}, "Next cannot be executed here"),
        ({"Type": "Pass", "InputPath": "x", "End": True}, "paths begin with"),
    ],
)
def test_what_cannot_be_executed_is_refused_by_state_and_field(state: Any, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        parse(state)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"QueryLanguage": "JSONata"}, "QueryLanguage cannot be executed here"),
        ({"TimeoutSeconds": 5}, "TimeoutSeconds"),
        ({"StartAt": "Nowhere"}, "there is no state 'Nowhere'"),
        ({"States": []}, "needs an object States"),
    ],
)
def test_a_definition_as_a_whole_is_looked_at_too(others: dict[str, Any], said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        parse({"Type": "Pass", "End": True}, **others)


def test_the_deployed_definition_can_be_executed_here() -> None:
    machine = load_definition({"ActiveLearningFunctionArn": "arn:of:function"})
    assert machine.start_at == "Split"
    assert '"arn:of:function"' in machine.text


def test_a_name_without_a_substitution_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"nothing was given for \$\{ActiveLearningFun"):
        load_definition({})


def test_a_definition_that_is_no_json_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "definition.json"
    file.write_text(DEFINITION.read_text() + "}")
    with pytest.raises(DefinitionError, match="not JSON"):
        load_definition({"ActiveLearningFunctionArn": "f"}, file)
