"""Stand-ins for `sam` and `docker` on the path: they write down how they are called, and leave in
the account what the real ones would: a stack with its outputs, an image in its repository.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SAM = """
import json, os, sys
import boto3

arguments = sys.argv[1:]
if arguments[0] == "deploy":
    stack = arguments[arguments.index("--stack-name") + 1]
    given = {}
    if "--parameter-overrides" in arguments:
        texts = arguments[arguments.index("--parameter-overrides") + 1:]
        given = dict(text.split("=", 1) for text in texts)
    names = sorted({"ModelImage", "ModelData", "InstanceType", "BucketName", *given})
    outputs = {
        "LabelingBucketName": {"Ref": "Bucket"},
        "ModelRepositoryUri": {"Fn::GetAtt": ["Repository", "RepositoryUri"]},
        "PreAnnotationFunctionArn": PRE,
    }
    client = boto3.client("cloudformation")
    stacks = [found["StackName"] for found in client.describe_stacks()["Stacks"]]
    known = {}
    if stack in stacks:
        described = client.describe_stacks(StackName=stack)["Stacks"][0]
        known = {p["ParameterKey"]: p["ParameterValue"] for p in described["Parameters"]}
    values = {name: "" for name in names} | known | given
    if values["ModelImage"]:
        outputs |= {"EndpointName": "clicks-1a2b3c4d", "EndpointGuardName": "guard"}
    template = {
        "Parameters": {name: {"Type": "String", "Default": ""} for name in values},
        "Resources": {
            "Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain",
                       "Properties": {"BucketName": f"sagemaker-of-{stack}"}},
            "Repository": {"Type": "AWS::ECR::Repository",
                           "Properties": {"RepositoryName": f"{stack}-clicks"}},
        },
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    request = {
        "StackName": stack,
        "TemplateBody": json.dumps(template),
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": value} for name, value in values.items()
        ],
    }
    try:
        (client.update_stack if stack in stacks else client.create_stack)(**request)
    except client.exceptions.ClientError as error:
        if "No updates" not in str(error) or "--no-fail-on-empty-changeset" not in arguments:
            raise
"""
DOCKER = """
import json, sys
import boto3

arguments = sys.argv[1:]
if arguments[0] == "login":
    assert sys.stdin.read(), "no password"
if arguments[0] == "push":
    name, _, tag = arguments[1].partition("/")[2].rpartition(":")
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = {"schemaVersion": 2, "mediaType": kind, "config": {"digest": tag}, "layers": []}
    boto3.client("ecr").put_image(
        repositoryName=name, imageTag=tag, imageManifest=json.dumps(manifest)
    )
"""
RECORDED = """#!{python}
import json, os, sys
with open({record!r}, "a") as record:
    record.write(json.dumps([{name!r}, *sys.argv[1:]]) + "\\n")
if os.environ.get("FAIL_{name}") == sys.argv[1]:
    print("the daemon is asleep", file=sys.stderr)
    sys.exit(1)
PRE = "arn:aws:lambda:us-east-1:123456789012:function:pre"
"""


@dataclass(frozen=True)
class ProgramBench:
    """The stand-ins, and what was asked of them."""

    folder: Path
    record: Path

    def install(self, name: str, body: str) -> None:
        text = RECORDED.format(python=sys.executable, record=str(self.record), name=name)
        path = self.folder / name
        path.write_text(text + body, encoding="utf-8")
        path.chmod(0o755)

    def calls(self) -> list[list[str]]:
        """Every call, its program first."""
        if not self.record.exists():
            return []
        made = [json.loads(line) for line in self.record.read_text().splitlines()]
        return [call for call in made if call != ["docker", "version"]]

    def verbs(self) -> list[str]:
        return [" ".join(call[:2]) for call in self.calls()]

    def forget(self) -> None:
        self.record.unlink(missing_ok=True)


def install_programs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ProgramBench:
    """Put the stand-ins on the path, and nothing else of their names."""
    binaries = folder / "bin"
    binaries.mkdir()
    bench = ProgramBench(binaries, folder / "calls.jsonl")
    bench.install("sam", SAM)
    bench.install("docker", DOCKER)
    monkeypatch.setenv("PATH", f"{binaries}{os.pathsep}/nonexistent")
    return bench
