"""An asynchronous endpoint that sleeps without work: down to no instance, and up again.

Target tracking holds the backlog of each instance near a number, and takes the last instance away
when there is none. By itself it would wake an endpoint only once more than that number wait; so an
alarm on HasBacklogWithoutCapacity brings the first instance up for a single request.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scripts.auto_labeling.async_endpoint import VARIANT

NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
METRICS = "AWS/SageMaker"
BACKLOG_PER_INSTANCE = 5.0
COOLDOWN_SECONDS = 300


@dataclass(frozen=True, slots=True)
class ScalingRequests:
    """What makes an endpoint scale between no instance and `max_instances`."""

    endpoint: str
    max_instances: int = 1
    variant: str = VARIANT

    @property
    def resource(self) -> dict[str, str]:
        """Names the variant in every request of application autoscaling."""
        return {
            "ServiceNamespace": NAMESPACE,
            "ResourceId": f"endpoint/{self.endpoint}/variant/{self.variant}",
            "ScalableDimension": DIMENSION,
        }

    @property
    def backlog_policy(self) -> str:
        return f"{self.endpoint}-backlog"

    @property
    def waking_policy(self) -> str:
        return f"{self.endpoint}-wakes"

    @property
    def alarm(self) -> str:
        return f"{self.endpoint}-wakes"

    def target_request(self) -> dict[str, Any]:
        return {**self.resource, "MinCapacity": 0, "MaxCapacity": self.max_instances}

    def backlog_request(self) -> dict[str, Any]:
        return {
            **self.resource,
            "PolicyName": self.backlog_policy,
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": BACKLOG_PER_INSTANCE,
                "CustomizedMetricSpecification": {
                    "MetricName": "ApproximateBacklogSizePerInstance",
                    "Namespace": METRICS,
                    # Not the variant: the metric is published for the endpoint alone.
                    "Dimensions": [{"Name": "EndpointName", "Value": self.endpoint}],
                    "Statistic": "Average",
                },
                "ScaleInCooldown": COOLDOWN_SECONDS,
                "ScaleOutCooldown": COOLDOWN_SECONDS,
            },
        }

    def waking_request(self) -> dict[str, Any]:
        return {
            **self.resource,
            "PolicyName": self.waking_policy,
            "PolicyType": "StepScaling",
            "StepScalingPolicyConfiguration": {
                "AdjustmentType": "ChangeInCapacity",
                "MetricAggregationType": "Average",
                "Cooldown": COOLDOWN_SECONDS,
                "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
            },
        }

    def alarm_request(self, policy_arn: str) -> dict[str, Any]:
        return {
            "AlarmName": self.alarm,
            "AlarmDescription": f"Requests wait at {self.endpoint}, and no instance runs.",
            "AlarmActions": [policy_arn],
            "MetricName": "HasBacklogWithoutCapacity",
            "Namespace": METRICS,
            "Dimensions": [{"Name": "EndpointName", "Value": self.endpoint}],
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 2,
            "DatapointsToAlarm": 2,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "missing",
        }


@dataclass(frozen=True, slots=True)
class ScalableTarget:
    """The bounds, and the policy that follows the backlog: gone together with the bounds."""

    autoscaling: Any
    requests: ScalingRequests

    @property
    def what(self) -> str:
        return f"scaling of {self.requests.endpoint}"

    def create(self) -> None:
        self.autoscaling.register_scalable_target(**self.requests.target_request())
        self.autoscaling.put_scaling_policy(**self.requests.backlog_request())

    def delete(self) -> None:
        # Takes the alarms of target tracking along.
        self.autoscaling.delete_scaling_policy(
            **self.requests.resource, PolicyName=self.requests.backlog_policy
        )
        self.autoscaling.deregister_scalable_target(**self.requests.resource)


@dataclass(frozen=True, slots=True)
class WakingAlarm:
    """The policy that brings the first instance up, and the alarm that pulls it."""

    autoscaling: Any
    cloudwatch: Any
    requests: ScalingRequests

    @property
    def what(self) -> str:
        return f"alarm {self.requests.alarm}"

    def create(self) -> None:
        policy = self.autoscaling.put_scaling_policy(**self.requests.waking_request())
        self.cloudwatch.put_metric_alarm(**self.requests.alarm_request(policy["PolicyARN"]))

    def delete(self) -> None:
        self.cloudwatch.delete_alarms(AlarmNames=[self.requests.alarm])
        self.autoscaling.delete_scaling_policy(
            **self.requests.resource, PolicyName=self.requests.waking_policy
        )
