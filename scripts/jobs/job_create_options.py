"""What `fewclick job create` was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hooks.core.job_settings import JobKind
from scripts.commands.choices import Workforce
from scripts.jobs.job_environment import STACK


@dataclass(frozen=True, slots=True)
class JobCreateOptions:
    """The command line's options; see `fewclick job create --help`."""

    name: str
    photos: str | None = None
    manifest: str | None = None
    from_job: str | None = None
    retry_from: str | None = None
    input_topic: str | None = None
    output_topic: str | None = None
    kind: JobKind | None = None
    labels: str | None = None
    earlier_label: str | None = None
    label_attribute_name: str | None = None
    workforce: Workforce = Workforce.PRIVATE
    team: str | None = None
    workers: int = 3
    price: str | None = None
    no_personal_information: bool = False
    no_adult_content: bool = False
    time_limit: str = "1h"
    available: str | None = None
    at_once: int | None = None
    stop_after: int | None = None
    title: str | None = None
    description: str | None = None
    keywords: Sequence[str] = ()
    short_instructions: str | None = None
    instructions: Path | None = None
    language: str | None = None
    settings: Path | None = None
    worker_records: Sequence[str] = ()
    leave_out_bad: bool = False
    delete_answers_after: int | None = None
    kms_key: str | None = None
    tags: Sequence[str] = ()
    stack: str = STACK
    role: str | None = None
    prices: Path | None = None
    local: Path | None = None
    region: str | None = None
    profile: str | None = None
    yes: bool = False
    dry_run: bool = False
    as_json: bool = False
