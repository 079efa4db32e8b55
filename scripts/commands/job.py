"""`fewclick job`: its verbs' options; those of `create` are in `job_create`."""

from __future__ import annotations

from typing import Annotated

import typer

from scripts.commands import job_create

app = typer.Typer(help="Create labeling jobs, watch them, and get what came out.",
                  no_args_is_help=True)  # fmt: skip
app.command("create")(job_create.create)

Name = Annotated[str, typer.Argument(help="The labeling job's name.")]
