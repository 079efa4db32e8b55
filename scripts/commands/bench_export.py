"""`fewclick bench-export`: its options."""

from __future__ import annotations

from typing import Annotated

import typer


def bench_export(
    lines: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Manifest lines. Repeatable. [default: 500 and 5000]"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the photos.")] = 20261125,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the table as JSON on standard output.")
    ] = False,
) -> None:
    """Measure an export's rate and memory beside a loop that only copies the same bytes."""
    from scripts.training_sets.bench_export import run_bench

    raise typer.Exit(run_bench(lines or [500, 5000], seed, as_json=as_json))
