"""`fewclick auto-label`: a model labels every photo, and people look at its labels.

Everything of a run lies in its folder: the manifest, what was sent and answered, what was made of
it. Interrupted anywhere, the same command goes on. The endpoint goes in every case.
"""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from hooks.core.errors import FewclickError
from scripts.account.aws_account import AwsAccount, open_account
from scripts.auto_labeling.asking import ask_about_all
from scripts.auto_labeling.auto_label_options import AutoLabelOptions
from scripts.auto_labeling.auto_label_plan import AutoLabelPlan, plan_run, requests_of
from scripts.auto_labeling.check_job import Check, check_job_options
from scripts.auto_labeling.conversion import ConversionSettings, convert_answers, open_conversion
from scripts.auto_labeling.conversion_summary import ConversionSummary
from scripts.auto_labeling.first_answer import look_at_first
from scripts.auto_labeling.found_label import LabelRules
from scripts.auto_labeling.journal import JOURNAL_FILE, Counts, Journal
from scripts.auto_labeling.label_manifest import LabelManifests, write_manifests
from scripts.auto_labeling.label_picture import draw_labels
from scripts.auto_labeling.run_cost import run_cost
from scripts.jobs.job_cost import JobCost
from scripts.jobs.job_create import MadeJob, create_job, tell_job
from scripts.jobs.job_create_options import JobCreateOptions
from scripts.jobs.job_environment import find_environment
from scripts.jobs.job_upload import upload_photos
from scripts.object_store import ObjectStore, S3Objects
from scripts.prices import load_prices
from scripts.progress import counting
from scripts.refusal import RefusedError

SUMMARY_FILE = "summary.json"
PICTURE_FILE = "labels.png"


class CheckJobError(FewclickError):
    """Labels are there, and the job in which people would check them is not."""


def run_auto_label(options: AutoLabelOptions) -> int:
    """Label, or say why not; the exit code."""
    console = Console(stderr=True)
    account = open_account(options.local, options.region, options.profile)
    environment = find_environment(account, options.stack)
    store = S3Objects(account.client("s3"))
    if options.dry_run:
        with tempfile.TemporaryDirectory() as folder:
            plan = plan_run(options, account, environment, store, Path(folder))
            typer.echo(json.dumps(requests_of(plan), ensure_ascii=False, indent=1))
        return 0
    plan = plan_run(options, account, environment, store, options.out)
    settings = _settings(options, plan)
    with Journal(options.out / JOURNAL_FILE, plan.digest) as journal:
        journal.add(plan.data.source_refs())
        if options.again:
            journal.ask_again_about_given_up()
        before = journal.counts()
        cost = _cost(options, plan, before)
        _show(options, plan, before, cost, account, console)
        if before.done < before.total:
            if account.served is None and not options.yes:
                typer.confirm("Start?", abort=True, err=True)
            with counting("photos uploaded", len(plan.data.photos)) as on_photo:
                upload_photos(plan.data.photos, account.client("s3"), on_photo)

        def on_first(source_ref: str, output: str) -> None:
            problem = look_at_first(source_ref, output, store, settings)
            if problem:
                console.print(
                    f"[yellow]The first answer cannot be read as {plan.answer_format}: {problem} "
                    "If they are all like that, stop (Ctrl-C) and give another --answers.[/]",
                    soft_wrap=True,
                )

        counts = ask_about_all(plan.asking, journal, account, console, on_first)
        summary, manifests = _label(options, plan, settings, journal, counts, store)
    job = _make_job(options, manifests, console)
    return _tell(options, plan, counts, summary, manifests, cost, job, console)


def _settings(options: AutoLabelOptions, plan: AutoLabelPlan) -> ConversionSettings:
    return ConversionSettings(
        answer_format=plan.answer_format,
        kind=options.kind,
        rules=LabelRules(plan.labels, plan.to_label, options.min_score),
        label_attribute_name=options.name,
        prefix=f"{plan.prefix_uri}labels",
        job_name=options.name,
        classes=plan.model_classes,
        file_grid=options.ignores_orientation,
    )


def _cost(options: AutoLabelOptions, plan: AutoLabelPlan, counts: Counts) -> JobCost:
    parts, facts = plan.asking.parts, plan.model.facts
    there = None if facts is None else facts.instance_type
    return run_cost(
        load_prices(options.prices),
        photos=counts.total - counts.done,
        instance_type=there if parts is None else parts.instance_type,
        max_instances=options.max_instances,
        concurrency=options.concurrency,
        made_here=parts is not None,
    )


def _show(
    options: AutoLabelOptions,
    plan: AutoLabelPlan,
    counts: Counts,
    cost: JobCost,
    account: AwsAccount,
    console: Console,
) -> None:
    console.print(
        f"{counts.total:,} photos, labeled by {options.model} as {', '.join(plan.labels)}.",
        highlight=False,
        soft_wrap=True,
    )
    if counts.done:
        console.print(f"{counts.done:,} are done already.", highlight=False)
    if plan.left_out:
        shown = ", ".join(plan.left_out[:8])
        more = f" and {len(plan.left_out) - 8} more" if len(plan.left_out) > 8 else ""
        console.print(f"Classes of the model that are left out: {shown}{more}.", soft_wrap=True)
    if counts.done == counts.total:
        return
    if account.served is not None:
        console.print("On this machine it costs nothing.")
        return
    for sentence in cost.sentences():
        console.print(f"  {sentence}", soft_wrap=True, highlight=False)


def _label(
    options: AutoLabelOptions,
    plan: AutoLabelPlan,
    settings: ConversionSettings,
    journal: Journal,
    counts: Counts,
    store: ObjectStore,
) -> tuple[ConversionSummary, LabelManifests]:
    """Labels of the answers, and the manifests that have them."""
    now = datetime.now(UTC).replace(tzinfo=None).isoformat()
    with open_conversion(options.out, settings, now) as conversion:
        with counting("answers made labels", counts.total) as on_line:
            summary = convert_answers(journal.outcomes(), store, settings, conversion, on_line)
        manifests = write_manifests(
            plan.data.lines(),
            conversion,
            plan.labels,
            options.out,
            nothing_to_people=options.nothing_to_people,
        )
        picture = draw_labels(conversion, store, plan.labels, options.name)
    if picture is not None:
        (options.out / PICTURE_FILE).write_bytes(picture)
    return summary, manifests


def _make_job(
    options: AutoLabelOptions, manifests: LabelManifests, console: Console
) -> MadeJob | None:
    """The job in which people check the labels; None where none is wanted, or there are none.

    Raises:
        CheckJobError: it cannot be made; the labels are there all the same.
    """
    if not options.check or not manifests.labeled_count:
        return None
    job = JobCreateOptions(
        name=options.check_job_name,
        team=options.team,
        workers=options.workers,
        stack=options.stack,
        prices=options.prices,
        local=options.local,
        region=options.region,
        profile=options.profile,
        yes=options.yes,
    )
    wanted = check_job_options(manifests, Check(options.check), options.kind, options.name, job)
    try:
        return create_job(wanted, console)
    except RefusedError as error:
        raise CheckJobError(
            f"the labels are in {manifests.labeled}, and no job was made of them: {error} Then run "
            "the same command again, which goes on there."
        ) from error


def _tell(
    options: AutoLabelOptions,
    plan: AutoLabelPlan,
    counts: Counts,
    summary: ConversionSummary,
    manifests: LabelManifests,
    cost: JobCost,
    job: MadeJob | None,
    console: Console,
) -> int:
    document: dict[str, Any] = {
        "name": options.name,
        "model": options.model,
        "photos": counts.total,
        "answered": counts.answered,
        "without_answer": counts.given_up,
        **summary.to_json(),
        "labeled_manifest": str(manifests.labeled),
        "unlabeled_manifest": str(manifests.unlabeled),
        "set_aside_file": str(manifests.set_aside),
        "job": None if job is None else job.to_json(),
        "cost": cost.to_json() if plan.asking.parts is not None and options.local is None else None,
    }
    text = json.dumps(document, ensure_ascii=False, indent=1)
    (options.out / SUMMARY_FILE).write_text(text + "\n", encoding="utf-8")
    if options.as_json:
        typer.echo(text)
    else:
        typer.echo(_text(summary, counts), nl=False)
    console.print(f"Labels  {manifests.labeled}", soft_wrap=True)
    if (options.out / PICTURE_FILE).exists():
        console.print(f"Picture {options.out / PICTURE_FILE}", soft_wrap=True)
    if manifests.unlabeled_count:
        console.print(f"Without {manifests.unlabeled}", soft_wrap=True)
    if counts.given_up:
        console.print(
            f"{counts.given_up:,} photos got no answer; {manifests.unlabeled} has them, and the "
            "same command with --again asks once more.",
            soft_wrap=True,
        )
    if job is not None:
        tell_job(job, options.local, console)
    return 1 if counts.given_up or summary.set_aside else 0


def _text(summary: ConversionSummary, counts: Counts) -> str:
    rows = [
        ("photos", counts.total),
        ("with labels", summary.labeled),
        ("nothing found", summary.nothing_found),
        ("answer set aside", summary.set_aside),
        ("no answer", summary.unanswered),
        *((f"objects: {name[:20]}", count) for name, count in summary.objects.items()),
    ]
    lines = [f"{name:<28} {count:>9,}" for name, count in rows]
    if summary.mean_confidence is not None:
        lines.append(f"{'mean confidence':<28} {summary.mean_confidence:>9.3f}")
    return "".join(line + "\n" for line in lines)
