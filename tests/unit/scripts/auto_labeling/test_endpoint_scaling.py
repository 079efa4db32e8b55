"""The endpoint sleeps and wakes, leaves nothing behind, and says why it does not wake."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.account.aws_account import open_account
from scripts.auto_labeling.async_endpoint import AsyncEndpointParts
from scripts.auto_labeling.endpoint_diagnosis import EndpointDiagnosis
from scripts.auto_labeling.endpoint_scaling import ScalableTarget, ScalingRequests, WakingAlarm
from scripts.segmentation.hosted_endpoint import HostedEndpoint
from tests.unit.scripts.cloud_bench import CloudBench

REQUESTS = ScalingRequests("cars-1a2b3c4d", max_instances=3)
PARTS = AsyncEndpointParts(
    name="cars-1a2b3c4d",
    role_arn="arn:aws:iam::123456789012:role/host",
    instance_type="ml.g4dn.xlarge",
    output_path="s3://bucket/answers",
    failure_path="s3://bucket/failures",
    container={"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/cars:1"},
)


def hosted(cloud: CloudBench, **options: Any) -> HostedEndpoint:
    autoscaling = cloud.local.client("application-autoscaling")
    return HostedEndpoint(
        cloud.local.sagemaker,
        PARTS,
        attachments=(
            ScalableTarget(autoscaling, REQUESTS),
            WakingAlarm(autoscaling, cloud.local.client("cloudwatch"), REQUESTS),
        ),
        adopt=True,
        **options,
    )


def what_is_left(cloud: CloudBench) -> list[int]:
    autoscaling = cloud.local.client("application-autoscaling")
    return [
        len(cloud.local.sagemaker.list_endpoints()["Endpoints"]),
        len(cloud.local.sagemaker.list_endpoint_configs()["EndpointConfigs"]),
        len(cloud.local.sagemaker.list_models()["Models"]),
        len(autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]),
        len(autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]),
        len(cloud.local.client("cloudwatch").describe_alarms()["MetricAlarms"]),
    ]


def test_it_scales_from_none_and_everything_goes_with_it(cloud: CloudBench) -> None:
    with hosted(cloud) as endpoint:
        autoscaling = cloud.local.client("application-autoscaling")
        (target,) = autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")[
            "ScalableTargets"
        ]
        assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 3)
        (alarm,) = cloud.local.client("cloudwatch").describe_alarms()["MetricAlarms"]
        assert alarm["MetricName"] == "HasBacklogWithoutCapacity"
        assert alarm["Dimensions"] == [{"Name": "EndpointName", "Value": "cars-1a2b3c4d"}]
        assert len(alarm["AlarmActions"]) == 1
        assert endpoint.left == []
    assert what_is_left(cloud) == [0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_it_goes_after_an_error_even_if_it_was_to_stay(
    cloud: CloudBench, error: type[BaseException]
) -> None:
    with pytest.raises(error), hosted(cloud, keep=True):
        raise error
    assert what_is_left(cloud) == [0, 0, 0, 0, 0, 0]


def test_an_alarm_that_is_refused_takes_everything_back(cloud: CloudBench) -> None:
    cloud.refuse("PutMetricAlarm", "AccessDenied", "not allowed")
    with pytest.raises(Exception, match="not allowed"), hosted(cloud):
        pytest.fail("there is no alarm")
    assert what_is_left(cloud) == [0, 0, 0, 0, 0, 0]


def test_one_that_stays_is_taken_over_by_the_next_run(cloud: CloudBench) -> None:
    with hosted(cloud, keep=True):
        pass
    assert what_is_left(cloud) == [1, 1, 1, 1, 2, 1]
    with hosted(cloud):
        assert what_is_left(cloud) == [1, 1, 1, 1, 2, 1]
    assert what_is_left(cloud) == [0, 0, 0, 0, 0, 0]


def test_one_that_does_not_wake_is_looked_into(cloud: CloudBench) -> None:
    quotas = {"Quotas": [{"QuotaName": "ml.g4dn.xlarge for endpoint usage", "Value": 0.0}]}
    cloud.answers["ListServiceQuotas"] = lambda request: quotas
    with hosted(cloud):
        said = EndpointDiagnosis(open_account(), "cars-1a2b3c4d").sentences()
    text = "\n".join(said)
    assert "Status: the endpoint is InService." in text
    assert "Scaling: from 0 to 3 instances." in text
    assert "Alarm cars-1a2b3c4d-wakes:" in text
    assert "Quota: 0 of ml.g4dn.xlarge for endpoint usage in this region; ask for more" in text
    assert "Role: arn:aws:iam::123456789012:role/host must read the photos" in text


def test_what_may_not_be_looked_into_is_said(cloud: CloudBench) -> None:
    cloud.refuse("ListServiceQuotas", "AccessDeniedException", "no servicequotas")
    cloud.refuse("DescribeScalableTargets", "AccessDeniedException", "no autoscaling")
    with hosted(cloud):
        said = EndpointDiagnosis(open_account(), "cars-1a2b3c4d").sentences()
    assert any(line.startswith("Quota: not read") for line in said)
    assert any(line.startswith("Scaling: not read") for line in said)


def test_an_endpoint_without_scaling_is_told_so(cloud: CloudBench) -> None:
    cloud.answers["ListServiceQuotas"] = lambda request: {"Quotas": []}
    with HostedEndpoint(cloud.local.sagemaker, PARTS):
        said = "\n".join(EndpointDiagnosis(open_account(), "cars-1a2b3c4d").sentences())
    assert "the endpoint has no scalable target" in said
    assert "Alarm: none watches HasBacklogWithoutCapacity" in said
