"""`fewclick predict` with an endpoint that answers over HTTP, in both formats."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import boto3
import numpy as np
import pytest
from moto import mock_aws
from PIL import Image
from typer.testing import CliRunner

from hooks.core.masks import LabelMap
from scripts.__main__ import app
from scripts.segmentation.segmentation_predictors import MAX_REQUEST_BYTES, jpeg_of
from tests.unit.scripts.label_bench import LabelBench
from tests.unit.scripts.segmentation.test_record_io import body_of, framed


class Model(BaseHTTPRequestHandler):
    """Answers as the built-in algorithm's container: what is bright is class 1."""

    requests: ClassVar[list[str]] = []
    mask: ClassVar[bytes | None] = None

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with Image.open(io.BytesIO(body)) as image:
            assert image.format == "JPEG"
            found = (np.asarray(image.convert("L")) > 130).astype(np.uint8)
        self.requests.append(self.path)
        answer = self._answer(found)
        self.send_response(200)
        self.send_header("Content-Type", str(self.headers["Accept"]))
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _answer(self, found: LabelMap) -> bytes:
        if self.headers["Accept"] == "application/x-protobuf":
            shares = np.where(found == np.arange(2)[:, None, None], 0.75, 0.25)
            return framed(body_of(shares.astype(np.float32)))
        assert self.headers["Accept"] == "image/png"
        if self.mask is not None:
            return self.mask
        stream = io.BytesIO()
        Image.fromarray(found).save(stream, "PNG")
        return stream.getvalue()

    def log_message(self, format: str, *values: Any) -> None:
        pass


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Model]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    thread = Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", url)
    monkeypatch.setattr(Model, "requests", [])
    monkeypatch.setattr(Model, "mask", None)
    yield Model
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def training_set(tmp_path: Path) -> str:
    bench = LabelBench(tmp_path)
    for number in range(8):
        label_map = np.zeros((60, 90), np.uint8)
        label_map[10:40, 5 * number : 5 * number + 40] = 1
        bench.add(f"p{number}.jpg", label_map, ("cat",))
    out = str(tmp_path / "set")
    arguments = ["export", bench.manifest(), "--s3-folder", str(bench.s3_folder), "--out", out]
    done = CliRunner().invoke(app, [*arguments, "--validation", "0.5"])
    assert done.exit_code == 0, done.output
    return out


def predict(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["predict", *arguments, "--json"])


@pytest.mark.parametrize("probabilities", [False, True])
def test_both_formats_are_read_and_measured(
    runtime: type[Model], training_set: str, tmp_path: Path, probabilities: bool
) -> None:
    out = tmp_path / "seen"
    options = ["--probabilities"] if probabilities else []
    done = predict(training_set, "--out", str(out), "--endpoint", "cats", *options)
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert (len(result["photos"]), result["references"]) == (4, 4)
    assert result["mean_iou"] > 0.97
    assert set(result["iou"]) == {"BACKGROUND", "cat"}
    assert [photo["confidence"] for photo in result["photos"]] == [
        0.75 if probabilities else None
    ] * 4
    for photo in result["photos"]:
        with Image.open(out / "masks" / f"{photo['name']}.png") as mask:
            assert mask.size == (90, 60)
        assert (out / "overlays" / f"{photo['name']}.jpg").exists()
    with Image.open(out / "grid.png") as grid:
        assert grid.width > 1000
    assert set(runtime.requests) == {"/endpoints/cats/invocations"}


def test_a_training_jobs_endpoint_is_made_and_goes_again(
    runtime: type[Model], training_set: str, tmp_path: Path
) -> None:
    role = "arn:aws:iam::123456789012:role/train"
    with mock_aws():
        sagemaker = boto3.client("sagemaker")
        sagemaker.create_training_job(
            TrainingJobName="cats",
            AlgorithmSpecification={
                "TrainingImage": "1.dkr.ecr.eu-west-1.amazonaws.com/s:1",
                "TrainingInputMode": "File",
            },
            RoleArn=role,
            OutputDataConfig={"S3OutputPath": "s3://labels/model/"},
            ResourceConfig={
                "InstanceType": "ml.p3.2xlarge",
                "InstanceCount": 1,
                "VolumeSizeInGB": 10,
            },
            StoppingCondition={"MaxRuntimeInSeconds": 60},
        )
        done = predict(
            training_set, "--out", str(tmp_path / "seen"), "--training-job", "cats", "--yes"
        )
        assert done.exit_code == 0, done.output
        assert sagemaker.list_endpoints()["Endpoints"] == []
        assert sagemaker.list_models()["Models"] == []
    assert "Ctrl-C deletes it" in done.stderr
    (path,) = set(runtime.requests)
    assert path.startswith("/endpoints/cats-")


def test_photos_without_references_are_only_shown(
    runtime: type[Model], tmp_path: Path, demo_photos: Path
) -> None:
    out = tmp_path / "seen"
    photos = str(demo_photos / "images")
    options = ("--endpoint", "cats", "--labels", "cat", "--limit", "2")
    done = predict(photos, "--out", str(out), *options)
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert (len(result["photos"]), result["references"]) == (2, 0)
    assert "mean_iou" not in result


def test_an_answer_that_is_no_mask_is_named_and_the_rest_goes_on(
    runtime: type[Model], training_set: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "mask", b"oops")
    done = predict(training_set, "--out", str(tmp_path / "seen"), "--endpoint", "cats")
    assert done.exit_code == 1
    result = json.loads(done.stdout)
    assert len(result["problems"]) == 4
    assert "answered no PNG" in result["problems"][0]


def test_an_answer_with_classes_that_nobody_knows_is_named(
    runtime: type[Model], training_set: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.BytesIO()
    Image.fromarray(np.full((60, 90), 7, np.uint8)).save(stream, "PNG")
    monkeypatch.setattr(runtime, "mask", stream.getvalue())
    done = predict(training_set, "--out", str(tmp_path / "seen"), "--endpoint", "cats")
    assert done.exit_code == 1
    assert "the class 7" in json.loads(done.stdout)["problems"][0]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ([], 2, "give one of"),
        (["--endpoint", "a", "--model", "b"], 2, "give one of"),
        (["--model", "nowhere"], 1, "not a segmentation model"),
    ],
)
def test_who_predicts_must_be_said(
    training_set: str, tmp_path: Path, options: list[str], code: int, said: str
) -> None:
    done = predict(training_set, "--out", str(tmp_path / "seen"), *options)
    assert done.exit_code == code
    assert said in f"{done.output} {done.exception}"


def test_a_photo_too_large_for_a_request_is_made_smaller() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (3000, 4000, 3)).astype(np.uint8)
    body = jpeg_of(noise)
    assert len(body) <= MAX_REQUEST_BYTES
    with Image.open(io.BytesIO(body)) as image:
        assert image.size == (2000, 1500)
