"""A small stack, a request that is right, and a clock that is moved by hand."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.local_ground_truth.local import LocalGroundTruth

STACK = Path(__file__).parent / "stack" / "template.yaml"
PAGE = (
    '<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>'
    '<crowd-form><img src="{{ task.input.taskObject | grant_read_access }}"></crowd-form>'
)


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 10, 11, 12, 833000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@dataclass(frozen=True)
class Bench:
    """A local Ground Truth with what a job needs in its bucket."""

    local: LocalGroundTruth

    def put(self, key: str, body: bytes | str) -> str:
        self.local.s3.put_object(Bucket=self.local.bucket, Key=key, Body=body)
        return f"s3://{self.local.bucket}/{key}"

    def read(self, address: str) -> bytes:
        return self.local.path_of(address).read_bytes()

    def lines(self, address: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.read(address).splitlines()]

    def request(self, name: str, lines: list[Any], **task: Any) -> dict[str, Any]:
        """A CreateLabelingJob request for a manifest of these lines; texts go in as they are."""
        manifest = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        return {
            "LabelingJobName": name,
            "LabelAttributeName": "cats",
            "InputConfig": {
                "DataSource": {
                    "S3DataSource": {"ManifestS3Uri": self.put(f"{name}.manifest", manifest)}
                }
            },
            "OutputConfig": {"S3OutputPath": f"s3://{self.local.bucket}/out/"},
            "RoleArn": self.local.role_arn,
            "HumanTaskConfig": {
                "WorkteamArn": self.local.workteam_arn,
                "UiConfig": {"UiTemplateS3Uri": self.put("page.liquid.html", PAGE)},
                "PreHumanTaskLambdaArn": self.local.pre_annotation_arn,
                "AnnotationConsolidationConfig": {
                    "AnnotationConsolidationLambdaArn": self.local.consolidation_arn
                },
                "TaskTitle": "Outline the cats",
                "TaskDescription": "Four clicks each.",
                "NumberOfHumanWorkersPerDataObject": 1,
                "TaskTimeLimitInSeconds": 600,
                **task,
            },
        }


def work(portal_url: str, job: str, worker: str, tasks: int) -> None:
    """Answer the worker's next tasks by name."""
    with httpx.Client(base_url=portal_url, follow_redirects=True) as client:
        client.post("/sign-in", data={"name": worker})
        for _ in range(tasks):
            page = client.get(f"/jobs/{job}/next?wait=20")
            answer = {"answerContent": {"by": worker}}
            client.post(f"{page.url.path}/submit", json=answer).raise_for_status()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One for the tests of a module, with neither model nor click API."""
    root = tmp_path_factory.mktemp("local")
    with LocalGroundTruth(root, template=STACK, endpoint_name="") as local:
        yield Bench(local)


@pytest.fixture
def request_of_a_job() -> dict[str, Any]:
    """A request that AWS would take, with everything optional in it that a custom job may have."""
    return copy.deepcopy(
        {
            "LabelingJobName": "Cats-01",
            "LabelAttributeName": "cats",
            "InputConfig": {
                "DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://in/cats.manifest"}},
                "DataAttributes": {"ContentClassifiers": ["FreeOfAdultContent"]},
            },
            "OutputConfig": {"S3OutputPath": "s3://out/gt/"},
            "RoleArn": "arn:aws:iam::123456789012:role/gt-exec",
            "LabelCategoryConfigS3Uri": "s3://in/labels.json",
            "StoppingConditions": {"MaxPercentageOfInputDatasetLabeled": 90},
            "HumanTaskConfig": {
                "WorkteamArn": "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/us",
                "UiConfig": {"UiTemplateS3Uri": "s3://in/page.liquid.html"},
                "PreHumanTaskLambdaArn": (
                    "arn:aws:lambda:us-east-1:123456789012:function:SageMakerPre"
                ),
                "AnnotationConsolidationConfig": {
                    "AnnotationConsolidationLambdaArn": (
                        "arn:aws:lambda:us-east-1:123456789012:function:SageMakerPost"
                    )
                },
                "TaskKeywords": ["cats", "image segmentation"],
                "TaskTitle": "Outline the cats",
                "TaskDescription": "Click 4 extreme points",
                "NumberOfHumanWorkersPerDataObject": 3,
                "TaskTimeLimitInSeconds": 600,
                "TaskAvailabilityLifetimeInSeconds": 21_600,
                "MaxConcurrentTaskCount": 200,
            },
            "Tags": [{"Key": "team", "Value": "Ökologie + co"}],
        }
    )
