"""SageMaker's built-in semantic segmentation: the training job's request, and reading its log.

Pure. Developer guide, "Semantic Segmentation Algorithm".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hooks.core.errors import FewclickError

ALGORITHM = "semantic-segmentation"
DATA_CHANNELS = ("train", "validation", "train_annotation", "validation_annotation")
GPU_FAMILIES = ("p2", "p3", "g4dn", "g5")
"""The algorithm trains on a single machine with one of these."""
MAX_SECONDS = 24 * 3600
MAX_WAIT_SECONDS = 48 * 3600

_METRIC = re.compile(
    r"#quality_metric: host=\S+?, epoch=(\d+),? +(train|validation) (\w+) "
    r"<(?:loss|score)>=\(?([-+.\deE]+)"
)
_FIELDS = {
    ("train", "loss"): "loss",
    ("validation", "miou"): "mean_iou",
    ("validation", "pixel_accuracy"): "pixel_accuracy",
}


class SegmentationTrainingError(FewclickError):
    """A training job cannot be asked for, or went wrong."""


@dataclass(frozen=True, slots=True)
class TrainingParts:
    """What a training job is made of.

    Attributes:
        data: `s3://` address of the channels.
        output: `s3://` prefix where the model goes.
        image_uri: of the algorithm's image.
        label_map: whether the set has a `label_map/`.
    """

    name: str
    data: str
    output: str
    role_arn: str
    image_uri: str
    instance_type: str
    hyperparameters: Mapping[str, str]
    spot: bool = True
    volume_gb: int = 50
    label_map: bool = True


def training_request(parts: TrainingParts) -> dict[str, Any]:
    """The keyword arguments of `boto3.client("sagemaker").create_training_job`.

    Raises:
        SegmentationTrainingError: the algorithm cannot run on that instance, or the data is not
            in S3.
    """
    family = parts.instance_type.removeprefix("ml.").partition(".")[0]
    if family not in GPU_FAMILIES:
        raise SegmentationTrainingError(
            f"{parts.instance_type}: the algorithm trains on {', '.join(GPU_FAMILIES)} instances, "
            "ml.g4dn.xlarge for one."
        )
    if not parts.data.startswith("s3://"):
        raise SegmentationTrainingError(
            f"{parts.data} is not in S3, where SageMaker trains from: export with "
            "--out s3://…, or train here with --local."
        )
    request: dict[str, Any] = {
        "TrainingJobName": parts.name,
        "AlgorithmSpecification": {
            "TrainingImage": parts.image_uri,
            "TrainingInputMode": "File",
        },
        "RoleArn": parts.role_arn,
        "HyperParameters": dict(parts.hyperparameters),
        "InputDataConfig": [_channel(parts.data, name) for name in DATA_CHANNELS],
        "OutputDataConfig": {"S3OutputPath": parts.output},
        "ResourceConfig": {
            "InstanceType": parts.instance_type,
            "InstanceCount": 1,
            "VolumeSizeInGB": parts.volume_gb,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": MAX_SECONDS},
    }
    if parts.label_map:
        request["InputDataConfig"].append(_channel(parts.data, "label_map"))
    if parts.spot:
        request["EnableManagedSpotTraining"] = True
        request["StoppingCondition"]["MaxWaitTimeInSeconds"] = MAX_WAIT_SECONDS
    return request


def _channel(data: str, name: str) -> dict[str, Any]:
    kind = {"label_map": "application/json"}.get(
        name, "image/png" if name.endswith("annotation") else "image/jpeg"
    )
    return {
        "ChannelName": name,
        "ContentType": kind,
        "CompressionType": "None",
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3Uri": f"{data.rstrip('/')}/{name}/",
                "S3DataDistributionType": "FullyReplicated",
            }
        },
    }


def read_log(lines: Iterable[str]) -> list[dict[str, Any]]:
    """Epochs out of a training log, ascending: `epoch` from 1 on, `loss`, `mean_iou`,
    `pixel_accuracy` as far as they are there.

    Spot training starts over after an interruption; the last word on an epoch counts.
    """
    epochs: dict[int, dict[str, Any]] = {}
    for line in lines:
        match = _METRIC.search(line)
        field = _FIELDS.get((match[2], match[3].lower())) if match else None
        if match and field:
            number = int(match[1]) + 1
            epochs.setdefault(number, {"epoch": number})[field] = float(match[4])
    return [epochs[number] for number in sorted(epochs)]
