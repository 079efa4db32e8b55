"""Labeled photos, photos to predict and a round's request, in a folder that stands for S3."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hooks.core.active_learning.loop_plan import LabelKind
from hooks.core.active_learning.prediction import ImagePrediction, read_predictions
from hooks.core.box_label import write_boxes
from hooks.core.categories import LabelCategories
from hooks.core.geometry import Size
from hooks.core.labeled_box import LabeledBox, ScoredBox
from hooks.core.masks import LabelMap, bounding_box
from scripts.active_learning.round_request import RoundRequest
from tests.unit.scripts.label_bench import BUCKET, LabelBench, photo_of

RUN = f"s3://{BUCKET}/active-learning/pets/"


def blob(seed: int, label: int = 1, shape: tuple[int, int] = (48, 64)) -> LabelMap:
    """A label map with one ellipse in it."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    y, x = rng.uniform(0.35, 0.65, 2) * shape
    height, width = rng.uniform(0.2, 0.35, 2) * shape
    inside = ((rows - y) / height) ** 2 + ((columns - x) / width) ** 2 < 1
    return (inside * label).astype(np.uint8)


@dataclass
class RoundBench:
    """A run's first round."""

    folder: Path
    labels: tuple[str, ...] = ("cat", "dog")
    kind: LabelKind = LabelKind.MASKS
    bench: LabelBench = field(init=False)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bench = LabelBench(self.folder)

    def teach(self, count: int, labels: Sequence[str] = ("cat",)) -> None:
        """Photos with people's masks, class after class."""
        for number in range(count):
            label = number % len(labels) + 1
            self.bench.add(f"taught-{number}.jpg", blob(number, label), tuple(labels))

    def teach_boxes(self, count: int) -> None:
        """Photos with people's boxes, as consolidation writes them."""
        for number in range(count):
            mask = blob(number)
            size, box = Size(mask.shape[1], mask.shape[0]), bounding_box(mask > 0)
            drawn = ScoredBox(LabeledBox(1, *map(float, box.to_list())), 0.9)
            value = write_boxes([drawn], LabelCategories.from_names(self.labels), size)
            source = self.bench.put(f"taught-{number}.jpg", photo_of(mask))
            self.bench.lines.append(json.dumps({"source-ref": source, "pets": value}))

    def ask(self, line: int, photo: bytes | None = None) -> None:
        """A photo to be predicted."""
        body = photo or photo_of(blob(1000 + line))
        self.asked.append({"line": line, "source-ref": self.bench.put(f"asked-{line}.jpg", body)})

    def put(self, key: str, text: str) -> str:
        self.bench.store.write(f"{RUN}{key}", text.encode(), "application/json")
        return f"{RUN}{key}"

    def write(self, seed: int = 7) -> str:
        """Write everything; the address of round.json."""
        lines = "".join(line + "\n" for line in self.bench.lines)
        predict = "".join(json.dumps(line) + "\n" for line in self.asked)
        request = RoundRequest(
            round=1,
            kind=self.kind,
            labels=LabelCategories.from_names(self.labels),
            seed=seed,
            training=(self.put("labels/training.manifest", lines),),
            label_attribute_name="pets",
            predict=self.put("rounds/1/predict.manifest", predict),
            output=f"{RUN}rounds/1/",
        )
        return self.put("rounds/1/round.json", json.dumps(request.to_json()))

    def read(self, key: str) -> bytes:
        return self.bench.store.read(f"{RUN}rounds/1/{key}")

    def predictions(self) -> dict[int, ImagePrediction]:
        return read_predictions(self.read("predictions.jsonl").decode())
