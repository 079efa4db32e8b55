"""`fewclick bench-runtimes`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def bench_runtimes(
    threads: Annotated[
        list[int] | None, typer.Option(min=1, help="Threads. Repeatable. [default: 1, 2]")
    ] = None,
    repeats: Annotated[int, typer.Option(min=3, help="Runs of each graph.")] = 30,
    model_dir: Annotated[
        Path | None, typer.Option(help="A model directory, in place of the shipped weights.")
    ] = None,
    without_compile: Annotated[
        bool,
        typer.Option("--without-compile", help="Leave torch.compile out, a slow starter."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as JSON on standard output.")
    ] = False,
) -> None:
    """Compare what can run the click model on a CPU: torch, torch.compile, ONNX Runtime, int8.

    Prints the milliseconds of encoder and decoder, and the IoU of the masks with those of 32-bit
    floats on the demo's photos.
    """
    from scripts.click_model.bench_runtimes import RuntimeOptions, run_bench_runtimes

    raise typer.Exit(
        run_bench_runtimes(
            RuntimeOptions(
                threads=tuple(threads or (1, 2)),
                repeats=repeats,
                model_dir=model_dir,
                compile=not without_compile,
                as_json=as_json,
            )
        )
    )
