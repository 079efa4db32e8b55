"""What to label, as the request that Ground Truth's CreateLabelingJob takes. Pure: no AWS calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

KEYWORDS = ["image segmentation", "masks"]


@dataclass(frozen=True, slots=True)
class JobParts:
    """The addresses of everything a labeling job refers to.

    Attributes:
        manifest, template, label_categories, output: `s3://` addresses.
    """

    manifest: str
    template: str
    label_categories: str
    output: str
    role_arn: str
    workteam_arn: str
    pre_annotation_arn: str
    consolidation_arn: str


def labeling_job_request(
    name: str,
    parts: JobParts,
    *,
    workers_per_object: int,
    title: str = "Outline the objects",
    description: str = "Click four extreme points of each object, then correct its mask.",
    task_time_limit_seconds: int = 3600,
    availability_seconds: int = 10 * 24 * 3600,
) -> dict[str, Any]:
    """The keyword arguments of `boto3.client("sagemaker").create_labeling_job`.

    The label attribute gets the job's own name, which custom jobs may not end in `-ref`.
    """
    return {
        "LabelingJobName": name,
        "LabelAttributeName": name,
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": parts.manifest}}},
        "OutputConfig": {"S3OutputPath": parts.output},
        "RoleArn": parts.role_arn,
        "LabelCategoryConfigS3Uri": parts.label_categories,
        "HumanTaskConfig": {
            "WorkteamArn": parts.workteam_arn,
            "UiConfig": {"UiTemplateS3Uri": parts.template},
            "PreHumanTaskLambdaArn": parts.pre_annotation_arn,
            "AnnotationConsolidationConfig": {
                "AnnotationConsolidationLambdaArn": parts.consolidation_arn
            },
            "TaskKeywords": KEYWORDS,
            "TaskTitle": title,
            "TaskDescription": description,
            "NumberOfHumanWorkersPerDataObject": workers_per_object,
            "TaskTimeLimitInSeconds": task_time_limit_seconds,
            "TaskAvailabilityLifetimeInSeconds": availability_seconds,
        },
    }
