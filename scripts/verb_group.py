"""The root of the command line: errors become one sentence and an exit code, in one place."""

from __future__ import annotations

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from scripts.refusal import RefusedError


class VerbGroup(TyperGroup):
    """Refused: exit code 2. AWS's own errors: 2 if the caller is not known to AWS, else 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except RefusedError as error:
            typer.echo(f"fewclick: {error}", err=True)
            raise typer.Exit(2) from error
        except Exception as error:
            # botocore takes a while to import: an error of it can only come once it is there.
            if "botocore.exceptions" not in sys.modules:
                raise
            from botocore.exceptions import BotoCoreError, ClientError

            if not isinstance(error, BotoCoreError | ClientError):
                raise
            from scripts.account.aws_errors import explain, is_about_credentials

            typer.echo(f"fewclick: {explain(error)}", err=True)
            raise typer.Exit(2 if is_about_credentials(error) else 1) from error
