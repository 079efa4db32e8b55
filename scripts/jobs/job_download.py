"""`fewclick job results`: a job's output manifest and its masks, as files.

    <to>/output.manifest     as Ground Truth wrote it
    <to>/masks/<line>_<photo's name>.png
    <to>/labels.jsonl        a line each: photo, mask file, status, confidence, class of each colour

What is there already is not fetched again. Worker ids stay where they are.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from hooks.core.errors import ManifestError
from hooks.core.label_reader import MaskLabel, NoLabel, read_label
from hooks.core.manifest import ManifestLine, parse_s3_uri, read_lines
from scripts.account.aws_account import AwsAccount
from scripts.jobs.job_description import existing_job
from scripts.object_store import ObjectStore, S3Objects
from scripts.progress import counting
from scripts.refusal import RefusedError

FETCHERS = 16
"""Masks that are fetched at a time."""


@dataclass(frozen=True, slots=True)
class Downloaded:
    """One line of `labels.jsonl`; `problem` says why there is no mask file, if there is none."""

    line: int
    photo: str | None
    fields: dict[str, Any]
    mask: str | None = None
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        known = {"line": self.line, "photo": self.photo, "mask": self.mask, **self.fields}
        return known | ({"problem": self.problem} if self.problem else {})


def run_results(name: str, to: Path | None, account: AwsAccount, *, as_json: bool) -> int:
    """Fetch everything; 1 if a photo has no label."""
    job = existing_job(name, account)
    uri = job.get("LabelingJobOutput", {}).get("OutputDatasetS3Uri")
    if not uri:
        raise RefusedError(
            f"the job {name} is {job['LabelingJobStatus']} and has no output yet: wait with "
            f"`fewclick job watch {name}`."
        )
    store = S3Objects(account.client("s3"))
    folder = to or Path("out/jobs") / str(job["LabelingJobName"])
    try:
        manifest = store.read(uri)
    except FileNotFoundError as error:
        raise RefusedError(f"the job's output {uri} is not there.") from error
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "output.manifest").write_bytes(manifest)
    lines = [line for line in read_lines(manifest.decode()) if isinstance(line, ManifestLine)]
    broken = [line for line in read_lines(manifest.decode()) if isinstance(line, ManifestError)]
    with counting("masks fetched", len(lines)) as on_line:
        found = download_masks(lines, str(job["LabelAttributeName"]), store, folder, on_line)
    text = "".join(json.dumps(item.to_json(), ensure_ascii=False) + "\n" for item in found)
    (folder / "labels.jsonl").write_text(text, encoding="utf-8")
    without = [item for item in found if item.problem]
    console = Console(stderr=True)
    for item in without:
        photo = item.photo or f"line {item.line}"
        console.print(f"{photo}: {item.problem}", soft_wrap=True, markup=False, highlight=False)
    for unreadable in broken:
        console.print(str(unreadable), soft_wrap=True, markup=False, highlight=False)
    document = {
        "folder": str(folder),
        "lines": len(lines) + len(broken),
        "masks": sum(item.mask is not None for item in found),
        "without": len(without) + len(broken),
    }
    if as_json:
        typer.echo(json.dumps(document, indent=1))
    else:
        typer.echo(f"{folder}: {document['masks']} masks of {document['lines']} lines.")
    return 1 if document["without"] else 0


def download_masks(
    lines: Sequence[ManifestLine],
    attribute: str,
    store: ObjectStore,
    folder: Path,
    on_line: Callable[[], None] = lambda: None,
) -> list[Downloaded]:
    """Fetch the masks of all lines into `folder`/masks, some at a time."""
    (folder / "masks").mkdir(parents=True, exist_ok=True)

    def fetch(line: ManifestLine) -> Downloaded:
        found = _download(line, attribute, store, folder)
        on_line()
        return found

    with ThreadPoolExecutor(FETCHERS) as threads:
        return list(threads.map(fetch, lines))


def _download(line: ManifestLine, attribute: str, store: ObjectStore, folder: Path) -> Downloaded:
    value = line.fields.get(attribute)
    label = read_label(line, attribute)
    if isinstance(label, NoLabel):
        if line.is_labeled(attribute) and not (isinstance(value, dict) and "mask-ref" in value):
            # Boxes and verdicts have no mask: the label is all there is.
            return Downloaded(line.number, line.source_ref, {"label": value})
        return Downloaded(line.number, line.source_ref, {}, problem=label.reason)
    return _download_mask(line, label, store, folder)


def _download_mask(
    line: ManifestLine, label: MaskLabel, store: ObjectStore, folder: Path
) -> Downloaded:
    stem = posixpath.splitext(posixpath.basename(parse_s3_uri(label.source_ref)[1]))[0]
    # Colons, which S3's keys may have, are no good in file names everywhere.
    name = f"masks/{line.number - 1}_{stem.replace(':', '-')}.png"
    path = folder / name
    names = ("BACKGROUND", *label.color_map.names)
    fields: dict[str, Any] = {
        "status": label.status or None,
        "confidence": label.confidence,
        "classes": {
            f"#{bytes(color).hex()}": names[index]
            for color, index in label.color_map.index_of_color.items()
        },
    }
    try:
        size = store.read_start(label.mask_ref, 1).size
        if not (path.is_file() and path.stat().st_size == size):
            partial = path.with_suffix(".partial")
            partial.write_bytes(store.read(label.mask_ref))
            partial.replace(path)
    except (FileNotFoundError, PermissionError) as error:
        return Downloaded(line.number, line.source_ref, fields, problem=str(error))
    return Downloaded(line.number, line.source_ref, fields, mask=name)
