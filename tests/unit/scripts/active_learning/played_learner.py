"""A learner that knows what is on the photos, and is wrong about some.

python -m tests.unit.scripts.active_learning.played_learner s3://bucket/.../round.json
"""

from __future__ import annotations

import json
import sys
from typing import Any

import boto3
import numpy as np

from hooks.core.active_learning.prediction import ImagePrediction, write_predictions
from hooks.core.categories import LabelCategories
from hooks.core.manifest import parse_s3_uri
from hooks.core.masks import LabelMap, Mask, write_label_map

LABELS = LabelCategories.from_names(["cat"])
WIDTH, HEIGHT = 12, 8


def truth(line: int) -> Mask:
    """The cat on the photo of a line."""
    found = np.zeros((HEIGHT, WIDTH), bool)
    found[1 : 4 + line % 4, 2 : 5 + line % 5] = True
    return found


def seen(line: int) -> LabelMap:
    """What the learner sees: the truth, but for every fourth photo, and nothing on the fifth."""
    found = truth(line).astype(np.uint8)
    if line % 4 == 0:
        found[:, : WIDTH // 3] = 0
    return found * np.uint8(line != 5)


def predict(line: int, mask_ref: str) -> ImagePrediction:
    colors = {
        str(index): {"class-name": LABELS.name(index), "hex-color": LABELS.color(index)}
        for index in (0, 1)
    }
    sure = 0.9 if line % 4 else 0.2
    label = {"mask-ref": mask_ref, "internal-color-map": colors} if seen(line).any() else {}
    return ImagePrediction(
        line,
        sure - line / 1000,
        entropy=1 - sure,
        main_class="cat" if label else "",
        label=label,
    )


def main(address: str) -> None:
    s3: Any = boto3.client("s3")

    def read(uri: str) -> bytes:
        bucket, key = parse_s3_uri(uri)
        body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def write(uri: str, body: bytes) -> str:
        bucket, key = parse_s3_uri(uri)
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        return uri

    task = json.loads(read(address))
    predictions = []
    for text in read(task["predict"]).splitlines():
        line = json.loads(text)["line"]
        png = write_label_map(seen(line), LABELS.colors())
        predictions.append(predict(line, write(f"{task['output']}masks/{line}.png", png)))
    write(f"{task['output']}predictions.jsonl", write_predictions(predictions).encode())


if __name__ == "__main__":
    main(sys.argv[1])
