"""A labeling job's results as a table: for people, and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from scripts.results.job_results import PhotoResult, mean


def row_of(result: PhotoResult) -> dict[str, Any]:
    """One photo of the table, for programs."""
    return {
        "photo": result.name,
        "clicks": result.clicks,
        "iou": result.iou,
        "agreement": result.agreement,
        "confidence": result.confidence,
        "status": result.status,
        "reason": result.reason,
    }


def table_of(results: Sequence[PhotoResult]) -> Table:
    """The table for people, with the means in its last line."""
    table = Table(show_footer=True, header_style="bold", footer_style="bold")
    ious = mean(result.iou for result in results)
    agreement = mean(result.agreement for result in results)
    confidence = mean(result.confidence for result in results)
    table.add_column("photo", "all")
    table.add_column("clicks", str(sum(result.clicks for result in results)), justify="right")
    table.add_column("IoU", percent(ious), justify="right")
    table.add_column("agreement", percent(agreement), justify="right")
    table.add_column("confidence", f"{confidence or 0:.2f}", justify="right")
    table.add_column("status")
    for result in results:
        table.add_row(
            result.name,
            str(result.clicks),
            percent(result.iou),
            percent(result.agreement),
            f"{result.confidence:.2f}",
            result.status,
        )
    return table


def percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"
