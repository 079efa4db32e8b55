"""`fewclick train` by SageMaker: the request, the log, the whole way against moto."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from scripts.__main__ import app
from scripts.local_ground_truth.request_check import check_shape
from scripts.segmentation.segmentation_training import (
    SegmentationTrainingError,
    TrainingParts,
    read_log,
    training_request,
)
from tests.unit.scripts.label_bench import LabelBench

ROLE = "arn:aws:iam::123456789012:role/train"
IMAGE = "685385470294.dkr.ecr.eu-west-1.amazonaws.com/semantic-segmentation:1"
LOG = """\
[11/20/2026 10:00:00 INFO 139] Batches [20] ...
[11/20/2026 10:00:01 INFO 139] #quality_metric: host=algo-1, epoch=0, train loss <loss>=0.6931
[11/20/2026 INFO 139] #quality_metric: host=algo-1, epoch=0, validation pixel_accuracy <score>=0.81
[11/20/2026 10:00:02 INFO 139] #quality_metric: host=algo-1, epoch=0, validation mIOU <score>=0.52
#quality_metric: host=algo-1, epoch=1, train loss <loss>=(0.301)
#quality_metric: host=algo-1, epoch=1, validation mIOU <score>=(8.46e-01)
"""


def parts(**changes: Any) -> TrainingParts:
    values: dict[str, Any] = {
        "name": "turtles",
        "data": "s3://sets/turtles",
        "output": "s3://sets/turtles/model/",
        "role_arn": ROLE,
        "image_uri": IMAGE,
        "instance_type": "ml.p3.2xlarge",
        "hyperparameters": {"num_classes": "2"},
    }
    return TrainingParts(**(values | changes))


@pytest.mark.parametrize("spot", [True, False])
def test_aws_takes_the_request(spot: bool) -> None:
    request = training_request(parts(spot=spot))
    assert check_shape("CreateTrainingJob", request) == []
    channels = [channel["ChannelName"] for channel in request["InputDataConfig"]]
    assert channels == [
        "train",
        "validation",
        "train_annotation",
        "validation_annotation",
        "label_map",
    ]
    assert request.get("EnableManagedSpotTraining", False) is spot


def test_what_the_algorithm_cannot_do_is_told() -> None:
    with pytest.raises(SegmentationTrainingError, match=r"ml\.c5\.xlarge: the algorithm trains on"):
        training_request(parts(instance_type="ml.c5.xlarge"))
    with pytest.raises(SegmentationTrainingError, match="export with --out s3"):
        training_request(parts(data="out/set"))


def test_the_log_tells_the_epochs() -> None:
    assert read_log(LOG.splitlines()) == [
        {"epoch": 1, "loss": 0.6931, "pixel_accuracy": 0.81, "mean_iou": 0.52},
        {"epoch": 2, "loss": 0.301, "mean_iou": 0.846},
    ]


@pytest.fixture
def training_set(tmp_path: Path) -> Iterator[str]:
    """A training set in moto's S3."""
    bench = LabelBench(tmp_path)
    for number in range(10):
        bench.add(f"p{number}.jpg", "1./..", ("cat",))
    manifest = bench.manifest()
    with mock_aws():
        boto3.client("s3").create_bucket(
            Bucket="labels", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        for uri in (*bench.store.list("s3://labels/p"), *bench.store.list("s3://labels/masks/")):
            key, body = uri.removeprefix("s3://labels/"), bench.store.read(uri)
            boto3.client("s3").put_object(Bucket="labels", Key=key, Body=body)
        done = CliRunner().invoke(app, ["export", manifest, "--out", "s3://labels/set"])
        assert done.exit_code == 0, done.output
        yield "s3://labels/set"


def train(training_set: str, out: Path, *options: str) -> Any:
    arguments = ["train", training_set, "--out", str(out), "--role", ROLE, "--image-uri", IMAGE]
    return CliRunner().invoke(app, [*arguments, *options])


def test_a_dry_run_prints_the_request_and_starts_nothing(training_set: str, tmp_path: Path) -> None:
    done = train(training_set, tmp_path, "--dry-run", "--name", "cats", "--set", "algorithm=psp")
    assert done.exit_code == 0, done.output
    request = json.loads(done.stdout)
    assert check_shape("CreateTrainingJob", request) == []
    assert request["HyperParameters"] == {
        "num_classes": "2",
        "num_training_samples": "8",
        "mini_batch_size": "8",
        "epochs": "30",
        "algorithm": "psp",
    }
    assert boto3.client("sagemaker").list_training_jobs()["TrainingJobSummaries"] == []


def test_a_job_is_started_and_followed(training_set: str, tmp_path: Path) -> None:
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName="/aws/sagemaker/TrainingJobs")
    stream = {"logGroupName": "/aws/sagemaker/TrainingJobs", "logStreamName": "cats/algo-1-17"}
    logs.create_log_stream(**stream)
    now = int(time.time() * 1000)  # others are refused
    events = [
        {"timestamp": now + number, "message": line} for number, line in enumerate(LOG.splitlines())
    ]
    logs.put_log_events(**stream, logEvents=events)
    out = tmp_path / "run"
    done = train(training_set, out, "--name", "cats", "--yes", "--json")
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert (result["status"], result["epochs"]) == ("Completed", 2)
    assert result["best"]["mean_iou"] == 0.846
    assert result["model"].endswith("model.tar.gz")
    assert "epoch   1  loss 0.6931  mIoU 0.520  pixel accuracy 0.810" in done.stderr
    assert (out / "curve.png").stat().st_size > 5000
    again = train(training_set, out, "--name", "cats")
    assert again.exit_code == 0, again.output
    assert "Following the training job cats" in again.stderr


def test_nothing_is_started_without_a_yes(training_set: str, tmp_path: Path) -> None:
    done = train(training_set, tmp_path, "--name", "cats")
    assert done.exit_code == 1
    assert boto3.client("sagemaker").list_training_jobs()["TrainingJobSummaries"] == []


def test_wrong_hyperparameters_are_wrong_usage(training_set: str, tmp_path: Path) -> None:
    done = train(training_set, tmp_path, "--set", "depth=3")
    assert done.exit_code == 2
    assert "is none of" in " ".join(done.output.replace("│", " ").split())


def test_a_role_is_asked_for(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["train", "s3://labels/set", "--out", str(tmp_path)])
    assert done.exit_code == 2
    assert "--role" in done.output
