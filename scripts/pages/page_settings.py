"""The settings of a page that belongs to no job yet: from a label set, or from a settings file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import typer

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError
from hooks.core.job_settings import JobKind, JobSettings
from scripts.jobs.job_plan import SHORT_INSTRUCTIONS

EARLIER_LABEL = "earlier"
"""The attribute of the manifest line in which a page that needs one finds the label to judge."""
JUDGING = (JobKind.VERIFICATION, JobKind.ADJUSTMENT)
"""Kinds whose workers begin with an earlier label."""


@dataclass(frozen=True, slots=True)
class PageOptions:
    """What `fewclick render` and `fewclick preview` ask for alike."""

    labels: str | None = None
    kind: JobKind = JobKind.SEGMENTATION
    short_instructions: str | None = None
    instructions: Path | None = None
    language: str = "en"
    settings: Path | None = None


def page_settings(options: PageOptions) -> JobSettings:
    """Settings that a page can be made of.

    Raises:
        typer.BadParameter: the options do not go together, or a file is not there.
        ContractError: labels or settings cannot be used; the message names the field.
    """
    if options.settings is not None:
        if options.labels is not None or options.instructions or options.short_instructions:
            raise typer.BadParameter(
                "--settings says it all: it goes with neither --labels nor instructions."
            )
        try:
            return JobSettings.from_json(_read(options.settings))
        except ContractError as error:
            raise ContractError(str(options.settings), f"{error.field}: {error.problem}") from error
    if options.labels is None:
        raise typer.BadParameter("a page needs --labels cat,dog or --settings FILE.")
    settings = JobSettings(
        labeling_job_name="preview",
        kind=options.kind,
        label_attribute_name="preview",
        labels=LabelCategories.from_names(options.labels.split(","), "--labels"),
        short_instructions=options.short_instructions or SHORT_INSTRUCTIONS[options.kind],
        full_instructions=_read(options.instructions) if options.instructions else "",
        token_lifetime_seconds=24 * 3600,
        language=options.language,
        earlier_label=EARLIER_LABEL if options.kind in JUDGING else "",
    )
    return JobSettings.from_json(settings.to_json())  # which checks all of it, as the hooks will


def with_earlier_label(settings: JobSettings) -> JobSettings:
    """The same settings for a page whose task begins with an earlier label."""
    return replace(settings, earlier_label=settings.earlier_label or EARLIER_LABEL)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} cannot be read: {error}.") from error
