"""What `sam build` makes runs: each function, from its own folder, under its layer, in its Python.

This stands in for `sam local invoke`, which needs a container runtime.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from cfnlint.decode import decode
from moto.server import ThreadedMotoServer

from hooks.core.active_learning.loop_plan import LabelKind, LoopPlan
from hooks.core.active_learning.run_folder import RunFolder
from hooks.core.categories import LabelCategories
from hooks.core.job_settings import JobKind, JobSettings, settings_key
from tests.conftest import DEMO_PHOTOS, REPOSITORY

pytestmark = pytest.mark.slow

PYTHON = "3.12"
BUCKET = "sagemaker-built-functions"
LAYER = "HooksDependencies"
# boto3 is not in the layer: Lambda's Python has it. These are what it brings, pure Python all.
RUNTIME_PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")

DRIVER = """
import importlib, json, sys, types
module, _, name = sys.argv[1].rpartition(".")
handler = getattr(importlib.import_module(module), name)
context = types.SimpleNamespace(
    function_name="built", memory_limit_in_mb=512, aws_request_id="r-1", function_version="1",
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:built",
    get_remaining_time_in_millis=lambda: 30000,
)
print()  # logs and metrics go to stdout too; the answer is the last line
print(json.dumps({
    "answer": handler(json.load(sys.stdin), context),
    "files": {name: sys.modules[name].__file__ for name in ("hooks", "numpy", "PIL")
              if name in sys.modules},
}))
"""


@dataclass(frozen=True)
class Build:
    """A build's folder and template, and the Python to run it with."""

    folder: Path
    python: str
    runtime: Path

    def invoke(self, logical_id: str, environment: dict[str, str], event: Any) -> Any:
        """The function's answer, invoked with its template's environment and nothing else."""
        template, problems = decode(str(self.folder / "template.yaml"))
        assert not problems
        function = template["Resources"][logical_id]["Properties"]
        assert set(function.get("Environment", {}).get("Variables", {})) == set(environment)
        root = self.folder / function["CodeUri"]
        paths = [root, self.folder / LAYER / "python", self.runtime]
        done = subprocess.run(
            [self.python, "-B", "-P", "-c", DRIVER, function["Handler"]],
            input=json.dumps(event),
            capture_output=True,
            text=True,
            cwd=root,
            env={
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_DEFAULT_REGION": "eu-west-1",
                "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"],
                "PYTHONPATH": os.pathsep.join(map(str, paths)),
                **environment,
            },
            check=False,
        )
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout.splitlines()[-1])
        assert Path(result["files"]["hooks"]).is_relative_to(root)
        for library in result["files"].keys() - {"hooks"}:
            assert Path(result["files"][library]).is_relative_to(self.folder / LAYER)
        return result["answer"]


def find_python() -> str | None:
    """An interpreter of the functions' version, on the path or among pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [
        shutil.which(f"python{PYTHON}"),
        *sorted(map(str, pyenv.glob(f"{PYTHON}*/bin/python{PYTHON}"))),
    ]
    for candidate in filter(None, candidates):
        # A pyenv shim is there for every version, and works for the chosen ones alone.
        asked = subprocess.run([candidate, "-c", ""], capture_output=True, check=False)
        if asked.returncode == 0:
            return candidate
    return None


def run_sam(*arguments: str) -> None:
    sam = os.environ.get("FEWCLICK_SAM") or shutil.which("sam")
    if sam is None:
        pytest.skip("the SAM command line is not here; scripts/test installs it")
    done = subprocess.run(
        [sam, *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("sam") / "build"
    run_sam("build", "--build-dir", str(folder))
    python = find_python()
    if python is None:
        pytest.skip(f"no Python {PYTHON} here to run the built functions with")
    runtime = tmp_path_factory.mktemp("runtime")
    for name in RUNTIME_PACKAGES:
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.origin is not None
        origin = Path(found.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (runtime / source.name).symlink_to(source)
    return Build(folder, python, runtime)


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A local S3 with one job in it, and the ARN of the key that signs its tokens."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    try:
        # What moto holds outlives its server.
        urlopen(Request(f"{address}/moto-api/reset", method="POST")).close()
        s3 = boto3.client("s3")
        s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        settings = JobSettings("built", JobKind.SEGMENTATION, "built", LABELS)
        s3.put_object(Bucket=BUCKET, Key=settings_key("built"), Body=settings.to_json())
        photo = DEMO_PHOTOS / "images" / "chelsea_cat.jpg"
        s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=photo.read_bytes())
        made = boto3.client("secretsmanager").create_secret(
            Name="key", SecretString=json.dumps({"current": "k1", "k1": "s" * 32})
        )
        yield made["ARN"]
    finally:
        server.stop()


LABELS = LabelCategories.from_names(["cat"])
JOB = "arn:aws:sagemaker:eu-west-1:123456789012:labeling-job/built"


def test_sam_has_nothing_to_say_against_the_template() -> None:
    run_sam("validate", "--lint")


def test_the_built_pre_annotation_answers(build: Build, secret: str) -> None:
    event = {
        "version": "2018-10-16",
        "labelingJobArn": JOB,
        "dataObject": {"source-ref": f"s3://{BUCKET}/cat.jpg"},
    }
    environment = {
        "SETTINGS_BUCKET": BUCKET,
        "CLICK_API_URL": "https://clicks.example",
        "SIGNING_KEY_SECRET_ARN": secret,
    }
    answer = build.invoke("SageMakerPreAnnotation", environment, event)
    assert answer["isHumanAnnotationRequired"] is True
    assert answer["taskInput"]["image"] == {"width": 451, "height": 300, "orientation": 1}
    bucket, _, key = answer["taskInput"]["grantRef"].removeprefix("s3://").partition("/")
    grant = json.loads(boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    assert grant["grant"].startswith("g1.")


def test_the_built_consolidation_answers(build: Build, secret: str) -> None:
    prefix = f"s3://{BUCKET}/out/built/annotations"
    key = "consolidated-annotation/consolidation-request/iteration-1/2026-11-20_10:11:12.json"
    content = {"crowd-semantic-segmentation": json.dumps({"fewclick": {"outcome": "nothing-here"}})}
    payload = [
        {
            "datasetObjectId": "0",
            "dataObject": {"s3Uri": f"s3://{BUCKET}/cat.jpg"},
            "annotations": [
                {"workerId": worker, "annotationData": {"content": json.dumps(content)}}
                for worker in ("private.eu-west-1.a", "private.eu-west-1.b")
            ],
        }
    ]
    boto3.client("s3").put_object(
        Bucket=BUCKET, Key=f"out/built/annotations/{key}", Body=json.dumps(payload)
    )
    event = {
        "version": "2018-10-16",
        "labelingJobArn": JOB,
        "labelAttributeName": "built",
        "roleArn": "arn:aws:iam::123456789012:role/gt",
        "payload": {"s3Uri": f"{prefix}/{key}"},
        "outputConfig": prefix,
    }
    environment = {"SETTINGS_BUCKET": BUCKET, "CONSENSUS_METHOD": "robust"}
    answer = build.invoke("SageMakerConsolidation", environment, event)
    label = answer[0]["consolidatedAnnotation"]["content"]["built"]
    assert label["status"] == "consensus"
    bucket, _, mask_key = label["mask-ref"].removeprefix("s3://").partition("/")
    mask = boto3.client("s3").get_object(Bucket=bucket, Key=mask_key)["Body"].read()
    assert mask.startswith(b"\x89PNG")


def test_the_built_click_proxy_answers(build: Build, secret: str) -> None:
    event = {
        "version": "2.0",
        "routeKey": "POST /segment",
        "rawPath": "/segment",
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "http": {"method": "POST", "path": "/segment"},
            "requestId": "r-1",
            "stage": "$default",
        },
        "body": "{}",
        "isBase64Encoded": False,
    }
    environment = {
        "ENDPOINT_NAME": "clicks",
        "SIGNING_KEY_SECRET_ARN": secret,
        "TOKEN_TABLE": "tokens",
    }
    answer = build.invoke("ClickProxy", environment, event)
    assert answer["statusCode"] == 401
    assert json.loads(answer["body"])["error"] == "token-refused"


def test_the_built_key_rotation_rotates(build: Build, secret: str) -> None:
    version = "11111111-2222-4333-8444-555555555555"
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        event = {"Step": step, "SecretId": secret, "ClientRequestToken": version}
        assert build.invoke("KeyRotation", {}, event) is None
    answer = boto3.client("secretsmanager").get_secret_value(
        SecretId=secret, VersionStage="AWSCURRENT"
    )
    assert len(json.loads(answer["SecretString"])) == 3


def test_the_built_endpoint_guard_looks(build: Build, secret: str) -> None:
    environment = {
        "ENDPOINT_NAME": "clicks",
        "ENDPOINT_CONFIG": "config",
        "PRE_ANNOTATION_ARN": "arn:of:pre",
        "IDLE_MINUTES": "0",  # moto has no labeling jobs to be asked for
        "LEAST_INSTANCES": "1",
        "MOST_INSTANCES": "2",
        "CALLS_PER_MINUTE": "600",
        "HOURLY_PRICE": "0.204",
        "STACK_NAME": "fewclick",
    }
    answer = build.invoke("EndpointGuard", environment, {})
    assert answer == {"endpoint": "clicks", "status": "None"}


def test_the_built_active_learning_takes_a_step(build: Build, secret: str) -> None:
    plan = LoopPlan("built", LabelKind.MASKS, ("cat",), 8, 1, 2, 2, 2)
    folder = RunFolder.of(BUCKET, "built")
    lines = json.dumps({"source-ref": f"s3://{BUCKET}/cat.jpg"}) + "\n"
    s3 = boto3.client("s3")
    for uri, body in ((folder.plan, json.dumps(plan.to_json())), (folder.input, lines * 8)):
        s3.put_object(Bucket=BUCKET, Key=uri.partition(f"{BUCKET}/")[2], Body=body)
    event = {"step": "split", "run": folder.address, "wait_seconds": 60}
    answer = build.invoke("SageMakerActiveLearning", {}, event)
    assert (answer["phase"], answer["next"]) == ("test", "label")
    sets = s3.get_object(Bucket=BUCKET, Key=folder.sets.partition(f"{BUCKET}/")[2])
    assert len(json.loads(sets["Body"].read())["pool"]) == 3


def test_what_was_built_can_be_uploaded(build: Build, secret: str, tmp_path: Path) -> None:
    packaged = tmp_path / "packaged.yaml"
    template = str(build.folder / "template.yaml")
    to = ("--s3-bucket", BUCKET, "--s3-prefix", "code", "--output-template-file", str(packaged))
    run_sam("package", "--template-file", template, "--region", "eu-west-1", *to)
    document, problems = decode(str(packaged))
    assert not problems
    listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="code/")["Contents"]
    uploaded = {f"s3://{BUCKET}/{found['Key']}" for found in listed}
    functions = [
        resource["Properties"]["CodeUri"]
        for resource in document["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    assert len(functions) == 6
    assert set(functions) <= uploaded
    assert document["Resources"][LAYER]["Properties"]["ContentUri"] in uploaded
    # An update may upload 50 MB at a time and a function may unpack 250.
    sizes = {found["Key"]: found["Size"] for found in listed}
    assert max(sizes.values()) < 50 * 1024 * 1024
