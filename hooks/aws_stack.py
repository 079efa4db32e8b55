"""Calls of the functions that look after the stack itself: its signing key, its endpoint.

With `hooks.aws` the only place in `hooks` that talks to AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.request import Request, urlopen

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from hooks.core.endpoint_watch import OPEN, Endpoint, JobState, Scaling
from hooks.core.errors import ContractError

VARIANT = "AllTraffic"
_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 4})
_SCALED = "sagemaker:variant:DesiredInstanceCount"
_POLICY = "clicks-per-instance"


@cache
def client(service: str) -> Any:
    session: Any = boto3  # its types know service names as literals only
    return session.client(service, config=_CONFIG)


def secret_versions(secret: str) -> dict[str, list[str]]:
    """A secret's versions, each with its stages."""
    described = client("secretsmanager").describe_secret(SecretId=secret)
    versions: dict[str, list[str]] = described["VersionIdsToStages"]
    return versions


def read_secret_version(secret: str, stage: str, version: str | None = None) -> str | None:
    """The text of a secret's version; None if it has none yet."""
    which = {"VersionId": version} if version else {}
    manager = client("secretsmanager")
    try:
        answer = manager.get_secret_value(SecretId=secret, VersionStage=stage, **which)
    except manager.exceptions.ResourceNotFoundException:
        return None
    text: str = answer["SecretString"]
    return text


def write_secret_version(secret: str, text: str, stage: str, version: str) -> None:
    client("secretsmanager").put_secret_value(
        SecretId=secret, SecretString=text, ClientRequestToken=version, VersionStages=[stage]
    )


def move_secret_stage(secret: str, stage: str, to: str, away_from: str) -> None:
    client("secretsmanager").update_secret_version_stage(
        SecretId=secret, VersionStage=stage, MoveToVersionId=to, RemoveFromVersionId=away_from
    )


def describe_endpoint(name: str) -> Endpoint | None:
    """The endpoint as it stands; None if there is none."""
    try:
        found = client("sagemaker").describe_endpoint(EndpointName=name)
    except ClientError as error:
        if "Could not find" in error.response["Error"]["Message"]:
            return None
        raise
    return Endpoint(
        status=found["EndpointStatus"],
        made_at=found["CreationTime"].timestamp(),
        config=found.get("EndpointConfigName", ""),
        instances=sum(
            variant.get("CurrentInstanceCount", 0)
            for variant in found.get("ProductionVariants", ())
        ),
    )


def create_endpoint(name: str, config: str, tags: Mapping[str, str]) -> None:
    """Have it created. Somebody else may have done so a moment ago."""
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    try:
        client("sagemaker").create_endpoint(
            EndpointName=name, EndpointConfigName=config, Tags=listed
        )
    except ClientError as error:
        if "already existing" not in error.response["Error"]["Message"]:
            raise


def update_endpoint(name: str, config: str) -> None:
    """Give it another configuration, without a pause for those who click."""
    client("sagemaker").update_endpoint(EndpointName=name, EndpointConfigName=config)


def delete_endpoint(name: str) -> None:
    """Delete it, and what scales it; neither need be there."""
    calls: list[tuple[str, Any, dict[str, str]]] = [
        ("Could not find", client("sagemaker").delete_endpoint, {"EndpointName": name}),
        (
            "No scalable target found",
            client("application-autoscaling").deregister_scalable_target,
            _target(name),
        ),
    ]
    for missing, delete, which in calls:
        try:
            delete(**which)
        except ClientError as error:
            if missing not in error.response["Error"]["Message"]:
                raise


def scale_endpoint(name: str, scaling: Scaling) -> None:
    """Let it grow and shrink with the clicks, if it may; doing so again changes nothing."""
    if scaling.most <= scaling.least:
        return
    service = client("application-autoscaling")
    service.register_scalable_target(
        MinCapacity=scaling.least, MaxCapacity=scaling.most, **_target(name)
    )
    service.put_scaling_policy(
        PolicyName=_POLICY,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": scaling.calls_per_minute,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 600,
        },
        **_target(name),
    )


def list_jobs(pre_annotation_arn: str, changed_since: float) -> list[JobState]:
    """The labeling jobs of one pre-annotation function that are open, or changed lately."""
    lately = datetime.fromtimestamp(changed_since, UTC)
    asked: list[dict[str, Any]] = [{"StatusEquals": status} for status in sorted(OPEN)]
    jobs = {}
    for which in (*asked, {"LastModifiedTimeAfter": lately}):
        for page in client("sagemaker").get_paginator("list_labeling_jobs").paginate(**which):
            for job in page["LabelingJobSummaryList"]:
                if job.get("PreHumanTaskLambdaArn") == pre_annotation_arn:
                    jobs[job["LabelingJobName"]] = JobState(
                        name=job["LabelingJobName"],
                        status=job["LabelingJobStatus"],
                        changed_at=job["LastModifiedTime"].timestamp(),
                    )
    return list(jobs.values())


def answer_cloudformation(url: str, body: str) -> None:
    """Tell CloudFormation how its request to a custom resource went, where it wants to hear it."""
    if not url.startswith("https://"):
        raise ContractError("ResponseURL", "CloudFormation's address must begin with https://.")
    # The address is signed for a request without a content type.
    request = Request(url, body.encode(), {"content-type": ""}, method="PUT")
    with urlopen(request, timeout=30):
        pass


def _target(endpoint_name: str) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint_name}/variant/{VARIANT}",
        "ScalableDimension": _SCALED,
    }
