"""Options that several verbs have for the page of a job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hooks.core.job_settings import JobKind

Labels = Annotated[str | None, typer.Option(help="Label categories, with commas: cat,dog.")]
Kind = Annotated[JobKind, typer.Option(help="What workers do.")]
ShortInstructions = Annotated[str | None, typer.Option(help="Beside the photo.")]
Instructions = Annotated[
    Path | None, typer.Option(help="File of the full instructions, plain text.")
]
Language = Annotated[str, typer.Option(help="Of the page.")]
Settings = Annotated[
    Path | None,
    typer.Option(help="A job's settings.json, with examples and all, in place of the above."),
]
