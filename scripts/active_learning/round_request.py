"""What a round asks of a learner: `round.json`, and where its answer goes.

{"schema_version": 1, "round": 1, "kind": "masks", "labels": ["cat", "dog"], "seed": 7,
 "training": ["s3://.../labels/training.manifest"], "label_attribute_name": "pets",
 "predict": "s3://.../rounds/1/predict.manifest", "output": "s3://.../rounds/1/",
 "earlier": null}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hooks.core.active_learning import fields
from hooks.core.active_learning.loop_plan import LabelKind
from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError

SCHEMA_VERSION = 1
PREDICTIONS_FILE = "predictions.jsonl"
LEARNED_FILE = "learned.json"
MODEL_FOLDER = "model"
PLACE = "round.json"


@dataclass(frozen=True, slots=True)
class RoundRequest:
    """A round as its learner sees it.

    Attributes:
        training: addresses of manifests with people's labels.
        label_attribute_name: the attribute that holds them.
        predict: address of a manifest of photos without labels, `{"line": 17, "source-ref": ...}`,
            `line` being the place in the run's input manifest, from 0.
        output: address below which the answer goes, with its final slash.
        earlier: `output` of the round before; "" in the first.
    """

    round: int
    kind: LabelKind
    labels: LabelCategories
    seed: int
    training: tuple[str, ...]
    label_attribute_name: str
    predict: str
    output: str
    earlier: str = ""

    @classmethod
    def from_json(cls, text: str | bytes) -> RoundRequest:
        """Raises ContractError, naming the field, unless it is a round of this version."""
        record = _parsed(text, PLACE)
        if record.get("schema_version") != SCHEMA_VERSION:
            raise ContractError(f"{PLACE}.schema_version", f"must be {SCHEMA_VERSION}.")
        kind = fields.text(record, "kind", PLACE)
        if kind not in list(LabelKind):
            raise ContractError(f"{PLACE}.kind", f"{kind!r} is none of {', '.join(LabelKind)}.")
        training = fields.sequence(record, "training", PLACE)
        if not training or not all(isinstance(address, str) and address for address in training):
            raise ContractError(f"{PLACE}.training", "must be a list of addresses, not empty.")
        earlier = record.get("earlier") and fields.text(record, "earlier", PLACE)
        return cls(
            round=fields.whole(record, "round", PLACE),
            kind=LabelKind(kind),
            labels=LabelCategories.from_names(
                fields.sequence(record, "labels", PLACE), f"{PLACE}.labels"
            ),
            seed=fields.whole(record, "seed", PLACE),
            training=tuple(training),
            label_attribute_name=fields.text(record, "label_attribute_name", PLACE),
            predict=fields.text(record, "predict", PLACE),
            output=fields.text(record, "output", PLACE).rstrip("/") + "/",
            earlier=earlier or "",
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "schema_version": SCHEMA_VERSION,
            "round": self.round,
            "kind": self.kind.value,
            "labels": list(self.labels),
            "seed": self.seed,
            "training": list(self.training),
            "label_attribute_name": self.label_attribute_name,
            "predict": self.predict,
            "output": self.output,
            "earlier": self.earlier or None,
        }


@dataclass(frozen=True, slots=True)
class AskedPhoto:
    """A photo to be predicted; `line` is its place in the run's input manifest, from 0."""

    line: int
    source_ref: str

    @classmethod
    def from_line(cls, text: str, number: int, manifest: str) -> AskedPhoto:
        """Read the manifest's line of a number from 1."""
        place = f"{manifest}, line {number}"
        record = _parsed(text, place)
        return cls(fields.whole(record, "line", place), fields.text(record, "source-ref", place))


def _parsed(text: str | bytes, place: str) -> Mapping[str, Any]:
    try:
        return fields.mapping(json.loads(text), place)
    except ValueError as error:
        raise ContractError(place, f"not JSON ({error}).") from error
