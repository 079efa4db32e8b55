"""What to label, as the request that Ground Truth's CreateLabelingJob takes. Pure: no AWS calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

KEYWORDS = ("image segmentation", "masks")
TITLE = "Outline the objects"
DESCRIPTION = "Click four extreme points of each object, then correct its mask."
NO_PERSONAL_INFORMATION = "FreeOfPersonallyIdentifiableInformation"
NO_ADULT_CONTENT = "FreeOfAdultContent"


@dataclass(frozen=True, slots=True)
class JobParts:
    """The addresses of everything a labeling job refers to.

    Attributes:
        manifest, template, label_categories, output: `s3://` addresses.
        input_topic, output_topic: SNS topics of a streaming job, which may have no manifest.
        kms_key: encrypts the output.
    """

    manifest: str | None
    template: str
    label_categories: str
    output: str
    role_arn: str
    workteam_arn: str
    pre_annotation_arn: str
    consolidation_arn: str
    input_topic: str | None = None
    output_topic: str | None = None
    kms_key: str | None = None


@dataclass(frozen=True, slots=True)
class TaskTerms:
    """What workers are told and paid, and how long they have.

    Attributes:
        at_once: data objects that are out to workers at a time.
        price: dollars for a public worker and an object; None for other workers.
        content: what the data is free of, in Ground Truth's words.
        stop_after: objects that people have labeled by then end the job.
    """

    title: str = TITLE
    description: str = DESCRIPTION
    keywords: Sequence[str] = KEYWORDS
    time_limit_seconds: int = 3600
    availability_seconds: int = 10 * 24 * 3600
    at_once: int | None = None
    price: Decimal | None = None
    content: Sequence[str] = ()
    stop_after: int | None = None


_USUAL_TERMS = TaskTerms()


def labeling_job_request(
    name: str,
    parts: JobParts,
    *,
    workers_per_object: int,
    terms: TaskTerms = _USUAL_TERMS,
    label_attribute_name: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The keyword arguments of `boto3.client("sagemaker").create_labeling_job`.

    Args:
        label_attribute_name: the job's own name by default; custom jobs' may not end in `-ref`.
    """
    request: dict[str, Any] = {
        "LabelingJobName": name,
        "LabelAttributeName": label_attribute_name or name,
        "InputConfig": {"DataSource": _data_source(parts)},
        "OutputConfig": {"S3OutputPath": parts.output},
        "RoleArn": parts.role_arn,
        "LabelCategoryConfigS3Uri": parts.label_categories,
        "HumanTaskConfig": _human_task(parts, terms, workers_per_object),
    }
    if terms.content:
        request["InputConfig"]["DataAttributes"] = {"ContentClassifiers": list(terms.content)}
    if parts.output_topic is not None:
        request["OutputConfig"]["SnsTopicArn"] = parts.output_topic
    if parts.kms_key is not None:
        request["OutputConfig"]["KmsKeyId"] = parts.kms_key
    if terms.stop_after is not None:
        request["StoppingConditions"] = {"MaxHumanLabeledObjectCount": terms.stop_after}
    if tags:
        request["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    return request


def _data_source(parts: JobParts) -> dict[str, Any]:
    source: dict[str, Any] = {}
    if parts.manifest is not None:
        source["S3DataSource"] = {"ManifestS3Uri": parts.manifest}
    if parts.input_topic is not None:
        source["SnsDataSource"] = {"SnsTopicArn": parts.input_topic}
    return source


def _human_task(parts: JobParts, terms: TaskTerms, workers_per_object: int) -> dict[str, Any]:
    task: dict[str, Any] = {
        "WorkteamArn": parts.workteam_arn,
        "UiConfig": {"UiTemplateS3Uri": parts.template},
        "PreHumanTaskLambdaArn": parts.pre_annotation_arn,
        "AnnotationConsolidationConfig": {
            "AnnotationConsolidationLambdaArn": parts.consolidation_arn
        },
        "TaskKeywords": list(terms.keywords),
        "TaskTitle": terms.title,
        "TaskDescription": terms.description,
        "NumberOfHumanWorkersPerDataObject": workers_per_object,
        "TaskTimeLimitInSeconds": terms.time_limit_seconds,
        "TaskAvailabilityLifetimeInSeconds": terms.availability_seconds,
    }
    if terms.at_once is not None:
        task["MaxConcurrentTaskCount"] = terms.at_once
    if terms.price is not None:
        task["PublicWorkforceTaskPrice"] = {"AmountInUsd": amount_in_usd(terms.price)}
    return task


def amount_in_usd(price: Decimal) -> dict[str, int]:
    """A price as the API takes it: 0.036 is 0 dollars, 3 cents and 6 tenths of a cent."""
    thousandths = int(price * 1000)
    return {
        "Dollars": thousandths // 1000,
        "Cents": thousandths % 1000 // 10,
        "TenthFractionsOfACent": thousandths % 10,
    }
