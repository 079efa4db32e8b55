"""An asynchronous endpoint: the requests that make it.

    with HostedEndpoint(sagemaker, AsyncEndpointParts(...), attachments=scaling(...)):
        ...

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-create-endpoint.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VARIANT = "AllTraffic"


@dataclass(frozen=True, slots=True)
class AsyncEndpointParts:
    """What an asynchronous endpoint is made of.

    Attributes:
        model: of the account, which stays; None for `container`.
        container: a ContainerDefinition of CreateModel, for a model that goes with the endpoint.
        network_isolation: the model's container reaches nothing.
        variant: what the production variant has beside its model and instances, such as
            ContainerStartupHealthCheckTimeoutInSeconds.
        output_path, failure_path: `s3://` prefixes for answers and failures.
        concurrency: invocations that one instance works on at a time, 1 to 1,000.
        success_topic, error_topic: ARNs of SNS topics, or None.
        kms_key: encrypts answers; "" for the bucket's own way.
    """

    name: str
    role_arn: str
    instance_type: str
    output_path: str
    failure_path: str
    concurrency: int = 4
    model: str | None = None
    container: Mapping[str, Any] = field(default_factory=dict)
    network_isolation: bool = False
    variant: Mapping[str, Any] = field(default_factory=dict)
    success_topic: str | None = None
    error_topic: str | None = None
    kms_key: str = ""

    def model_request(self) -> dict[str, Any] | None:
        if self.model is not None:
            return None
        request: dict[str, Any] = {
            "ModelName": self.name,
            "ExecutionRoleArn": self.role_arn,
            "PrimaryContainer": dict(self.container),
        }
        return {**request, "EnableNetworkIsolation": True} if self.network_isolation else request

    def config_request(self) -> dict[str, Any]:
        output: dict[str, Any] = {
            "S3OutputPath": self.output_path,
            "S3FailurePath": self.failure_path,
        }
        if self.kms_key:
            output["KmsKeyId"] = self.kms_key
        topics = {"SuccessTopic": self.success_topic, "ErrorTopic": self.error_topic}
        given = {name: topic for name, topic in topics.items() if topic is not None}
        if given:
            output["NotificationConfig"] = given
        return {
            "EndpointConfigName": self.name,
            "ProductionVariants": [
                {
                    "VariantName": VARIANT,
                    "ModelName": self.model or self.name,
                    # It begins awake, which shows at once that it works, and then goes to zero.
                    "InitialInstanceCount": 1,
                    "InstanceType": self.instance_type,
                    **self.variant,
                }
            ],
            "AsyncInferenceConfig": {
                "OutputConfig": output,
                "ClientConfig": {"MaxConcurrentInvocationsPerInstance": self.concurrency},
            },
        }

    def endpoint_request(self) -> dict[str, Any]:
        return {"EndpointName": self.name, "EndpointConfigName": self.name}
