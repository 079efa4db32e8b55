"""`fewclick job report`: what became of a job, also of one that failed: why, and which lines."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hooks.core.errors import ContractError
from hooks.core.job_settings import JobKind, JobSettings, settings_key
from hooks.core.manifest import ManifestLine, read_lines
from hooks.core.photo import open_photo
from scripts.account.aws_account import AwsAccount
from scripts.durations import span_of
from scripts.jobs.job_description import existing_job
from scripts.jobs.job_diagnosis import Diagnosis, diagnose
from scripts.jobs.job_progress import JobProgress, cost_so_far
from scripts.object_store import ObjectStore, S3Objects
from scripts.prices import dollars, load_prices
from scripts.pseudonyms import Pseudonyms, load_pseudonyms
from scripts.results.job_results import PhotoResult, read_results
from scripts.results.report import write_report

WITH_MASKS = frozenset({JobKind.SEGMENTATION, JobKind.ADJUSTMENT, JobKind.ADJUDICATION})
MOST_LINES = 5
"""Lines that are named for one reason; the JSON has all."""


@dataclass(frozen=True, slots=True)
class WorkerTime:
    """How long a worker took, by pseudonym: answers, and the median of their seconds."""

    worker: str
    answers: int
    median_seconds: float | None


def run_report(
    name: str, out: Path | None, prices: Path | None, account: AwsAccount, *, as_json: bool
) -> int:
    """Print what became of the job and draw it; 0 if every object has its label."""
    job = existing_job(name, account)
    store = S3Objects(account.client("s3"))
    output = f"{job['OutputConfig']['S3OutputPath'].rstrip('/')}/{job['LabelingJobName']}"
    bucket = output.split("/")[2]
    lines = _output_lines(job, output, store)
    diagnosis = diagnose(job, lines, _input(job, store))
    names = load_pseudonyms(bucket, store)
    times = _times(output, store, names)
    progress = JobProgress.from_description(job)
    cost = None
    if account.served is None:
        cost = cost_so_far(job, progress, load_prices(prices))
    page = _draw(job, bucket, store, names, progress, out)
    if as_json:
        document = {
            "name": progress.name,
            "labeled": progress.labeled,
            "failed": progress.failed,
            "unlabeled": progress.left,
            "seconds": round(progress.seconds),
            **diagnosis.to_json(),
            "workers": [
                {
                    "worker": item.worker,
                    "answers": item.answers,
                    "median_seconds": item.median_seconds,
                }
                for item in times
            ],
            "cost": None if cost is None else cost.to_json(),
            "report": None if page is None else str(page),
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        _print(progress, diagnosis, times)
        if cost is not None:
            typer.echo(f"Cost without endpoint: {dollars(cost.total)}")
    if page is not None:
        Console(stderr=True).print(f"Report  {page}", soft_wrap=True)
    return 1 if diagnosis.problems or diagnosis.status == "Failed" else 0


def _print(progress: JobProgress, diagnosis: Diagnosis, times: Sequence[WorkerTime]) -> None:
    typer.echo(
        f"{progress.name}: {diagnosis.status} after {span_of(progress.seconds)}, "
        f"{progress.labeled} labeled, {progress.failed} failed, {progress.left} unlabeled."
    )
    if diagnosis.reason:
        typer.echo(f"Why: {diagnosis.reason}")
    for reason, problems in diagnosis.by_reason():
        typer.echo(f"{len(problems)} without a label: {reason}")
        for item in problems[:MOST_LINES]:
            typer.echo(f"  line {item.line}: {item.photo}")
        if len(problems) > MOST_LINES:
            typer.echo(f"  … and {len(problems) - MOST_LINES} more: --json lists all.")
    for found in diagnosis.findings:
        typer.echo(f"input manifest, {found}")
    for hint in diagnosis.hints:
        typer.echo(f"What to do: {hint}")
    if times:
        table = Table(header_style="bold", box=SIMPLE_HEAD)
        table.add_column("worker", no_wrap=True)
        table.add_column("answers", justify="right")
        table.add_column("seconds each", justify="right")
        for worker in times:
            seconds = "–" if worker.median_seconds is None else f"{worker.median_seconds:.0f}"
            table.add_row(worker.worker, str(worker.answers), seconds)
        Console().print(table)


def _output_lines(
    job: Mapping[str, Any], output: str, store: ObjectStore
) -> tuple[ManifestLine, ...]:
    """The lines of the output manifest, or of the latest one written on the way to it."""
    uri = job.get("LabelingJobOutput", {}).get("OutputDatasetS3Uri")
    # Folders of iterations are numbered: the tenth follows the ninth.
    written = sorted(
        (
            found
            for found in store.list(f"{output}/annotations/intermediate/")
            if found.endswith(".manifest")
        ),
        key=lambda found: (len(found), found),
    )
    for address in [*([uri] if uri else []), *reversed(written)]:
        try:
            text = store.read(address).decode()
        except FileNotFoundError:
            continue
        return tuple(line for line in read_lines(text) if isinstance(line, ManifestLine))
    return ()


def _input(job: Mapping[str, Any], store: ObjectStore) -> bytes | None:
    uri = job["InputConfig"]["DataSource"].get("S3DataSource", {}).get("ManifestS3Uri")
    if uri is None:
        return None
    try:
        return store.read(uri)
    except (FileNotFoundError, PermissionError):
        return None  # which the failure reason says


def _times(output: str, store: ObjectStore, names: Pseudonyms) -> list[WorkerTime]:
    """How many answers each worker gave, and how long they took, the busiest first."""
    seconds: dict[str, list[float]] = {}
    answers: dict[str, int] = {}
    for uri in store.list(f"{output}/annotations/worker-response/"):
        for answer in json.loads(store.read(uri)).get("answers", []):
            worker = names.of(str(answer["workerId"]))
            answers[worker] = answers.get(worker, 0) + 1
            spent = answer.get("timeSpentInSeconds")
            if isinstance(spent, int | float):
                seconds.setdefault(worker, []).append(float(spent))
    return [
        WorkerTime(worker, count, statistics.median(seconds[worker]) if worker in seconds else None)
        for worker, count in sorted(answers.items(), key=lambda item: (-item[1], item[0]))
    ]


def _draw(
    job: Mapping[str, Any],
    bucket: str,
    store: ObjectStore,
    names: Pseudonyms,
    progress: JobProgress,
    out: Path | None,
) -> Path | None:
    """The report with photos and masks; None where the job has none to show."""
    if not job.get("LabelingJobOutput"):
        return None
    try:
        settings = JobSettings.from_json(store.read(f"s3://{bucket}/{settings_key(progress.name)}"))
    except (FileNotFoundError, ContractError):
        return None  # a job of another tool
    if settings.kind not in WITH_MASKS:
        return None
    results = [
        names.in_result(result)
        for result in read_results(store, dict(job), settings.labels, lambda _: ())
    ]
    path = out or Path("out/jobs") / progress.name / "report.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_report(
        path,
        title=f"Labeling job {progress.name}",
        results=results,
        labels=settings.labels,
        open_photo=lambda uri: open_photo(store.read(uri), uri),
        reference=lambda _: None,
        worker_names={},
        facts=_facts(job, results),
    )
    return path


def _facts(job: Mapping[str, Any], results: Sequence[PhotoResult]) -> dict[str, str]:
    return {
        "status": str(job["LabelingJobStatus"]),
        "photos": str(len(results)),
        "workers": str(job["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"]),
        "output manifest": str(job["LabelingJobOutput"]["OutputDatasetS3Uri"]),
    }
