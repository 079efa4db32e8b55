"""`fewclick bench-endpoint`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def bench_endpoint(
    workers: Annotated[
        list[int] | None,
        typer.Option(min=1, max=256, help="Workers at a time. Repeatable. [default: 1, 4, 16]"),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=1, help="How long each number of workers clicks.")
    ] = 20.0,
    megapixels: Annotated[
        float | None, typer.Option(min=0.01, max=100, help="Enlarge the photos to this size.")
    ] = None,
    model_dir: Annotated[
        Path | None, typer.Option(help="A model directory, in place of the shipped weights.")
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Where bench.json, bench.png and the local stack go.")
    ] = Path("out/bench"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of the workers' pauses.")] = 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as JSON on standard output.")
    ] = False,
) -> None:
    """Load the click API and the endpoint with simulated workers, and show where time goes.

    Every number of workers clicks at a human pace and then flat out, against the local stack:
    the click proxy's function, the endpoint, S3. Prints p50, p90 and p99 by stage.
    """
    from scripts.click_model.bench_endpoint import BenchOptions, run_bench

    raise typer.Exit(
        run_bench(
            BenchOptions(
                workers=tuple(workers or (1, 4, 16)),
                seconds=seconds,
                megapixels=megapixels,
                model_dir=model_dir,
                out=out,
                seed=seed,
                as_json=as_json,
            )
        )
    )
