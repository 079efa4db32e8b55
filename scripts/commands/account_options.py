"""Options that every verb which talks to AWS has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Local = Annotated[
    Path | None,
    typer.Option(
        "--local", help="Folder of a local Ground Truth that runs (`fewclick serve`), not AWS."
    ),
]
Region = Annotated[str | None, typer.Option(help="AWS region. [default: the profile's]")]
Profile = Annotated[str | None, typer.Option(help="AWS profile of the configuration files.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
