"""`fewclick train`: SageMaker's built-in semantic segmentation, started and followed to its end."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from scripts.object_store import open_store
from scripts.segmentation.hyperparameters import (
    HyperparameterError,
    hyperparameters,
    read_assignments,
)
from scripts.segmentation.sagemaker_images import image_address
from scripts.segmentation.segmentation_training import (
    ALGORITHM,
    SegmentationTrainingError,
    TrainingParts,
    read_log,
    training_request,
)
from scripts.segmentation.training_progress import plot_epochs
from scripts.training_sets.channel_set import ChannelSet, open_channels
from scripts.training_sets.export_target import open_target

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
SECONDS_BETWEEN_LOOKS = 15.0
OVER = ("Completed", "Failed", "Stopped")
LOG_FILE = "training.log"
EPOCHS_FILE = "log.jsonl"
CURVE_FILE = "curve.png"


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """What the command line asked for; see `fewclick train --help`."""

    data: str
    out: Path
    role: str
    name: str | None = None
    output: str | None = None
    image_uri: str | None = None
    instance_type: str = "ml.g4dn.xlarge"
    spot: bool = True
    hyperparameters: tuple[str, ...] = ()
    dry_run: bool = False
    yes: bool = False
    as_json: bool = False


def run_training(
    options: TrainingOptions, seconds_between_looks: float = SECONDS_BETWEEN_LOOKS
) -> int:
    """Start the job, or follow one of that name that was started before; the exit code."""
    import boto3  # takes a while

    console = Console(stderr=True)
    sagemaker = boto3.client("sagemaker")
    name = options.name or f"fewclick-{time.strftime('%Y-%m-%d-%H-%M-%S', time.gmtime())}"
    if options.name is None or _describe(sagemaker, name) is None:
        request = _request(options, name, sagemaker.meta.region_name)
        if options.dry_run:
            typer.echo(json.dumps(request, indent=1))
            return 0
        if not options.yes:
            console.print(
                f"This starts a {options.instance_type}, which costs money until the job is over."
            )
            typer.confirm("Start it?", abort=True, err=True)
        sagemaker.create_training_job(**request)
        console.print(f"Training job {name}")
    else:
        console.print(f"Following the training job {name}, which is there already.")
    console.print("Ctrl-C stops only this: the job goes on, and the same command with")
    console.print(f"--name {name} follows it again.")
    options.out.mkdir(parents=True, exist_ok=True)
    job = follow(
        sagemaker, boto3.client("logs"), name, options.out, console.print, seconds_between_looks
    )
    status = str(job["TrainingJobStatus"])
    epochs = _write_progress(options.out, name)
    result = {
        "training_job": name,
        "status": status,
        "model": job.get("ModelArtifacts", {}).get("S3ModelArtifacts"),
        "best": max(epochs, key=lambda line: line.get("mean_iou", 0.0), default=None),
        "epochs": len(epochs),
        "billable_seconds": job.get("BillableTimeInSeconds"),
    }
    if options.as_json:
        typer.echo(json.dumps(result, indent=1))
    else:
        typer.echo(_result_text(result))
    if status != "Completed":
        console.print(f"The job ended as {status}: {job.get('FailureReason', 'no reason given')}")
        return 1
    console.print(f"Progress  {options.out / CURVE_FILE}", soft_wrap=True)
    console.print(f"Try it    fewclick predict … --training-job {name}", soft_wrap=True)
    return 0


def _request(options: TrainingOptions, name: str, region: str) -> dict[str, Any]:
    store = open_store(None)
    data = open_channels(open_target(options.data, store))
    _check_validation(data)
    try:
        values = hyperparameters(
            read_assignments(list(options.hyperparameters)), len(data.classes), len(data.train)
        )
    except HyperparameterError as error:
        raise typer.BadParameter(str(error)) from error
    return training_request(
        TrainingParts(
            name=name,
            data=options.data,
            output=options.output or f"{options.data.rstrip('/')}/model/",
            role_arn=options.role,
            image_uri=options.image_uri or image_address(ALGORITHM, region),
            instance_type=options.instance_type,
            hyperparameters=values,
            spot=options.spot,
            label_map=data.target.read("label_map/train_label_map.json") is not None,
        )
    )


def _check_validation(data: ChannelSet) -> None:
    if not data.validation:
        raise SegmentationTrainingError(
            f"{data.address} keeps no images aside, and the algorithm needs some: export with "
            "--validation 0.2."
        )


def _describe(sagemaker: Any, name: str) -> Mapping[str, Any] | None:
    from botocore.exceptions import ClientError

    try:
        described: Mapping[str, Any] = sagemaker.describe_training_job(TrainingJobName=name)
    except ClientError as error:
        message = error.response["Error"]["Message"]
        if re.search("not found|could not find|does not exist", message, re.IGNORECASE):
            return None
        raise SegmentationTrainingError(f"the training job {name}: {message}") from error
    return described


def follow(
    sagemaker: Any,
    logs: Any,
    name: str,
    out: Path,
    say: Callable[[str], None],
    seconds_between_looks: float,
) -> Mapping[str, Any]:
    """Wait until a job is over, keep its log in `out`, say what each epoch came to; the job."""
    log = out / LOG_FILE
    log.write_text("", encoding="utf-8")
    tokens: dict[str, str] = {}
    said, stage = 0, ""
    while True:
        job = _describe(sagemaker, name)
        if job is None:
            raise SegmentationTrainingError(f"there is no training job {name}.")
        over = job["TrainingJobStatus"] in OVER
        with log.open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in _new_lines(logs, name, tokens))
        epochs = read_log(log.read_text(encoding="utf-8").splitlines())
        whole = epochs if over else epochs[:-1]  # the last one's lines may still be coming
        for line in whole[said:]:
            say(_epoch_text(line))
        said = max(said, len(whole))
        if job.get("SecondaryStatus", "") != stage:
            stage = str(job.get("SecondaryStatus", ""))
            say(f"… {stage}")
        if over:
            return job
        time.sleep(seconds_between_looks)


def _new_lines(logs: Any, name: str, tokens: dict[str, str]) -> Iterator[str]:
    """What the job's log streams say since the last time; `tokens` remembers where that was."""
    from botocore.exceptions import ClientError

    try:
        found = logs.describe_log_streams(logGroupName=LOG_GROUP, logStreamNamePrefix=f"{name}/")
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return  # the group comes with the first job of an account
        raise
    for stream in found["logStreams"]:
        stream_name = stream["logStreamName"]
        while True:
            token = tokens.get(stream_name)
            page = logs.get_log_events(
                logGroupName=LOG_GROUP,
                logStreamName=stream_name,
                startFromHead=True,
                **({"nextToken": token} if token else {}),
            )
            for event in page["events"]:
                yield str(event["message"]).rstrip("\n")
            tokens[stream_name] = page["nextForwardToken"]
            if page["nextForwardToken"] == token or not page["events"]:
                break


def _write_progress(out: Path, name: str) -> list[dict[str, Any]]:
    epochs = read_log((out / LOG_FILE).read_text(encoding="utf-8").splitlines())
    (out / EPOCHS_FILE).write_text(
        "".join(json.dumps(line) + "\n" for line in epochs), encoding="utf-8"
    )
    plot_epochs(epochs, name, out / CURVE_FILE)
    return epochs


def _epoch_text(line: Mapping[str, Any]) -> str:
    parts = [f"epoch {line['epoch']:>3}"]
    if "loss" in line:
        parts.append(f"loss {line['loss']:.4f}")
    if "mean_iou" in line:
        parts.append(f"mIoU {line['mean_iou']:.3f}")
    if "pixel_accuracy" in line:
        parts.append(f"pixel accuracy {line['pixel_accuracy']:.3f}")
    return "  ".join(parts)


def _result_text(result: Mapping[str, Any]) -> str:
    best = result["best"]
    said = f"best {_epoch_text(best).strip()}" if best else "its log has no epochs"
    return f"{result['training_job']}: {result['status']}, {said}. Model: {result['model']}"
