"""`fewclick quality`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def quality(
    job: Annotated[
        str,
        typer.Argument(help="A labeling job's name, or s3://<bucket>/<output path>/<job name>."),
    ],
    s3_folder: Annotated[
        Path | None,
        typer.Option(help="Holds S3's objects as <bucket>/<key>, in place of AWS: out/demo/s3."),
    ] = None,
    adjudicated: Annotated[
        str | None,
        typer.Option(
            help="A job in which reviewers decided on photos of this one: their masks count as "
            "the truth, and what they say of the workers is kept for later jobs."
        ),
    ] = None,
    below: Annotated[
        float,
        typer.Option(min=0, max=1, help="Photos of a lower confidence need another look too."),
    ] = 0.5,
    out: Annotated[Path, typer.Option(help="Where report and follow-up manifest go.")] = Path(
        "out/quality"
    ),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON on standard output.")
    ] = False,
) -> None:
    """Rank a job's workers, show where they disagree, and list what needs another look.

    Prints workers with their evidence and the confidence by label; writes an HTML report that shows
    who said what on the photos in doubt, and the manifest of a job in which a reviewer decides on
    just those.
    """
    from scripts.results.quality import QualityOptions, run_quality

    raise typer.Exit(run_quality(QualityOptions(job, s3_folder, adjudicated, below, out, as_json)))
