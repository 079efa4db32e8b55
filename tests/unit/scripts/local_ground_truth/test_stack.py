"""A template's functions, routes, buckets and secrets, as they are on this machine."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from scripts.local_ground_truth.stack import Stack
from scripts.local_ground_truth.template_values import Template, TemplateValueError
from tests.conftest import REPOSITORY
from tests.unit.scripts.local_ground_truth.conftest import STACK

API = "http://127.0.0.1:8000"


def stack_of(path: Path, endpoint_name: str = "clicks") -> Stack:
    template = Template(
        path,
        account="123456789012",
        region="us-east-1",
        parameters={"EndpointName": endpoint_name},
    )
    template.references["SigningKey"] = "arn:of:secret"
    return Stack(
        template,
        account="123456789012",
        region="us-east-1",
        click_api_url=API,
        endpoint_name=endpoint_name,
    )


def test_a_function_gets_the_environment_that_the_template_gives_it() -> None:
    pre = next(each for each in stack_of(STACK).functions() if "Pre" in each.name)
    assert pre.environment == {
        "EVERYWHERE": "yes",
        "BUCKET": "fewclick-bucket-local",
        "CLICK_API_URL": API,
        "CLICK_API_BY_NAME": API,
        "SECRET": "arn:of:secret",
    }
    assert (pre.handler, pre.timeout_seconds, pre.memory_mb) == (
        "tiny_functions.pre_annotation",
        10,
        256,
    )
    assert pre.task_root == STACK.parent
    assert pre.arn == ("arn:aws:lambda:us-east-1:123456789012:function:fewclick-SageMakerPre-local")


def test_without_an_endpoint_there_is_no_click_api() -> None:
    stack = stack_of(STACK, endpoint_name="")
    assert stack.routes() == []
    pre = next(each for each in stack.functions() if "Pre" in each.name)
    assert pre.environment["CLICK_API_URL"] == ""


def test_routes_and_cors_rules_come_from_the_template() -> None:
    stack = stack_of(STACK)
    assert [(route.method, route.path) for route in stack.routes()] == [
        ("POST", "/segment"),
        ("GET", "/photos/{name}"),
    ]
    cors = stack.cors()
    assert cors is not None
    assert (cors.allow_origins, cors.max_age) == (("*",), 600)


@mock_aws
def test_secrets_are_generated_once_and_kept(tmp_path: Path) -> None:
    client = boto3.client("secretsmanager", region_name="us-east-1")
    file = tmp_path / "secrets.json"
    stack_of(STACK).create_secrets(client, file)
    (listed,) = client.list_secrets()["SecretList"]
    value = client.get_secret_value(SecretId=listed["ARN"])["SecretString"]
    assert json.loads(value)["current"] == "k1"
    assert json.loads(value)["k1"].isalnum()
    assert len(json.loads(value)["k1"]) == 64
    assert json.loads(file.read_bytes()) == {"SigningKey": value}
    assert file.stat().st_mode & 0o077 == 0
    client.delete_secret(SecretId=listed["ARN"], ForceDeleteWithoutRecovery=True)
    stack_of(STACK).create_secrets(client, file)
    (again,) = client.list_secrets()["SecretList"]
    assert client.get_secret_value(SecretId=again["ARN"])["SecretString"] == value


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ("{AWS_REGION: here}", "Lambda reserves the variable AWS_REGION"),
        (f"{{LONG: {'x' * 5000}}}", "Lambda takes 4096"),
    ],
)
def test_an_environment_that_lambda_refuses_is_refused(
    tmp_path: Path, variables: str, problem: str
) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        "Parameters: {EndpointName: {Type: String}}\n"
        "Resources:\n  F:\n    Type: AWS::Serverless::Function\n"
        f"    Properties: {{Handler: a.b, Environment: {{Variables: {variables}}}}}\n"
    )
    with pytest.raises(TemplateValueError, match=problem):
        stack_of(path).functions()


def test_the_template_that_ships_has_a_meaning_here() -> None:
    stack = stack_of(REPOSITORY / "template.yaml")
    handlers = {function.handler for function in stack.functions()}
    assert handlers == {
        "hooks.pre_annotation.handler",
        "hooks.annotation_consolidation.handler",
        "hooks.click_proxy.handler",
        "hooks.key_rotation.handler",
        "hooks.active_learning.handler",
    }
    assert {(route.method, route.path) for route in stack.routes()} == {
        ("POST", "/segment"),
        ("POST", "/prewarm"),
        ("POST", "/token"),
    }
