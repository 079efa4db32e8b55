"""The report of an active-learning run: four pictures, and one page that holds them all."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from hooks.core.active_learning.loop_cost import LoopCost
from hooks.core.active_learning.round import RoundOutcome
from hooks.core.categories import LabelCategories
from scripts.loop_report.label_gallery import MachineLabel, draw_gallery
from scripts.loop_report.loop_plot import plot_cost, plot_ious, plot_labels

REPORT_FILE = "report.html"
LABELS_FILE = "labels_by_iteration.png"
IOU_FILE = "iou_by_iteration.png"
COST_FILE = "cost_by_iteration.png"
GALLERY_FILE = "machine_labels.png"
STYLE = Path(__file__).parents[1] / "results"
"""Where the style that all reports share lies."""


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table of the page; every cell is a text, and the first column names the row."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def write_loop_report(
    out: Path,
    *,
    title: str,
    facts: Mapping[str, str],
    cost: LoopCost,
    outcomes: Sequence[RoundOutcome],
    model_ious: Sequence[float | None],
    target: float,
    labels: LabelCategories,
    best: Sequence[MachineLabel],
    worst: Sequence[MachineLabel],
    tables: Sequence[ReportTable] = (),
) -> Path:
    """Write the pictures and the page to a folder; the page's path.

    Args:
        facts: what the page's head says of the run, name to text.
        model_ious: the mean IoU of every round's model over all photos that it was judged by.
        best, worst: machine labels; by their IoU where it is known, else by confidence.
        tables: shown below the pictures.

    Raises:
        RefusedError: matplotlib is not installed.
    """
    out.mkdir(parents=True, exist_ok=True)
    plot_labels(cost, out / LABELS_FILE)
    plot_ious(outcomes, model_ious, target, out / IOU_FILE)
    plot_cost(cost, out / COST_FILE)
    known = any(label.iou is not None for label in (*best, *worst))
    kind = "highest and lowest IoU" if known else "most and least confident"
    high, low = ("Highest IoU", "Lowest IoU") if known else ("Most confident", "Least confident")
    draw_gallery(((high, best), (low, worst)), labels).save(out / GALLERY_FILE)
    pictures = [
        ("Photos per iteration, by people and by machine", out / LABELS_FILE),
        ("Mean IoU by iteration", out / IOU_FILE),
        ("Cost by iteration", out / COST_FILE),
        (f"Machine labels of {kind}", out / GALLERY_FILE),
    ]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader((Path(__file__).parent, STYLE)),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template("loop_report.html.j2").render(
        title=title,
        facts=facts,
        pictures=[(caption, _embedded(path)) for caption, path in pictures],
        tables=[cost_table(cost), threshold_table(outcomes), *tables],
    )
    path = out / REPORT_FILE
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return path


def cost_table(cost: LoopCost) -> ReportTable:
    """Labels and dollars by phase, and together."""
    rows = [
        (
            phase.phase,
            str(phase.human),
            str(phase.machine),
            f"{phase.human_cost:.2f}",
            f"{phase.machine_cost:.2f}",
            f"{phase.round_cost:.2f}",
            f"{phase.total:.2f}",
        )
        for phase in cost.phases
    ]
    together = (
        "together",
        str(cost.human),
        str(cost.machine),
        f"{sum(phase.human_cost for phase in cost.phases):.2f}",
        f"{sum(phase.machine_cost for phase in cost.phases):.2f}",
        f"{sum(phase.round_cost for phase in cost.phases):.2f}",
        f"{cost.total:.2f}",
    )
    return ReportTable(
        f"Cost in US dollars: {100 * cost.saved:.1f} % saved of {cost.all_human:.2f} for people "
        "alone",
        ("iteration", "people", "machine", "people $", "machine $", "training $", "together $"),
        (*rows, together),
    )


def threshold_table(outcomes: Sequence[RoundOutcome]) -> ReportTable:
    """What every round's labels were judged by."""
    rows = []
    for outcome in outcomes:
        for name, found in outcome.calibrations.items():
            rows.append(
                (
                    f"round-{outcome.round}" + (f", {name}" if name else ""),
                    _figure(found.threshold),
                    str(found.above),
                    str(found.machine),
                    _figure(found.mean_iou),
                    _figure(found.bound),
                    found.reason,
                )
            )
        if outcome.stop:
            rows.append((f"round-{outcome.round}", "", "", "", "", "", outcome.stop))
    return ReportTable(
        "Thresholds",
        ("iteration", "threshold", "judged", "machine", "mean IoU", "guaranteed", "reason"),
        tuple(rows),
    )


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _embedded(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
