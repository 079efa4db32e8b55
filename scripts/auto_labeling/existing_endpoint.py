"""An endpoint that is there: whether it is asynchronous, and how much it takes at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from scripts.account.aws_account import AwsAccount
from scripts.account.aws_errors import code_of
from scripts.refusal import RefusedError

DEFAULT_CONCURRENCY = 4
"""Of an asynchronous endpoint that names none, SageMaker chooses; of a real-time one, we."""
UNKNOWN = ("ValidationException", "ResourceNotFound")


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """What DescribeEndpoint and its configuration say.

    Attributes:
        output_path: of an asynchronous endpoint; None for a real-time one.
        concurrency: invocations of one instance at a time.
        instances: that run now, at least 1: an endpoint that sleeps wakes with one.
        incarnation: tells an endpoint from another of the same name before it; what was sent to
            that one will not be answered.
        topics: ARNs that it publishes to.
        instance_type: None where the configuration names none, as serverless ones.
    """

    name: str
    output_path: str | None
    concurrency: int
    instances: int
    incarnation: str
    topics: tuple[str, ...]
    instance_type: str | None

    @property
    def asynchronous(self) -> bool:
        return self.output_path is not None


def describe_endpoint(account: AwsAccount, name: str) -> EndpointFacts | None:
    """The facts of an endpoint in service; None when there is none of that name.

    Raises:
        RefusedError: it is there and not in service.
    """
    sagemaker = account.client("sagemaker")
    try:
        described = sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if code_of(error) not in UNKNOWN:
            raise
        return None
    status = described["EndpointStatus"]
    if status != "InService":
        reason = described.get("FailureReason")
        raise RefusedError(
            f"the endpoint {name} is {status}{f' ({reason})' if reason else ''}: it takes requests "
            "once it is InService."
        )
    config = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    return _facts(name, described, config)


def existing_endpoint(account: AwsAccount, name: str) -> EndpointFacts:
    """The facts of an endpoint that must be there.

    Raises:
        RefusedError: it is not, or it is not in service.
    """
    facts = describe_endpoint(account, name)
    if facts is None:
        raise RefusedError(
            f"there is no endpoint {name} in {account.region}. `aws sagemaker list-endpoints` "
            "shows those there are."
        )
    return facts


def _facts(name: str, described: Mapping[str, Any], config: Mapping[str, Any]) -> EndpointFacts:
    asynchronous = config.get("AsyncInferenceConfig") or {}
    output = asynchronous.get("OutputConfig") or {}
    topics = output.get("NotificationConfig") or {}
    variants = described.get("ProductionVariants") or [{}]
    wanted = config.get("ProductionVariants") or [{}]
    concurrency = (asynchronous.get("ClientConfig") or {}).get(
        "MaxConcurrentInvocationsPerInstance"
    )
    return EndpointFacts(
        name=name,
        output_path=output.get("S3OutputPath") if asynchronous else None,
        concurrency=int(concurrency or DEFAULT_CONCURRENCY),
        instances=max(int(variants[0].get("CurrentInstanceCount") or 1), 1),
        incarnation=described["CreationTime"].isoformat(),
        topics=tuple(topics[kind] for kind in ("SuccessTopic", "ErrorTopic") if topics.get(kind)),
        instance_type=wanted[0].get("InstanceType"),
    )
