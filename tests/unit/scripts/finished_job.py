"""A finished labeling job as it lies in S3, made of what workers drew, consolidated by the hook."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from hooks.core.answer import FORM_FIELD, DrawnObject, MadeBy, build_answer
from hooks.core.categories import LabelCategories
from hooks.core.consensus import Vote, consolidate
from hooks.core.geometry import Size
from hooks.core.job_settings import JobKind, JobSettings, settings_key
from hooks.core.masks import write_label_map
from hooks.core.worker_record import Evidence, write_evidence
from scripts.object_store import FolderObjects
from tests.grid import grid

BUCKET = "labels"
LABELS = LabelCategories.from_names(["cat", "dog"])
SIZE = Size(4, 2)


@dataclass(frozen=True)
class FinishedJob:
    """One job below a folder that stands for S3."""

    folder: Path
    name: str = "pets"

    @property
    def store(self) -> FolderObjects:
        return FolderObjects(self.folder)

    @property
    def address(self) -> str:
        return f"s3://{BUCKET}/out/{self.name}"

    def write(self, photos: list[dict[str, str]]) -> None:
        """Each photo is worker to picture of a cat; "?" is an answer that cannot be used."""
        settings = JobSettings(self.name, JobKind.SEGMENTATION, self.name, LABELS)
        self._put(f"s3://{BUCKET}/{settings_key(self.name)}", settings.to_json().encode())
        lines, evidence = [], []
        for number, drawn in enumerate(photos):
            photo = f"s3://{BUCKET}/photos/{number}.png"
            self._put(photo, _png(Image.new("RGB", SIZE)))
            label, said = self._consolidated(number, photo, drawn)
            evidence += said
            lines.append({"source-ref": photo, self.name: label, f"{self.name}-metadata": {}})
        self._put(
            f"{self.address}/annotations/worker-quality/2026-11-20T10:00:00.json",
            write_evidence(evidence).encode(),
        )
        manifest = "".join(json.dumps(line) + "\n" for line in lines)
        self._put(f"{self.address}/manifests/output/output.manifest", manifest.encode())

    def _consolidated(
        self, number: int, photo: str, drawn: dict[str, str]
    ) -> tuple[dict[str, object], list[Evidence]]:
        answers = [
            {"workerId": worker, "answerContent": {FORM_FIELD: _answer(picture)}}
            for worker, picture in drawn.items()
        ]
        self._put(
            f"{self.address}/annotations/worker-response/iteration-1/{number}/2026.json",
            json.dumps({"answers": answers}).encode(),
        )
        votes = [
            Vote(worker, grid(picture).astype(np.uint8))
            for worker, picture in drawn.items()
            if picture != "?"
        ]
        result = consolidate(votes, LABELS.num_classes)
        stem = f"{self.address}/annotations/consolidated-annotation/output/{number}"
        self._put(f"{stem}.png", write_label_map(result.label_map, LABELS.colors()))
        label: dict[str, object] = {
            "mask-ref": f"{stem}.png",
            "internal-color-map": {
                str(index): {
                    "class-name": LABELS.name(index),
                    "hex-color": LABELS.color(index),
                    "confidence": confidence,
                }
                for index, confidence in result.confidence.items()
            },
            "confidence": result.image_confidence,
            "status": result.status.value,
            "reason": result.reason,
            "workers": len(drawn),
            "details-ref": f"{stem}.json",
        }
        workers = [
            {"worker_id": worker, "agreement": quality.agreement}
            for worker, quality in result.workers.items()
        ]
        self._put(f"{stem}.json", json.dumps({"label": label, "workers": workers}).encode())
        evidence = [
            Evidence(worker, photo, "labeled", quality.relative_weight, quality.agreement)
            for worker, quality in result.workers.items()
        ]
        evidence += [
            Evidence(worker, photo, "discarded")
            for worker, picture in drawn.items()
            if picture == "?"
        ]
        return label, evidence

    def _put(self, uri: str, body: bytes) -> None:
        self.store.write(uri, body, "application/octet-stream")


def _answer(picture: str) -> object:
    if picture == "?":
        return "nonsense"
    drawn = [DrawnObject("cat", grid(picture), None, (), MadeBy.BRUSH, 1.0)]
    return json.loads(build_answer(SIZE, LABELS, drawn, seconds=3))


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
