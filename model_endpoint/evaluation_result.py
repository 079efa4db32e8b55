"""What an evaluation measured of one method, and the figures made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from model_endpoint.click_metrics import REGION_PUT_RIGHT, SPOILED

NOC_THRESHOLDS = (0.85, 0.90)
NOC_CAPS = (6, 20)
REMOVED_AFTER = 5
"""Clicks after which the removed share of the first error is given."""


@dataclass(slots=True)
class ObjectResult:
    """One object under one method. Lists that start at the first mask have one entry more.

    Attributes:
        ious, boundary_ious: after 0, 1, 2... clicks; at least as many as the curve has.
        honoured, heeded, put_right: per click of the curve. heeded are those that the model
            honoured without its outline being bent; put_right is None where it says nothing.
        first_ms, click_ms: latency of the first mask and of every further one.
    """

    name: str
    ious: list[float] = field(default_factory=list)
    boundary_ious: list[float] = field(default_factory=list)
    honoured: list[bool] = field(default_factory=list)
    heeded: list[bool] = field(default_factory=list)
    put_right: list[float | None] = field(default_factory=list)
    first_ms: float = 0.0
    click_ms: list[float] = field(default_factory=list)

    def clicks_to(self, threshold: float, cap: int) -> int:
        """The fewest clicks that reached an IoU; `cap` when that many were not enough."""
        reached = [count for count, iou in enumerate(self.ious) if iou >= threshold]
        return min(reached[0], cap) if reached else cap


@dataclass(slots=True)
class MethodResult:
    """All objects under one method. `clicks` is the length of the curve without its start."""

    name: str
    policy: str
    clicks: int
    most_clicks: int
    objects: list[ObjectResult] = field(default_factory=list)

    def curve(self, name: str) -> list[float]:
        """Mean of `ious` or `boundary_ious` after 0 to `clicks` clicks, 0 to 1."""
        rows = [getattr(item, name)[: self.clicks + 1] for item in self.objects]
        means: list[float] = np.mean(rows, axis=0).tolist()
        return means

    def noc(self, threshold: float, cap: int) -> float | None:
        """Mean clicks to an IoU; None when fewer clicks than `cap` needs were tried."""
        if self.policy and self.most_clicks < cap - 1:
            return None
        return float(np.mean([item.clicks_to(threshold, cap) for item in self.objects]))

    def spoiled(self) -> float:
        """Share of clicks that lowered IoU by more than SPOILED, 0 to 1."""
        lost = []
        for item in self.objects:
            ious = np.array(item.ious[: len(item.honoured) + 1])
            lost += (np.diff(ious) < -SPOILED).tolist()
        return _mean(lost)

    def removed(self) -> float | None:
        """Share of the first masks' error that REMOVED_AFTER clicks took away, 0 to 1."""
        curve = self.curve("ious")
        if len(curve) <= REMOVED_AFTER or curve[0] == 1:
            return None
        return 1 - (1 - curve[REMOVED_AFTER]) / (1 - curve[0])

    def to_json(self) -> dict[str, Any]:
        """Means and shares in percent, times in milliseconds."""
        ious = np.array(self.curve("ious"))
        figures: dict[str, Any] = {
            "method": self.name,
            "policy": self.policy,
            "objects": len(self.objects),
            "miou": _percent(ious),
            "error": _percent(1 - ious),
            "boundary_iou": _percent(self.curve("boundary_ious")),
            "first_ms": _p50_p90([item.first_ms for item in self.objects]),
        }
        if not self.policy:
            return figures
        put_right = [
            share for item in self.objects for share in item.put_right if share is not None
        ]
        removed = self.removed()
        figures["noc"] = {
            f"noc{round(100 * threshold)}@{cap}": _rounded(self.noc(threshold, cap))
            for threshold in NOC_THRESHOLDS
            for cap in NOC_CAPS
        }
        figures |= {
            "error_removed": None if removed is None else _percent([removed])[0],
            "clicks_counted": sum(len(item.honoured) for item in self.objects),
            "spoiled": _percent([self.spoiled()])[0],
            "honoured": _percent([_mean([h for item in self.objects for h in item.honoured])])[0],
            "heeded": _percent([_mean([h for item in self.objects for h in item.heeded])])[0],
            "honoured_on_region": _percent([_mean([s >= REGION_PUT_RIGHT for s in put_right])])[0],
            "region_put_right": _percent([_mean(put_right)])[0],
            "click_ms": _p50_p90([time for item in self.objects for time in item.click_ms]),
        }
        return figures


def _mean(values: Sequence[float | bool]) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _percent(values: Any) -> list[float]:
    rounded: list[float] = np.round(100 * np.asarray(values), 2).tolist()
    return rounded


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _p50_p90(times: Sequence[float]) -> list[float] | None:
    if not times:
        return None
    found: list[float] = np.round(np.percentile(times, (50, 90)), 1).tolist()
    return found
