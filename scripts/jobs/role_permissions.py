"""Whether Ground Truth's execution role may do what a job needs, action by action.

IAM's own simulation is asked first. Callers who may not simulate often may read the role's
policies; these are then read as IAM reads them, but for conditions, boundaries and the rules of an
organisation, so that what is found missing is missing, and what is found allowed is likely so.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from scripts.account.aws_account import AwsAccount
from scripts.account.aws_errors import code_of, is_denied
from scripts.refusal import RefusedError

SERVICE = "sagemaker.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Permission:
    """An action on a resource; `purpose` says what it is for."""

    action: str
    resource: str
    purpose: str

    def __str__(self) -> str:
        return f"{self.action} on {self.resource} ({self.purpose})"


def needed_permissions(
    *,
    reads: Iterable[str],
    writes: Iterable[str],
    functions: Iterable[str],
    kms_key: str | None = None,
) -> list[Permission]:
    """What the role of a custom labeling job must be allowed (developer guide, execution role).

    Args:
        reads, writes: examples of `s3://` addresses that are read and written.
        functions: ARNs of the hooks.
    """
    needed: list[Permission] = []
    for action, addresses, purpose in (
        ("s3:GetObject", reads, "read photos, manifest and page"),
        ("s3:PutObject", writes, "write labels"),
    ):
        for address in addresses:
            arn = "arn:aws:s3:::" + address.removeprefix("s3://")
            bucket = arn.partition("/")[0]
            needed.append(Permission(action, arn, purpose))
            needed.append(Permission("s3:ListBucket", bucket, "find objects"))
            needed.append(Permission("s3:GetBucketLocation", bucket, "find the bucket"))
    needed += [
        Permission("lambda:InvokeFunction", function, "run the hooks") for function in functions
    ]
    if kms_key is not None and kms_key.startswith("arn:"):
        needed.append(Permission("kms:GenerateDataKey", kms_key, "encrypt the output"))
    return list(dict.fromkeys(needed))


def missing_permissions(
    role_arn: str, needed: Sequence[Permission], account: AwsAccount, service: str = SERVICE
) -> list[Permission] | None:
    """Which of the permissions the role lacks; None if nobody could tell.

    Raises:
        RefusedError: there is no such role, or `service` may not act as it.
    """
    iam = account.client("iam")
    _check_trust(role_arn, service, iam)
    try:
        return [item for item in needed if not _simulate(role_arn, item, iam)]
    except ClientError as error:
        if not is_denied(error):
            raise
    try:
        statements = list(_statements(role_arn.rpartition("/")[2], iam))
    except ClientError as error:
        if not is_denied(error):
            raise
        return None
    return [item for item in needed if not is_allowed(item, statements)]


def _check_trust(role_arn: str, service: str, iam: Any) -> None:
    try:
        role = iam.get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
    except ClientError as error:
        if is_denied(error):
            return
        if code_of(error) == "NoSuchEntity":
            raise RefusedError(f"there is no role {role_arn}: name one with --role.") from error
        raise
    document = _document(role["AssumeRolePolicyDocument"])
    for statement in _list(document.get("Statement", [])):
        principal = statement.get("Principal", {})
        services = [] if isinstance(principal, str) else _list(principal.get("Service", []))
        if statement.get("Effect") == "Allow" and service in services:
            return
    raise RefusedError(
        f"{service} may not act as the role {role_arn}: its trust policy needs that principal."
    )


def _simulate(role_arn: str, item: Permission, iam: Any) -> bool:
    answer = iam.simulate_principal_policy(
        PolicySourceArn=role_arn, ActionNames=[item.action], ResourceArns=[item.resource]
    )
    return all(result["EvalDecision"] == "allowed" for result in answer["EvaluationResults"])


def _statements(role_name: str, iam: Any) -> Iterator[Mapping[str, Any]]:
    """The statements of all policies of a role."""
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=role_name):
        for name in page["PolicyNames"]:
            policy = iam.get_role_policy(RoleName=role_name, PolicyName=name)
            yield from _list(_document(policy["PolicyDocument"])["Statement"])
    for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role_name):
        for attached in page["AttachedPolicies"]:
            arn = attached["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            policy = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
            yield from _list(_document(policy["Document"])["Statement"])


def is_allowed(item: Permission, statements: Iterable[Mapping[str, Any]]) -> bool:
    """As IAM decides: some statement allows it and none denies it.

    An allowance under a condition counts, a denial under a condition does not: nobody here knows
    whether conditions hold.
    """
    allowed = False
    for statement in statements:
        if not (_names_action(statement, item.action) and _names_resource(statement, item)):
            continue
        if statement["Effect"] == "Allow":
            allowed = True
        elif "Condition" not in statement:
            return False
    return allowed


def _names_action(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not _matches(action.lower(), statement["NotAction"], lower=True)
    return _matches(action.lower(), statement.get("Action", []), lower=True)


def _names_resource(statement: Mapping[str, Any], item: Permission) -> bool:
    if "NotResource" in statement:
        return not _matches(item.resource, statement["NotResource"])
    return _matches(item.resource, statement.get("Resource", []))


def _matches(text: str, patterns: object, *, lower: bool = False) -> bool:
    """Whether any of IAM's patterns (`*`, `?`) stands for a text."""
    for pattern in _list(patterns):
        # Brackets mean nothing to IAM, something to fnmatch.
        plain = str(pattern).replace("[", "[[]")
        if fnmatch.fnmatchcase(text, plain.lower() if lower else plain):
            return True
    return False


def _document(document: object) -> Mapping[str, Any]:
    """A policy: boto3 gives it parsed, some endpoints as a text."""
    if isinstance(document, str):
        parsed: Mapping[str, Any] = json.loads(unquote(document))
        return parsed
    assert isinstance(document, Mapping)
    return document


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
