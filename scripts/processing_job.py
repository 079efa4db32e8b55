"""What SageMaker Processing jobs of our own code have in common: its packages, and the request.

A job gets a ZIP of our packages and a script that unpacks it, adds what the image lacks, and runs
one module with the job's arguments; an entry point's own words may be 256 characters at most. Pure,
but for reading this installation's files.
"""

from __future__ import annotations

import io
import shlex
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INPUT = "/opt/ml/processing/input"
CODE_FILE = "code.zip"
START_FILE = "start.sh"
MAX_SECONDS = 24 * 3600
TORCH_VERSION = "2.6"
TORCH_PYTHON = "py312"
REPOSITORY = Path(__file__).parents[1]
FIRST_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every file in a ZIP, which so depends on the files alone."""


@dataclass(frozen=True, slots=True)
class Machines:
    """What a job runs on, and as whom.

    Attributes:
        gigabytes: of each machine's disk.
    """

    image_uri: str
    role_arn: str
    instance_type: str
    count: int = 1
    gigabytes: int = 10
    seconds: int = MAX_SECONDS


def processing_request(
    name: str, machines: Machines, arguments: Sequence[str], inputs: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The keyword arguments of `boto3.client("sagemaker").create_processing_job`.

    Args:
        arguments: of the module that the start script runs.
        inputs: of `processing_input`; one of them is the code, by the name of "code".
    """
    return {
        "ProcessingJobName": name,
        "RoleArn": machines.role_arn,
        "AppSpecification": {
            "ImageUri": machines.image_uri,
            "ContainerEntrypoint": ["bash", f"{INPUT}/code/{START_FILE}"],
            "ContainerArguments": list(arguments),
        },
        "ProcessingInputs": [dict(item) for item in inputs],
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": machines.count,
                "InstanceType": machines.instance_type,
                "VolumeSizeInGB": machines.gigabytes,
            }
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": machines.seconds},
    }


def processing_input(name: str, uri: str, distribution: str = "FullyReplicated") -> dict[str, Any]:
    """What lies below an `s3://` prefix, in a folder of the machines by its name."""
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


def start_script(module: str, packages: Sequence[str], *more: str) -> str:
    """What a machine runs: the module with the job's arguments and, after them, `more`.

    Args:
        packages: what the image may lack, as pip takes it.
    """
    command = " ".join(map(shlex.quote, more))
    return f"""set -euo pipefail
work=$(mktemp -d)
python -m zipfile -e {INPUT}/code/{CODE_FILE} "$work"
cd "$work"
python -m pip install --quiet {" ".join(map(shlex.quote, packages))}
exec python -m {module} "$@" {command}
""".replace(" \n", "\n")


def pack_code(packages: Sequence[str], files: Sequence[str] = ()) -> bytes:
    """A ZIP of our packages' modules, and of other files by their path in the repository."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        modules = (path for package in packages for path in (REPOSITORY / package).rglob("*.py"))
        for path in sorted([*modules, *(REPOSITORY / file for file in files)]):
            entry = zipfile.ZipInfo(path.relative_to(REPOSITORY).as_posix(), FIRST_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return stream.getvalue()


def torch_image(region: str, instance_type: str) -> str:
    """The address of AWS's PyTorch image. Raises ImageAddressError."""
    from scripts.segmentation.sagemaker_images import image_address  # which takes a while

    return image_address(
        "pytorch",
        region,
        version=TORCH_VERSION,
        py_version=TORCH_PYTHON,
        image_scope="training",
        instance_type=instance_type,
    )
