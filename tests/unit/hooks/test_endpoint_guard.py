"""The endpoint guard against moto; botocore checks what moto lacks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.request import Request

import boto3
import pytest
from moto import mock_aws

from hooks import aws_stack
from hooks.core.errors import ContractError
from hooks.endpoint_guard import handler
from tests.unit.hooks.conftest import LambdaContext

PRE = "arn:aws:lambda:eu-west-1:123456789012:function:fewclick-SageMakerPreAnnotation-1"
ENVIRONMENT = {
    "ENDPOINT_NAME": "clicks-1a2b3c4d",
    "ENDPOINT_CONFIG": "config-1",
    "PRE_ANNOTATION_ARN": PRE,
    "IDLE_MINUTES": "30",
    "LEAST_INSTANCES": "1",
    "MOST_INSTANCES": "3",
    "CALLS_PER_MINUTE": "600",
    "HOURLY_PRICE": "0.204",
    "STACK_NAME": "fewclick",
}
HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)
STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/fewclick/1a2b3c4d-0000"


def job(status: str = "InProgress", changed: datetime = HOUR_AGO, pre: str = PRE) -> dict[str, Any]:
    return {
        "LabelingJobName": f"job-{status}-{changed.minute}",
        "LabelingJobStatus": status,
        "LastModifiedTime": changed,
        "PreHumanTaskLambdaArn": pre,
    }


class Sagemaker:
    """moto's SageMaker, and the labeling jobs that a test has."""

    def __init__(self) -> None:
        self.jobs: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.client = aws_stack.client("sagemaker")
        role = "arn:aws:iam::123456789012:role/model"
        self.client.create_model(
            ModelName="m", ExecutionRoleArn=role, PrimaryContainer={"Image": "i"}
        )
        for name in ("config-0", "config-1"):
            variant = {"VariantName": "AllTraffic", "ModelName": "m"}
            sized = {"InitialInstanceCount": 1, "InstanceType": "ml.c5.xlarge"}
            self.client.create_endpoint_config(
                EndpointConfigName=name, ProductionVariants=[variant | sized]
            )
        self._stand_in("ListLabelingJobs", self._list)
        self._stand_in("UpdateEndpoint", self._update)

    def _stand_in(self, operation: str, answer: Callable[[dict[str, Any]], Any]) -> None:
        """Answer an operation that moto lacks, once botocore has checked what is asked."""
        asked: list[dict[str, Any]] = []
        events = self.client.meta.events
        events.register(
            f"provide-client-params.sagemaker.{operation}",
            lambda params, **_: asked.append(dict(params)),
        )
        events.register(
            f"before-call.sagemaker.{operation}",
            lambda **_: (SimpleNamespace(status_code=200), answer(asked[-1])),
        )

    def _list(self, asked: dict[str, Any]) -> dict[str, Any]:
        since = asked.get("LastModifiedTimeAfter")
        status = asked.get("StatusEquals")
        found = [
            each
            for each in self.jobs
            if status in (None, each["LabelingJobStatus"])
            and (since is None or each["LastModifiedTime"] > since)
        ]
        return {"LabelingJobSummaryList": found}

    def _update(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.updates.append(asked)
        return {"EndpointArn": "arn:of:endpoint"}

    def make(self, config: str = "config-1") -> None:
        self.client.create_endpoint(
            EndpointName=ENVIRONMENT["ENDPOINT_NAME"], EndpointConfigName=config
        )

    @property
    def endpoint(self) -> Any:
        listed = self.client.list_endpoints()["Endpoints"]
        return listed[0]["EndpointName"] if listed else None


@pytest.fixture
def sagemaker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sagemaker]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        aws_stack.client.cache_clear()
        yield Sagemaker()
    aws_stack.client.cache_clear()


def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour passes, so that the endpoint is not new any more."""
    later = datetime.now(UTC).timestamp() + 3600
    monkeypatch.setattr("hooks.endpoint_guard.time", SimpleNamespace(time=lambda: later))


def test_a_job_brings_the_endpoint_up(sagemaker: Sagemaker, context: LambdaContext) -> None:
    sagemaker.jobs = [job()]
    answer = handler({}, context)
    assert answer == {"endpoint": "clicks-1a2b3c4d", "status": "Creating"}
    assert sagemaker.endpoint == "clicks-1a2b3c4d"
    arn = sagemaker.client.describe_endpoint(EndpointName="clicks-1a2b3c4d")["EndpointArn"]
    tags = sagemaker.client.list_tags(ResourceArn=arn)["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "project": "fewclick",
        "stack": "fewclick",
    }
    assert handler({}, context)["status"] == "InService"  # asked again, it does nothing more


@pytest.mark.parametrize(
    "jobs",
    [[], [job(pre="arn:of:another")], [job("Completed")], [job("Failed")]],
    ids=["no job", "another stack's", "one that is over", "one that failed"],
)
def test_without_a_job_no_endpoint_is_made(
    sagemaker: Sagemaker, context: LambdaContext, jobs: list[dict[str, Any]]
) -> None:
    sagemaker.jobs = jobs
    assert handler({}, context)["status"] == "None"
    assert sagemaker.endpoint is None


def test_who_is_about_to_create_a_job_has_the_endpoint_made(
    sagemaker: Sagemaker, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert handler({"action": "start"}, context)["status"] == "Creating"
    assert handler({}, context)["status"] == "InService"  # the job may come any minute
    idle(monkeypatch)
    assert handler({}, context)["status"] == "Deleting"
    assert sagemaker.endpoint is None


def test_an_endpoint_that_nobody_needs_goes_with_its_scaling(
    sagemaker: Sagemaker, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    sagemaker.jobs = [job()]
    sagemaker.make()
    handler({}, context)
    scaling = boto3.client("application-autoscaling")
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert target["ResourceId"] == "endpoint/clicks-1a2b3c4d/variant/AllTraffic"
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 3)
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["TargetValue"] == 600
    handler({}, context)  # once more changes nothing
    sagemaker.jobs = []
    idle(monkeypatch)
    assert handler({}, context)["status"] == "Deleting"
    assert sagemaker.endpoint is None
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_an_endpoint_stays_while_a_job_is_open_however_long(
    sagemaker: Sagemaker, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    sagemaker.jobs = [job(changed=HOUR_AGO - timedelta(days=20))]
    sagemaker.make()
    idle(monkeypatch)
    assert handler({}, context)["status"] == "InService"


def test_a_new_configuration_reaches_a_running_endpoint(
    sagemaker: Sagemaker, context: LambdaContext
) -> None:
    sagemaker.jobs = [job()]
    sagemaker.make("config-0")
    assert handler({}, context)["status"] == "Updating"
    assert sagemaker.updates == [
        {"EndpointName": "clicks-1a2b3c4d", "EndpointConfigName": "config-1"}
    ]


def test_an_endpoint_of_one_instance_is_not_scaled(
    sagemaker: Sagemaker, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOST_INSTANCES", "1")
    sagemaker.jobs = [job()]
    sagemaker.make()
    handler({}, context)
    scaling = boto3.client("application-autoscaling")
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_an_endpoint_that_is_always_kept_is_only_looked_at(
    sagemaker: Sagemaker,
    context: LambdaContext,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("IDLE_MINUTES", "0")
    sagemaker.make("config-0")
    idle(monkeypatch)
    capsys.readouterr()
    assert handler({}, context)["status"] == "InService"
    assert sagemaker.updates == []
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert metrics[-1]["EndpointInstances"] == [1]
    assert metrics[-1]["EndpointCostPerHour"] == [0.204]


def request(kind: str, **more: str) -> dict[str, Any]:
    return {
        "RequestType": kind,
        "ResponseURL": "https://cloudformation-custom-resource-response-euwest1.example/x?signed",
        "StackId": STACK,
        "RequestId": "r-1",
        "LogicalResourceId": "GuardedEndpoint",
        "ResourceProperties": {"ServiceToken": "arn:of:guard"},
        **more,
    }


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What CloudFormation is told."""
    told: list[Any] = []

    class Answered:
        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None: ...

    def put(asked: Request, timeout: float) -> Answered:
        assert asked.get_method() == "PUT"
        assert asked.full_url.startswith("https://cloudformation-custom-resource-response")
        assert asked.get_header("Content-type") == ""
        assert isinstance(asked.data, bytes)
        told.append(json.loads(asked.data))
        return Answered()

    monkeypatch.setattr(aws_stack, "urlopen", put)
    return told


def test_cloudformation_gets_the_endpoints_name_before_there_is_one(
    sagemaker: Sagemaker, context: LambdaContext, answers: list[Any]
) -> None:
    handler(request("Create"), context)
    assert answers == [
        {
            "Status": "SUCCESS",
            "Reason": "",
            "PhysicalResourceId": "clicks-1a2b3c4d",
            "StackId": STACK,
            "RequestId": "r-1",
            "LogicalResourceId": "GuardedEndpoint",
            "Data": {"EndpointName": "clicks-1a2b3c4d"},
        }
    ]
    assert sagemaker.endpoint is None


def test_an_update_of_the_stack_reaches_the_endpoint_at_once(
    sagemaker: Sagemaker, context: LambdaContext, answers: list[Any]
) -> None:
    sagemaker.jobs = [job()]
    sagemaker.make("config-0")
    handler(request("Update", PhysicalResourceId="clicks-1a2b3c4d"), context)
    assert len(sagemaker.updates) == 1
    assert answers[0]["Status"] == "SUCCESS"


def test_the_endpoint_goes_with_the_stack_whatever_is_open(
    sagemaker: Sagemaker, context: LambdaContext, answers: list[Any]
) -> None:
    sagemaker.jobs = [job()]
    sagemaker.make()
    for _ in range(2):  # the second time it is gone already
        handler(request("Delete", PhysicalResourceId="clicks-1a2b3c4d"), context)
    assert sagemaker.endpoint is None
    assert [answer["Status"] for answer in answers] == ["SUCCESS", "SUCCESS"]


def test_cloudformation_hears_of_a_failure_instead_of_waiting_an_hour(
    sagemaker: Sagemaker,
    context: LambdaContext,
    answers: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ENDPOINT_CONFIG", "no-such-config")
    sagemaker.jobs = [job()]
    handler(request("Create"), context)
    assert answers[0]["Status"] == "FAILED"
    assert "no-such-config" in answers[0]["Reason"]


def test_only_known_actions_are_taken(sagemaker: Sagemaker, context: LambdaContext) -> None:
    with pytest.raises(ContractError, match="action"):
        handler({"action": "delete everything"}, context)


def test_cloudformation_is_answered_over_https_alone() -> None:
    with pytest.raises(ContractError, match="https"):
        aws_stack.answer_cloudformation("http://169.254.169.254/", "{}")
