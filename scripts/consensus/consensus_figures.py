"""From the outcomes of all trials to the figures that are printed and written as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from hooks.core.consensus import Method
from scripts.consensus.consensus_scores import area_under_curve, spearman
from scripts.consensus.consensus_trials import Outcome

ROBUST = Method.ROBUST.value
SEVERAL = 3
"""Means are taken over the configurations with so many workers or more."""

Score = Callable[[Outcome], Mapping[str, float]]
Configuration = tuple[int, int]


def summarise(
    outcomes: Sequence[Outcome], names: Sequence[str], anchors: Sequence[str]
) -> dict[str, Any]:
    """One set's figures.

    Args:
        outcomes: of one set.
        names: methods in the order of the table.
        anchors: those of them that are not ours.
    """
    configurations = sorted({(outcome.workers, outcome.bad) for outcome in outcomes})
    several = [pair for pair in configurations if pair[0] >= SEVERAL]
    compared = [several, *([pair] for pair in configurations)]
    if len(several) <= 1:
        del compared[0]
    measured = [name for name in names if all(name in outcome.iou for outcome in outcomes)]
    rivals = [name for name in anchors if name in measured]
    return {
        "name": outcomes[0].set_name,
        "scenes": len({outcome.scene_name for outcome in outcomes}),
        "trials": len(outcomes),
        "configurations": [list(pair) for pair in configurations],
        "methods": [
            {
                "method": name,
                "anchor": name in anchors,
                "iou": [_mean(outcomes, [pair], name, _iou) for pair in configurations],
                "boundary_f": [
                    _mean(outcomes, [pair], name, _boundary_f) for pair in configurations
                ],
                "iou_several": _mean(outcomes, several, name, _iou),
                "boundary_f_several": _mean(outcomes, several, name, _boundary_f),
            }
            for name in measured
        ],
        "comparisons": [
            found
            for part in compared
            if rivals and (found := compare(outcomes, part, rivals)) is not None
        ],
        "confidence_spearman": confidence_rank(outcomes),
        "weight_auc": weight_auc(outcomes),
    }


def compare(
    outcomes: Sequence[Outcome], configurations: Sequence[Configuration], anchors: Sequence[str]
) -> dict[str, Any] | None:
    """`robust` minus the anchor with the best mean IoU, paired by trial.

    A scene comes again in every configuration, so its trials are not independent: the standard
    error is that of the mean over scenes of each scene's own mean difference.
    """
    chosen = [outcome for outcome in outcomes if (outcome.workers, outcome.bad) in configurations]
    if not chosen:
        return None
    means = {name: _mean(chosen, configurations, name, _iou) for name in anchors}
    best = max(anchors, key=lambda name: means[name] or 0.0)
    by_scene: dict[str, list[float]] = {}
    for outcome in chosen:
        difference = outcome.iou[ROBUST] - outcome.iou[best]
        by_scene.setdefault(outcome.scene_name, []).append(difference)
    scenes = np.array([np.mean(found) for found in by_scene.values()])
    differences = np.array([value for found in by_scene.values() for value in found])
    error = float(scenes.std(ddof=1) / np.sqrt(len(scenes))) if len(scenes) > 1 else None
    return {
        "configurations": [list(pair) for pair in configurations],
        "anchor": best,
        "anchor_iou": means[best],
        "robust_iou": _mean(chosen, configurations, ROBUST, _iou),
        "difference": float(scenes.mean()),
        "standard_error": error,
        "median": float(np.median(differences)),
        "wins": float((differences > 0).mean()),
        "losses": float((differences < 0).mean()),
    }


def confidence_rank(outcomes: Iterable[Outcome]) -> float | None:
    """Spearman's correlation of the image confidence with the true IoU, two workers or more."""
    chosen = list(outcomes)
    return spearman(
        [outcome.confidence for outcome in chosen], [outcome.iou[ROBUST] for outcome in chosen]
    )


def weight_auc(outcomes: Iterable[Outcome]) -> float | None:
    """How well relative weights tell honest workers from bad ones, three workers or more."""
    honest: list[float] = []
    bad: list[float] = []
    for outcome in outcomes:
        if outcome.honest is None or outcome.workers < SEVERAL or not outcome.relative_weights:
            continue
        for weight, is_honest in zip(outcome.relative_weights, outcome.honest, strict=True):
            (honest if is_honest else bad).append(weight)
    return area_under_curve(honest, bad)


def _mean(
    outcomes: Sequence[Outcome],
    configurations: Sequence[Configuration],
    name: str,
    score: Score,
) -> float | None:
    """Mean over configurations of the mean over their trials."""
    means = []
    for pair in configurations:
        found = [
            score(outcome)[name] for outcome in outcomes if (outcome.workers, outcome.bad) == pair
        ]
        if found:
            means.append(float(np.mean(found)))
    return float(np.mean(means)) if means else None


def _iou(outcome: Outcome) -> Mapping[str, float]:
    return outcome.iou


def _boundary_f(outcome: Outcome) -> Mapping[str, float]:
    return outcome.boundary_f
