"""Batches of photos and their workers' answers, as the consolidation hook gets them."""

from __future__ import annotations

import io
import json
from typing import Any

from PIL import Image

from hooks.annotation_consolidation import handler
from hooks.core.answer import DrawnObject, MadeBy, build_answer
from hooks.core.categories import LabelCategories
from hooks.core.geometry import Size
from hooks.core.photo import orientation_exif
from tests.grid import grid
from tests.unit.hooks.conftest import BUCKET, JOB_ARN, Account, LambdaContext

LABELS = LabelCategories.from_names(["cat", "dog"])
OUTPUT = f"s3://{BUCKET}/out/pets-01/annotations"
PAYLOAD = (
    "out/pets-01/annotations/consolidated-annotation/consolidation-request/iteration-1/"
    "2026-11-20_10:11:12.json"
)
WORKER = "private.eu-west-1."


def photo_of(size: Size, orientation: int = 1) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size).save(stream, format="PNG", exif=orientation_exif(orientation))
    return stream.getvalue()


def answered(*pictures: tuple[str, str], seconds: float = 5) -> str:
    """The form content of a worker who drew these (picture, label) objects."""
    objects = [
        DrawnObject(label, grid(picture), None, (), MadeBy.MODEL, 1.0)
        for picture, label in pictures
    ]
    answer = build_answer(Size(4, 2), LABELS, objects, seconds=seconds)
    return json.dumps({"crowd-semantic-segmentation": answer})


def annotated(
    account: Account, number: int, *contents: Any, photo: bytes | None = None
) -> dict[str, Any]:
    uri = account.put(f"photos/{number}.png", photo or photo_of(Size(4, 2)))
    return {
        "datasetObjectId": str(number),
        "dataObject": {"s3Uri": uri},
        "annotations": [
            {"workerId": f"{WORKER}{place}", "annotationData": {"content": content}}
            for place, content in enumerate(contents)
        ],
    }


def consolidate(
    account: Account, context: LambdaContext, *objects: dict[str, Any], **changes: Any
) -> list[dict[str, Any]]:
    event = {
        "version": "2018-10-06",
        "labelingJobArn": JOB_ARN,
        "labelCategories": None,
        "labelAttributeName": "pets",
        "roleArn": "arn:aws:iam::123456789012:role/gt",
        "payload": {"s3Uri": account.put(PAYLOAD, json.dumps(objects))},
        "outputConfig": OUTPUT,
    }
    return handler(event | changes, context)


def label_of(entry: dict[str, Any]) -> dict[str, Any]:
    label: dict[str, Any] = entry["consolidatedAnnotation"]["content"]["pets"]
    return label


def details_of(account: Account, entry: dict[str, Any]) -> dict[str, Any]:
    details: dict[str, Any] = json.loads(account.get(label_of(entry)["details-ref"]))
    return details


THREE = (
    answered(("##../##..", "cat")),
    answered(("##../##..", "cat")),
    answered(("#.../#...", "cat")),
)
