"""The details object of a label: what is too long for a manifest line.

{"schema_version": 1, "label": {...}, "void_pixels": 0,
 "workers": [{"worker_id", "outcome", "reason", "weight", "relative_weight", "agreement",
              "boundary_deviation", "flags", "objects", "instances", "clicks", "seconds",
              "warnings"}],
 "instances": [{"id", "label", "box", "confidence", "worker_ids"}],
 "discarded": [{"worker_id", "reason"}]}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np

from hooks.core.answer import WorkerAnswer
from hooks.core.categories import LabelCategories
from hooks.core.consensus import Consensus
from hooks.core.instances import InstanceConsensus
from hooks.core.masks import VOID
from hooks.core.worker_quality import WorkerQuality

SCHEMA_VERSION = 1


class Answered(Protocol):
    """A worker's answer that was used."""

    @property
    def worker_id(self) -> str: ...
    @property
    def answer(self) -> WorkerAnswer: ...


class Discarded(Protocol):
    """A worker's answer that was not."""

    @property
    def worker_id(self) -> str: ...
    @property
    def reason(self) -> str: ...


def label_details(
    label: Mapping[str, Any],
    used: Iterable[Answered],
    discarded: Iterable[Discarded],
    consensus: Consensus | None = None,
    instances: InstanceConsensus | None = None,
    labels: LabelCategories | None = None,
) -> dict[str, Any]:
    """The object's JSON; `consensus` is None when no answer was usable.

    Args:
        labels: needed with `instances`, to name their labels.
    """
    qualities = {} if consensus is None else consensus.workers
    details: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "label": dict(label),
        "void_pixels": 0
        if consensus is None
        else int(np.count_nonzero(consensus.label_map == VOID)),
        "workers": [
            {
                "worker_id": item.worker_id,
                "outcome": item.answer.outcome.value,
                "reason": item.answer.reason,
                **_quality(qualities.get(item.worker_id)),
                **_instance_quality(instances, item.worker_id),
                "objects": [found.to_json() for found in item.answer.objects],
                "clicks": item.answer.clicks,
                "seconds": item.answer.seconds,
                "warnings": list(item.answer.warnings),
            }
            for item in used
        ],
        "discarded": [{"worker_id": item.worker_id, "reason": item.reason} for item in discarded],
    }
    if instances is not None and labels is not None:
        details["instances"] = [
            {
                "id": number,
                "label": labels.name(found.label),
                "box": found.placed.box.to_list(),
                "confidence": round(found.confidence, 4),
                "worker_ids": list(found.worker_ids),
            }
            for number, found in enumerate(instances.instances, start=1)
        ]
    return details


def _quality(quality: WorkerQuality | None) -> dict[str, Any]:
    if quality is None:
        return {"agreement": None}
    return {
        "weight": _rounded(quality.weight),
        "relative_weight": _rounded(quality.relative_weight),
        "agreement": _rounded(quality.agreement),
        "boundary_deviation": _rounded(quality.boundary_deviation),
        "flags": [flag.value for flag in quality.flags],
    }


def _instance_quality(instances: InstanceConsensus | None, worker_id: str) -> dict[str, Any]:
    found = None if instances is None else instances.workers.get(worker_id)
    if found is None:
        return {}
    return {"instances": {"matched": found.matched, "missed": found.missed, "extra": found.extra}}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
