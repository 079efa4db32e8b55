"""A load test's calls as percentiles by stage, and the table of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from scripts.click_model.load_workers import STAGES, Kind, Pace, Sample

PERCENTILES = (50, 90, 99)


def summarise(
    pace: Pace, workers: int, seconds: float, samples: Sequence[Sample]
) -> dict[str, Any]:
    """One level's figures by kind of call: how many, and percentiles of the whole and by stage."""
    kinds = []
    for kind in get_args(Kind):
        made = [sample for sample in samples if sample.kind == kind]
        answered = [sample for sample in made if sample.status == 200]
        if not made:
            continue
        figures = {
            stage: _percentiles([sample.stages_ms[stage] for sample in answered])
            for stage in STAGES
        }
        figures["total"] = _percentiles([sample.total_ms for sample in answered])
        statuses: dict[str, int] = {}
        for sample in made:
            statuses[str(sample.status)] = statuses.get(str(sample.status), 0) + 1
        kinds.append({"kind": kind, "answered": len(answered), "statuses": statuses, "ms": figures})
    calls = sum(kind["answered"] for kind in kinds if kind["kind"] != "prewarm")
    return {"pace": pace, "workers": workers, "per_second": calls / seconds, "kinds": kinds}


def _percentiles(values: Sequence[float]) -> list[float]:
    if not values:
        return []
    return [round(float(value), 2) for value in np.percentile(values, PERCENTILES)]


def table_of(found: Mapping[str, Any]) -> Table:
    """One row per level and kind of call; p50, p90 and p99 in each cell."""
    table = Table(
        title=f"{found['model']}, {found['processors']} processors: milliseconds, p50 · p90 · p99",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for name in ("workers", "call", "answered"):
        table.add_column(name, no_wrap=True)
    for name in (*STAGES, "total"):
        table.add_column(name, justify="right", no_wrap=True)
    for level in found["levels"]:
        for place, kind in enumerate(level["kinds"]):
            refused = sum(kind["statuses"].values()) - kind["answered"]
            table.add_row(
                f"{level['workers']} {level['pace']}" if place == 0 else "",
                kind["kind"],
                f"{kind['answered']}" + (f" ({refused} not)" if refused else ""),
                *(
                    "·".join(f"{value:.0f}" for value in kind["ms"][name])
                    for name in (*STAGES, "total")
                ),
            )
    return table
