"""What a labeling job refers to beside its data: bucket, functions, role, endpoint.

On AWS they are the outputs of the CloudFormation stack, locally what the local Ground Truth says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from scripts.account.aws_account import AwsAccount
from scripts.account.aws_errors import code_of
from scripts.refusal import RefusedError

STACK = "fewclick"
ROLE_OUTPUT = "LabelingRoleArn"


@dataclass(frozen=True, slots=True)
class JobEnvironment:
    """The addresses and ARNs.

    Attributes:
        bucket: holds job settings, manifests, pages, and the output.
        endpoint: the click model's endpoint; "" for none.
        endpoint_guard: the function that brings the endpoint up, where there is one.
        instance_type: that the stack gives its endpoint, which may be down.
        kms_key: encrypts the stack's bucket, where it is one of the user's own.
        workteam_arn: of the team that is there anyhow, if any.
    """

    bucket: str
    pre_annotation_arn: str
    consolidation_arn: str
    role_arn: str
    endpoint: str = ""
    endpoint_guard: str = ""
    instance_type: str = ""
    kms_key: str = ""
    workteam_arn: str | None = None


def find_environment(
    account: AwsAccount, stack: str = STACK, role_arn: str | None = None
) -> JobEnvironment:
    """The environment of an account.

    Args:
        role_arn: Ground Truth's execution role, in place of the stack's.

    Raises:
        RefusedError: there is no such stack, or it lacks an output.
    """
    if account.served is not None:
        served = account.served
        environment = JobEnvironment(
            served.bucket,
            served.pre_annotation_arn,
            served.consolidation_arn,
            served.role_arn,
            workteam_arn=served.workteam_arn,
        )
        return environment if role_arn is None else replace(environment, role_arn=role_arn)
    described = describe_stack(account, stack)
    outputs = {item["OutputKey"]: item["OutputValue"] for item in described.get("Outputs", [])}
    parameters = {
        item["ParameterKey"]: item.get("ParameterValue", "")
        for item in described.get("Parameters", [])
    }
    role = role_arn or outputs.get(ROLE_OUTPUT)
    if role is None:
        raise RefusedError(
            f"the stack {stack} has no output {ROLE_OUTPUT}: give Ground Truth's execution role "
            "with --role."
        )
    return JobEnvironment(
        bucket=_output(outputs, "LabelingBucketName", stack),
        pre_annotation_arn=_output(outputs, "PreAnnotationFunctionArn", stack),
        consolidation_arn=_output(outputs, "ConsolidationFunctionArn", stack),
        role_arn=role,
        endpoint=outputs.get("EndpointName") or parameters.get("EndpointName", ""),
        endpoint_guard=outputs.get("EndpointGuardName", ""),
        instance_type=parameters.get("InstanceType", ""),
        kms_key=parameters.get("KmsKeyArn", ""),
    )


def describe_stack(account: AwsAccount, stack: str) -> Mapping[str, Any]:
    """CloudFormation's description of a stack that stands."""
    try:
        stacks = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if code_of(error) != "ValidationError":
            raise
        raise RefusedError(
            f"there is no stack {stack} in {account.region}: deploy it (`sam deploy --guided`), or "
            "name it with --stack and --region."
        ) from error
    described: Mapping[str, Any] = stacks[0]
    return described


def _output(outputs: Mapping[str, str], name: str, stack: str) -> str:
    if name not in outputs:
        raise RefusedError(f"the stack {stack} has no output {name}: is it fewclick's?")
    return outputs[name]
