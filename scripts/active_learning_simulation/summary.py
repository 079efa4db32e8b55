"""What all seeds together say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from hooks.core.active_learning.acquisition import Acquisition
from scripts.active_learning_simulation.comparison import paired, share_of
from scripts.active_learning_simulation.results import Results, Trial

SAVING = 0.27
"""Of the all-human cost, that a run is to save: what the article's did."""


def summarize(results: Results) -> dict[str, Any]:
    """By kind: every target's and acquisition's runs, the learning curves, and comparisons with a
    random choice over the same seeds."""
    return {
        kind: {
            "runs": _runs(results, kind),
            "curves": _curves(results, kind),
            "savings_compared": _savings_compared(results, kind),
            "curves_compared": _curves_compared(results, kind),
        }
        for kind in sorted({trial.kind for trial in results}, reverse=True)
    }


def _runs(results: Results, kind: str) -> list[dict[str, Any]]:
    rows = []
    for target, acquisition, found in _grouped(results, kind):
        if target is None:
            continue
        runs = list(found.values())
        labeling = [run for run in runs if run["machine"]]
        rows.append(
            {
                "target": target,
                "acquisition": acquisition,
                "runs": len(runs),
                "without_machine": len(runs) - len(labeling),
                "machine": _mean([run["machine"] for run in runs]),
                "machine_iou": _mean([run["machine_iou"] for run in labeling]),
                "lowest_machine_iou": min((run["machine_iou"] for run in labeling), default=None),
                "met": asdict(share_of([run["meets"] for run in labeling])),
                "saved": _mean([run["saved"] for run in runs]),
                "saved_spread": float(np.std([run["saved"] for run in runs])),
                # A run without machine labels has saved nothing, so it fails.
                "saved_enough": asdict(share_of([run["saved"] >= SAVING for run in runs])),
                "rounds": _mean([len(run["rounds"]) for run in runs]),
            }
        )
    return rows


def _curves(results: Results, kind: str) -> list[dict[str, Any]]:
    return [
        {
            "acquisition": acquisition,
            "runs": len(found),
            "points": [
                {
                    "human": points[0]["human"],
                    "iou": _mean([point["iou"] for point in points]),
                }
                for points in zip(*(run["points"] for run in found.values()), strict=True)
            ],
        }
        for target, acquisition, found in _grouped(results, kind)
        if target is None
    ]


def _savings_compared(results: Results, kind: str) -> list[dict[str, Any]]:
    rows = []
    for target, acquisition, found in _grouped(results, kind):
        if target is None or acquisition == Acquisition.RANDOM:
            continue
        pairs = _with_random(results, found, kind, target)
        if pairs:
            rows.append(
                {
                    "target": target,
                    "acquisition": acquisition,
                    "saved": asdict(
                        paired(*zip(*[(a["saved"], b["saved"]) for a, b in pairs], strict=True))
                    ),
                }
            )
    return rows


def _curves_compared(results: Results, kind: str) -> list[dict[str, Any]]:
    rows = []
    for target, acquisition, found in _grouped(results, kind):
        if target is not None or acquisition == Acquisition.RANDOM:
            continue
        pairs = [
            (ours["points"], random["points"])
            for ours, random in _with_random(results, found, kind, None)
        ]
        # The first model is the same, whatever is chosen then.
        for place in range(1, len(pairs[0][0]) if pairs else 0):
            rows.append(
                {
                    "acquisition": acquisition,
                    "human": pairs[0][0][place]["human"],
                    "iou": asdict(
                        paired(
                            [ours[place]["iou"] for ours, _ in pairs],
                            [random[place]["iou"] for _, random in pairs],
                        )
                    ),
                }
            )
    return rows


Found = Mapping[int, Mapping[str, Any]]


def _grouped(results: Results, kind: str) -> list[tuple[float | None, str, Found]]:
    """(target, acquisition, results by seed), in the order of targets and of `Acquisition`."""
    groups: dict[tuple[float | None, str], dict[int, Mapping[str, Any]]] = {}
    for trial, result in results.items():
        if trial.kind == kind:
            groups.setdefault((trial.target, trial.acquisition), {})[trial.seed] = result
    order = list(Acquisition)
    return [
        (target, acquisition, dict(sorted(groups[target, acquisition].items())))
        for target, acquisition in sorted(
            groups, key=lambda key: (key[0] or 0.0, order.index(Acquisition(key[1])))
        )
    ]


def _with_random(
    results: Results, found: Found, kind: str, target: float | None
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """(result, the random choice's result) of each seed that has both."""
    return [
        (ours, results[random])
        for seed, ours in found.items()
        if (random := Trial(kind, seed, Acquisition.RANDOM, target)) in results
    ]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
