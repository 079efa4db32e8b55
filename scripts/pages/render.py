"""`fewclick render`: a job's worker task template, written for a label set."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console

from hooks.core.errors import ContractError
from scripts.pages.page_minifier import MAX_PUBLIC_PAGE_BYTES
from scripts.pages.page_settings import PageOptions, page_settings
from scripts.pages.render_template import MAX_PAGE_CHARACTERS, render


def run_render(options: PageOptions, out: Path | None, *, minify: bool) -> int:
    """Write the page to a file or to standard output; the exit code."""
    try:
        page = render(page_settings(options), minified=minify)
    except ContractError as error:
        raise typer.BadParameter(str(error)) from error
    if out is None:
        typer.echo(page, nl=False)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page, encoding="utf-8")
    size = f"{len(page):,} of {MAX_PAGE_CHARACTERS:,} characters"
    if minify:
        size = f"{len(page.encode()):,} of {MAX_PUBLIC_PAGE_BYTES:,} bytes"
    Console(stderr=True).print(f"{out or 'The page'}: {size}", soft_wrap=True, highlight=False)
    return 0
