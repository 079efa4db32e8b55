"""An export as a SageMaker Processing job: the same code on several machines, sharded by S3 key."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import typer
from rich.console import Console

from hooks.core.errors import FewclickError
from scripts.object_store import S3Objects
from scripts.processing_job import (
    CODE_FILE,
    INPUT,
    START_FILE,
    Machines,
    pack_code,
    processing_input,
    processing_request,
    start_script,
    torch_image,
)
from scripts.training_sets.export_plan import PLAN_FOLDER, STATE, ExportPlan
from scripts.training_sets.export_target import StoreTarget, Target
from scripts.training_sets.export_workshop import missing_pieces

CODE_PACKAGES = ("hooks", "scripts")
CODE_FOLDER = f"{STATE}/code"
PACKAGES = ("pillow>=11", "opencv-python-headless>=4.10")
"""What the image may lack."""
SECONDS_BETWEEN_LOOKS = 15.0
OVER = ("Completed", "Failed", "Stopped")


class ProcessingError(FewclickError):
    """A Processing job cannot be asked for, or went wrong."""


@dataclass(frozen=True, slots=True)
class ProcessingOptions:
    """What the command line asked for.

    Attributes:
        instances: how many machines share the pieces.
        image_uri: of a container with Python 3.11 or newer; None for AWS's PyTorch image.
    """

    instances: int
    role: str
    image_uri: str | None = None
    instance_type: str = "ml.c5.xlarge"
    yes: bool = False
    seconds_between_looks: float = SECONDS_BETWEEN_LOOKS


def export_request(
    name: str, address: str, options: ProcessingOptions, image_uri: str
) -> dict[str, Any]:
    """The keyword arguments of `boto3.client("sagemaker").create_processing_job`. Pure.

    Args:
        address: `s3://` address of the export, whose plan is written.
    """
    machines = Machines(image_uri, options.role, options.instance_type, options.instances)
    inputs = [
        processing_input("plan", f"{address}/{PLAN_FOLDER}/", "ShardedByS3Key"),
        processing_input("code", f"{address}/{CODE_FOLDER}/"),
    ]
    return processing_request(name, machines, [address], inputs)


def run_processing(
    options: ProcessingOptions, plan: ExportPlan, target: Target, console: Console
) -> None:
    """Start a job for the pieces that are missing and wait until it is over.

    Raises:
        ProcessingError: the export is not in S3, the job failed, or pieces are still missing.
    """
    if not isinstance(target, StoreTarget) or not isinstance(target.store, S3Objects):
        raise ProcessingError(
            "machines of a Processing job write to S3: give --out an s3:// address, and no "
            "--s3-folder."
        )
    import boto3  # takes a while

    sagemaker = boto3.client("sagemaker")
    image = options.image_uri or torch_image(sagemaker.meta.region_name, options.instance_type)
    name = f"fewclick-export-{time.strftime('%Y-%m-%d-%H-%M-%S', time.gmtime())}"
    if not options.yes:
        console.print(
            f"This starts {options.instances} x {options.instance_type}, which cost money until "
            "the job is over."
        )
        typer.confirm("Start them?", abort=True, err=True)
    target.write(f"{CODE_FOLDER}/{CODE_FILE}", export_code(), "application/zip")
    target.write(f"{CODE_FOLDER}/{START_FILE}", export_script().encode(), "text/x-shellscript")
    sagemaker.create_processing_job(**export_request(name, target.address, options, image))
    console.print(f"Processing job {name}. Ctrl-C stops only this; the same command goes on.")
    job = _wait(sagemaker, name, options.seconds_between_looks, console)
    if job["ProcessingJobStatus"] != "Completed":
        reason = job.get("FailureReason") or job.get("ExitMessage") or "no reason given"
        raise ProcessingError(f"the job {name} ended as {job['ProcessingJobStatus']}: {reason}")
    missing = missing_pieces(plan, target)
    if missing:
        raise ProcessingError(
            f"the job {name} is over, but {len(missing)} of {plan.pieces} pieces are not done. "
            "The same command does them."
        )


def _wait(sagemaker: Any, name: str, seconds: float, console: Console) -> Mapping[str, Any]:
    with console.status(f"{name}"):
        while True:
            job: Mapping[str, Any] = sagemaker.describe_processing_job(ProcessingJobName=name)
            if job["ProcessingJobStatus"] in OVER:
                return job
            time.sleep(seconds)


def export_script() -> str:
    """What a machine runs, with the export's address as its argument."""
    return start_script("scripts.training_sets.export_shard", PACKAGES, f"{INPUT}/plan")


def export_code() -> bytes:
    """A ZIP of the packages that `scripts.training_sets.export_shard` imports."""
    return pack_code(CODE_PACKAGES)
