"""The plot of a load test: medians by stage as stacked bars, the slow calls as marks above."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

KINDS = ("prewarm", "first mask", "click")
WIDTH, HEIGHT = 4.8, 3.8


def plot_bench(found: Mapping[str, Any], path: Path) -> None:
    """Draw the levels of `bench.json`. Raises ImportError where matplotlib is missing."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH * len(KINDS), HEIGHT + 0.4), layout="constrained")
    FigureCanvasAgg(figure)  # draws without a screen
    for axes, kind in zip(figure.subplots(1, len(KINDS)), KINDS, strict=True):
        shown = [
            (f"{level['workers']}\n{level['pace']}", part["ms"])
            for level in found["levels"]
            for part in level["kinds"]
            if part["kind"] == kind and part["answered"]
        ]
        places = range(len(shown))
        below = [0.0] * len(shown)
        for stage in found["stages"]:
            heights = [figures[stage][0] for _, figures in shown]
            axes.bar(places, heights, bottom=below, label=stage, width=0.6)
            below = [low + height for low, height in zip(below, heights, strict=True)]
        for rank, mark, label in ((1, "_", "p90 of the whole"), (2, "x", "p99")):
            values = [figures["total"][rank] for _, figures in shown]
            axes.scatter(places, values, marker=mark, color="black", label=label, zorder=3)
        axes.set_xticks(list(places), [name for name, _ in shown], fontsize=7)
        axes.set_title(f"{kind}: median by stage, ms", fontsize=9)
        axes.grid(axis="y", alpha=0.3)
    figure.axes[0].legend(fontsize=7)
    figure.suptitle(f"{found['model']}, {found['processors']} processors", fontsize=10)
    figure.savefig(path, dpi=110)
