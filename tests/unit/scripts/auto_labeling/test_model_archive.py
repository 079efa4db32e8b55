"""A model of this machine, packed for ours or for AWS's PyTorch image, which then answers."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from scripts.auto_labeling.model_archive import hosted_on_aws, read_local_model
from scripts.auto_labeling.model_source import LocalModel
from scripts.local_ground_truth.request_check import check_shape
from scripts.refusal import RefusedError
from tests.unit.scripts.cloud_bench import png

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

ASK = """
import sys, json
from pathlib import Path
sys.path.insert(0, str(Path("code").resolve()))
import inference
model = inference.model_fn(".")
body = inference.input_fn(Path("photo.png").read_bytes(), "image/png")
answer, kind = inference.output_fn(inference.predict_fn(body, model), "*/*")
print(json.dumps({"kind": kind, "from": inference.__file__, **json.loads(answer)}))
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from model_endpoint.model_directory import SHIPPED
    from model_endpoint.network import NetworkConfig
    from model_endpoint.segmentation_network import (
        SegmentationConfig,
        SegmentationModel,
        new_network,
    )

    config = json.loads((SHIPPED / "config.json").read_text(encoding="utf-8"))
    sizes = NetworkConfig.from_json(config["network"])
    wanted = SegmentationConfig(("BACKGROUND", "cat"), 64, sizes)
    network = new_network(wanted, None, seed=1).eval()
    folder = tmp_path_factory.mktemp("model")
    SegmentationModel(wanted, network, torch.device("cpu")).write(folder)
    return folder


def names_in(archive: bytes) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        return set(files.getnames())


def test_here_it_is_the_model_alone_and_the_same_bytes_again(model: Path) -> None:
    classes, archive = read_local_model(LocalModel(model), with_code=False)
    assert classes == ("BACKGROUND", "cat")
    assert names_in(archive) == {"config.json", "weights.safetensors"}
    assert read_local_model(LocalModel(model), with_code=False)[1] == archive


def test_for_aws_it_has_the_code_that_answers(model: Path, tmp_path: Path) -> None:
    _, archive = read_local_model(LocalModel(model), with_code=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(tmp_path, filter="data")
    (tmp_path / "photo.png").write_bytes(png((40, 20)))
    # As in the image: nothing of this repository is on the path but what was packed.
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = subprocess.run(
        [sys.executable, "-P", "-c", ASK], cwd=tmp_path, env=alone, capture_output=True, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
    said = json.loads(run.stdout)
    assert said["from"].startswith(str(tmp_path))
    assert (said["kind"], said["image_size"]) == ("application/json", [40, 20])
    assert said["classes"] == ["BACKGROUND", "cat"]


def test_aws_takes_the_container(model: Path) -> None:
    hosted = hosted_on_aws(
        ("BACKGROUND", "cat"), "s3://bucket/model.tar.gz", None, "eu-west-1", "image:1"
    )
    request = {
        "ModelName": "cats",
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/host",
        "PrimaryContainer": dict(hosted.container),
    }
    assert check_shape("CreateModel", request) == []
    assert hosted.instance_type == "ml.g4dn.xlarge"


def test_what_is_no_model_is_refused_with_how_to_get_one(model: Path, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"fewclick train --local"):
        read_local_model(LocalModel(tmp_path), with_code=False)
    shutil.copy(model / "config.json", tmp_path)
    with pytest.raises(RefusedError, match=r"there is no .*weights\.safetensors"):
        read_local_model(LocalModel(tmp_path), with_code=False)
