"""The tables that `fewclick evaluate-consensus` prints, from the JSON that it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

SHOWN = {"iou": "mean IoU", "boundary_f": "boundary F"}


def scores_table(part: Mapping[str, Any], field: str) -> Table:
    """One row per method, one column per configuration, and the mean over those of 3 and more.

    Args:
        part: one set's figures.
        field: `iou` or `boundary_f`.
    """
    table = _titled(f"{part['name']}: {SHOWN[field]} by workers, and bad ones among them")
    table.padding = (0, 1, 0, 0)
    table.add_column("", no_wrap=True)
    for pair in part["configurations"]:
        table.add_column(configuration_name(pair), justify="right", no_wrap=True)
    table.add_column("3 and more", justify="right", no_wrap=True)
    rows = part["methods"]
    columns = [[*row[field], row[f"{field}_several"]] for row in rows]
    best = [_largest(values) for values in zip(*columns, strict=True)]
    for row, values in zip(rows, columns, strict=True):
        cells = [
            _score(value, bold=value is not None and value == most)
            for value, most in zip(values, best, strict=True)
        ]
        table.add_row(row["method"], *cells, style=None if row["anchor"] else "cyan")
    return table


def comparison_table(part: Mapping[str, Any]) -> Table:
    """`robust` minus the best anchor, with its standard error, by configuration."""
    table = _titled(
        f"{part['name']}: robust minus the best anchor, mean IoU paired by trial, standard error "
        "by scene"
    )
    for name in ("workers, bad", "best anchor"):
        table.add_column(name, no_wrap=True)
    for name in ("anchor", "robust", "difference", "± s.e.", "median", "better", "worse"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in part["comparisons"]:
        pairs = row["configurations"]
        error = row["standard_error"]
        table.add_row(
            configuration_name(pairs[0]) if len(pairs) == 1 else "3 and more",
            row["anchor"],
            _score(row["anchor_iou"], 4),
            _score(row["robust_iou"], 4),
            f"{row['difference']:+.4f}",
            "" if error is None else f"{error:.4f}",
            f"{row['median']:+.4f}",
            f"{row['wins']:.0%}",
            f"{row['losses']:.0%}",
            style=None if row["difference"] >= 0 else "red",
        )
    return table


def ranking_table(found: Mapping[str, Any]) -> Table:
    """How well confidence ranks results and weights tell honest workers from bad ones."""
    table = _titled("what robust says of its results")
    table.add_column("", no_wrap=True)
    table.add_column("confidence with true IoU, Spearman", justify="right")
    table.add_column("weight tells honest from bad, AUC, 3 workers and more", justify="right")
    for part in [*found["sets"], *([found["simulated"]] if found["simulated"] else [])]:
        table.add_row(part["name"], _score(part["confidence_spearman"]), _score(part["weight_auc"]))
    return table


def speed_table(cases: Sequence[Mapping[str, Any]], what: str) -> Table:
    """One row per method, one column per case.

    Args:
        what: `cpu_ms` for CPU time, best and median, or `peak_mib` for memory.
    """
    title = "CPU ms, best · median" if what == "cpu_ms" else "peak extra memory, MiB"
    table = _titled(f"{title}; each run in a fresh process")
    table.add_column("", no_wrap=True)
    methods: dict[str, None] = {}
    for case in cases:
        table.add_column(case["case"], justify="right")
        methods |= dict.fromkeys(row["method"] for row in case["methods"])
    for name in methods:
        rows = [
            next((row for row in case["methods"] if row["method"] == name), None) for case in cases
        ]
        table.add_row(name, *(_speed(row, what) for row in rows))
    return table


def configuration_name(pair: Sequence[int]) -> str:
    """`5,2`: five workers, two of them bad."""
    return f"{pair[0]},{pair[1]}"


def _titled(title: str) -> Table:
    """A table that is at least as wide as its title, which is not broken then."""
    return Table(title=title, title_justify="left", box=SIMPLE_HEAD, min_width=len(title))


def _largest(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _score(value: float | None, digits: int = 3, *, bold: bool = False) -> str:
    if value is None:
        return ""
    text = f"{value:.{digits}f}".replace("0.", ".", 1)
    return f"[bold]{text}[/]" if bold else text


def _speed(row: Mapping[str, Any] | None, what: str) -> str:
    if row is None:
        return ""
    if not row["runs"]:
        return str(row["stopped"])
    if what == "peak_mib":
        return f"{row['peak_mib']:.0f}"
    return f"{row['cpu_ms']['best']:.0f} · {row['cpu_ms']['median']:.0f}"
