"""`fewclick serve`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def serve(
    root: Annotated[
        Path, typer.Option(help="The folder of its jobs, S3 as files, state and logs.")
    ] = Path("out/local"),
    host: Annotated[
        str,
        typer.Option(
            help="An address of this machine in the local network, for workers on other machines. "
            "Nothing is encrypted: use it in networks that you trust."
        ),
    ] = "127.0.0.1",
    model_dir: Annotated[
        Path | None, typer.Option(help="A model directory, in place of the shipped weights.")
    ] = None,
) -> None:
    """Run the local Ground Truth with its worker portal until Ctrl-C.

    Jobs come from other commands, which find it by its folder. Started again in the same folder,
    it goes on with every job.
    """
    from scripts.serve import run_serve

    raise typer.Exit(run_serve(root, host=host, model_dir=model_dir))
