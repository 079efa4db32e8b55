"""`fewclick preview`: a worker page on one photo, with the click model and no job."""

from __future__ import annotations

import json
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from hooks.core.errors import ContractError
from scripts.local_ground_truth.http_server import LocalServer
from scripts.local_ground_truth.local import LocalGroundTruth
from scripts.pages.page_settings import PageOptions, page_settings
from scripts.pages.preview_server import PreviewServer
from scripts.pages.preview_task import PreviewFiles, make_task
from scripts.serve import stopped_by_signals


@dataclass(frozen=True, slots=True)
class PreviewOptions:
    """What the command line asked for; see `fewclick preview --help`."""

    page: PageOptions
    photo: Path
    mask: Path | None = None
    boxes: Path | None = None
    model_dir: Path | None = None


def run_preview(options: PreviewOptions) -> int:
    """Serve the page until Ctrl-C or SIGTERM; the exit code."""
    _check(options)
    console = Console(stderr=True)
    files = PreviewFiles(options.page, options.photo, options.mask, options.boxes)
    writing = threading.Lock()

    def print_answer(answer: dict[str, Any]) -> None:
        with writing:
            typer.echo(json.dumps(answer, ensure_ascii=False))

    with stopped_by_signals() as stopped, tempfile.TemporaryDirectory() as folder:
        console.print("Starting …")
        with LocalGroundTruth(Path(folder), model_dir=options.model_dir) as local:
            server = LocalServer()
            application = PreviewServer(
                files.fingerprint,
                lambda: make_task(files, local),
                print_answer,
                local.grant_read_access,
                links_url=local.links_url,
                click_api_url=local.click_api_url,
            )
            server.start(application)
            console.print(f"\n  Look here: [bold underline]{server.url}[/]\n")
            console.print("It loads anew when a file changes. Ctrl-C stops.")
            stopped.wait()
            application.close()
            server.stop()
    return 0


def _check(options: PreviewOptions) -> None:
    """Say at once what no change of a file will mend."""
    for file in (options.photo, options.mask, options.boxes, options.page.instructions):
        if file is not None and not file.is_file():
            raise typer.BadParameter(f"there is no file {file}.")
    if options.mask is not None and options.boxes is not None:
        raise typer.BadParameter("--mask and --boxes are two kinds of earlier label: give one.")
    try:
        page_settings(options.page)
    except ContractError as error:
        raise typer.BadParameter(str(error)) from error
