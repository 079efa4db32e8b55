"""`fewclick merge-labels`: runs of several task models over the same photos become one.

    <out>/labeled.manifest   and the other files of `label_manifest`, and the picture

The masks go to `s3://<bucket>/auto-label/<name, lower case>/labels/`, as a run's do. Interrupted,
the same command goes on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError
from scripts.account.aws_account import open_account
from scripts.auto_labeling.conversion import JOURNAL_FILE
from scripts.auto_labeling.conversion_journal import ConversionJournal
from scripts.auto_labeling.conversion_summary import ConversionSummary
from scripts.auto_labeling.label_manifest import LabelManifests, write_manifests
from scripts.auto_labeling.label_picture import PICTURE_FILE, draw_labels
from scripts.auto_labeling.merged_run import MergeSettings, MergeSource, merge_runs
from scripts.auto_labeling.run_input import MANIFEST_FILE, RunInput
from scripts.jobs.job_environment import STACK, find_environment
from scripts.object_store import S3Objects
from scripts.progress import counting
from scripts.refusal import RefusedError


@dataclass(frozen=True, slots=True)
class MergeOptions:
    """What the command line asked for; see `fewclick merge-labels --help`."""

    name: str
    runs: Sequence[Path]
    out: Path
    priority: tuple[str, ...] = ()
    stack: str = STACK
    local: Path | None = None
    region: str | None = None
    profile: str | None = None
    as_json: bool = False


def run_merge(options: MergeOptions) -> int:
    """Merge, or say why not; the exit code."""
    console = Console(stderr=True)
    with ExitStack() as closing:
        data = _same_input(options.runs)
        sources = [
            closing.enter_context(ConversionJournal(folder / JOURNAL_FILE, None))
            for folder in options.runs
        ]
        kind, labels = _common(options, sources)
        account = open_account(options.local, options.region, options.profile)
        bucket = find_environment(account, options.stack).bucket
        store = S3Objects(account.client("s3"))
        settings = MergeSettings(
            kind,
            labels,
            options.name,
            f"s3://{bucket}/auto-label/{options.name.lower()}/labels",
            options.name,
            options.priority,
        )
        named = [
            MergeSource(source, str(source.about["label_attribute_name"])) for source in sources
        ]
        now = datetime.now(UTC).replace(tzinfo=None).isoformat()
        journal = closing.enter_context(
            ConversionJournal(
                options.out / JOURNAL_FILE, settings.digest(named), now, settings.about
            )
        )
        with counting("labels merged", data.count) as on_line:
            summary = merge_runs(named, store, settings, journal, on_line)
        files = write_manifests(data.lines(), journal, labels, options.out)
        picture = draw_labels(journal, store, labels, options.name)
        if picture is not None:
            (options.out / PICTURE_FILE).write_bytes(picture)
    _tell(options, summary, files, console)
    return 1 if files.unlabeled_count else 0


def _same_input(runs: Sequence[Path]) -> RunInput:
    """The photos of all runs. Raises RefusedError where they are not the same."""
    if len(runs) < 2:
        raise RefusedError("one run has nothing to be merged with: name two or more.")
    inputs = [_input_of(folder) for folder in runs]
    for folder, data in zip(runs, inputs, strict=True):
        if data.digest != inputs[0].digest:
            raise RefusedError(
                f"{folder} and {runs[0]} are runs over different photos: "
                f"{folder / MANIFEST_FILE} and {runs[0] / MANIFEST_FILE} must be the same, line by "
                "line. Label both from one --manifest."
            )
    return inputs[0]


def _input_of(folder: Path) -> RunInput:
    file = folder / MANIFEST_FILE
    digest, count = hashlib.sha256(), 0
    try:
        with file.open("rb") as lines:
            for line in lines:
                digest.update(line)
                count += 1
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RefusedError(f"{folder} is no folder of a run: it has no {MANIFEST_FILE}.") from error
    return RunInput(file, count, digest.hexdigest())


def _common(
    options: MergeOptions, sources: Sequence[ConversionJournal]
) -> tuple[str, LabelCategories]:
    """The kind of label, and all labels in the order in which the runs name them."""
    kinds = {str(source.about["kind"]) for source in sources}
    if len(kinds) > 1:
        raise RefusedError("some runs made masks and some boxes: only one kind can be merged.")
    names: dict[str, None] = {}
    for source in sources:
        names |= dict.fromkeys(source.about["labels"])
    try:
        labels = LabelCategories.from_names(list(names))
    except ContractError as error:
        raise RefusedError(str(error)) from error
    unknown = [name for name in options.priority if name not in names]
    if unknown:
        raise RefusedError(
            f"--priority: no run has the label {unknown[0]!r}; there are {', '.join(names)}."
        )
    return kinds.pop(), labels


def _tell(
    options: MergeOptions, summary: ConversionSummary, files: LabelManifests, console: Console
) -> None:
    document: dict[str, Any] = {
        "name": options.name,
        "labeled": files.labeled_count,
        "unlabeled": files.unlabeled_count,
        "objects": summary.objects,
        "mean_confidence": summary.mean_confidence,
        "labeled_manifest": str(files.labeled),
        "unlabeled_manifest": str(files.unlabeled),
    }
    if options.as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        rows = [("photos with a label", files.labeled_count), ("without", files.unlabeled_count)]
        rows += [(f"objects: {name[:20]}", count) for name, count in summary.objects.items()]
        typer.echo("".join(f"{name:<28} {count:>9,}\n" for name, count in rows), nl=False)
    console.print(f"Labels  {files.labeled}", soft_wrap=True)
    if files.labeled_count:
        where = "" if options.local is None else f" --local {options.local}"
        console.print(
            f"Have them checked: fewclick job create {options.name}-check --kind verification "
            f"--manifest {files.labeled} --labels {files.categories} --earlier-label "
            f"{options.name}{where}",
            soft_wrap=True,
        )
