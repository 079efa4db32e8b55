"""`fewclick demo`: a whole labeling job on this machine, with no AWS account.

The photos, their manifest, the page and the settings go to the local S3; one CreateLabelingJob
request starts the job; simulated workers, or people in a browser, label it through the portal;
what is printed in the end is read from the job's output alone.

Everything lies in one folder. A job that was interrupted is found there and goes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError
from hooks.core.job_settings import JobKind, JobSettings
from hooks.core.photo import open_photo
from scripts.jobs.labeling_job_request import JobParts, labeling_job_request
from scripts.local_ground_truth.http_server import LOOPBACK, is_loopback
from scripts.local_ground_truth.local import LocalGroundTruth
from scripts.object_store import S3Objects
from scripts.pages.render_template import render
from scripts.photo_set import (
    PhotoSetError,
    References,
    find_photos,
    labels_of,
    mask_files,
)
from scripts.results.job_results import PhotoResult, read_results
from scripts.results.job_table import row_of, table_of
from scripts.results.report import write_report
from scripts.serve import announce
from scripts.simulation.simulated_workers import SimulatedWorker
from scripts.simulation.worker_habits import HABITS

DEMO_PHOTOS = Path(__file__).parent / "demo_photos"
JOB_NAME = "fewclick-demo"
SHORT_INSTRUCTIONS = (
    "Click the topmost, leftmost, bottommost and rightmost points of each object. "
    "Correct the mask with further clicks."
)
OPEN_STATUSES = ("Initializing", "InProgress", "Stopping")


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the command line asked for; see `fewclick demo --help`."""

    serve: bool = False
    host: str = LOOPBACK
    images: Path | None = None
    labels: str | None = None
    masks: Path | None = None
    workers: int | None = None
    out: Path = Path("out/demo")
    seed: int = 20261120
    model_dir: Path | None = None
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """The options, made whole: which photos, which labels, who labels."""

    photos: tuple[Path, ...]
    labels: LabelCategories
    masks: Path | None
    serve: bool
    workers: int


def plan(options: DemoOptions) -> DemoPlan:
    """Check the options against each other and against what lies on disk.

    Raises:
        typer.BadParameter: they do not fit together.
        PhotoSetError, ContractError: a folder or a label list cannot be used.
    """
    images: Path
    masks: Path | None
    if options.images is None:
        if options.masks is not None or options.labels is not None:
            raise typer.BadParameter("--masks and --labels go with --images.")
        images, masks = DEMO_PHOTOS / "images", DEMO_PHOTOS / "masks"
    else:
        images, masks = options.images, options.masks
    photos = find_photos(images)
    # Without masks nobody but people can know what to label.
    serve = options.serve or masks is None
    if not serve and not is_loopback(options.host):
        raise typer.BadParameter("--host goes with --serve: simulated workers are on this machine.")
    if not serve and masks is not None:
        photos = [photo for photo in photos if mask_files(masks, photo)]
        if not photos:
            raise typer.BadParameter(
                f"no file in {masks} is named <photo>_<number>_<label>.png for a photo in {images}."
            )
    if options.labels is not None:
        names = options.labels.split(",")
    elif masks is not None:
        names = labels_of(masks, photos)
    else:
        raise typer.BadParameter("--images needs --labels, or --masks that name them.")
    workers = options.workers or (1 if serve else len(HABITS))
    if not serve and workers > len(HABITS):
        raise typer.BadParameter(f"there are {len(HABITS)} simulated workers; --workers {workers}.")
    return DemoPlan(
        photos=tuple(photos),
        labels=LabelCategories.from_names(names, "--labels"),
        masks=masks,
        serve=serve,
        workers=workers,
    )


def run_demo(options: DemoOptions) -> int:
    """Run or resume the job and show what came out; the exit code."""
    console = Console(stderr=True)
    try:
        demo = plan(options)
    except (PhotoSetError, ContractError) as error:
        raise typer.BadParameter(str(error)) from error
    references = References(demo.masks, demo.photos)
    with LocalGroundTruth(options.out, model_dir=options.model_dir, host=options.host) as local:
        name = open_job(local) or start_job(local, demo)
        console.print(f"Labeling job [bold]{name}[/] · {len(demo.photos)} photos")
        console.print("Ctrl-C stops; nothing is lost, the same command goes on.")
        if demo.serve:
            wait_for_people(local, name, console)
        else:
            label_by_simulation(local, name, demo, references, options.seed, console)
        job = local.wait_for_job(name)
        objects = S3Objects(local.s3)
        results = read_results(objects, job, demo.labels, references.of_uri)
        manifest = local.path_of(job["LabelingJobOutput"]["OutputDatasetS3Uri"])
        report = options.out / f"{name}.html"
        write_report(
            report,
            title=f"Labeling job {name}",
            results=results,
            labels=demo.labels,
            open_photo=lambda uri: open_photo(objects.read(uri), uri),
            reference=lambda uri: references.label_map(uri, demo.labels),
            worker_names={local.worker_id(habits.name): habits.name for habits in HABITS},
            facts=facts_of(job, results),
        )
    if options.as_json:
        typer.echo(json.dumps([row_of(result) for result in results], indent=1))
    else:
        Console().print(table_of(results))
    for result in results:
        if result.reason:
            console.print(f"{result.name}: {result.reason}")
    console.print(f"Output manifest  {manifest}", soft_wrap=True)
    console.print(f"Report           {report}", soft_wrap=True)
    all_labeled = all(result.status != "failed" for result in results)
    return 0 if job["LabelingJobStatus"] == "Completed" and all_labeled else 1


def open_job(local: LocalGroundTruth) -> str | None:
    """The name of the demo job that was interrupted, if there is one."""
    for job in local.sagemaker.list_labeling_jobs()["LabelingJobSummaryList"]:
        if job["LabelingJobStatus"] in OPEN_STATUSES:
            return str(job["LabelingJobName"])
    return None


def start_job(local: LocalGroundTruth, demo: DemoPlan) -> str:
    """Put everything that the job refers to into S3 and create it; the job's name."""
    taken = local.sagemaker.list_labeling_jobs()["LabelingJobSummaryList"]
    name = f"{JOB_NAME}-{len(taken) + 1}"
    settings = JobSettings(
        labeling_job_name=name,
        kind=JobKind.SEGMENTATION,
        label_attribute_name=name,
        labels=demo.labels,
        short_instructions=SHORT_INSTRUCTIONS,
        full_instructions="",
        token_lifetime_seconds=24 * 3600,
        earlier_jobs=tuple(
            f"s3://{local.bucket}/output/{job['LabelingJobName']}/annotations" for job in taken
        ),
    )

    def put(key: str, body: bytes, content_type: str) -> str:
        local.s3.put_object(Bucket=local.bucket, Key=key, Body=body, ContentType=content_type)
        return f"s3://{local.bucket}/{key}"

    lines = []
    for photo in demo.photos:
        kind = "image/png" if photo.suffix.lower() == ".png" else "image/jpeg"
        lines.append({"source-ref": put(f"photos/{photo.name}", photo.read_bytes(), kind)})
    folder = f"jobs/{name}"
    put(f"{folder}/settings.json", settings.to_json().encode(), "application/json")
    manifest = "".join(json.dumps(line) + "\n" for line in lines)
    categories = json.dumps(demo.labels.to_category_file(), ensure_ascii=False)
    parts = JobParts(
        manifest=put(f"{folder}/input.manifest", manifest.encode(), "application/x-jsonlines"),
        template=put(f"{folder}/page.liquid.html", render(settings).encode(), "text/html"),
        label_categories=put(f"{folder}/labels.json", categories.encode(), "application/json"),
        output=f"s3://{local.bucket}/output/",
        role_arn=local.role_arn,
        workteam_arn=local.workteam_arn,
        pre_annotation_arn=local.pre_annotation_arn,
        consolidation_arn=local.consolidation_arn,
    )
    local.sagemaker.create_labeling_job(
        **labeling_job_request(name, parts, workers_per_object=demo.workers)
    )
    return name


def label_by_simulation(
    local: LocalGroundTruth,
    name: str,
    demo: DemoPlan,
    references: References,
    seed: int,
    console: Console,
) -> None:
    """Let the simulated workers label side by side until the portal has nothing left for them."""
    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        bars = {
            habits.name: progress.add_task(f"{habits.name} worker", total=len(demo.photos))
            for habits in HABITS[: demo.workers]
        }
        whole = progress.add_task("photos consolidated", total=len(demo.photos))

        with ExitStack() as closing, ThreadPoolExecutor(len(bars)) as pool:
            running = []
            for habits in HABITS[: demo.workers]:
                advance = partial(progress.advance, bars[habits.name])
                worker = SimulatedWorker(
                    habits, local.portal_url, references.of_uri, seed, on_task=advance
                )
                closing.callback(worker.close)
                running.append(pool.submit(worker.work, name))

            def update(job: Mapping[str, Any]) -> None:
                progress.update(whole, completed=finished(job))
                for future in running:
                    if future.done():
                        future.result()  # raises what stopped a worker: the job would wait forever

            local.wait_for_job(name, update)


def wait_for_people(local: LocalGroundTruth, name: str, console: Console) -> None:
    """Show where to label and how far the job is, until it is done."""
    announce(local, console)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        bar = progress.add_task("photos labeled")

        def update(job: Mapping[str, Any]) -> None:
            total = sum(job["LabelCounters"][counter] for counter in ("TotalLabeled", "Unlabeled"))
            progress.update(bar, completed=finished(job), total=total)

        local.wait_for_job(name, update)


def finished(job: Mapping[str, Any]) -> int:
    """How many data objects of the job are labeled or failed."""
    counters = job["LabelCounters"]
    return int(counters["TotalLabeled"]) + int(counters["FailedNonRetryableError"])


def facts_of(job: Mapping[str, Any], results: Sequence[PhotoResult]) -> dict[str, str]:
    """What the head of the report says of the job."""
    return {
        "status": str(job["LabelingJobStatus"]),
        "photos": str(len(results)),
        "workers": str(job["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"]),
        "output manifest": str(job["LabelingJobOutput"]["OutputDatasetS3Uri"]),
    }
