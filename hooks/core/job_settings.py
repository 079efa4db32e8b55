"""A job's settings: what the hooks must know and no Ground Truth event carries.

They lie at `s3://<settings bucket>/jobs/<job name, lower case>/settings.json`, written when the
job is created. The name is in lower case because events carry it in a job ARN, where some have it
so, whatever case was given.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError
from hooks.core.job_example import Example
from hooks.core.manifest import parse_s3_uri

SCHEMA_VERSION = 1
PAGE_VERSION = 2
"""What a job's page expects of its task input. 1: a token for as long as the task lies open;
2: the address of a grant. A job keeps the page that it was made with, whatever is deployed later,
so the hooks give each page what it knows."""

MAX_LIFETIME_SECONDS = (30 * 24 + 8) * 3600

MAX_VERDICTS = 10
"""As many as there are digit keys; `crowd-image-classifier` takes no more either."""
MAX_REASONS = 20
MAX_CHOICE_LENGTH = 256
DEFAULT_VERDICTS = ("good", "needs fixing", "wrong")
DEFAULT_REASONS = (
    "The outline is not exact",
    "An object is missing",
    "Something else is marked",
    "A class is wrong",
)

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")


class JobKind(StrEnum):
    """What workers do in a job."""

    SEGMENTATION = "segmentation"
    VERIFICATION = "verification"
    """Workers judge an earlier label, masks or boxes."""
    ADJUSTMENT = "adjustment"
    """Workers correct an earlier label's masks."""
    BOUNDING_BOX = "bounding-box"
    """Workers draw boxes; with an earlier label they correct its boxes."""
    ADJUDICATION = "adjudication"
    """A reviewer decides between workers' masks."""


@dataclass(frozen=True, slots=True)
class JobSettings:
    """The settings of one labeling job.

    Attributes:
        short_instructions, full_instructions: plain text; shown to workers, never run.
        token_lifetime_seconds: how long a task's grant is good for. It is made when the task is
            dispatched, so this must cover the time a task may lie open and then be worked on.
        page_version: of PAGE_VERSION; settings that do not say have a page of version 1.
        earlier_jobs: addresses of other jobs' `annotations`, from whose records workers start.
        language: of the page around the instructions, such as `en`.
        examples: of good and bad work; shown with the instructions.
        earlier_label: the attribute of the manifest's lines that holds the label to verify or to
            correct, with or without its `-ref`. Verification and adjustment jobs need it.
        verdicts: what a verification job's workers choose from, the more cautious later; the first
            says that nothing is wrong.
        reasons: what they can say is wrong.
    """

    labeling_job_name: str
    kind: JobKind
    label_attribute_name: str
    labels: LabelCategories
    short_instructions: str = ""
    full_instructions: str = ""
    token_lifetime_seconds: int = 3600
    earlier_jobs: tuple[str, ...] = ()
    language: str = "en"
    examples: tuple[Example, ...] = ()
    earlier_label: str = ""
    verdicts: tuple[str, ...] = DEFAULT_VERDICTS
    reasons: tuple[str, ...] = DEFAULT_REASONS
    page_version: int = PAGE_VERSION

    @classmethod
    def from_json(cls, text: str | bytes) -> JobSettings:
        """Raises ContractError, naming the field, when the settings cannot be used."""
        try:
            fields = json.loads(text)
        except ValueError as error:
            raise ContractError("settings", f"not JSON ({error}).") from error
        if not isinstance(fields, dict):
            raise ContractError("settings", "must be a JSON object.")
        if fields.get("schema_version") != SCHEMA_VERSION:
            raise ContractError(
                "settings.schema_version",
                f"{fields.get('schema_version')!r}; these hooks read version {SCHEMA_VERSION}.",
            )
        kind = fields.get("kind")
        if kind not in list(JobKind):
            raise ContractError("settings.kind", f"{kind!r} is not one of {', '.join(JobKind)}.")
        labels = fields.get("labels")
        lifetime = fields.get("token_lifetime_seconds")
        if not isinstance(labels, list):
            raise ContractError("settings.labels", "must be a list of texts.")
        if isinstance(lifetime, bool) or not isinstance(lifetime, int) or lifetime <= 0:
            raise ContractError("settings.token_lifetime_seconds", "must be a number of seconds.")
        language = _text(fields, "language", "en")
        if not _LANGUAGE.fullmatch(language):
            raise ContractError("settings.language", f"{language!r} is no tag such as en or de.")
        examples = fields.get("examples", [])
        if not isinstance(examples, list):
            raise ContractError("settings.examples", "must be a list of examples.")
        if lifetime > MAX_LIFETIME_SECONDS:
            raise ContractError(
                "settings.token_lifetime_seconds",
                f"{lifetime} is more than 30 days and 8 hours ({MAX_LIFETIME_SECONDS}), the "
                "longest that a task may lie open and be worked on.",
            )
        earlier_jobs = fields.get("earlier_jobs", [])
        if not isinstance(earlier_jobs, list):
            raise ContractError("settings.earlier_jobs", "must be a list of S3 addresses.")
        for index, address in enumerate(earlier_jobs):
            parse_s3_uri(str(address), f"settings.earlier_jobs[{index}]")
        earlier_label = _text(fields, "earlier_label")
        if kind in (JobKind.VERIFICATION, JobKind.ADJUSTMENT) and not earlier_label:
            raise ContractError(
                "settings.earlier_label",
                f"missing; {kind} jobs need the name of the label that they begin with.",
            )
        verdicts = _choices(fields, "verdicts", DEFAULT_VERDICTS, MAX_VERDICTS)
        if len(verdicts) < 2:
            raise ContractError("settings.verdicts", "there must be two or more to choose from.")
        page_version = fields.get("page_version", 1)
        if isinstance(page_version, bool) or page_version not in range(1, PAGE_VERSION + 1):
            raise ContractError(
                "settings.page_version",
                f"{page_version!r}; these hooks serve pages up to version {PAGE_VERSION}. "
                "Deploy the stack's newest version.",
            )
        return cls(
            labeling_job_name=_text(fields, "labeling_job_name"),
            kind=JobKind(kind),
            label_attribute_name=_text(fields, "label_attribute_name"),
            labels=LabelCategories.from_names(labels, "settings.labels"),
            short_instructions=_text(fields, "short_instructions"),
            full_instructions=_text(fields, "full_instructions"),
            token_lifetime_seconds=lifetime,
            earlier_jobs=tuple(earlier_jobs),
            language=language,
            examples=tuple(
                Example.from_json(example, f"settings.examples[{index}]")
                for index, example in enumerate(examples)
            ),
            earlier_label=earlier_label,
            verdicts=verdicts,
            reasons=_choices(fields, "reasons", DEFAULT_REASONS, MAX_REASONS),
            page_version=page_version,
        )

    def to_json(self) -> str:
        fields = {
            "schema_version": SCHEMA_VERSION,
            "labeling_job_name": self.labeling_job_name,
            "kind": self.kind.value,
            "label_attribute_name": self.label_attribute_name,
            "labels": list(self.labels),
            "short_instructions": self.short_instructions,
            "full_instructions": self.full_instructions,
            "token_lifetime_seconds": self.token_lifetime_seconds,
            "earlier_jobs": list(self.earlier_jobs),
            "language": self.language,
            "examples": [example.to_json() for example in self.examples],
            "earlier_label": self.earlier_label,
            "verdicts": list(self.verdicts),
            "reasons": list(self.reasons),
            "page_version": self.page_version,
        }
        return json.dumps(fields, ensure_ascii=False, indent=1)


def settings_key(labeling_job_name: str) -> str:
    """The S3 key of a job's settings."""
    return f"jobs/{labeling_job_name.lower()}/settings.json"


def job_name_of(labeling_job_arn: str) -> str:
    """The job's name, lower case, out of its ARN `arn:aws:sagemaker:<…>:labeling-job/<name>`."""
    prefix, _, name = labeling_job_arn.rpartition(":labeling-job/")
    if not prefix or not name:
        raise ContractError("labelingJobArn", f"{labeling_job_arn!r} is not a labeling job's ARN.")
    return name.lower()


def _text(fields: dict[str, object], name: str, default: str = "") -> str:
    value = fields.get(name, default)
    if not isinstance(value, str):
        raise ContractError(f"settings.{name}", "must be a text.")
    return value


def _choices(
    fields: dict[str, object], name: str, default: tuple[str, ...], most: int
) -> tuple[str, ...]:
    """Texts to choose from, each once."""
    values = fields.get(name, list(default))
    if not isinstance(values, list) or len(values) > most:
        raise ContractError(f"settings.{name}", f"must be a list of at most {most} texts.")
    for index, value in enumerate(values):
        if not isinstance(value, str) or not value.strip() or len(value) > MAX_CHOICE_LENGTH:
            raise ContractError(
                f"settings.{name}[{index}]",
                f"must be a text of 1 to {MAX_CHOICE_LENGTH} characters that is not blank.",
            )
        if value in values[:index]:
            raise ContractError(f"settings.{name}[{index}]", f"{value!r} stands there twice.")
    return tuple(values)
