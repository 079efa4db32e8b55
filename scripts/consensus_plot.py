"""The plot of the consensus benchmark: IoU by configuration, and CPU time against memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.consensus_table import configuration_name

WIDTH, HEIGHT = 6.4, 3.6
OURS_COLOUR = "tab:red"


def plot_consensus(found: Mapping[str, Any], path: Path) -> None:
    """Draw `consensus.json`. Raises ImportError where matplotlib is missing."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    sets, speed = found["sets"], found["speed"]
    rows = len(sets) + bool(speed)
    figure = Figure(figsize=(2 * WIDTH, HEIGHT * rows + 0.4), layout="constrained")
    FigureCanvasAgg(figure)  # draws without a screen
    grid = figure.subplots(rows, 2, squeeze=False)
    for axes_row, part in zip(grid, sets, strict=False):
        for axes, field, title in zip(
            axes_row, ("iou", "boundary_f"), ("mean IoU", "boundary F"), strict=True
        ):
            _draw_scores(axes, part, field)
            axes.set_title(f"{part['name']}: {title}", fontsize=9)
    if speed:
        _draw_speed(grid[-1][0], speed, "cpu_ms", "CPU ms, median")
        _draw_speed(grid[-1][1], speed, "peak_mib", "peak extra memory, MiB")
    grid[0][0].legend(fontsize=6, ncols=2)
    figure.suptitle(f"workers' masks consolidated, seed {found['seed']}", fontsize=10)
    figure.savefig(path, dpi=110)


def _draw_scores(axes: Any, part: Mapping[str, Any], field: str) -> None:
    names = [configuration_name(pair) for pair in part["configurations"]]
    for row in part["methods"]:
        style = _style(row["method"], anchor=row["anchor"])
        axes.plot(range(len(names)), row[field], marker=".", label=row["method"], **style)
    axes.set_xticks(range(len(names)), names, fontsize=7)
    axes.set_xlabel("workers, bad ones among them", fontsize=8)
    axes.grid(alpha=0.3)


def _draw_speed(axes: Any, cases: Any, what: str, title: str) -> None:
    methods = dict.fromkeys(row["method"] for case in cases for row in case["methods"])
    for name in methods:
        values = [
            _value(next((row for row in case["methods"] if row["method"] == name), None), what)
            for case in cases
        ]
        anchor = name not in ("robust", "weighted", "plurality", "staple")
        style = _style(name, anchor=anchor)
        axes.plot(range(len(cases)), values, marker=".", label=name, **style)
    ticks = [case["case"].replace(", ", "\n") for case in cases]
    axes.set_xticks(range(len(cases)), ticks, fontsize=6)
    axes.set_yscale("symlog", linthresh=1)
    axes.set_title(title, fontsize=9)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=6, ncols=2)


def _value(row: Mapping[str, Any] | None, what: str) -> float:
    if row is None or not row["runs"]:
        return float("nan")
    return float(row["peak_mib"] if what == "peak_mib" else row["cpu_ms"]["median"])


def _style(name: str, *, anchor: bool) -> dict[str, Any]:
    if name == "robust":
        return {"color": OURS_COLOUR, "linewidth": 2.2, "zorder": 5}
    return {"linewidth": 1, "linestyle": "-" if anchor else "--"}
