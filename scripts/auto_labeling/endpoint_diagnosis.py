"""Why an asynchronous endpoint does not wake: what its account says of everything it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts.account.aws_account import AwsAccount
from scripts.account.aws_errors import explain
from scripts.auto_labeling.endpoint_scaling import DIMENSION, NAMESPACE


@dataclass(frozen=True, slots=True)
class EndpointDiagnosis:
    """Asks the account; each answer is a sentence. What may not be read is said, too."""

    account: AwsAccount
    endpoint: str

    def sentences(self) -> list[str]:
        return [
            sentence
            for check in (self._status, self._scaling, self._alarm, self._quota, self._role)
            for sentence in _asked(check)
        ]

    def _status(self) -> Iterator[str]:
        described = self.account.client("sagemaker").describe_endpoint(EndpointName=self.endpoint)
        reason = described.get("FailureReason")
        yield (
            f"Status: the endpoint is {described['EndpointStatus']}"
            + (f" ({reason})" if reason else "")
            + "."
        )
        for variant in described.get("ProductionVariants", []):
            now, wanted = variant.get("CurrentInstanceCount"), variant.get("DesiredInstanceCount")
            if now is not None and wanted is not None:
                yield (
                    f"Instances: {now} run, {wanted} are wanted"
                    + (
                        "; one that is wanted and does not come lacks capacity or quota, or its "
                        "container does not start: see the log group "
                        f"/aws/sagemaker/Endpoints/{self.endpoint}."
                        if now < wanted
                        else "."
                    )
                )

    def _scaling(self) -> Iterator[str]:
        client = self.account.client("application-autoscaling")
        named = {"ServiceNamespace": NAMESPACE, "ScalableDimension": DIMENSION}
        targets = [
            target
            for target in client.describe_scalable_targets(ServiceNamespace=NAMESPACE)[
                "ScalableTargets"
            ]
            if target["ResourceId"].startswith(f"endpoint/{self.endpoint}/")
        ]
        if not targets:
            yield (
                "Scaling: the endpoint has no scalable target. One with instances answers "
                "without; one that has none stays asleep."
            )
            return
        for target in targets:
            resource = target["ResourceId"]
            yield f"Scaling: from {target['MinCapacity']} to {target['MaxCapacity']} instances."
            policies = client.describe_scaling_policies(**named, ResourceId=resource)
            kinds = [policy["PolicyType"] for policy in policies["ScalingPolicies"]]
            if "StepScaling" not in kinds:
                yield (
                    "Scaling: there is no step policy, so nothing brings up the first instance; "
                    f"there are {', '.join(kinds) or 'no policies at all'}."
                )

    def _alarm(self) -> Iterator[str]:
        client = self.account.client("cloudwatch")
        pages = client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=self.endpoint)
        alarms = [
            alarm
            for page in pages
            for alarm in page["MetricAlarms"]
            if alarm.get("MetricName") == "HasBacklogWithoutCapacity"
        ]
        if not alarms:
            yield "Alarm: none watches HasBacklogWithoutCapacity, so nothing wakes the endpoint."
        for alarm in alarms:
            yield (
                f"Alarm {alarm['AlarmName']}: {alarm['StateValue']} "
                f"({alarm.get('StateReason') or 'no reason given'})"
            )

    def _quota(self) -> Iterator[str]:
        instance = self._instance_type()
        if instance is None:
            return
        wanted = f"{instance} for endpoint usage"
        pages = (
            self.account.client("service-quotas")
            .get_paginator("list_service_quotas")
            .paginate(ServiceCode="sagemaker")
        )
        found = next(
            (quota for page in pages for quota in page["Quotas"] if quota["QuotaName"] == wanted),
            None,
        )
        if found is None:
            yield f"Quota: there is none called {wanted!r}; is the instance type right?"
        else:
            yield (
                f"Quota: {found['Value']:g} of {wanted} in this region"
                + ("; ask for more in Service Quotas." if found["Value"] < 1 else ".")
            )

    def _role(self) -> Iterator[str]:
        variant = self._variant()
        if variant is None or "ModelName" not in variant:
            return
        model = self.account.client("sagemaker").describe_model(ModelName=variant["ModelName"])
        yield (
            f"Role: {model['ExecutionRoleArn']} must read the photos and the model, write answers "
            "and failures, pull the image, and publish to the topics, if there are any."
        )

    def _variant(self) -> dict[str, Any] | None:
        sagemaker = self.account.client("sagemaker")
        name = sagemaker.describe_endpoint(EndpointName=self.endpoint)["EndpointConfigName"]
        config = sagemaker.describe_endpoint_config(EndpointConfigName=name)
        variants: list[dict[str, Any]] = config["ProductionVariants"]
        return variants[0] if variants else None

    def _instance_type(self) -> str | None:
        variant = self._variant()
        return None if variant is None else variant.get("InstanceType")


def _asked(check: Callable[[], Iterator[str]]) -> list[str]:
    try:
        return list(check())
    except (ClientError, BotoCoreError) as error:
        return [f"{check.__name__.strip('_').capitalize()}: not read ({explain(error)})"]
