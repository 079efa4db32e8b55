"""The stack's roles allow what `fewclick job create` looks for before it makes a job."""

from __future__ import annotations

import pytest

from scripts.jobs.role_permissions import SERVICE, Permission, is_allowed, needed_permissions
from tests.contract.deployed import deployed

ROOT = "s3://SageMakerLabelingBucket"
NEEDED = needed_permissions(
    reads=[f"{ROOT}/jobs/pets/input.manifest", f"{ROOT}/jobs/pets/photos/a.jpg"],
    writes=[f"{ROOT}/output/pets/manifests/output/output.manifest"],
    functions=["arn:of:SageMakerPreAnnotation", "arn:of:SageMakerConsolidation"],
)


@pytest.mark.parametrize("permission", NEEDED, ids=str)
def test_the_labeling_role_has_what_a_job_needs(permission: Permission) -> None:
    role = deployed("no endpoint").properties["LabelingRole"]
    statements = [
        statement
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    assert is_allowed(permission, statements)
    elsewhere = Permission(permission.action, "arn:aws:s3:::others/photo.jpg", "")
    assert not is_allowed(elsewhere, statements)


def test_sagemaker_may_take_the_role() -> None:
    document = deployed("no endpoint").properties["LabelingRole"]["AssumeRolePolicyDocument"]
    assert document["Statement"][0]["Principal"]["Service"] == SERVICE


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ({"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "S3:getobject", "Resource": "arn:aws:s3:::b/*"}, True),
        ({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b"}, False),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, True),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::b/*"}, False),
        ({"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["*"]}, False),
        ({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::[b]/*"}, False),
    ],
)
def test_statements_are_read_as_iam_reads_them(statement: dict[str, object], allowed: bool) -> None:
    wanted = Permission("s3:GetObject", "arn:aws:s3:::b/photo.jpg", "")
    assert is_allowed(wanted, [statement]) is allowed
    denial = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    assert not is_allowed(wanted, [statement, denial])
    assert is_allowed(wanted, [statement, denial | {"Condition": {"Bool": {}}}]) is allowed
