"""An export as a SageMaker Processing job: the same code on several machines, sharded by S3 key."""

from __future__ import annotations

import io
import shlex
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from hooks.core.errors import FewclickError
from scripts.object_store import S3Objects
from scripts.segmentation.sagemaker_images import image_address
from scripts.training_sets.export_plan import PLAN_FOLDER, STATE, ExportPlan
from scripts.training_sets.export_target import StoreTarget, Target
from scripts.training_sets.export_workshop import missing_pieces

CODE_PACKAGES = ("hooks", "scripts")
CODE_FOLDER = f"{STATE}/code"
CODE_FILE = "code.zip"
START_FILE = "start.sh"
INPUT = "/opt/ml/processing/input"
PACKAGES = ("pillow>=11", "opencv-python-headless>=4.10")
"""What the image may lack."""
MAX_SECONDS = 24 * 3600
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


def processing_request(
    name: str, address: str, options: ProcessingOptions, image_uri: str
) -> dict[str, Any]:
    """The keyword arguments of `boto3.client("sagemaker").create_processing_job`. Pure.

    Args:
        address: `s3://` address of the export, whose plan is written.
    """
    return {
        "ProcessingJobName": name,
        "RoleArn": options.role,
        "AppSpecification": {
            "ImageUri": image_uri,
            "ContainerEntrypoint": ["bash", f"{INPUT}/code/{START_FILE}"],
            "ContainerArguments": [address],
        },
        "ProcessingInputs": [
            _input("plan", f"{address}/{PLAN_FOLDER}/", "ShardedByS3Key"),
            _input("code", f"{address}/{CODE_FOLDER}/", "FullyReplicated"),
        ],
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": options.instances,
                "InstanceType": options.instance_type,
                "VolumeSizeInGB": 10,
            }
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": MAX_SECONDS},
    }


def _input(name: str, uri: str, distribution: str) -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"{INPUT}/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": distribution,
            "S3CompressionType": "None",
        },
    }


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
    image = options.image_uri or image_address(
        "pytorch",
        sagemaker.meta.region_name,
        version="2.6",
        py_version="py312",
        image_scope="training",
        instance_type=options.instance_type,
    )
    name = f"fewclick-export-{time.strftime('%Y-%m-%d-%H-%M-%S', time.gmtime())}"
    if not options.yes:
        console.print(
            f"This starts {options.instances} x {options.instance_type}, which cost money until "
            "the job is over."
        )
        typer.confirm("Start them?", abort=True, err=True)
    target.write(f"{CODE_FOLDER}/{CODE_FILE}", pack_code(), "application/zip")
    target.write(f"{CODE_FOLDER}/{START_FILE}", start_script().encode(), "text/x-shellscript")
    sagemaker.create_processing_job(**processing_request(name, target.address, options, image))
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


def start_script() -> str:
    """What a machine runs, with the export's address as its argument."""
    return f"""set -euo pipefail
work=$(mktemp -d)
python -m zipfile -e {INPUT}/code/{CODE_FILE} "$work"
cd "$work"
python -m pip install --quiet {" ".join(map(shlex.quote, PACKAGES))}
exec python -m scripts.training_sets.export_shard "$1" {INPUT}/plan
"""


def pack_code() -> bytes:
    """A ZIP of the packages that `scripts.training_sets.export_shard` imports."""
    root = Path(__file__).parents[2]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for package in CODE_PACKAGES:
            for path in sorted((root / package).rglob("*.py")):
                archive.write(path, path.relative_to(root).as_posix())
    return stream.getvalue()
