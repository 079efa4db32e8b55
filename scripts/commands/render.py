"""`fewclick render`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hooks.core.job_settings import JobKind
from scripts.commands import page_options


def render(
    labels: page_options.Labels = None,
    kind: page_options.Kind = JobKind.SEGMENTATION,
    short_instructions: page_options.ShortInstructions = None,
    instructions: page_options.Instructions = None,
    language: page_options.Language = "en",
    settings: page_options.Settings = None,
    out: Annotated[Path | None, typer.Option(help="File. [default: standard output]")] = None,
    minify: Annotated[
        bool, typer.Option("--minify", help="As small as can be, for the public workforce.")
    ] = False,
) -> None:
    """Write the worker page of a label set: the template that Ground Truth fills for each task."""
    from scripts.pages.page_settings import PageOptions
    from scripts.pages.render import run_render

    options = PageOptions(labels, kind, short_instructions, instructions, language, settings)
    raise typer.Exit(run_render(options, out, minify=minify))
