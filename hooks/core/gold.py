"""Gold photos: a few of a job's photos whose true masks are known, to score workers by.

They lie at `s3://<settings bucket>/jobs/<job name, lower case>/gold/index.json`, which only the
consolidation function may read; neither the page nor the event that makes it has a word of them:

    {"schema_version": 1,
     "masks": {"s3://bucket/photos/1.jpg": "s3://bucket/jobs/pets/gold/1.png"}}

A mask has the job's label colours, as consolidated masks have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from hooks.core.ballots import Ballots
from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError
from hooks.core.label_reader import ColorMap
from hooks.core.manifest import parse_s3_uri
from hooks.core.mask_reader import decode_mask
from hooks.core.masks import LabelMap
from hooks.core.pair_agreement import PairAgreement
from hooks.core.photo import PhotoHeader

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class GoldIndex:
    """Address of a photo to that of its true mask."""

    masks: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str | bytes) -> GoldIndex:
        """Raises ContractError, naming the field, when the index cannot be used."""
        try:
            fields = json.loads(text)
        except ValueError as error:
            raise ContractError("gold", f"not JSON ({error}).") from error
        if not isinstance(fields, dict) or fields.get("schema_version") != SCHEMA_VERSION:
            raise ContractError("gold", f"must be an object of schema version {SCHEMA_VERSION}.")
        masks = fields.get("masks")
        if not isinstance(masks, dict):
            raise ContractError("gold.masks", "must be an object of photos and masks.")
        for photo, mask in masks.items():
            parse_s3_uri(photo, "gold.masks")
            parse_s3_uri(str(mask), f"gold.masks.{photo}")
        return cls(masks)

    def to_json(self) -> str:
        fields = {"schema_version": SCHEMA_VERSION, "masks": dict(self.masks)}
        return json.dumps(fields, ensure_ascii=False, indent=1)


def gold_key(labeling_job_name: str) -> str:
    """The S3 key of a job's gold index."""
    return f"jobs/{labeling_job_name.lower()}/gold/index.json"


def read_gold_mask(png: bytes, labels: LabelCategories, photo: PhotoHeader) -> LabelMap:
    """A gold mask as label map of the upright photo, void where its colour is no label's.

    Raises:
        MaskError: not a PNG, or of another size than the photo.
    """
    return decode_mask(png, _color_map(labels), photo, tuple(labels)).label_map


def gold_iou(label_map: LabelMap, truth: LabelMap) -> float:
    """Mean IoU over the labels that either has, void pixels left out, 0 to 1."""
    maps = [np.ascontiguousarray(label_map), np.ascontiguousarray(truth)]
    ballots = Ballots.of(maps)
    return float(PairAgreement.of(ballots, [0, 1], ballots.counts).iou[0, 1])


def _color_map(labels: LabelCategories) -> ColorMap:
    return ColorMap.from_json(
        {
            str(index): {"class-name": labels.name(index), "hex-color": color}
            for index, color in labels.colors().items()
        }
    )
