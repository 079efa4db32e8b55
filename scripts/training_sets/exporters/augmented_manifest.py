"""Augmented manifests, which SageMaker's pipe mode trains from: `train.manifest` and another.

    {"source-ref": "s3://…/a.jpg", "label-ref": "s3://…/masks/a.png", "label-ref-metadata": {…}}

The form is that of Ground Truth's built-in semantic segmentation jobs, so verification and
adjustment jobs take it as their input, too. Photos stay where they are; only those that are no
upright JPEG are written anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hooks.core.categories import LabelCategories
from scripts.training_sets.export_target import Target
from scripts.training_sets.exporters.exporter import PNG, ExportedImage, OutFile, Records, index_png
from scripts.training_sets.labeled_pixels import LabeledPixels
from scripts.training_sets.set_split import SIDES

ATTRIBUTE = "label-ref"
JOB_NAME = "labeling-job/fewclick-export"


@dataclass(frozen=True, slots=True)
class AugmentedManifest:
    """Writes augmented manifests; `address` is the export's own, in S3."""

    categories: LabelCategories
    address: str
    needs_jpeg: bool = True
    needs_instances: bool = False

    def export(self, image: LabeledPixels) -> ExportedImage:
        name = image.planned.name
        mask = f"masks/{name}.png"
        files = [OutFile(mask, index_png(image.label_map, self.categories), PNG)]
        source = image.planned.source_ref
        if not image.original:
            files.append(OutFile(f"images/{name}{image.suffix}", image.photo, image.media_type))
            source = f"{self.address}/images/{name}{image.suffix}"
        present = [index for index in image.class_pixels() if index < self.categories.num_classes]
        metadata = segmentation_metadata(
            self.categories,
            sorted({0, *present}),
            image.planned.confidence or 0.0,
            human=image.planned.human,
            job_name=JOB_NAME,
            creation_date=image.planned.made,
        )
        line = {
            "source-ref": source,
            ATTRIBUTE: f"{self.address}/{mask}",
            f"{ATTRIBUTE}-metadata": metadata,
        }
        return ExportedImage(tuple(files), {"line": line})

    def finish(self, records: Records, target: Target) -> None:
        for side in SIDES:
            target.write_long(f"{side}.manifest", _lines(records, side), "application/x-jsonlines")


def segmentation_metadata(
    categories: LabelCategories,
    indices: list[int],
    confidence: float,
    *,
    human: bool,
    job_name: str,
    creation_date: str,
) -> dict[str, Any]:
    """The `-ref-metadata` of a mask with these classes, as built-in jobs write it."""
    return {
        "internal-color-map": {
            str(index): {
                "class-name": categories.name(index),
                "hex-color": categories.color(index),
                "confidence": round(confidence, 4),
            }
            for index in indices
        },
        "type": "groundtruth/semantic-segmentation",
        "human-annotated": "yes" if human else "no",
        "creation-date": creation_date,
        "job-name": job_name,
    }


def _lines(records: Records, side: str) -> Iterator[bytes]:
    for record in records():
        if record["side"] == side:
            yield json.dumps(record["line"], ensure_ascii=False).encode() + b"\n"
