"""The whole of it: a job by boto3 and HTTP alone, and going on in the same folder."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local_ground_truth.folder_lock import FolderInUseError
from scripts.local_ground_truth.local import LocalGroundTruth
from tests.unit.scripts.local_ground_truth.conftest import STACK, Bench, work


def test_a_job_goes_from_request_to_output_manifest(bench: Bench) -> None:
    lines = [
        {"source-ref": f"s3://{bench.local.bucket}/a.jpg", "id": "a"},
        {"source-ref": f"s3://{bench.local.bucket}/b.jpg", "ask": "raise"},
        "not json",
    ]
    request = bench.request("Whole-Job", lines, NumberOfHumanWorkersPerDataObject=2)
    created = bench.local.sagemaker.create_labeling_job(**request)
    assert created["LabelingJobArn"].endswith(":labeling-job/whole-job")
    for worker in ("ann", "bob"):
        work(bench.local.portal_url, "whole-job", worker, 1)
    seen: list[str] = []
    description = bench.local.wait_for_job(
        "whole-job", lambda job: seen.append(job["LabelingJobStatus"])
    )
    assert seen[-1] == description["LabelingJobStatus"] == "Completed"
    assert description["LabelCounters"] == {
        "TotalLabeled": 1,
        "HumanLabeled": 1,
        "MachineLabeled": 0,
        "FailedNonRetryableError": 2,
        "Unlabeled": 0,
    }
    assert description["HumanTaskConfig"] == request["HumanTaskConfig"]
    output = bench.lines(description["LabelingJobOutput"]["OutputDatasetS3Uri"])
    assert output[0]["id"] == "a"
    assert output[0]["cats"]["answers"] == {
        bench.local.worker_id(worker): {"by": worker} for worker in ("ann", "bob")
    }
    assert "no such photo" in output[1]["cats-metadata"]["failure-reason"]
    assert "manifest line 3" in output[2]["cats-metadata"]["failure-reason"]


def test_names_are_unique_whatever_their_case(bench: Bench) -> None:
    lines = [{"source": "text"}]
    bench.local.sagemaker.create_labeling_job(**bench.request("Twice", lines))
    with pytest.raises(bench.local.sagemaker.exceptions.ResourceInUse):
        bench.local.sagemaker.create_labeling_job(**bench.request("TWICE", lines))


def test_a_wrong_request_makes_no_job_and_says_all_that_is_wrong(bench: Bench) -> None:
    request = bench.request("no_good", [{"source": "x"}], NumberOfHumanWorkersPerDataObject=99)
    request["LabelAttributeName"] = "cats-ref"
    with pytest.raises(ClientError, match="3 validation errors detected") as raised:
        bench.local.sagemaker.create_labeling_job(**request)
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    with pytest.raises(ClientError, match="labelingJobName"):
        bench.local.sagemaker.describe_labeling_job(LabelingJobName="no_good")


def test_a_job_that_is_not_there_is_not_found(bench: Bench) -> None:
    with pytest.raises(bench.local.sagemaker.exceptions.ResourceNotFound):
        bench.local.sagemaker.describe_labeling_job(LabelingJobName="nobody")


def test_jobs_are_listed_and_stopped(bench: Bench) -> None:
    sagemaker: Any = bench.local.sagemaker
    for name in ("list-b", "list-a", "list-c"):
        sagemaker.create_labeling_job(**bench.request(name, [{"source": "x"}]))
    pages = sagemaker.get_paginator("list_labeling_jobs").paginate(
        NameContains="LIST", SortBy="Name", PaginationConfig={"PageSize": 2}
    )
    names = [job["LabelingJobName"] for page in pages for job in page["LabelingJobSummaryList"]]
    assert names == ["list-a", "list-b", "list-c"]
    sagemaker.stop_labeling_job(LabelingJobName="list-a")
    assert bench.local.wait_for_job("list-a")["LabelingJobStatus"] == "Stopped"
    with pytest.raises(ClientError, match="this one is Stopped"):
        sagemaker.stop_labeling_job(LabelingJobName="list-a")


def test_plain_boto3_in_another_process_finds_this_machine(bench: Bench) -> None:
    code = (
        "import boto3; print(boto3.client('sagemaker').list_labeling_jobs(MaxResults=1)"
        "['ResponseMetadata']['HTTPStatusCode'], boto3.client('s3').list_buckets()"
        "['Buckets'][0]['Name'])"
    )
    environment = {"PATH": os.environ["PATH"], **bench.local.environment}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["200", bench.local.bucket]


def test_a_second_process_is_kept_out_of_the_folder(bench: Bench) -> None:
    with pytest.raises(FolderInUseError, match="is in use by another process"):
        LocalGroundTruth(bench.local.root, template=STACK).__enter__()
