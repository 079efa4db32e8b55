"""CreateLabelingJob for a phase: the request that `active-learn start` prepared, filled.

The first attempt is the prepared request as it stands. A job that failed or was stopped is asked
again, for what it left, under another name: Ground Truth never gives a name twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hooks.core.errors import ContractError
from hooks.core.job_settings import JobSettings
from hooks.core.label_reader import FAILED_STATUS
from hooks.core.manifest import METADATA_SUFFIX, ManifestLine

LINE = "active-learning-line"
"""The key by which a job's lines say which line of the run's input manifest they are, from 0."""
MAX_NAME = 63


@dataclass(frozen=True, slots=True)
class LabelingRequest:
    """A prepared CreateLabelingJob request."""

    parameters: Mapping[str, Any]

    @classmethod
    def parse(cls, value: object, place: str) -> LabelingRequest:
        """Raises ContractError, naming the field, when it is none."""
        if not isinstance(value, Mapping):
            raise ContractError(place, "must be an object: CreateLabelingJob's parameters.")
        for name in ("LabelingJobName", "LabelAttributeName"):
            if not isinstance(value.get(name), str) or not value[name]:
                raise ContractError(f"{place}.{name}", "must be a text.")
        _manifest_of(value, place)
        return cls(value)

    @property
    def name(self) -> str:
        return str(self.parameters["LabelingJobName"])

    @property
    def label_attribute_name(self) -> str:
        return str(self.parameters["LabelAttributeName"])

    def for_attempt(self, attempt: int, manifest: str) -> LabelingRequest:
        """The request of an attempt, whose lines lie at `manifest`.

        Raises:
            ContractError: the name would become too long.
        """
        name = self.name if attempt == 1 else f"{self.name}-{attempt}"
        if len(name) > MAX_NAME:
            raise ContractError("LabelingJobName", f"{name} is longer than {MAX_NAME} characters.")
        source = {"DataSource": {"S3DataSource": {"ManifestS3Uri": manifest}}}
        return LabelingRequest(
            {
                **self.parameters,
                "LabelingJobName": name,
                "InputConfig": {**self.parameters["InputConfig"], **source},
            }
        )

    def is_of(self, described: Mapping[str, Any]) -> bool:
        """Whether a job that is there was made by this request: it reads the run's own manifest."""
        return _manifest_of(described, "job") == _manifest_of(self.parameters, "request")


def settings_for(settings: JobSettings, name: str) -> JobSettings:
    """A job's settings for an attempt of another name."""
    return replace(settings, labeling_job_name=name)


def job_line(line: ManifestLine, place: int, added: Mapping[str, Any]) -> ManifestLine:
    """A line of the run's manifest as a line of a job's."""
    return line.with_fields({LINE: place, **added})


@dataclass(frozen=True, slots=True)
class PhaseLabels:
    """What people said of a job's photos, by line of the run's input manifest.

    Attributes:
        labeled: the output manifest's lines with a label.
        failed: why there is no label, of the photos that were tried.
    """

    labeled: Mapping[int, ManifestLine]
    failed: Mapping[int, str]

    def among(self, lines: Iterable[int]) -> list[int]:
        """Those of the lines that were labeled or failed."""
        return [line for line in lines if line in self.labeled or line in self.failed]


def with_places(
    lines: Sequence[ManifestLine], asked: Mapping[int, ManifestLine]
) -> list[ManifestLine]:
    """A job's output lines, each with its place in the run's input manifest.

    Whether Ground Truth keeps a line's own keys where labeling failed is not documented; a line
    without its place is known by its photo.

    Args:
        asked: the lines of the run's manifest that the job was about.
    """
    told = {line.fields.get(LINE) for line in lines}
    by_photo: dict[str | None, list[int]] = {}
    for place in sorted(asked.keys() - told):
        by_photo.setdefault(asked[place].source_ref, []).append(place)
    placed = []
    for line in lines:
        free = by_photo.get(line.source_ref, [])
        if LINE in line.fields or not free:
            placed.append(line)
        else:
            placed.append(line.with_fields({LINE: free.pop(0)}))
    return placed


def read_job_output(lines: Sequence[ManifestLine], attribute: str) -> PhaseLabels:
    """Sort an output manifest's lines. A label that says that it failed is a failure.

    Raises:
        ContractError: a line does not say which line of the run it is.
    """
    labeled: dict[int, ManifestLine] = {}
    failed: dict[int, str] = {}
    for line in lines:
        place = line.fields.get(LINE)
        if isinstance(place, bool) or not isinstance(place, int):
            raise ContractError(f"output manifest, line {line.number}, {LINE}", "must be a line.")
        reason = line.failure_reason(attribute)
        value = line.fields.get(attribute)
        if reason is None and isinstance(value, Mapping) and value.get("status") == FAILED_STATUS:
            reason = str(value.get("reason") or "the label says that it failed.")
        if reason is not None:
            failed[place] = reason
        elif value is not None:
            labeled[place] = line
    return PhaseLabels(labeled, failed)


def output_line(line: ManifestLine, labeled: ManifestLine, attribute: str) -> ManifestLine:
    """A line of the run's manifest with the label of a job's line."""
    added = {
        name: labeled.fields[name]
        for name in (attribute, attribute + METADATA_SUFFIX)
        if name in labeled.fields
    }
    return line.with_fields(added)


def failed_line(line: ManifestLine, reason: str, attribute: str) -> ManifestLine:
    """A line of the run's manifest that nobody could label, as Ground Truth writes such lines."""
    metadata = {"failure-reason": reason[:1024], "human-annotated": "true"}
    return line.with_fields({attribute + METADATA_SUFFIX: metadata})


def _manifest_of(parameters: Mapping[str, Any], place: str) -> str:
    value: Any = parameters
    path = ("InputConfig", "DataSource", "S3DataSource", "ManifestS3Uri")
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(value, str):
        raise ContractError(f"{place}.{'.'.join(path)}", "must be the manifest's address.")
    return value
