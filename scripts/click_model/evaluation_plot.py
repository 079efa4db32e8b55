"""The plot of an evaluation: one row per data set, one column per measure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

TITLES = {"miou": "mIoU, %", "error": "error, %", "boundary_iou": "boundary IoU, %"}
WIDTH, HEIGHT = 4.6, 3.4
DASHES = {"": ":", "region": "--", "boundary": "-"}


def plot_evaluation(found: Mapping[str, Any], path: Path) -> None:
    """Draw the curves of `evaluation.json`. Raises ImportError where matplotlib is missing."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    sets = found["data"]
    figure = Figure(figsize=(WIDTH * len(TITLES), HEIGHT * len(sets) + 0.4), layout="constrained")
    FigureCanvasAgg(figure)  # draws without a screen
    grid = figure.subplots(len(sets), len(TITLES), squeeze=False)
    for axes_row, part in zip(grid, sets, strict=True):
        for axes, (field, title) in zip(axes_row, TITLES.items(), strict=True):
            for row in part["rows"]:
                label = row["method"] + (f" ({row['policy']})" if row["policy"] else "")
                axes.plot(row[field], DASHES[row["policy"]], marker=".", label=label)
            if field == "miou":
                published = found["published_miou"]
                axes.plot(published, color="0.6", lw=1, label="published tool, other photos")
            axes.set_title(f"{part['name']}: {title}", fontsize=9)
            axes.set_xlabel("corrective clicks", fontsize=8)
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.grid(alpha=0.3)
    grid[0][0].legend(fontsize=7)
    figure.suptitle(f"{found['model']}, jitter {found['jitter']:g} px", fontsize=10)
    figure.savefig(path, dpi=110)
