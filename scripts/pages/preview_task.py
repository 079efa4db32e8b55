"""One photo's task on the local Ground Truth, without a job: page and task input, made anew.

The photo lies in the local S3, the pre-annotation function makes the task input, and the click API
takes its grant: all that a worker's browser would meet, for a page that is still being written.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hooks.core.errors import FewclickError
from hooks.core.job_settings import JobKind, JobSettings, settings_key
from hooks.core.photo import PhotoHeader, read_header
from scripts.local_ground_truth.cloud import ACCOUNT
from scripts.local_ground_truth.lambda_events import job_arn, pre_annotation_event
from scripts.local_ground_truth.local import REGION, LocalGroundTruth
from scripts.pages.earlier_label_file import box_fields, mask_fields
from scripts.pages.page_settings import JUDGING, PageOptions, page_settings, with_earlier_label
from scripts.pages.page_texts import TEMPLATES
from scripts.pages.render_template import render

NAME = "preview"


class PreviewError(FewclickError):
    """There is no page to show; the message says what to mend."""


@dataclass(frozen=True, slots=True)
class PreviewFiles:
    """What a preview is made of, and made anew of when it changes."""

    page: PageOptions
    photo: Path
    mask: Path | None
    boxes: Path | None

    def fingerprint(self) -> str:
        """Another text once any of the files has changed."""
        own = (
            self.photo,
            self.mask,
            self.boxes,
            self.page.instructions,
            self.page.settings,
        )
        files = [file for file in own if file is not None]
        files += [file for file in sorted(TEMPLATES.rglob("*")) if file.is_file()]
        return str(hash(tuple((str(file), *_state(file)) for file in files)))


@dataclass(frozen=True, slots=True)
class PreviewTask:
    """A template and what Liquid fills it with."""

    template: str
    task_input: Any


def make_task(files: PreviewFiles, local: LocalGroundTruth) -> PreviewTask:
    """The task as the files are now.

    Raises:
        FewclickError, typer.BadParameter: something of it cannot be used; the message says what.
    """
    settings = page_settings(files.page)
    if settings.kind is JobKind.ADJUDICATION:
        raise PreviewError(
            "An adjudication page shows the masks of an earlier job: see it in a job of that kind "
            "on the local Ground Truth (fewclick serve, fewclick quality)."
        )
    if files.mask is not None or files.boxes is not None:
        settings = with_earlier_label(settings)
    elif settings.kind in JUDGING:
        raise PreviewError(
            f"A {settings.kind.value} page begins with an earlier label: give it by --mask or "
            "--boxes."
        )
    template = render(settings)
    body = files.photo.read_bytes()
    header = read_header(body, str(files.photo))

    def put(key: str, content: bytes, content_type: str) -> str:
        local.s3.put_object(Bucket=local.bucket, Key=key, Body=content, ContentType=content_type)
        return f"s3://{local.bucket}/{key}"

    kind = "image/png" if body.startswith(b"\x89PNG") else "image/jpeg"
    # The name of what is in it, so that no cache shows an earlier photo.
    source_ref = put(f"{NAME}/{abs(hash(body)):x}{files.photo.suffix}", body, kind)
    put(settings_key(NAME), settings.to_json().encode(), "application/json")
    line = {"source-ref": source_ref, **_earlier_fields(files, settings, header, put)}
    event = pre_annotation_event(job_arn(REGION, ACCOUNT, NAME), line)
    answer = local.invoke(local.pre_annotation_arn, json.dumps(event).encode())
    if answer.function_error is not None:
        raise PreviewError(answer.error)
    return PreviewTask(template, answer.value["taskInput"])


def _earlier_fields(
    files: PreviewFiles, settings: JobSettings, header: PhotoHeader, put: Any
) -> dict[str, Any]:
    attribute, labels = settings.earlier_label, settings.labels
    if files.mask is not None:

        def put_mask(png: bytes) -> str:
            return str(put(f"{NAME}/{abs(hash(png)):x}-mask.png", png, "image/png"))

        return mask_fields(files.mask, attribute, labels, header, put_mask)
    if files.boxes is not None:
        return box_fields(files.boxes, attribute, labels, header)
    return {}


def _state(file: Path) -> tuple[int, int]:
    try:
        stat = file.stat()
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_size)
