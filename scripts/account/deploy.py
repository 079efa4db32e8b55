"""`fewclick deploy`: the stack, the click model's image and archive, the endpoint; in this order.

    1  sam build, sam deploy    only if there is no stack with a repository yet
    2  docker build, docker push, model.tar.gz to the bucket    what is there already is not sent
    3  sam deploy               with image and model: code and endpoint change together

Every step looks first at what is there, so the same command goes on where it was stopped, and
changes nothing when nothing changed. An update leaves open jobs as they are: a job's page and
settings lie in the bucket and stay, and the hooks serve pages of every version. What
CloudFormation cannot finish it takes back; to go back later, deploy the older checkout: its image
and its model are still there under their names.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from hooks.core.errors import FewclickError
from model_endpoint.model_directory import SHIPPED
from scripts.account.aws_account import AwsAccount, open_account
from scripts.account.aws_errors import is_missing, refusal_of
from scripts.account.model_image import REPOSITORY, ModelImage, build_and_push, image_for
from scripts.account.outside_program import answers, find_programs, run_program
from scripts.click_model.pack_model import pack_model
from scripts.jobs.job_environment import describe_stack
from scripts.prices import load_prices
from scripts.refusal import RefusedError

INSTALL = {
    "sam": "the AWS SAM command line: pipx install aws-sam-cli, or scripts/deploy, which brings it",
    "docker": "https://docs.docker.com/engine/install; or give --no-endpoint",
}
FIRST_PARAMETERS = ("ModelImage", "ModelData", "EndpointName")
"""Of the endpoint: what this command fills in itself."""
DEFAULT_INSTANCE = "ml.c6i.xlarge"
POLL_SECONDS = 15.0
START_MINUTES = 30.0


class DeploymentError(FewclickError):
    """The deployment ran, and what it made does not work."""


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """What `fewclick deploy` was asked.

    Attributes:
        instance_type: None for the one that the stack has, or else DEFAULT_INSTANCE.
        endpoint: False for the first step alone.
        parameters: more of the template's, `Name=value`.
        start: have the endpoint made at once, and wait for it.
    """

    stack: str = "fewclick"
    instance_type: str | None = None
    model_dir: Path | None = None
    endpoint: bool = True
    parameters: tuple[str, ...] = ()
    start: bool = False
    dry_run: bool = False
    yes: bool = False
    prices: Path | None = None
    region: str | None = None
    profile: str | None = None
    as_json: bool = False


@dataclass
class _Deployment:
    """One run: what is known, and what is done about it."""

    options: DeployOptions
    account: AwsAccount
    sam: str
    docker: str
    console: Console = field(default_factory=lambda: Console(stderr=True, soft_wrap=True))

    def say(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, style="bold")

    @property
    def deploy_command(self) -> list[str]:
        options = self.options
        profile = ["--profile", options.profile] if options.profile else []
        return [
            self.sam,
            "deploy",
            *("--stack-name", options.stack),
            *("--region", self.account.region),
            *profile,
            *("--capabilities", "CAPABILITY_IAM"),
            "--resolve-s3",
            *("--s3-prefix", options.stack),
            *("--tags", f"project=fewclick stack={options.stack}"),
            "--no-confirm-changeset",
            "--no-fail-on-empty-changeset",
        ]

    def deploy(self, parameters: Mapping[str, str]) -> None:
        # SAM keeps the values that the stack has of all others.
        overrides = [f"{name}={value}" for name, value in parameters.items()]
        command = self.deploy_command
        if overrides:
            command += ["--parameter-overrides", *overrides]
        run_program(command, cwd=REPOSITORY, environment=_environment())

    def build(self) -> None:
        self.say("Building the functions.")
        run_program([self.sam, "build"], cwd=REPOSITORY, environment=_environment())

    def outputs(self) -> dict[str, str]:
        """The stack's; none if there is no stack."""
        found = self._described().get("Outputs", [])
        return {item["OutputKey"]: item["OutputValue"] for item in found}

    def instance_type(self) -> str:
        """What was asked for, or what the stack has."""
        found = self._described().get("Parameters", [])
        has = {item["ParameterKey"]: item.get("ParameterValue", "") for item in found}
        return self.options.instance_type or has.get("InstanceType") or DEFAULT_INSTANCE

    def _described(self) -> Mapping[str, Any]:
        try:
            return describe_stack(self.account, self.options.stack)
        except RefusedError:
            return {}


def run_deploy(options: DeployOptions) -> int:
    """Do it all; the exit code.

    Raises:
        RefusedError: something is missing, before anything was changed.
    """
    if not (REPOSITORY / "template.yaml").is_file():
        raise RefusedError(f"{REPOSITORY} has no template.yaml: deploy from fewclick's repository.")
    given = _given_parameters(options.parameters)
    programs = find_programs(
        {name: INSTALL[name] for name in (("sam", "docker") if options.endpoint else ("sam",))}
    )
    docker = programs.get("docker", "")
    if docker and not options.dry_run and not answers([docker, "version"]):
        raise RefusedError("Docker is installed, but its daemon does not answer: start it.")
    account = open_account(region=options.region, profile=options.profile)
    try:
        account_id = account.account_id()
    except (ClientError, BotoCoreError) as error:
        raise refusal_of(error) from error
    run = _Deployment(options, account, programs["sam"], docker)
    instance_type = run.instance_type()
    price = load_prices(options.prices).instance_hours(instance_type, 1)
    image = image_for(instance_type)
    run.say(f"Account {account_id}, region {account.region}, stack {options.stack}.")
    outputs = run.outputs()
    if options.dry_run:
        _print_plan(run, instance_type, given, outputs)
        return 0
    if options.endpoint and not _agreed(options, instance_type, given, price):
        run.say("Nothing was changed.")
        return 1
    run.build()
    if "ModelRepositoryUri" not in outputs or not options.endpoint:
        run.say("Deploying the stack.")
        run.deploy(given)
        outputs = run.outputs()
    if options.endpoint:
        uri = outputs["ModelRepositoryUri"]
        digest = build_and_push(account, image, uri, run.docker, run.say)
        model = _upload_model(run, image, outputs["LabelingBucketName"])
        run.say("Deploying the stack with its endpoint.")
        filled = {
            "ModelImage": f"{uri}@{digest}",
            "ModelData": model,
            "InstanceType": instance_type,
            "InstancePricePerHour": str(price or 0),
        }
        run.deploy(filled | given)
        outputs = run.outputs()
        if options.start:
            _start(run, outputs)
    _print_outputs(options, outputs)
    return 0


def _given_parameters(texts: tuple[str, ...]) -> dict[str, str]:
    given = {}
    for text in texts:
        name, found, value = text.partition("=")
        if not found or not name:
            raise RefusedError(f"--parameter {text}: it must be Name=value.")
        if name in FIRST_PARAMETERS:
            raise RefusedError(
                f"--parameter {name}: this command fills it in itself. For an endpoint or an image "
                "of your own use sam deploy."
            )
        given[name] = value
    return given


def _agreed(
    options: DeployOptions, instance_type: str, given: Mapping[str, str], price: Any
) -> bool:
    """Whether the cost is agreed to."""
    import typer

    cost = f"about {price} US dollars" if price is not None else "a price that is not in the table"
    idle = given.get("IdleMinutes")
    when = "all the time" if idle == "0" else "while a job is open, and some time after"
    typer.echo(
        f"An endpoint on {instance_type} costs {cost} an hour for each instance, {when}. "
        "Functions, logs and storage cost by use; the signing key 0.40 US dollars a month.",
        err=True,
    )
    return options.yes or typer.confirm("Deploy it?", err=True)


def _upload_model(run: _Deployment, image: ModelImage, bucket: str) -> str:
    """Pack the model and put it where its content says; its address."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.tar.gz"
        pack_model(file, run.options.model_dir or SHIPPED, "torch" if image.gpu else "onnx")
        body = file.read_bytes()
    key = f"models/{hashlib.sha256(body).hexdigest()[:16]}/model.tar.gz"
    s3 = run.account.client("s3")
    try:
        s3.head_object(Bucket=bucket, Key=key)
        run.say("The model is in the bucket already.")
    except ClientError as error:
        if not is_missing(error):
            raise
        run.say(f"Uploading the model, {len(body) / 1e6:.1f} MB.")
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    return f"s3://{bucket}/{key}"


def _start(run: _Deployment, outputs: Mapping[str, str]) -> None:
    """Have the endpoint made, and wait until it serves."""
    name = outputs["EndpointName"]
    run.say(f"Starting the endpoint {name}; that takes some minutes.")
    answer = run.account.client("lambda").invoke(
        FunctionName=outputs["EndpointGuardName"], Payload=json.dumps({"action": "start"})
    )
    if "FunctionError" in answer:
        raise DeploymentError(f"the endpoint guard failed: {answer['Payload'].read().decode()}")
    wait_for_endpoint(run.account, name)
    run.say("The endpoint serves.")


def wait_for_endpoint(account: AwsAccount, name: str, poll_seconds: float = POLL_SECONDS) -> None:
    """Wait until an endpoint is in service.

    Raises:
        DeploymentError: it failed, says why; or it takes too long.
    """
    end = time.monotonic() + 60 * START_MINUTES
    while time.monotonic() < end:
        found = account.client("sagemaker").describe_endpoint(EndpointName=name)
        status = found["EndpointStatus"]
        if status == "InService":
            return
        if status == "Failed":
            raise DeploymentError(
                f"the endpoint {name} failed: {found.get('FailureReason', 'no reason given')} Its "
                f"log group is /aws/sagemaker/Endpoints/{name}."
            )
        time.sleep(poll_seconds)
    raise DeploymentError(f"the endpoint {name} was not in service after {START_MINUTES:.0f} min.")


def _print_plan(
    run: _Deployment, instance_type: str, given: Mapping[str, str], outputs: Mapping[str, str]
) -> None:
    """What would be done, in order."""
    options, image = run.options, image_for(instance_type)
    uri = outputs.get("ModelRepositoryUri", "<ModelRepositoryUri>")
    bucket = outputs.get("LabelingBucketName", "<LabelingBucketName>")
    overrides = [f"{name}={value}" for name, value in given.items()]
    commands = [["sam", "build"]]
    with_overrides = ["--parameter-overrides", *overrides] if overrides else []
    deploy = ["sam", *run.deploy_command[1:]]
    if "ModelRepositoryUri" not in outputs or not options.endpoint:
        commands.append(deploy + with_overrides)
    if options.endpoint:
        commands += [
            image.build_command("docker", uri),
            ["docker", "push", f"{uri}:{image.tag}"],
            ["aws", "s3", "cp", "model.tar.gz", f"s3://{bucket}/models/<its hash>/model.tar.gz"],
            [
                *deploy,
                "--parameter-overrides",
                f"ModelImage={uri}@<its digest>",
                f"ModelData=s3://{bucket}/models/<its hash>/model.tar.gz",
                f"InstanceType={instance_type}",
                *overrides,
            ],
        ]
    for command in commands:
        sys.stdout.write(shlex.join(command) + "\n")


def _print_outputs(options: DeployOptions, outputs: Mapping[str, str]) -> None:
    if options.as_json:
        sys.stdout.write(json.dumps(dict(outputs), indent=1) + "\n")
        return
    width = max(map(len, outputs), default=0)
    for name, value in sorted(outputs.items()):
        sys.stdout.write(f"{name:<{width}}  {value}\n")


def _environment() -> dict[str, str]:
    return {"SAM_CLI_TELEMETRY": "0", **os.environ}
