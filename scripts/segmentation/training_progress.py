"""The course of a segmentation training: mIoU and pixel accuracy, epoch by epoch, and its plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def plot_epochs(lines: Sequence[Mapping[str, Any]], title: str, path: Path) -> None:
    """Draw loss, mIoU and pixel accuracy over the epochs.

    Args:
        lines: each with `epoch`, and `loss`, `mean_iou`, `pixel_accuracy` where they are known.

    Raises:
        ImportError: matplotlib is missing.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)  # draws without a screen
    losses, scores = figure.subplots(1, 2)
    _line(losses, lines, "loss", "loss in training")
    _line(scores, lines, "mean_iou", "mIoU", 100)
    _line(scores, lines, "pixel_accuracy", "pixel accuracy", 100)
    losses.set_title("loss", fontsize=9)
    scores.set_title("images kept aside, %", fontsize=9)
    if scores.lines:
        scores.legend(fontsize=8)
    for axes in (losses, scores):
        axes.set_xlabel("epoch", fontsize=8)
        axes.grid(alpha=0.3)
    figure.suptitle(title, fontsize=10)
    figure.savefig(path, dpi=110)


def _line(
    axes: Any, lines: Sequence[Mapping[str, Any]], field: str, label: str, scale: float = 1
) -> None:
    known = [(line["epoch"], scale * line[field]) for line in lines if line.get(field) is not None]
    if known:
        axes.plot(*zip(*known, strict=True), marker=".", label=label)
