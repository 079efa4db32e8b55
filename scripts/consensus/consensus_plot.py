"""The plot of the consensus benchmark: errors by configuration, CPU time and memory by size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.consensus.consensus_anchors import CANDIDATES
from scripts.consensus.consensus_table import configuration_name

WIDTH, HEIGHT = 6.4, 3.6
ROBUST_COLOUR = "tab:red"
COLOURS = (
    *("tab:orange", "tab:pink", "gold", "black", "navy", "tab:blue"),
    *("deepskyblue", "darkgreen", "limegreen", "yellowgreen"),
)
"""Of the other methods, in their order."""
SPREAD = 0.7
"""Of the distance of two configurations, over which their methods' marks are spread."""
FIELDS = (("iou", "1 − mean IoU"), ("boundary_f", "1 − boundary F"))
LEAST_ERROR = 1e-3
LEAST_COST = 0.1
"""Milliseconds or MiB; less is drawn as this."""


def plot_consensus(found: Mapping[str, Any], path: Path) -> None:
    """Draw `consensus.json`. Raises ImportError where matplotlib is missing."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    sets, speed = found["sets"], found["speed"]
    rows = len(sets) + bool(speed)
    figure = Figure(figsize=(2 * WIDTH, HEIGHT * rows + 0.8), layout="constrained")
    FigureCanvasAgg(figure)  # draws without a screen
    styles = _styles()
    grid = figure.subplots(rows, 2, squeeze=False)
    for axes_row, part in zip(grid, sets, strict=False):
        for axes, (field, title) in zip(axes_row, FIELDS, strict=True):
            _draw_scores(axes, part, field, styles)
            axes.set_title(f"{part['name']}: {title}, lower is better", fontsize=9)
    if speed:
        for axes, what, title in zip(
            grid[-1], ("cpu_ms", "peak_mib"), ("CPU ms, median", "extra MiB"), strict=True
        ):
            _draw_speed(axes, speed, what, styles)
            axes.set_title(title, fontsize=9)
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=7, ncols=6, loc="outside upper center")
    figure.savefig(path, dpi=110)


def _draw_scores(
    axes: Any, part: Mapping[str, Any], field: str, styles: Mapping[str, dict[str, Any]]
) -> None:
    rows, pairs = part["methods"], part["configurations"]
    for place, row in enumerate(rows):
        offset = SPREAD * (place / max(len(rows) - 1, 1) - 0.5)
        at = [column + offset for column in range(len(pairs))]
        errors = [max(1 - value, LEAST_ERROR) for value in row[field]]
        axes.plot(at, errors, linestyle="none", label=row["method"], **styles[row["method"]])
    axes.set_xticks(range(len(pairs)), [configuration_name(pair) for pair in pairs], fontsize=7)
    axes.set_xlabel("workers, bad ones among them", fontsize=8)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:.2g}")
    axes.tick_params(which="both", axis="y", labelsize=7)
    axes.grid(alpha=0.3, which="both", axis="y")


def _draw_speed(
    axes: Any,
    cases: Sequence[Mapping[str, Any]],
    what: str,
    styles: Mapping[str, dict[str, Any]],
) -> None:
    for name in dict.fromkeys(row["method"] for case in cases for row in case["methods"]):
        values = [_value(case, name, what) for case in cases]
        axes.plot(range(len(cases)), values, linewidth=0.8, label=name, **styles[name])
    ticks = [case["case"].replace(", ", "\n") for case in cases]
    axes.set_xticks(range(len(cases)), ticks, fontsize=6)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.grid(alpha=0.3)


def _value(case: Mapping[str, Any], name: str, what: str) -> float:
    """A method's figure of a case; not a number where it has none, which leaves a gap."""
    for row in case["methods"]:
        if row["method"] == name and row["runs"]:
            cost = row["peak_mib"] if what == "peak_mib" else row["cpu_ms"]["median"]
            return max(float(cost), LEAST_COST)
    return float("nan")


def _styles() -> dict[str, dict[str, Any]]:
    """One look per method, the same in all panels whichever methods they hold."""
    robust, *others = CANDIDATES
    styles = {
        candidate.name: {
            "color": COLOURS[place % len(COLOURS)],
            "marker": "s" if candidate.ours else "o",
            "markersize": 3.5,
        }
        for place, candidate in enumerate(others)
    }
    return styles | {robust.name: {"color": ROBUST_COLOUR, "marker": "D", "markersize": 5.5}}
