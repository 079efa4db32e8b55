"""`fewclick export`: from labeling jobs' output manifests to a training set."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hooks.core.photo import open_photo
from scripts.object_store import open_store
from scripts.training_sets.contact_sheet import Tile, draw_sheet, labeled_tile, shrunk
from scripts.training_sets.export_plan import (
    PIECE_LINES,
    ExportPlan,
    ExportRequest,
    PlannedImage,
    read_piece,
)
from scripts.training_sets.export_planner import make_plan
from scripts.training_sets.export_processing import ProcessingOptions, run_processing
from scripts.training_sets.export_run import DonePieces, Workshop, run_pieces
from scripts.training_sets.export_summary import ExportSummary
from scripts.training_sets.export_target import Target, open_target
from scripts.training_sets.export_workshop import missing_pieces, open_workshop
from scripts.training_sets.labeled_pixels import read_pixels

SHEET_FILE = "contact-sheet.png"
SHEET_TILES = 40


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What the command line asked for; see `fewclick export --help`."""

    request: ExportRequest
    out: str
    s3_folder: Path | None = None
    processing: ProcessingOptions | None = None
    as_json: bool = False


def run_export(options: ExportOptions) -> int:
    """Export, or go on with an export that was interrupted; the exit code."""
    console = Console(stderr=True)
    store = open_store(options.s3_folder)
    target = open_target(options.out, store)
    with console.status("Reading the manifests"):
        plan = make_plan(options.request, store, target)
    workshop = open_workshop(plan, store.read, target)
    missing = missing_pieces(plan, target)
    if len(missing) < plan.pieces:
        console.print(f"{plan.pieces - len(missing)} of {plan.pieces} pieces are there already.")
    if options.processing is not None and missing:
        run_processing(options.processing, plan, target, console)
    else:
        columns = (
            TextColumn("exporting"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("images", total=plan.lines)
            progress.advance(bar, plan.lines - _lines_of(missing, plan))
            run_pieces(missing, target, workshop, lambda: progress.advance(bar))
    with console.status("Writing the summary"):
        summary = finish_export(plan, workshop)
    if options.as_json:
        typer.echo(json.dumps(summary.to_json(), ensure_ascii=False, indent=1))
    else:
        typer.echo(summary.to_text(), nl=False)
    console.print(f"Training set   {target.address}", soft_wrap=True)
    console.print(f"Contact sheet  {target.address}/{SHEET_FILE}", soft_wrap=True)
    return summary.exit_code


def finish_export(plan: ExportPlan, workshop: Workshop) -> ExportSummary:
    """Write what is about the whole set, the summary last: a set with one is whole."""
    done = DonePieces(workshop.target, plan.pieces)
    summary = ExportSummary.of(plan, done.results())
    if summary.exported:
        workshop.exporter.finish(done.records, workshop.target)
        write_sheet(plan, workshop)
    summary.write(workshop.target)
    return summary


def write_sheet(plan: ExportPlan, workshop: Workshop) -> None:
    """A picture of some of the set's images, spread over all of it, with the set's own labels."""
    tiles: list[Tile] = []
    step = max(plan.lines // SHEET_TILES, 1)
    for planned in _exported(plan, workshop.target):
        if planned.index >= len(tiles) * step and len(tiles) < SHEET_TILES:
            pixels = read_pixels(planned, workshop.fetch, jpeg=False, instances=False)
            photo = open_photo(pixels.photo, planned.source_ref)
            caption = f"{planned.name} · {planned.side}"
            tile = labeled_tile(photo, pixels.label_map, plan.categories, caption)
            tiles.append(shrunk(tile))
    title = f"{len(tiles)} of {plan.lines} images, {plan.request['format']}"
    workshop.target.write(SHEET_FILE, draw_sheet(tiles, plan.categories, title), "image/png")


def _exported(plan: ExportPlan, target: Target) -> Iterator[PlannedImage]:
    """The images that were exported, in the order of the plan."""
    entries = (entry for number in range(plan.pieces) for entry in read_piece(target, number))
    results = DonePieces(target, plan.pieces).results()
    for entry, result in zip(entries, results, strict=True):
        if isinstance(entry, PlannedImage) and "record" in result:
            yield entry


def _lines_of(pieces: list[int], plan: ExportPlan) -> int:
    last = plan.lines - (plan.pieces - 1) * PIECE_LINES
    return sum(last if number == plan.pieces - 1 else PIECE_LINES for number in pieces)
