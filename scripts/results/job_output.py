"""Where a labeling job's output lies, by the job's name or by the address of its output."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError, FewclickError
from hooks.core.job_settings import JobSettings, settings_key
from hooks.core.manifest import ManifestLine, parse_s3_uri, read_lines
from scripts.object_store import FolderObjects, ObjectStore, open_store

OUTPUT_MANIFEST = "manifests/output/output.manifest"


class JobOutputError(FewclickError):
    """A labeling job's output cannot be found or read."""


@dataclass(frozen=True, slots=True)
class JobOutput:
    """A labeling job that has written an output manifest.

    Attributes:
        address: `s3://<bucket>/<output path>/<job name>`.
        lines: of the output manifest.
        attribute: the job's label attribute in them.
    """

    name: str
    address: str
    store: ObjectStore
    labels: LabelCategories
    lines: tuple[ManifestLine, ...]
    attribute: str

    @property
    def annotations(self) -> str:
        return f"{self.address}/annotations"

    def described(self) -> dict[str, Any]:
        """What of DescribeLabelingJob's answer `scripts.results.job_results` reads."""
        return {
            "LabelingJobName": self.name,
            "LabelAttributeName": self.attribute,
            "LabelingJobOutput": {"OutputDatasetS3Uri": f"{self.address}/{OUTPUT_MANIFEST}"},
            "OutputConfig": {"S3OutputPath": self.address.rpartition("/")[0]},
        }


def open_job_output(job: str, s3_folder: Path | None = None) -> JobOutput:
    """Find a job's output.

    Args:
        job: its name, or `s3://<bucket>/<output path>/<job name>`.
        s3_folder: holds S3's objects as `<bucket>/<key>`, in place of AWS.

    Raises:
        JobOutputError: there is no such job, or it has written no output manifest.
    """
    store = open_store(s3_folder)
    address = job.rstrip("/") if job.startswith("s3://") else _address(job, store)
    name = address.rsplit("/", 1)[-1]
    uri = f"{address}/{OUTPUT_MANIFEST}"
    try:
        text = store.read(uri).decode()
    except FileNotFoundError as error:
        raise JobOutputError(f"the job {name} has no output yet: {error}") from error
    lines = tuple(line for line in read_lines(text) if isinstance(line, ManifestLine))
    return JobOutput(
        name, address, store, _labels(name, address, store), lines, _attribute(name, lines)
    )


def _address(name: str, store: ObjectStore) -> str:
    if isinstance(store, FolderObjects):
        found = sorted(store.folder.glob(f"*/**/{name}/{OUTPUT_MANIFEST}"))
        if not found:
            raise JobOutputError(f"no job {name} has an output manifest below {store.folder}.")
        if len(found) > 1:
            raise JobOutputError(
                f"several jobs {name} lie below {store.folder}; give the address of one's output."
            )
        folder = found[0].relative_to(store.folder).parents[2]
        return f"s3://{folder.as_posix()}"
    import boto3  # takes a while
    from botocore.exceptions import ClientError

    try:
        described = boto3.client("sagemaker").describe_labeling_job(LabelingJobName=name)
    except ClientError as error:
        raise JobOutputError(f"the job {name}: {error}") from error
    return f"{described['OutputConfig']['S3OutputPath'].rstrip('/')}/{described['LabelingJobName']}"


def _labels(name: str, address: str, store: ObjectStore) -> LabelCategories:
    bucket, _ = parse_s3_uri(address)
    uri = f"s3://{bucket}/{settings_key(name)}"
    try:
        return JobSettings.from_json(store.read(uri)).labels
    except FileNotFoundError as error:
        raise JobOutputError(f"the job's settings are not where its output is: {error}") from error


def _attribute(name: str, lines: tuple[ManifestLine, ...]) -> str:
    """The attribute that this job wrote: metadata names the job, whose own name is the rule."""
    for line in lines:
        if name in line.fields:
            return name
        for attribute in line.fields:
            metadata = line.fields.get(f"{attribute}-metadata")
            written_by = str(metadata.get("job-name", "")) if isinstance(metadata, dict) else ""
            if written_by.rsplit("/", 1)[-1].lower() == name.lower():
                return attribute
    raise JobOutputError(f"no line of the output manifest has a label of the job {name}.")


def follow_up_line(line: ManifestLine, label: dict[str, Any] | None) -> str:
    """The line of a follow-up job's manifest in which a reviewer decides.

    Of masks it is that of an adjudication job. Of boxes and verdicts it is the line as it is: a
    bounding-box job can begin with the boxes, a verification job with what was verified.
    """
    if line.source_ref is None:
        raise ContractError(f"line {line.number}", "has no source-ref, so no photo.")
    if label and ("annotations" in label or "class-name" in label):
        return line.to_text()
    fields: dict[str, Any] = {"source-ref": line.source_ref}
    shown = {name: label[name] for name in ("details-ref", "mask-ref") if label and name in label}
    if shown:
        fields["adjudication"] = shown
    return json.dumps(fields, ensure_ascii=False)
