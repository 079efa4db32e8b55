"""`fewclick demo`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    serve: Annotated[
        bool,
        typer.Option(
            "--serve", help="Open a portal where people label, instead of simulated workers."
        ),
    ] = False,
    host: Annotated[
        str,
        typer.Option(
            help="With --serve: an address of this machine in a network that you trust, for "
            "workers on other machines. Nothing is encrypted."
        ),
    ] = "127.0.0.1",
    images: Annotated[
        Path | None, typer.Option(help="Your own photos, in place of the demo's.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="Labels for your photos, with commas: cat,dog.")
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option(help="Reference masks for your photos: <photo>_<number>_<label>.png."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=9, help="Workers per photo. [default: 3, served: 1]")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the job, its S3 and the report live.")] = Path(
        "out/demo"
    ),
    seed: Annotated[int, typer.Option(help="Seed of the simulated workers.")] = 20261120,
    model_dir: Annotated[
        Path | None, typer.Option(help="A model directory, in place of the shipped weights.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the table as JSON on standard output.")
    ] = False,
) -> None:
    """Run a whole labeling job on this machine, with no AWS account.

    Three simulated workers label the demo photos through the handlers, the page and the
    endpoint that deploy to AWS; a table and an HTML report show what came out. Interrupted, the
    same command goes on where it stopped.
    """
    from scripts.demo import DemoOptions, run_demo

    raise typer.Exit(
        run_demo(
            DemoOptions(
                serve=serve,
                host=host,
                images=images,
                labels=labels,
                masks=masks,
                workers=workers,
                out=out,
                seed=seed,
                model_dir=model_dir,
                as_json=as_json,
            )
        )
    )
