"""The summary as tables, for the terminal and for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.active_learning_simulation.results import Results
from scripts.active_learning_simulation.summary import SAVING
from scripts.loop_report.loop_report import ReportTable


def summary_tables(found: Mapping[str, Any]) -> list[ReportTable]:
    """Of one kind's part of the summary."""
    tables = [_runs_table(found["runs"])]
    if found["savings_compared"]:
        tables.append(_savings_table(found["savings_compared"]))
    if found["curves"]:
        tables.append(_curves_table(found["curves"]))
    if found["curves_compared"]:
        tables.append(_curves_compared_table(found["curves_compared"]))
    return tables


def seeds_table(results: Results, kind: str) -> ReportTable:
    """Every run by itself."""
    rows = [
        (
            str(trial.seed),
            trial.acquisition,
            f"{trial.target:g}",
            str(run["human"]),
            str(run["machine"]),
            _iou(run["machine_iou"]),
            {True: "yes", False: "no", None: "–"}[run["meets"]],
            str(len(run["rounds"])),
            run["cost"],
            f"{100 * run['saved']:.1f}",
        )
        for trial, run in sorted(results.items(), key=lambda pair: _order(pair[0]))
        if trial.kind == kind and trial.target is not None
    ]
    return ReportTable(
        "Every run",
        (
            *("seed", "choice", "target", "people", "machine", "machine mIoU", "met", "rounds"),
            *("cost $", "saved %"),
        ),
        tuple(rows),
    )


def table_text(table: ReportTable) -> str:
    """The table for a terminal: the first two columns to the left, figures to the right."""
    cells = [table.head, *table.rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(table.head))]
    lines = [table.title, ""]
    for row in cells:
        parts = [
            cell.ljust(width) if column < 1 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines) + "\n"


def _runs_table(rows: Sequence[Mapping[str, Any]]) -> ReportTable:
    return ReportTable(
        "Replays; intervals are exact ones of 95 %. A run without machine labels has saved nothing",
        (
            *("choice", "target", "runs", "machine", "machine mIoU", "lowest", "met the target"),
            *("saved %", f"saved {100 * SAVING:.0f} %"),
        ),
        tuple(
            (
                row["acquisition"],
                f"{row['target']:g}",
                str(row["runs"]),
                f"{row['machine']:.0f}",
                _iou(row["machine_iou"]),
                _iou(row["lowest_machine_iou"]),
                _share(row["met"]),
                f"{100 * row['saved']:.1f} ± {100 * row['saved_spread']:.1f}",
                _share(row["saved_enough"]),
            )
            for row in rows
        ),
    )


def _savings_table(rows: Sequence[Mapping[str, Any]]) -> ReportTable:
    return ReportTable(
        "Saved above a random choice, in points of the all-human cost, over the same seeds",
        ("choice", "target", "difference", "s.e.", "95 % interval", "wins : losses"),
        tuple(
            (row["acquisition"], f"{row['target']:g}", *_difference(row["saved"])) for row in rows
        ),
    )


def _curves_table(rows: Sequence[Mapping[str, Any]]) -> ReportTable:
    counts = [point["human"] for point in rows[0]["points"]]
    return ReportTable(
        "mIoU of the model on the validation set's references, by human labels it was trained on",
        ("choice", "runs", *(str(count) for count in counts)),
        tuple(
            (row["acquisition"], str(row["runs"]), *(_iou(point["iou"]) for point in row["points"]))
            for row in rows
        ),
    )


def _curves_compared_table(rows: Sequence[Mapping[str, Any]]) -> ReportTable:
    return ReportTable(
        "mIoU above that of a random choice of as many, in points, over the same seeds",
        ("choice", "labels", "difference", "s.e.", "95 % interval", "wins : losses"),
        tuple((row["acquisition"], str(row["human"]), *_difference(row["iou"])) for row in rows),
    )


def _difference(found: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return (
        f"{100 * found['difference']:+.2f}",
        f"{100 * found['error']:.2f}",
        f"{100 * found['low']:+.2f} to {100 * found['high']:+.2f}",
        f"{found['wins']} : {found['losses']}",
    )


def _share(found: Mapping[str, Any]) -> str:
    return (
        f"{found['held']} of {found['runs']} ({100 * found['low']:.0f}–{100 * found['high']:.0f} %)"
    )


def _iou(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _order(trial: Any) -> tuple[float, str, int]:
    return (trial.target or 0.0, trial.acquisition, trial.seed)
