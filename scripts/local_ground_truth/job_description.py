"""What DescribeLabelingJob and ListLabelingJobs say about a job."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from scripts.local_ground_truth.job_store import Job, JobStatus, ObjectState
from scripts.local_ground_truth.labeling_job import output_manifest_uri

ECHOED = (
    "LabelAttributeName",
    "InputConfig",
    "OutputConfig",
    "RoleArn",
    "LabelCategoryConfigS3Uri",
    "StoppingConditions",
    "HumanTaskConfig",
    "Tags",
)


def describe(job: Job, arn: str, counts: Mapping[ObjectState, int]) -> dict[str, Any]:
    """DescribeLabelingJob's answer; times in seconds since 1970, as the protocol has them."""
    description: dict[str, Any] = {
        "LabelingJobStatus": job.status,
        "LabelCounters": label_counters(counts),
        "CreationTime": job.created_at,
        "LastModifiedTime": job.modified_at,
        "JobReferenceCode": hashlib.sha256(arn.encode()).hexdigest()[:8],
        "LabelingJobName": job.name,
        "LabelingJobArn": arn,
    }
    description |= {name: job.request[name] for name in ECHOED if name in job.request}
    return description | _ending(job)


def summarize(job: Job, arn: str, counts: Mapping[ObjectState, int]) -> dict[str, Any]:
    """One entry of ListLabelingJobs' answer."""
    summary: dict[str, Any] = {
        "LabelingJobName": job.name,
        "LabelingJobArn": arn,
        "CreationTime": job.created_at,
        "LastModifiedTime": job.modified_at,
        "LabelingJobStatus": job.status,
        "LabelCounters": label_counters(counts),
        "WorkteamArn": job.task["WorkteamArn"],
        "InputConfig": job.request["InputConfig"],
    }
    if "PreHumanTaskLambdaArn" in job.task:
        summary["PreHumanTaskLambdaArn"] = job.task["PreHumanTaskLambdaArn"]
    summary |= job.task.get("AnnotationConsolidationConfig", {})
    # The summary names the function as the request does, without the config around it.
    return summary | _ending(job)


def label_counters(counts: Mapping[ObjectState, int]) -> dict[str, int]:
    """Every object of the job is counted once: labeled, failed or unlabeled.

    An object that an earlier job labeled, or that needs no human, counts as unlabeled here: this
    job did not label it.
    """
    labeled = counts.get(ObjectState.LABELED, 0)
    failed = counts.get(ObjectState.FAILED, 0)
    return {
        "TotalLabeled": labeled,
        "HumanLabeled": labeled,
        "MachineLabeled": 0,
        "FailedNonRetryableError": failed,
        "Unlabeled": sum(counts.values()) - labeled - failed,
    }


def _ending(job: Job) -> dict[str, Any]:
    ending: dict[str, Any] = {}
    if job.failure_reason is not None:
        ending["FailureReason"] = job.failure_reason
    if job.status in (JobStatus.COMPLETED, JobStatus.STOPPED):
        ending["LabelingJobOutput"] = {"OutputDatasetS3Uri": output_manifest_uri(job)}
    return ending
