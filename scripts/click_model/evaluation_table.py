"""The tables that `fewclick evaluate-clicks` prints, from the JSON that it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

CURVES = (("miou", "mIoU"), ("error", "error"), ("boundary_iou", "boundary IoU"))


def curve_table(part: Mapping[str, Any], published_miou: Sequence[float]) -> Table:
    """mIoU, error and boundary IoU after every number of clicks, in percent."""
    table = Table(
        title="after so many corrective clicks, %",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("", no_wrap=True)
    clicks = len(part["rows"][-1]["miou"])
    for count in range(clicks):
        table.add_column(str(count), justify="right", no_wrap=True)
    for field, title in CURVES:
        table.add_row(title, style="bold")
        for row in part["rows"]:
            values = row[field] if row["policy"] else row[field][:1]
            policy = f" ({row['policy']})" if row["policy"] else ""
            table.add_row(f"  {row['method']}{policy}", *(f"{value:.1f}" for value in values))
        if field == "miou":
            shown = [f"{value:.1f}" for value in published_miou[:clicks]]
            table.add_row("  published, other photos", *shown, style="dim")
    return table


def figures_table(part: Mapping[str, Any]) -> Table:
    """Everything that is one number: mean clicks to an IoU, shares in percent, milliseconds."""
    table = Table(title="clicks, shares in %, milliseconds", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("")
    rows = part["rows"]
    for row in rows:
        table.add_column(row["method"], justify="right")
    for name in rows[-1]["noc"]:
        title = f"mean clicks to {name[3:5]} % ({name[6:]} at most)"
        table.add_row(title, *(_number(row.get("noc", {}).get(name)) for row in rows))
    for field, title in (
        ("error_removed", "of the first error, removed by 5 clicks"),
        ("spoiled", "clicks that cost more than 2 points"),
        ("honoured", "honoured clicks: at the pixel"),
        ("heeded", "honoured clicks: at the pixel, by the network alone"),
        ("honoured_on_region", "honoured clicks: half of their wrong region put right"),
        ("region_put_right", "of a click's wrong region, put right"),
    ):
        table.add_row(title, *(_number(row.get(field)) for row in rows))
    for field, title in (("first_ms", "first mask, ms p50 / p90"), ("click_ms", "click, ms")):
        table.add_row(title, *(_pair(row.get(field)) for row in rows))
    return table


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _pair(values: Sequence[float] | None) -> str:
    return "" if values is None else " / ".join(f"{value:.0f}" for value in values)
