"""Lambda's Invoke over HTTP, as boto3 and a state machine's tasks call it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.active_learning.lambda_task import lambda_invoker
from scripts.active_learning.state_machine import StateError
from tests.unit.scripts.cloud_bench import CloudBench


@pytest.fixture
def client(cloud: CloudBench) -> Any:
    environment = cloud.local.environment
    import boto3

    return boto3.client(
        "lambda",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        config=Config(retries={"total_max_attempts": 1}),
    )


def event(**data_object: Any) -> dict[str, Any]:
    return {"dataObject": {"source-ref": "s3://b/k", **data_object}}


def test_a_function_is_invoked_by_its_name_or_its_arn(cloud: CloudBench, client: Any) -> None:
    arn = cloud.local.pre_annotation_arn
    name = arn.rpartition(":")[2]
    for given in (arn, name, f"{arn}:$LATEST", f"123456789012:function:{name}"):
        answer = client.invoke(FunctionName=given, Payload=json.dumps(event()).encode())
        assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
        assert "FunctionError" not in answer
        assert json.loads(answer["Payload"].read())["isHumanAnnotationRequired"] is True


def test_a_functions_exception_comes_as_lambda_tells_it(cloud: CloudBench, client: Any) -> None:
    answer = client.invoke(
        FunctionName=cloud.local.pre_annotation_arn,
        Payload=json.dumps(event(ask="raise")).encode(),
    )
    assert answer["FunctionError"] == "Unhandled"
    said = json.loads(answer["Payload"].read())
    assert (said["errorType"], said["errorMessage"]) == ("ValueError", "no such photo")


@pytest.mark.parametrize(
    "name",
    ["nobody", "arn:aws:lambda:us-east-1:123456789012:function:nobody", "function:nobody"],
)
def test_a_function_that_is_not_there_is_not_found(client: Any, name: str) -> None:
    with pytest.raises(ClientError) as refused:
        client.invoke(FunctionName=name, Payload=b"{}")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_what_is_not_answered_here_is_refused(cloud: CloudBench, client: Any) -> None:
    arn = cloud.local.pre_annotation_arn
    assert client.invoke(FunctionName=arn, InvocationType="DryRun")["StatusCode"] == 204
    with pytest.raises(ClientError, match="The invocation type Event is not answered"):
        client.invoke(FunctionName=arn, InvocationType="Event", Payload=b"{}")
    with pytest.raises(ClientError, match="InvalidRequestContentException"):
        client.invoke(FunctionName=arn, Payload=b"{")


def test_a_task_gets_the_answer_or_an_error_with_a_name(cloud: CloudBench, client: Any) -> None:
    invoke = lambda_invoker(client)
    result = invoke(cloud.local.pre_annotation_arn, event())
    assert result["Payload"]["taskInput"]["taskObject"] == "s3://b/k"
    with pytest.raises(StateError) as failed:
        invoke(cloud.local.pre_annotation_arn, event(ask="raise"))
    assert failed.value.error == "ValueError"
    assert json.loads(failed.value.cause)["errorMessage"] == "no such photo"
    with pytest.raises(StateError) as missing:
        invoke("nobody", {})
    assert missing.value.error == "Lambda.ResourceNotFoundException"


def test_a_lambda_that_cannot_be_reached_is_an_error_worth_another_try() -> None:
    import boto3

    nowhere = boto3.client(
        "lambda",
        endpoint_url="http://127.0.0.1:9",
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )
    with pytest.raises(StateError) as failed:
        lambda_invoker(nowhere)("f", {})
    assert failed.value.error == "Lambda.SdkClientException"
