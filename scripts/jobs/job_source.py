"""A labeling job's data objects: from a folder, a bucket, a manifest or an earlier job."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hooks.core.errors import ContractError
from hooks.core.job_settings import JobSettings, settings_key
from hooks.core.label_reader import FAILED_STATUS
from hooks.core.manifest import METADATA_SUFFIX, ManifestLine, write_lines
from scripts.account.aws_account import AwsAccount
from scripts.jobs.job_description import existing_job
from scripts.object_store import ObjectStore, S3Objects
from scripts.photo_set import PHOTO_SUFFIXES
from scripts.refusal import RefusedError


@dataclass(frozen=True, slots=True)
class JobData:
    """What a job is to label.

    Attributes:
        content: the manifest.
        photos: address to the file that is to be uploaded there.
    """

    content: bytes
    photos: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EarlierJob:
    """A job that has ended, whose output the next one begins with.

    Attributes:
        settings: None where the job is not one of this tool's.
        output: address of its output, `s3://<bucket>/<path>/<name>`.
    """

    name: str
    attribute: str
    manifest: bytes
    output: str
    settings: JobSettings | None


def from_folder(folder: Path, prefix_uri: str) -> JobData:
    """All photos in a folder and below it, to be uploaded below `prefix_uri`."""
    if not folder.is_dir():
        raise RefusedError(f"{folder} is no folder; photos come from a folder or an s3:// prefix.")
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in PHOTO_SUFFIXES and path.is_file()
    )
    if not files:
        raise RefusedError(f"{folder} holds no photos ({', '.join(sorted(PHOTO_SUFFIXES))}).")
    photos = {f"{prefix_uri}{path.relative_to(folder).as_posix()}": path for path in files}
    return JobData(_manifest(list(photos)), photos)


def from_prefix(prefix_uri: str, store: ObjectStore) -> JobData:
    """All photos below an `s3://` prefix, which stay where they are."""
    found = [uri for uri in store.list(prefix_uri) if Path(uri).suffix.lower() in PHOTO_SUFFIXES]
    if not found:
        raise RefusedError(f"no photos ({', '.join(sorted(PHOTO_SUFFIXES))}) lie at {prefix_uri}.")
    return JobData(_manifest(found))


def earlier_job(name: str, account: AwsAccount) -> EarlierJob:
    """What a job that has ended left behind.

    Raises:
        RefusedError: there is no such job, or it has no output manifest yet.
    """
    job = existing_job(name, account)
    uri = job.get("LabelingJobOutput", {}).get("OutputDatasetS3Uri")
    store = S3Objects(account.client("s3"))
    status = job["LabelingJobStatus"]
    if not uri:
        raise RefusedError(f"the job {name} is {status} and has no output manifest.")
    try:
        manifest = store.read(uri)
    except FileNotFoundError as error:
        raise RefusedError(f"the job {name} is {status}, but its output {uri} is not there.") from (
            error
        )
    path = job["OutputConfig"]["S3OutputPath"].rstrip("/")
    bucket = path.removeprefix("s3://").partition("/")[0]
    try:
        settings = JobSettings.from_json(
            store.read(f"s3://{bucket}/{settings_key(job['LabelingJobName'])}")
        )
    except (FileNotFoundError, ContractError):
        settings = None  # a job of another tool, which is as good a beginning
    return EarlierJob(
        job["LabelingJobName"],
        job["LabelAttributeName"],
        manifest,
        f"{path}/{job['LabelingJobName']}",
        settings,
    )


def to_retry(lines: Sequence[ManifestLine], attribute: str) -> tuple[list[ManifestLine], int]:
    """The lines, those that failed without label and metadata: chaining labels these again.

    Returns:
        The lines, and how many of them are to be labeled: failed, or never labeled.
    """
    renewed = []
    for line in lines:
        label = line.fields.get(attribute)
        failed = line.failure_reason(attribute) is not None or (
            isinstance(label, dict) and label.get("status") == FAILED_STATUS
        )
        kept = {
            name: value
            for name, value in line.fields.items()
            if not failed or name not in (attribute, attribute + METADATA_SUFFIX)
        }
        renewed.append(ManifestLine(line.number, kept))
    return renewed, sum(not line.is_labeled(attribute) for line in renewed)


def without_duplicates(lines: Sequence[ManifestLine]) -> list[ManifestLine]:
    """Each data object once, by its first line."""
    first: dict[Any, ManifestLine] = {}
    for line in lines:
        first.setdefault(line.source_ref or line.source or line.number, line)
    return list(first.values())


def manifest_of(lines: Sequence[ManifestLine]) -> bytes:
    """The lines as a manifest."""
    return write_lines(lines).encode()


def _manifest(addresses: Sequence[str]) -> bytes:
    return "".join(
        json.dumps({"source-ref": address}, ensure_ascii=False) + "\n" for address in addresses
    ).encode()
