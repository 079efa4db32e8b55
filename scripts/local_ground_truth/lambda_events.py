"""The events that Ground Truth sends to the two Lambda functions, key for key.

Shapes: developer guide, "Requirements for custom labeling task Lambda functions", and for the
keys that it leaves out (`outputConfig`, `maxHumanWorkersPerDataObject`, `vpcEnabled`,
`kmsKeyId`) events that were logged in real jobs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from scripts.local_ground_truth.assignments import Assignment, worker_id
from scripts.local_ground_truth.job_store import DataObject, Job

PRE_ANNOTATION_VERSION = "2018-10-16"
CONSOLIDATION_VERSION = "2018-10-06"


def job_arn(region: str, account: str, name: str) -> str:
    """Lower case, whatever case the name was given in."""
    return f"arn:aws:sagemaker:{region}:{account}:labeling-job/{name.lower()}"


def pre_annotation_event(arn: str, data_object: Mapping[str, Any]) -> dict[str, Any]:
    """For one data object: its whole manifest line."""
    return {
        "version": PRE_ANNOTATION_VERSION,
        "labelingJobArn": arn,
        "dataObject": dict(data_object),
    }


def consolidation_event(arn: str, job: Job, payload_uri: str) -> dict[str, Any]:
    """For one batch of answered objects, which lies at `payload_uri`."""
    event: dict[str, Any] = {
        "version": CONSOLIDATION_VERSION,
        "labelingJobArn": arn,
        "labelAttributeName": job.label_attribute_name,
        "roleArn": job.request["RoleArn"],
        "payload": {"s3Uri": payload_uri},
        "outputConfig": f"{job.output}/annotations",
        "maxHumanWorkersPerDataObject": job.workers_per_object,
        "vpcEnabled": False,
    }
    if job.label_categories is not None:
        event["labelCategories"] = job.label_categories
    if job.request["OutputConfig"].get("KmsKeyId"):
        event["kmsKeyId"] = job.request["OutputConfig"]["KmsKeyId"]
    return event


def payload_entry(
    data_object: DataObject, answers: Iterable[Assignment], region: str
) -> dict[str, Any]:
    """One object of the payload: its address or text and what the workers submitted."""
    fields = data_object.fields
    place = (
        {"s3Uri": fields["source-ref"]} if "source-ref" in fields else {"content": fields["source"]}
    )
    return {
        "datasetObjectId": str(data_object.object_id),
        "dataObject": place,
        "annotations": [
            {
                "workerId": worker_id(region, answer.worker),
                # A JSON text, whatever is in it: a hidden input with JSON is encoded twice.
                "annotationData": {"content": json.dumps(json.loads(answer.answer or "{}"))},
            }
            for answer in answers
        ],
    }
