"""An account for the commands: moto, with the local Ground Truth for what moto does not know.

Every request, of whatever service, goes through the bounds of botocore's own model before it is
sent, and an operation that neither moto nor the local Ground Truth models fails the test.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError
from PIL import Image
from typer.testing import CliRunner, Result

from scripts.__main__ import app
from scripts.local_ground_truth.local import LocalGroundTruth
from scripts.local_ground_truth.request_check import check_shape_of

STACK = Path(__file__).parent / "local_ground_truth" / "stack" / "template.yaml"


@dataclass
class CloudBench:
    """The account, and what was asked of it: `(service, operation, parameters)`."""

    local: LocalGroundTruth
    role_arn: str = ""
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    simulated: set[str] | None = None
    """Actions that IAM's simulation denies; None: the caller may not simulate."""
    answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)
    """Stand-ins for operations that moto lacks, of the shapes in botocore's model."""
    refusals: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Code and message with which an operation is refused."""

    @property
    def bucket(self) -> str:
        return self.local.bucket

    def put(self, key: str, body: bytes | str, bucket: str | None = None) -> str:
        body = body.encode() if isinstance(body, str) else body
        self.local.s3.put_object(Bucket=bucket or self.bucket, Key=key, Body=body)
        return f"s3://{bucket or self.bucket}/{key}"

    def read(self, address: str) -> bytes:
        return self.local.path_of(address).read_bytes()

    def operations(self) -> list[str]:
        return [operation for _, operation, _ in self.calls]

    def refuse(self, operation: str, code: str, message: str) -> None:
        """Let an operation fail as AWS lets it."""
        self.refusals[operation] = (code, message)

    def role(
        self, name: str, actions: dict[str, str], service: str = "sagemaker.amazonaws.com"
    ) -> str:
        """The ARN of a role that may do `actions`, each on its resource."""
        iam = self.local.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        arn: str = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps(_policy(trust))
        )["Role"]["Arn"]
        statements = [
            {"Effect": "Allow", "Action": action, "Resource": resource}
            for action, resource in actions.items()
        ]
        iam.put_role_policy(
            RoleName=name, PolicyName="all", PolicyDocument=json.dumps(_policy(*statements))
        )
        return arn

    def deploy(self) -> None:
        """Deploy what `job create` looks for: a stack of outputs, and its role."""
        self.role_arn = self.role("Labeling", {"*": "*"})
        self.local.client("cloudformation").create_stack(
            StackName="fewclick", TemplateBody=self.template()
        )

    def template(self, parameters: dict[str, str] | None = None, **outputs: str) -> str:
        """A stack that has nothing but fewclick's outputs, and these; parameters as defaults."""
        outputs |= {
            "LabelingBucketName": self.bucket,
            "PreAnnotationFunctionArn": self.local.pre_annotation_arn,
            "ConsolidationFunctionArn": self.local.consolidation_arn,
            "LabelingRoleArn": self.role_arn,
        }
        return json.dumps(
            {
                "Parameters": {
                    name: {"Type": "String", "Default": value}
                    for name, value in (parameters or {}).items()
                },
                "Resources": {"Nothing": {"Type": "AWS::SNS::Topic"}},
                "Outputs": {name: {"Value": value} for name, value in outputs.items()},
            }
        )


@contextmanager
def checked_calls(bench: CloudBench, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within it, every boto3 call is checked and recorded."""
    call = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

    def checked(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        service = self.meta.service_model.service_name
        findings = check_shape_of(self.meta.service_model, operation, parameters)
        assert not findings, f"{service} {operation}: " + "; ".join(map(str, findings))
        bench.calls.append((service, operation, parameters))
        if operation in bench.refusals:
            code, message = bench.refusals[operation]
            raise _refusal(operation, code, message)
        if operation == "SimulatePrincipalPolicy":  # which moto does not know
            return _simulate(bench.simulated, parameters)
        if operation in bench.answers:
            answer = bench.answers[operation](parameters)
            known = self.meta.service_model.operation_model(operation).output_shape.members
            foreign = set(answer) - {*known, "ResponseMetadata"}
            assert not foreign, f"{operation} answers nothing like {foreign}"
            return answer
        try:
            return call(self, operation, parameters)
        except ClientError as error:
            _fail_unless_modelled(f"{service} {operation}", error)
            raise

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", checked)
    bench.calls.clear()
    bench.refusals.clear()
    bench.answers.clear()
    bench.simulated = None
    yield


def _refusal(operation: str, code: str, message: str) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": 400},
        },  # type: ignore[typeddict-item]
        operation,
    )


def _simulate(denied: set[str] | None, parameters: dict[str, Any]) -> dict[str, Any]:
    """IAM's answer, in the shape that its model gives."""
    if denied is None:
        raise _refusal("SimulatePrincipalPolicy", "AccessDenied", "not authorized to simulate")
    return {
        "EvaluationResults": [
            {
                "EvalActionName": action,
                "EvalResourceName": parameters["ResourceArns"][0],
                "EvalDecision": "implicitDeny" if action in denied else "allowed",
            }
            for action in parameters["ActionNames"]
        ],
        "IsTruncated": False,
    }


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _fail_unless_modelled(call: str, error: ClientError) -> None:
    said = str(error).lower()
    unknown = "not been implemented" in said or "unknownoperation" in said
    if unknown or error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
        pytest.fail(f"nothing models {call}: {error}")


def fewclick(*arguments: object, answer: str | None = None) -> Result:
    """Run the command as a person types it."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=answer)


def png(size: tuple[int, int] = (4, 2), color: str = "#808080", kind: str = "PNG") -> bytes:
    """A photo of one colour."""
    stream = io.BytesIO()
    Image.new("RGB", size, color).save(stream, kind)
    return stream.getvalue()
