"""What is known of a worker from earlier photos, and how much it lets the worker count.

Each batch leaves one object of *evidence*: what its photos say of their workers. A worker's
*record* is all the evidence so far, and gives the prior that the worker brings to the next photo.
Evidence never holds the prior itself, which would feed on itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hooks.core.errors import ContractError
from hooks.core.worker_weights import SLOPE

SCHEMA_VERSION = 1
SHRINKING = 5.0
"""A record is mixed with so many photos on which the worker was like anybody."""
GOLD_COUNTS = 3.0
"""A photo whose truth is known says more than one on which workers are only compared."""
TYPICAL_GOLD_ERROR = 0.12
"""1 - IoU with the truth of a worker like any other."""
SMALLEST, LARGEST = 0.05, 3.0
"""No single photo says more than this, either way."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one photo says of one worker.

    Attributes:
        photo: its `source-ref`.
        relative_weight, agreement, boundary_deviation, flags: see `WorkerQuality`.
        gold_iou: mean IoU with the known truth of a gold photo; None on any other.
        outcome: `labeled`, `nothing-here`, `cannot-label`, or `discarded` for an answer that
            could not be used.
        seconds: that the worker took; 0 when not measured.
    """

    worker_id: str
    photo: str
    outcome: str
    relative_weight: float | None = None
    agreement: float | None = None
    boundary_deviation: float | None = None
    gold_iou: float | None = None
    flags: tuple[str, ...] = ()
    seconds: float = 0.0
    clicks: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "worker_id": self.worker_id,
            "photo": self.photo,
            "outcome": self.outcome,
            "relative_weight": _rounded(self.relative_weight),
            "agreement": _rounded(self.agreement),
            "boundary_deviation": _rounded(self.boundary_deviation),
            "gold_iou": _rounded(self.gold_iou),
            "flags": list(self.flags),
            "seconds": _rounded(self.seconds),
            "clicks": self.clicks,
        }

    @classmethod
    def from_json(cls, value: object, where: str) -> Evidence:
        """Raises ContractError, naming `where` it stands, when it cannot be read."""
        if not isinstance(value, Mapping):
            raise ContractError(where, "must be a JSON object.")
        flags = value.get("flags", [])
        if not isinstance(flags, list):
            raise ContractError(f"{where}.flags", "must be a list.")
        return cls(
            _text(value, "worker_id", where),
            _text(value, "photo", where),
            _text(value, "outcome", where),
            relative_weight=_number(value, "relative_weight", where),
            agreement=_number(value, "agreement", where),
            boundary_deviation=_number(value, "boundary_deviation", where),
            gold_iou=_number(value, "gold_iou", where),
            flags=tuple(str(flag) for flag in flags),
            seconds=_number(value, "seconds", where) or 0.0,
            clicks=int(_number(value, "clicks", where) or 0),
        )


@dataclass(frozen=True, slots=True)
class WorkerRecord:
    """One worker's evidence, summed up.

    Attributes:
        photos: that the worker answered, discarded answers left out.
        agreement, boundary_deviation, seconds, clicks: means over the photos that have one.
        gold_iou: mean over the gold photos, `gold_photos` of them.
        flags: how often each was given.
        prior: how much the worker counts in the next vote; 1 is like anybody.
    """

    worker_id: str
    photos: int
    discarded: int
    cannot_label: int
    agreement: float | None
    boundary_deviation: float | None
    gold_iou: float | None
    gold_photos: int
    seconds: float | None
    clicks: float | None
    flags: Mapping[str, int]
    prior: float


def read_evidence(text: str | bytes, where: str) -> list[Evidence]:
    """The evidence of one batch.

    Raises:
        ContractError: naming `where` it lies, when it cannot be read.
    """
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise ContractError(where, f"not JSON ({error}).") from error
    if not isinstance(fields, dict) or fields.get("schema_version") != SCHEMA_VERSION:
        raise ContractError(where, f"must be a JSON object of schema version {SCHEMA_VERSION}.")
    found = fields.get("evidence")
    if not isinstance(found, list):
        raise ContractError(f"{where}: evidence", "must be a list.")
    return [
        Evidence.from_json(item, f"{where}: evidence[{index}]") for index, item in enumerate(found)
    ]


def write_evidence(evidence: Sequence[Evidence]) -> str:
    """The inverse of `read_evidence`."""
    fields = {
        "schema_version": SCHEMA_VERSION,
        "evidence": [item.to_json() for item in evidence],
    }
    return json.dumps(fields, ensure_ascii=False)


def records(evidence: Iterable[Evidence]) -> dict[str, WorkerRecord]:
    """A record for every worker, by worker id; a later word on the same photo replaces it."""
    by_worker: dict[str, dict[str, Evidence]] = {}
    for item in evidence:
        by_worker.setdefault(item.worker_id, {})[item.photo] = item
    return {
        worker_id: _record(worker_id, list(by_worker[worker_id].values()))
        for worker_id in sorted(by_worker)
    }


def _record(worker_id: str, evidence: Sequence[Evidence]) -> WorkerRecord:
    answered = [item for item in evidence if item.outcome != "discarded"]
    flags: dict[str, int] = {}
    for item in answered:
        for flag in item.flags:
            flags[flag] = flags.get(flag, 0) + 1
    golds = [item.gold_iou for item in answered if item.gold_iou is not None]
    return WorkerRecord(
        worker_id=worker_id,
        photos=len(answered),
        discarded=len(evidence) - len(answered),
        cannot_label=sum(item.outcome == "cannot-label" for item in answered),
        agreement=_mean(item.agreement for item in answered),
        boundary_deviation=_mean(item.boundary_deviation for item in answered),
        gold_iou=_mean(golds),
        gold_photos=len(golds),
        seconds=_mean(item.seconds or None for item in answered),
        clicks=_mean(item.clicks for item in answered),
        flags=dict(sorted(flags.items())),
        prior=prior(answered),
    )


def prior(evidence: Iterable[Evidence]) -> float:
    """How much a worker counts: a shrunken geometric mean of what each photo suggests.

    A gold photo suggests ((1 - IoU) / TYPICAL_GOLD_ERROR) ** -SLOPE, as the difference from others
    gives a weight in `worker_weights`, any other photo the worker's relative weight on it.
    """
    total, count = 0.0, SHRINKING
    for item in evidence:
        if item.gold_iou is not None:
            error = max(1 - item.gold_iou, 1e-6) / TYPICAL_GOLD_ERROR
            total += GOLD_COUNTS * math.log(_limited(error**-SLOPE))
            count += GOLD_COUNTS
        elif item.relative_weight is not None:
            total += math.log(_limited(item.relative_weight))
            count += 1
    return math.exp(total / count)


def _limited(weight: float) -> float:
    return min(max(weight, SMALLEST), LARGEST)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None


def _text(value: Mapping[str, Any], name: str, where: str) -> str:
    found = value.get(name)
    if not isinstance(found, str):
        raise ContractError(f"{where}.{name}", "must be a text.")
    return found


def _number(value: Mapping[str, Any], name: str, where: str) -> float | None:
    found = value.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise ContractError(f"{where}.{name}", "must be a number.")
    return float(found)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
