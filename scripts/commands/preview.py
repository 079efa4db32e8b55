"""`fewclick preview`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hooks.core.job_settings import JobKind
from scripts.commands import page_options


def preview(
    photo: Annotated[Path, typer.Option(help="The photo to label.")],
    labels: page_options.Labels = None,
    kind: page_options.Kind = JobKind.SEGMENTATION,
    short_instructions: page_options.ShortInstructions = None,
    instructions: page_options.Instructions = None,
    language: page_options.Language = "en",
    settings: page_options.Settings = None,
    mask: Annotated[
        Path | None,
        typer.Option(
            help="The earlier label to judge or correct, as PNG: a pixel's value is its label's "
            "number, the first is 1. Black and white is the first label."
        ),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(
            help='The same as boxes: JSON [{"label": "cat", "left": 1, "top": 2, "width": 3, '
            '"height": 4}], in pixels.'
        ),
    ] = None,
    model_dir: Annotated[
        Path | None, typer.Option(help="A model directory, in place of the shipped weights.")
    ] = None,
) -> None:
    """Open a worker page on one photo, with the click model, before a job costs money.

    The page loads anew when templates, instructions, settings or photo change. What is submitted
    is printed, as JSON, on standard output.
    """
    from scripts.pages.page_settings import PageOptions
    from scripts.pages.preview import PreviewOptions, run_preview

    page = PageOptions(labels, kind, short_instructions, instructions, language, settings)
    raise typer.Exit(run_preview(PreviewOptions(page, photo, mask, boxes, model_dir)))
