"""The plot of a training run's log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any


def plot_training(lines: Sequence[Mapping[str, Any]], label: str, path: Path) -> None:
    """Draw loss and IoU over the steps. Raises ImportError where matplotlib is missing."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)  # draws without a screen
    losses, ious = figure.subplots(1, 2)
    steps = [line["step"] for line in lines]
    losses.plot(steps, [line["loss"] for line in lines], marker=".")
    losses.set_title("loss", fontsize=9)
    for field, title in (("iou_first", "first mask"), ("iou_click", "after clicks")):
        ious.plot(steps, [100 * line[field] for line in lines], marker=".", label=title)
    ious.set_title("IoU on training samples, %", fontsize=9)
    ious.legend(fontsize=8)
    for before, line in pairwise(lines):
        if before["size"] != line["size"]:
            for axes in (losses, ious):
                axes.axvline(before["step"], color="0.7", lw=1)
            losses.text(before["step"], losses.get_ylim()[1], f" {line['size']} px", va="top")
    for axes in (losses, ious):
        axes.set_xlabel("step", fontsize=8)
        axes.grid(alpha=0.3)
    figure.suptitle(label, fontsize=10)
    figure.savefig(path, dpi=110)
