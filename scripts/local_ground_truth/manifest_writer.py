"""Output manifests: the input's lines in their order, with what the job found out about each.

labeled      the line, the label attribute and its metadata
failed       the line and metadata with the failure reason, without the label attribute
others       the line as it came: not yet labeled, labeled by an earlier job, or an object
             that the pre-annotation Lambda wanted no human annotation for
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from hooks.core.manifest import METADATA_SUFFIX, ManifestLine, write_lines
from scripts.local_ground_truth.clock import creation_date, from_epoch
from scripts.local_ground_truth.job_store import DataObject, Job, ObjectState

MAX_REASON_CHARACTERS = 1024


def output_manifest(job: Job, objects: Iterable[DataObject]) -> bytes:
    """The manifest's bytes; `objects` are all of the job's, in order."""
    return b"".join(_encode(_output_line(job, data_object)) for data_object in objects)


def custom_metadata(job: Job, when: float) -> dict[str, Any]:
    """What Ground Truth writes beside the label of a custom job."""
    return {
        "type": "groundtruth/custom",
        "job-name": job.name,
        "human-annotated": "yes",
        "creation-date": creation_date(from_epoch(when)),
    }


def _encode(line: ManifestLine) -> bytes:
    try:
        return write_lines([line]).encode()
    except UnicodeEncodeError:
        # Half a surrogate pair, which came in as an escape and can only go out as one.
        return json.dumps(line.fields, separators=(",", ":")).encode() + b"\n"


def _output_line(job: Job, data_object: DataObject) -> ManifestLine:
    line = ManifestLine(data_object.object_id + 1, _fields(data_object))
    if data_object.state is ObjectState.LABELED:
        return line.with_fields(data_object.result or {})
    if data_object.state is ObjectState.FAILED:
        return line.with_fields(
            {
                job.label_attribute_name + METADATA_SUFFIX: {
                    "retry-count": 1,
                    "failure-reason": (data_object.failure or "")[:MAX_REASON_CHARACTERS],
                    "human-annotated": "true",
                }
            }
        )
    return line


def _fields(data_object: DataObject) -> Mapping[str, Any]:
    """The line's fields; none if it is a failed line that is no JSON object."""
    try:
        fields = json.loads(data_object.line)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}
