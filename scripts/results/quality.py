"""`fewclick quality`: a labeling job's workers and labels, and what needs another look."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hooks.core.photo import open_photo
from hooks.core.worker_record import WorkerRecord
from scripts.pseudonyms import load_pseudonyms
from scripts.results.job_output import JobOutput, open_job_output
from scripts.results.job_quality import (
    ClassQuality,
    JobQuality,
    follow_up_manifest,
    job_quality,
    keep_adjudicated,
)
from scripts.results.job_table import percent
from scripts.results.report import legend_of, pictures_of, write_page

MOST_PICTURED = 100
"""Photos with overlays in one report; the manifest and the JSON hold all."""


@dataclass(frozen=True, slots=True)
class QualityOptions:
    """What the command line asked for; see `fewclick quality --help`."""

    job: str
    s3_folder: Path | None = None
    adjudicated: str | None = None
    below: float = 0.5
    out: Path = Path("out/quality")
    as_json: bool = False


def run_quality(options: QualityOptions) -> int:
    """Print the tables, write report and follow-up manifest; the exit code."""
    console = Console(stderr=True)
    output = open_job_output(options.job, options.s3_folder)
    reviewed = None
    if options.adjudicated is not None:
        reviewed = open_job_output(options.adjudicated, options.s3_folder)
        kept = keep_adjudicated(output, reviewed)
        console.print(f"What reviewers say of the workers is kept in {kept}", soft_wrap=True)
    with console.status("Reading labels and answers"):
        quality = _under_pseudonyms(
            job_quality(output, below=options.below, adjudicated=reviewed), output
        )
    options.out.mkdir(parents=True, exist_ok=True)
    report = options.out / f"{output.name}.html"
    with console.status("Drawing who said what"):
        write_quality_report(report, output, quality)
    manifest = options.out / f"{output.name}-adjudication.manifest"
    manifest.write_text(follow_up_manifest(output, quality), encoding="utf-8")
    if options.as_json:
        typer.echo(json.dumps(_to_json(quality), ensure_ascii=False, indent=1))
    else:
        Console().print(worker_table(quality.workers), class_table(quality.classes))
    for result, why in quality.attention:
        console.print(f"{result.name}: {why}", soft_wrap=True)
    for problem in quality.problems:
        console.print(f"[yellow]{problem}[/]", soft_wrap=True)
    console.print(f"Report              {report}", soft_wrap=True)
    console.print(
        f"Follow-up manifest  {manifest} ({len(quality.attention)} photos)", soft_wrap=True
    )
    return 0


def _under_pseudonyms(quality: JobQuality, output: JobOutput) -> JobQuality:
    """The same, told of workers whose ids nobody sees."""
    names = load_pseudonyms(output.address.split("/")[2], output.store)
    return dataclasses.replace(
        quality,
        workers=tuple(
            dataclasses.replace(worker, worker_id=names.of(worker.worker_id))
            for worker in quality.workers
        ),
        results=tuple(map(names.in_result, quality.results)),
        attention=tuple((names.in_result(result), why) for result, why in quality.attention),
    )


def worker_table(workers: Sequence[WorkerRecord]) -> Table:
    """One row per worker, the best first."""
    table = Table(header_style="bold", title="Workers", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("worker", no_wrap=True)
    for name in ("counts", "photos", "agree", "off by", "gold IoU"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("odd")
    for worker in workers:
        flags = [f"{flag} {count}" for flag, count in worker.flags.items()]
        if worker.cannot_label:
            flags.append(f"cannot label {worker.cannot_label}")
        if worker.discarded:
            flags.append(f"unusable {worker.discarded}")
        gold = f"{percent(worker.gold_iou)} ({worker.gold_photos})" if worker.gold_photos else "–"
        table.add_row(
            worker.worker_id,
            f"{worker.prior:.2f}",
            str(worker.photos),
            percent(worker.agreement),
            _number(worker.boundary_deviation, "{:.1f} px"),
            gold,
            ", ".join(flags),
        )
    return table


def class_table(classes: Sequence[ClassQuality]) -> Table:
    """One row per label, the worst first."""
    table = Table(header_style="bold", title="Labels", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("label")
    for name in ("photos", "confidence", "lowest"):
        table.add_column(name, justify="right")
    table.add_column("in")
    for quality in classes:
        table.add_row(
            quality.name,
            str(quality.photos),
            percent(quality.mean),
            percent(quality.lowest),
            quality.lowest_photo,
        )
    return table


def write_quality_report(path: Path, output: JobOutput, quality: JobQuality) -> None:
    """One HTML file with the tables and, of what needs another look, everybody's masks."""
    shown = quality.attention[:MOST_PICTURED]
    write_page(
        path,
        "quality_report.html.j2",
        title=f"Quality of {output.name}",
        facts={
            "photos": str(len(quality.results)),
            "need another look": f"{len(quality.attention)}"
            + (f", the first {len(shown)} shown" if len(shown) < len(quality.attention) else ""),
            "output": output.address,
        },
        workers=quality.workers,
        classes=quality.classes,
        photos=[
            {
                "result": result,
                "why": why,
                "pictures": pictures_of(
                    result,
                    output.labels,
                    lambda uri: open_photo(output.store.read(uri), uri),
                    lambda _: None,
                    {},
                ),
            }
            for result, why in shown
        ],
        legend=legend_of([result for result, _ in shown], output.labels),
    )


def _to_json(quality: JobQuality) -> dict[str, object]:
    return {
        "workers": [dataclasses.asdict(worker) for worker in quality.workers],
        "classes": [dataclasses.asdict(label) for label in quality.classes],
        "attention": [
            {"photo": result.source_ref, "status": result.status, "why": why}
            for result, why in quality.attention
        ],
        "problems": list(quality.problems),
    }


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
