"""An export shared by several machines gives what one machine gives."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from scripts.__main__ import app
from scripts.local_ground_truth.request_check import check_shape
from scripts.training_sets import export_planner
from scripts.training_sets.export_plan import PLAN_FOLDER, ExportRequest
from scripts.training_sets.export_planner import make_plan
from scripts.training_sets.export_processing import (
    ProcessingOptions,
    export_code,
    export_request,
    export_script,
)
from scripts.training_sets.export_shard import export_shard
from scripts.training_sets.export_target import FolderTarget, open_target
from tests.unit.scripts.label_bench import LabelBench

ROLE = "arn:aws:iam::123456789012:role/process"
IMAGE = "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:2.6-cpu-py312"


def test_aws_takes_the_request() -> None:
    options = ProcessingOptions(4, ROLE)
    request = export_request("fewclick-export-1", "s3://sets/it's", options, IMAGE)
    assert check_shape("CreateProcessingJob", request) == []
    plan, code = request["ProcessingInputs"]
    assert plan["S3Input"]["S3DataDistributionType"] == "ShardedByS3Key"
    assert plan["S3Input"]["S3Uri"] == f"s3://sets/it's/{PLAN_FOLDER}/"
    assert code["S3Input"]["S3DataDistributionType"] == "FullyReplicated"
    assert request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 4
    application = request["AppSpecification"]
    assert application["ContainerEntrypoint"] == ["bash", "/opt/ml/processing/input/code/start.sh"]
    assert application["ContainerArguments"] == ["s3://sets/it's"]


def test_the_start_script_is_one_that_a_shell_reads() -> None:
    done = subprocess.run(["bash", "-n"], input=export_script(), text=True, check=False)
    assert done.returncode == 0
    assert "scripts.training_sets.export_shard" in export_script()


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_two_machines_do_what_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_planner, "PIECE_LINES", 3)
    bench = LabelBench(tmp_path)
    for number in range(10):
        bench.add(f"p{number}.jpg", "12./...")
    manifest = bench.manifest()
    request = ExportRequest((manifest,), "coco")
    shared = open_target(str(tmp_path / "shared"), bench.store)
    plan = make_plan(request, bench.store, shared)
    assert plan.pieces == 4
    for machine in range(2):
        dealt = tmp_path / f"machine-{machine}"
        dealt.mkdir()
        for name in FolderTarget(tmp_path / "shared").names(PLAN_FOLDER)[machine::2]:
            (dealt / name).write_text("")
        assert export_shard(str(tmp_path / "shared"), dealt, bench.store) == 2
    arguments = ["export", manifest, "--format", "coco", "--s3-folder", str(bench.s3_folder)]
    for out in ("shared", "alone"):
        done = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / out)])
        assert done.exit_code == 0, done.output
    assert files_of(tmp_path / "shared") == files_of(tmp_path / "alone")


def test_the_packed_code_runs_with_nothing_but_its_packages(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(export_code())) as archive:
        archive.extractall(tmp_path)
    # As in the container: neither typer nor rich nor moto is there.
    missing = "import sys; sys.modules.update(dict.fromkeys(('typer', 'rich', 'moto', 'jinja2')))"
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-c",
            f"{missing}; import sys; sys.path.insert(0, '.');"
            "import scripts.training_sets.export_shard as shard; print(shard.__file__)",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        env={"PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / done.stdout.strip()).is_relative_to(tmp_path)


@pytest.fixture
def set_in_s3(tmp_path: Path) -> Iterator[str]:
    """A manifest whose photos and masks are in moto's S3."""
    bench = LabelBench(tmp_path)
    bench.add("p0.jpg", "1./..", ("cat",))
    manifest = bench.manifest()
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(
            Bucket="labels", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        for key in ("p0.jpg", "masks/pets/0.png"):
            body = bench.store.read(f"s3://labels/{key}")
            client.put_object(Bucket="labels", Key=key, Body=body)
        yield manifest


def test_a_job_that_leaves_pieces_is_told_and_gone_on_with(set_in_s3: str, tmp_path: Path) -> None:
    arguments = ["export", set_in_s3, "--out", "s3://labels/set", "--processing", "2"]
    arguments += ["--role", ROLE, "--image-uri", IMAGE, "--yes"]
    done = CliRunner().invoke(app, arguments)
    # moto's machines do nothing.
    assert done.exit_code == 1
    assert "1 of 1 pieces are not done" in str(done.exception)
    jobs = boto3.client("sagemaker").list_processing_jobs()["ProcessingJobSummaries"]
    assert len(jobs) == 1
    done = CliRunner().invoke(app, [*arguments[:4], "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["images"] == {"train": 1, "validation": 0}


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ([], 2, "--processing needs --role"),
        (["--role", ROLE, "--yes"], 1, "give --out an s3:// address"),
    ],
)
def test_what_is_missing_is_told(tmp_path: Path, options: list[str], code: int, said: str) -> None:
    bench = LabelBench(tmp_path)
    bench.add("a.jpg", "1.")
    arguments = ["export", bench.manifest(), "--out", str(tmp_path / "set"), "--processing", "2"]
    done = CliRunner().invoke(app, [*arguments, "--s3-folder", str(bench.s3_folder), *options])
    assert done.exit_code == code
    assert said in " ".join(f"{done.output} {done.exception}".replace("│", " ").split())
