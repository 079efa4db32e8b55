"""template.yaml, held against the code that it deploys and the services that it talks to."""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from cfnlint.decode import decode

from hooks import aws
from hooks.core.consensus import Method
from hooks.core.task_token import SigningKeys
from hooks.settings import (
    ClickProxySettings,
    ConsolidationSettings,
    EndpointGuardSettings,
    PreAnnotationSettings,
)
from tests.conftest import REPOSITORY

API_GATEWAY_SECONDS = 30
# AmazonSageMakerGroundTruthExecution, statement on lambda:InvokeFunction.
INVOKABLE = re.compile(r"GtRecipe|LabelingFunction|SageMaker|sagemaker|Sagemaker")
GROUND_TRUTH_BUCKET = re.compile(
    "GroundTruth|Groundtruth|groundtruth|SageMaker|Sagemaker|sagemaker"
)

TEMPLATE, PROBLEMS = decode(str(REPOSITORY / "template.yaml"))
RESOURCES: Mapping[str, Any] = TEMPLATE["Resources"]
SETTINGS = {
    "SageMakerPreAnnotation": PreAnnotationSettings,
    "SageMakerConsolidation": ConsolidationSettings,
    "ClickProxy": ClickProxySettings,
    "EndpointGuard": EndpointGuardSettings,
}
WITHOUT_SETTINGS = ("KeyRotation", "SageMakerActiveLearning")


class Asked(Mapping[str, str]):
    """An environment that has every variable, and remembers which ones were asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return {"CONSENSUS_METHOD": "robust"}.get(name, "1")

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def functions() -> dict[str, Any]:
    return {
        name: resource["Properties"]
        for name, resource in RESOURCES.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def test_every_function_has_settings() -> None:
    assert not PROBLEMS
    assert set(functions()) == {*SETTINGS, *WITHOUT_SETTINGS}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_function_gets_the_variables_that_it_reads_and_no_other(name: str) -> None:
    asked = Asked()
    SETTINGS[name].from_environment(asked)
    assert set(functions()[name]["Environment"]["Variables"]) == asked.names


@pytest.mark.parametrize("name", [*SETTINGS, *WITHOUT_SETTINGS])
def test_a_functions_handler_is_there(name: str) -> None:
    module, _, handler = functions()[name]["Handler"].rpartition(".")
    assert callable(getattr(importlib.import_module(module), handler))


@pytest.mark.parametrize("name", ["SageMakerPreAnnotation", "SageMakerConsolidation"])
def test_ground_truth_may_invoke_the_hooks_under_their_generated_names(name: str) -> None:
    assert INVOKABLE.search(name[:24])


def test_ground_truth_may_read_the_bucket_under_its_generated_name() -> None:
    (bucket,) = (name for name in RESOURCES if RESOURCES[name]["Type"] == "AWS::S3::Bucket")
    assert GROUND_TRUTH_BUCKET.search(bucket[:24].lower())


def test_the_bucket_has_the_cors_rule_that_ground_truth_asks_for() -> None:
    rules = RESOURCES["SageMakerLabelingBucket"]["Properties"]["CorsConfiguration"]["CorsRules"]
    assert rules == [
        {
            "AllowedHeaders": [],
            "AllowedMethods": ["GET"],
            "AllowedOrigins": ["*"],
            "ExposedHeaders": ["Access-Control-Allow-Origin"],
        }
    ]


def test_the_generated_key_is_one_that_signs_tokens() -> None:
    generated = RESOURCES["SigningKey"]["Properties"]["GenerateSecretString"]
    secret = json.loads(generated["SecretStringTemplate"])
    secret[generated["GenerateStringKey"]] = "s" * generated["PasswordLength"]
    assert SigningKeys.from_secret(json.dumps(secret)).current == "k1"


def test_the_proxy_answers_before_api_gateway_gives_up() -> None:
    timeout = functions()["ClickProxy"]["Timeout"]
    assert aws.ENDPOINT_TIMEOUT_SECONDS < timeout < API_GATEWAY_SECONDS


def test_the_layer_and_this_project_ask_for_the_same_libraries() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    layer = (REPOSITORY / "hooks" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = {line for line in layer if line and not line.startswith("#")}
    assert wanted
    assert wanted <= set(project["project"]["dependencies"])


def test_every_method_can_be_chosen_by_name() -> None:
    assert TEMPLATE["Parameters"]["ConsensusMethod"]["AllowedValues"] == list(Method)
