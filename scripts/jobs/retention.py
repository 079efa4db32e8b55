"""Worker answers, deleted some days after they were given; labels stay.

A rule of the bucket deletes them by itself (`job create --delete-answers-after`); a command deletes
those of a job at once (`job forget-answers`). Answers lie in two places of a job's output: what
each worker sent, and the payloads that hand it to consolidation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import typer
from botocore.exceptions import ClientError

from hooks.core.manifest import parse_s3_uri
from scripts.account.aws_account import AwsAccount
from scripts.account.aws_errors import code_of
from scripts.jobs.job_description import UNFINISHED, existing_job
from scripts.refusal import RefusedError

ANSWER_FOLDERS = (
    "annotations/worker-response/",
    "annotations/consolidated-annotation/consolidation-request/",
)
MOST_RULES = 1000
"""Lifecycle rules of one bucket."""
_PER_REQUEST = 1000


def delete_answers_after(days: int, request: Mapping[str, Any], s3: Any) -> None:
    """Let the bucket delete a job's worker answers `days` days after they were written.

    Args:
        request: CreateLabelingJob's parameters.
    """
    bucket, prefix = _output_of(request)
    try:
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except ClientError as error:
        if code_of(error) != "NoSuchLifecycleConfiguration":
            raise
        rules = []
    own = [
        _rule(str(request["LabelingJobName"]), prefix + folder, days) for folder in (ANSWER_FOLDERS)
    ]
    names = {rule["ID"] for rule in own}
    rules = [rule for rule in rules if rule.get("ID") not in names] + own
    if len(rules) > MOST_RULES:
        raise RefusedError(
            f"the bucket {bucket} has {MOST_RULES} lifecycle rules, the most that there can be: "
            "remove those of old jobs, or delete answers with `fewclick job forget-answers`."
        )
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})


def _rule(name: str, prefix: str, days: int) -> dict[str, Any]:
    kind = "responses" if "worker-response" in prefix else "payloads"
    return {
        "ID": f"fewclick-{name.lower()}-{kind}",
        "Status": "Enabled",
        "Filter": {"Prefix": prefix},
        "Expiration": {"Days": days},
        # In a versioned bucket the rule above only hides an object.
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    }


def forget_answers(described: Mapping[str, Any], s3: Any, *, older_than_days: int) -> int:
    """Delete a job's worker answers in every version; how many objects there were.

    Args:
        described: DescribeLabelingJob's answer.
    """
    bucket, prefix = _output_of(described)
    before = datetime.now(UTC) - timedelta(days=older_than_days)
    versions = [
        item for folder in ANSWER_FOLDERS for item in _versions(bucket, prefix + folder, before, s3)
    ]
    for first in range(0, len(versions), _PER_REQUEST):
        answer = s3.delete_objects(
            Bucket=bucket,
            Delete={"Objects": versions[first : first + _PER_REQUEST], "Quiet": True},
        )
        failed = answer.get("Errors", [])
        if failed:
            raise RefusedError(
                f"{len(failed)} answers could not be deleted; s3://{bucket}/{failed[0]['Key']}: "
                f"{failed[0].get('Message', failed[0].get('Code'))}. Allow s3:DeleteObject and "
                "s3:DeleteObjectVersion, then run this again."
            )
    return len({item["Key"] for item in versions})


def _versions(bucket: str, prefix: str, before: datetime, s3: Any) -> Iterator[dict[str, str]]:
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            if item["LastModified"] <= before:
                yield {"Key": item["Key"], "VersionId": item["VersionId"]}


def _output_of(job: Mapping[str, Any]) -> tuple[str, str]:
    """Bucket and prefix of a job's output."""
    path = str(job["OutputConfig"]["S3OutputPath"]).rstrip("/")
    bucket, prefix = parse_s3_uri(f"{path}/{job['LabelingJobName']}/")
    return bucket, prefix


def run_forget_answers(name: str, older_than_days: int, account: AwsAccount, *, yes: bool) -> int:
    """`fewclick job forget-answers`."""
    job = existing_job(name, account)
    if job["LabelingJobStatus"] in UNFINISHED:
        raise RefusedError(
            f"the job {name} is {job['LabelingJobStatus']}: its answers are still needed."
        )
    if not yes:
        typer.confirm(
            f"Delete what single workers answered in {name}? Labels stay; `fewclick quality` and "
            "`job report` will know less.",
            abort=True,
            err=True,
        )
    count = forget_answers(job, account.client("s3"), older_than_days=older_than_days)
    typer.echo(f"{count} objects deleted.")
    return 0
