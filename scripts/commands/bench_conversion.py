"""`fewclick bench-conversion`: its options."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class BenchFormat(StrEnum):
    """Answer formats that are measured: the smallest and the largest."""

    FEWCLICK = "fewclick"
    JUMPSTART_INSTANCES = "jumpstart-instances"


def bench_conversion(
    answers: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Answers. Repeatable. [default: 500 and 5000]"),
    ] = None,
    answer_format: Annotated[
        BenchFormat, typer.Option("--format", help="Of the answers.")
    ] = BenchFormat.FEWCLICK,
    seed: Annotated[int, typer.Option(min=0, help="Of the photos.")] = 20261125,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the table as JSON on standard output.")
    ] = False,
) -> None:
    """Measure how fast models' answers become labels, and in how much memory."""
    from scripts.auto_labeling.answers.format_name import FormatName
    from scripts.auto_labeling.bench_conversion import run_bench

    counts = answers or [500, 5000]
    raise typer.Exit(run_bench(counts, FormatName(answer_format.value), seed, as_json=as_json))
