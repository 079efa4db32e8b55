"""`fewclick teardown`: everything that costs money goes, the labels stay.

    goes    endpoint, models and their configurations, functions, click API, key, image repository,
            logs; what `sam deploy` uploaded; the model archives in the bucket
    stays   the bucket with photos, labels and settings, and whatever is not the stack's

Labels are deleted only with `--delete-bucket NAME`, and only from a bucket that the stack made.
Every step looks at what is there, so that a teardown that was stopped can be run again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import typer
from botocore.exceptions import BotoCoreError, ClientError, WaiterError
from rich.console import Console

from hooks.core.errors import FewclickError
from scripts.account.aws_account import AwsAccount, open_account
from scripts.account.aws_errors import code_of, is_closed, is_missing, refusal_of
from scripts.jobs.job_environment import describe_stack
from scripts.refusal import RefusedError

OPEN = ("Initializing", "InProgress", "Stopping")
STACK_TAG = "aws:cloudformation:stack-name"
SAM_STACK = "aws-sam-cli-managed-default"
MODELS = "models/"
MAX_OBJECTS = 1000
"""That one call deletes."""


class TeardownError(FewclickError):
    """Something that costs money may still be there."""


@dataclass(frozen=True, slots=True)
class TeardownOptions:
    """What `fewclick teardown` was asked. `delete_bucket` names the bucket that goes too."""

    stack: str = "fewclick"
    delete_bucket: str | None = None
    dry_run: bool = False
    yes: bool = False
    region: str | None = None
    profile: str | None = None
    as_json: bool = False


@dataclass
class _Found:
    """What there is of a stack."""

    exists: bool = False
    outputs: dict[str, str] = field(default_factory=dict)
    own_bucket: bool = True
    models: list[str] = field(default_factory=list)
    configs: list[str] = field(default_factory=list)
    log_groups: list[str] = field(default_factory=list)
    uploads: list[tuple[str, str]] = field(default_factory=list)

    @property
    def bucket(self) -> str:
        return self.outputs.get("LabelingBucketName", "")

    @property
    def endpoint(self) -> str:
        """The stack's own; "" if it used one of somebody's."""
        own = "EndpointGuardName" in self.outputs
        return self.outputs.get("EndpointName", "") if own else ""


def run_teardown(options: TeardownOptions) -> int:
    """Do it; the exit code.

    Raises:
        RefusedError: a job is open, or the bucket that was named is not the stack's.
    """
    account = open_account(region=options.region, profile=options.profile)
    console = Console(stderr=True, soft_wrap=True)
    try:
        found = _look(account, options.stack)
        _check(account, options, found)
    except (ClientError, BotoCoreError) as error:
        raise refusal_of(error) from error
    goes, stays = list(_goes(options, found)), list(_stays(account, options, found))
    if not goes:
        console.print(f"There is nothing of a stack {options.stack} in {account.region}.")
        return 0
    for title, lines in (("This goes:", goes), ("This stays:", stays)):
        console.print(title, style="bold")
        for line in lines:
            console.print(f"  {line}", markup=False, highlight=False)
    if options.dry_run:
        return 0
    if not options.yes and not typer.confirm("Delete it?", err=True):
        console.print("Nothing was deleted.")
        return 1
    _delete(account, options, found)
    if options.as_json:
        sys.stdout.write(json.dumps({"deleted": goes, "kept": stays}, indent=1) + "\n")
    else:
        console.print("Deleted. Nothing of it costs money any more but what stays.", style="bold")
    return 0


def _look(account: AwsAccount, stack: str) -> _Found:
    found = _Found()
    try:
        described = describe_stack(account, stack)
    except RefusedError:
        pass  # gone already; something may have outlived it
    else:
        found.exists = True
        found.outputs = {
            item["OutputKey"]: item["OutputValue"] for item in described.get("Outputs", [])
        }
        parameters = {
            item["ParameterKey"]: item.get("ParameterValue", "")
            for item in described.get("Parameters", [])
        }
        found.own_bucket = not parameters.get("BucketName")
    sagemaker = account.client("sagemaker")
    found.models = [
        model["ModelName"]
        for page in sagemaker.get_paginator("list_models").paginate()
        for model in page["Models"]
        if _is_of(sagemaker, model["ModelArn"], stack)
    ]
    found.configs = [
        config["EndpointConfigName"]
        for page in sagemaker.get_paginator("list_endpoint_configs").paginate()
        for config in page["EndpointConfigs"]
        if _is_of(sagemaker, config["EndpointConfigArn"], stack)
    ]
    if found.endpoint:
        prefix = f"/aws/sagemaker/Endpoints/{found.endpoint}"
        pages = account.client("logs").get_paginator("describe_log_groups")
        found.log_groups = [
            group["logGroupName"]
            for page in pages.paginate(logGroupNamePrefix=prefix)
            for group in page["logGroups"]
            if group["logGroupName"] == prefix
        ]
    found.uploads = _uploads(account, stack)
    return found


def _is_of(sagemaker: Any, arn: str, stack: str) -> bool:
    tags = sagemaker.list_tags(ResourceArn=arn)["Tags"]
    return {"Key": STACK_TAG, "Value": stack} in tags


def _uploads(account: AwsAccount, stack: str) -> list[tuple[str, str]]:
    """Bucket and prefix of what `sam deploy` uploaded for this stack."""
    try:
        described = describe_stack(account, SAM_STACK)
    except RefusedError:
        return []
    buckets = [
        item["OutputValue"]
        for item in described.get("Outputs", [])
        if item["OutputKey"] == "SourceBucket"
    ]
    return [
        (bucket, f"{stack}/")
        for bucket in buckets
        if next(_versions(account, bucket, f"{stack}/"), None) is not None
    ]


def _check(account: AwsAccount, options: TeardownOptions, found: _Found) -> None:
    wanted = options.delete_bucket
    if wanted is not None:
        if found.exists and wanted != found.bucket:
            raise RefusedError(
                f"--delete-bucket {wanted}: the stack's bucket is {found.bucket}. Nothing was "
                "deleted."
            )
        if not found.exists or not found.own_bucket:
            raise RefusedError(
                f"--delete-bucket {wanted}: only a bucket that this stack made is deleted with it. "
                "Nothing was deleted."
            )
    opened = _open_jobs(account, found.outputs.get("PreAnnotationFunctionArn"))
    if opened:
        raise RefusedError(
            f"these labeling jobs need the stack and are open: {', '.join(sorted(opened))}. Stop "
            "them (`fewclick job stop NAME`) or wait for them. Nothing was deleted."
        )


def _open_jobs(account: AwsAccount, hook: str | None) -> list[str]:
    """The jobs that need this stack's functions; none where Ground Truth turns the account away."""
    pages = account.client("sagemaker").get_paginator("list_labeling_jobs")
    try:
        return [
            job["LabelingJobName"]
            for status in (OPEN if hook else ())
            for page in pages.paginate(StatusEquals=status)
            for job in page["LabelingJobSummaryList"]
            if job.get("PreHumanTaskLambdaArn") == hook
        ]
    except ClientError as error:
        if not is_closed(error):
            raise
        return []


def _goes(options: TeardownOptions, found: _Found) -> Iterator[str]:
    if found.endpoint:
        yield f"endpoint {found.endpoint}, if it is there"
    if found.exists:
        yield (
            f"stack {options.stack}: functions, click API, signing key, image repository with its "
            "images, logs"
        )
    yield from (f"model {name}" for name in found.models)
    yield from (f"endpoint configuration {name}" for name in found.configs)
    yield from (f"logs {name}" for name in found.log_groups)
    yield from (f"uploads of sam deploy in s3://{bucket}/{key}" for bucket, key in found.uploads)
    if found.bucket:
        yield f"model archives in s3://{found.bucket}/{MODELS}"
    if options.delete_bucket:
        yield f"BUCKET {options.delete_bucket} WITH ALL PHOTOS AND LABELS, every version of them"


def _stays(account: AwsAccount, options: TeardownOptions, found: _Found) -> Iterator[str]:
    if found.bucket and options.delete_bucket is None:
        count, size = 0, 0
        for page in (
            account.client("s3").get_paginator("list_objects_v2").paginate(Bucket=found.bucket)
        ):
            kept = [item for item in page.get("Contents", ()) if not _is_model(item["Key"])]
            count += len(kept)
            size += sum(item["Size"] for item in kept)
        yield (
            f"bucket {found.bucket}: {count:,} objects, {size / 1e9:.2f} GB of photos, settings "
            "and labels"
            + (" (--delete-bucket deletes it)" if found.own_bucket else " (not the stack's)")
        )
    if found.outputs.get("EndpointName") and not found.endpoint:
        yield f"endpoint {found.outputs['EndpointName']}: not the stack's, and it costs by the hour"
    if found.uploads:
        yield "SAM's own bucket and stack, which other projects may use"


def _is_model(key: str) -> bool:
    return key.startswith(MODELS)


def _delete(account: AwsAccount, options: TeardownOptions, found: _Found) -> None:
    """What costs most goes first, so that nothing that fails later keeps it."""
    sagemaker = account.client("sagemaker")
    try:
        if found.exists:
            _delete_stack(account, options.stack)
    finally:
        # It goes with the stack. It must not stay because something else of the stack does.
        if found.endpoint:
            _ignore_missing(sagemaker.delete_endpoint, EndpointName=found.endpoint)
    for name in found.configs:
        _ignore_missing(sagemaker.delete_endpoint_config, EndpointConfigName=name)
    for name in found.models:
        _ignore_missing(sagemaker.delete_model, ModelName=name)
    for name in found.log_groups:
        _ignore_missing(account.client("logs").delete_log_group, logGroupName=name)
    for bucket, prefix in found.uploads:
        _delete_objects(account, bucket, _versions(account, bucket, prefix))
    if options.delete_bucket:
        _delete_objects(account, found.bucket, _versions(account, found.bucket, ""))
        account.client("s3").delete_bucket(Bucket=found.bucket)
    elif found.bucket:
        _delete_objects(account, found.bucket, _versions(account, found.bucket, MODELS))


def _delete_stack(account: AwsAccount, stack: str) -> None:
    client = account.client("cloudformation")
    client.delete_stack(StackName=stack)
    try:
        client.get_waiter("stack_delete_complete").wait(
            StackName=stack, WaiterConfig={"Delay": 10, "MaxAttempts": 180}
        )
    except WaiterError as error:
        raise TeardownError(
            f"the stack {stack} could not be deleted; its endpoint was, first of all. "
            "CloudFormation's events say why; then run the same command again."
        ) from error


def _ignore_missing(delete: Any, **which: str) -> None:
    try:
        delete(**which)
    except ClientError as error:
        message = error.response.get("Error", {}).get("Message", "")
        gone = code_of(error) == "ResourceNotFoundException" or "Could not find" in message
        if not gone and not is_missing(error):
            raise


def _versions(account: AwsAccount, bucket: str, prefix: str) -> Iterator[Mapping[str, str]]:
    """Every version of every object below a prefix, and every mark of a deletion."""
    try:
        pages = account.client("s3").get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=bucket, Prefix=prefix):
            for item in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                yield {"Key": item["Key"], "VersionId": item["VersionId"]}
    except ClientError as error:
        if not is_missing(error):
            raise


def _delete_objects(
    account: AwsAccount, bucket: str, versions: Iterable[Mapping[str, str]]
) -> None:
    listed = list(versions)
    for start in range(0, len(listed), MAX_OBJECTS):
        chunk = listed[start : start + MAX_OBJECTS]
        answer = account.client("s3").delete_objects(
            Bucket=bucket, Delete={"Objects": chunk, "Quiet": True}
        )
        if answer.get("Errors"):
            first = answer["Errors"][0]
            raise TeardownError(
                f"s3://{bucket}/{first['Key']} could not be deleted: {first['Message']}"
            )
