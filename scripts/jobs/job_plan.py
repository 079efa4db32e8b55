"""From what the command line asked for to everything that a labeling job needs. No AWS calls."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError
from hooks.core.job_settings import JobKind, JobSettings, settings_key
from hooks.core.label_reader import REFERENCE_SUFFIX
from hooks.core.manifest import ManifestLine
from hooks.core.manifest_labels import segmentation_labels
from scripts.jobs.job_environment import JobEnvironment
from scripts.jobs.labeling_job_request import (
    DESCRIPTION,
    KEYWORDS,
    TITLE,
    JobParts,
    TaskTerms,
    labeling_job_request,
)
from scripts.local_ground_truth.request_check import check_shape
from scripts.local_ground_truth.request_rules import check_values
from scripts.pages.render_template import render
from scripts.refusal import RefusedError

REQUEST_TAG = "fewclick:request"
"""Holds the digest of all that a job was asked to be, so that asking again makes no second one."""
SHORT_INSTRUCTIONS = {
    JobKind.SEGMENTATION: "Click the topmost, leftmost, bottommost and rightmost points of each "
    "object. Correct the mask with further clicks.",
    JobKind.ADJUSTMENT: "Correct the masks that are not exact. Submit good ones as they are.",
    JobKind.VERIFICATION: "Say whether the label is right, and what is wrong with it.",
    JobKind.BOUNDING_BOX: "Draw a box round each object, as close as it goes.",
    JobKind.ADJUDICATION: "Take the best mask, and correct it where it is not exact.",
}
TITLES = {
    JobKind.SEGMENTATION: (TITLE, DESCRIPTION),
    JobKind.ADJUSTMENT: ("Correct outlines", "Look at the masks of a photo and correct them."),
    JobKind.VERIFICATION: ("Check labels", "Say whether a photo's label is right."),
    JobKind.BOUNDING_BOX: ("Draw boxes", "Draw a box round each object in a photo."),
    JobKind.ADJUDICATION: ("Choose the best mask", "Compare several masks and take the best."),
}


@dataclass(frozen=True, slots=True)
class JobWishes:
    """What is asked of a job beside its data.

    Attributes:
        earlier_label: the attribute to verify or correct.
        base: settings whose examples, verdicts and reasons are the job's too.
        terms: title, times, pay; empty texts take the kind's own.
    """

    name: str
    kind: JobKind
    labels: LabelCategories
    workers: int
    terms: TaskTerms
    label_attribute_name: str
    short_instructions: str = ""
    full_instructions: str = ""
    language: str = "en"
    earlier_label: str = ""
    earlier_jobs: tuple[str, ...] = ()
    input_topic: str | None = None
    output_topic: str | None = None
    kms_key: str | None = None
    tags: Mapping[str, str] | None = None
    public: bool = False
    base: JobSettings | None = None


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A small object that a job refers to."""

    address: str
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class JobPlan:
    """A job, ready to be made.

    Attributes:
        objects: what is written before the request is sent.
        request: CreateLabelingJob's parameters, tagged with their digest.
    """

    objects: tuple[StoredObject, ...]
    request: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.request["LabelingJobName"])

    @property
    def digest(self) -> str:
        return tags_of(self.request)[REQUEST_TAG]


def plan_job(
    wishes: JobWishes, environment: JobEnvironment, team_arn: str, manifest: bytes | str | None
) -> JobPlan:
    """Make the settings, the page, the label categories and the request.

    Args:
        manifest: its lines; or the address where it will lie before the job is made; None for a
            streaming job without one.

    Raises:
        RefusedError: something of it would be refused by Ground Truth; everything is named.
    """
    folder = f"s3://{environment.bucket}/jobs/{wishes.name.lower()}"
    try:
        settings = _settings(wishes)
        page = render(settings, minified=wishes.public).encode()
    except ContractError as error:
        raise RefusedError(str(error)) from error
    categories = json.dumps(wishes.labels.to_category_file(), ensure_ascii=False).encode()
    objects = [
        StoredObject(
            f"s3://{environment.bucket}/{settings_key(wishes.name)}",
            settings.to_json().encode(),
            "application/json",
        ),
        _by_content(f"{folder}/page", page, ".liquid.html", "text/html"),
        _by_content(f"{folder}/labels", categories, ".json", "application/json"),
    ]
    if isinstance(manifest, bytes):
        objects.append(
            _by_content(f"{folder}/input", manifest, ".manifest", "application/x-jsonlines")
        )
        manifest = objects[3].address
    parts = JobParts(
        manifest=manifest,
        template=objects[1].address,
        label_categories=objects[2].address,
        output=f"s3://{environment.bucket}/output/",
        role_arn=environment.role_arn,
        workteam_arn=team_arn,
        pre_annotation_arn=environment.pre_annotation_arn,
        consolidation_arn=environment.consolidation_arn,
        input_topic=wishes.input_topic,
        output_topic=wishes.output_topic,
        kms_key=wishes.kms_key,
    )
    request = labeling_job_request(
        wishes.name,
        parts,
        workers_per_object=wishes.workers,
        terms=wishes.terms,
        label_attribute_name=wishes.label_attribute_name,
        tags=wishes.tags,
    )
    digest = hashlib.sha256(
        json.dumps([request, settings.to_json()], sort_keys=True).encode()
    ).hexdigest()
    request["Tags"] = [*request.get("Tags", []), {"Key": REQUEST_TAG, "Value": digest}]
    _check(request)
    return JobPlan(tuple(objects), request)


def _settings(wishes: JobWishes) -> JobSettings:
    settings = JobSettings(
        labeling_job_name=wishes.name,
        kind=wishes.kind,
        label_attribute_name=wishes.label_attribute_name,
        labels=wishes.labels,
        short_instructions=wishes.short_instructions or SHORT_INSTRUCTIONS[wishes.kind],
        full_instructions=wishes.full_instructions,
        # A token is minted when its task is dispatched, and must last until it is done.
        token_lifetime_seconds=wishes.terms.availability_seconds + wishes.terms.time_limit_seconds,
        earlier_jobs=wishes.earlier_jobs,
        language=wishes.language,
        earlier_label=wishes.earlier_label,
    )
    if (base := wishes.base) is not None:
        settings = replace(
            settings, examples=base.examples, verdicts=base.verdicts, reasons=base.reasons
        )
    return JobSettings.from_json(settings.to_json())  # which checks all of it, as the hooks will


def _check(request: Mapping[str, Any]) -> None:
    findings = check_shape("CreateLabelingJob", request)
    if not any(finding.structural for finding in findings):
        findings += check_values(request)
    if findings:
        raise RefusedError(
            "Ground Truth would refuse this job: " + "; ".join(map(str, findings)) + "."
        )


def _by_content(stem: str, body: bytes, suffix: str, content_type: str) -> StoredObject:
    """An object whose name says what is in it: what a running job reads is never overwritten."""
    return StoredObject(
        f"{stem}-{hashlib.sha256(body).hexdigest()[:12]}{suffix}", body, content_type
    )


def terms_of(
    kind: JobKind,
    *,
    title: str | None,
    description: str | None,
    keywords: Sequence[str],
    time_limit_seconds: int,
    availability_seconds: int,
    at_once: int | None,
    price: Decimal | None,
    content: Sequence[str],
    stop_after: int | None,
) -> TaskTerms:
    """What workers are told and paid; the kind's own words where nothing was said."""
    return TaskTerms(
        title=title or TITLES[kind][0],
        description=description or TITLES[kind][1],
        keywords=tuple(keywords) or KEYWORDS,
        time_limit_seconds=time_limit_seconds,
        availability_seconds=availability_seconds,
        at_once=at_once,
        price=price,
        content=content,
        stop_after=stop_after,
    )


def read_label_names(text: str, option: str = "--labels") -> LabelCategories:
    """Labels with commas between them, or a label category file.

    Raises:
        RefusedError: the file cannot be read, or a label is reserved or stands twice.
    """
    path = Path(text)
    try:
        if path.suffix.lower() == ".json":
            return LabelCategories.from_category_file(path.read_bytes())
        return LabelCategories.from_names(text.split(","), option)
    except FileNotFoundError as error:
        raise RefusedError(f"{option}: there is no label category file {text}.") from error
    except ContractError as error:
        place = f"{option}, {path}" if path.suffix.lower() == ".json" else ""
        said = f"{place}: {error}" if place else str(error)
        raise RefusedError(f"{said} Give the labels other names.") from error


def labels_in(lines: Sequence[ManifestLine], attribute: str) -> list[str]:
    """The classes that an attribute's colour maps or class maps name, in their order."""
    names: dict[str, None] = {}
    for line in lines:
        for label in segmentation_labels(line.fields):
            if label.attribute.removesuffix(REFERENCE_SUFFIX) != attribute.removesuffix(
                REFERENCE_SUFFIX
            ) or not isinstance(label.color_map, Mapping):
                continue
            for entry in label.color_map.values():
                name = entry.get("class-name") if isinstance(entry, Mapping) else None
                if isinstance(name, str) and name.upper() != "BACKGROUND":
                    names[name] = None
        metadata = line.fields.get(f"{attribute}-metadata")
        classes = metadata.get("class-map") if isinstance(metadata, dict) else None
        if isinstance(classes, Mapping):
            names |= dict.fromkeys(str(name) for name in classes.values())
    return list(names)


def tags_of(described: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a request or of a described job."""
    return {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}


def differences(request: Mapping[str, Any], described: Mapping[str, Any]) -> list[str]:
    """Where a job that is there differs from a request, by the names of the fields."""
    return [
        path
        for path, value in _leaves(request)
        if not path.startswith("Tags") and dict(_leaves(described)).get(path) != value
    ]


def _leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        return [(path, value)]
    return [
        leaf
        for name, member in value.items()
        for leaf in _leaves(member, f"{path}.{name}" if path else str(name))
    ]
