"""What `fewclick auto-label` was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.auto_labeling.answers.format_name import FormatName
from scripts.jobs.job_environment import STACK

MASKS, BOXES = "masks", "boxes"


@dataclass(frozen=True, slots=True)
class AutoLabelOptions:
    """The command line's options; see `fewclick auto-label --help`.

    Attributes:
        check: what people do with the labels, `verification` or `adjustment`; "" for no job.
        job_name: of that job; None for the run's with `-check`.
    """

    name: str
    model: str
    labels: str
    out: Path
    photos: str | None = None
    manifest: str | None = None
    kind: str = MASKS
    answers: FormatName | None = None
    classes: str | None = None
    mapping: Sequence[str] = ()
    min_score: float = 0.5
    nothing_to_people: bool = False
    content_type: str | None = None
    ignores_orientation: bool = False
    image_uri: str | None = None
    instance_type: str | None = None
    max_instances: int = 1
    concurrency: int = 4
    role: str | None = None
    success_topic: str | None = None
    error_topic: str | None = None
    accept_eula: bool = False
    keep_endpoint: bool = False
    again: bool = False
    attempts: int = 4
    patience: str = "30m"
    check: str = "verification"
    job_name: str | None = None
    team: str | None = None
    workers: int = 1
    stack: str = STACK
    prices: Path | None = None
    local: Path | None = None
    region: str | None = None
    profile: str | None = None
    yes: bool = False
    dry_run: bool = False
    as_json: bool = False

    @property
    def check_job_name(self) -> str:
        return self.job_name or f"{self.name[:57]}-check"
