"""What a job is asked to be: from the options, a settings file, and an earlier job."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError
from hooks.core.job_settings import JobKind, JobSettings
from hooks.core.manifest import ManifestLine
from scripts.account.aws_account import AwsAccount
from scripts.commands.choices import Workforce
from scripts.durations import seconds_of
from scripts.jobs.job_create_options import JobCreateOptions
from scripts.jobs.job_description import describe_job
from scripts.jobs.job_plan import JobWishes, labels_in, read_label_names, terms_of
from scripts.jobs.job_source import EarlierJob
from scripts.jobs.labeling_job_request import TaskTerms
from scripts.jobs.workforce import PUBLIC_AVAILABILITY_SECONDS
from scripts.refusal import RefusedError

PRIVATE_AVAILABILITY_SECONDS = 10 * 24 * 3600


def job_terms(
    options: JobCreateOptions, kind: JobKind, price: Decimal | None, content: Sequence[str]
) -> TaskTerms:
    """What workers of a job of a kind are told and paid."""
    public = options.workforce is Workforce.PUBLIC
    available = options.available
    return terms_of(
        kind,
        title=options.title,
        description=options.description,
        keywords=options.keywords,
        time_limit_seconds=seconds_of(options.time_limit, "--time-limit"),
        availability_seconds=seconds_of(available, "--available")
        if available
        else (PUBLIC_AVAILABILITY_SECONDS if public else PRIVATE_AVAILABILITY_SECONDS),
        at_once=options.at_once,
        price=price,
        content=content,
        stop_after=options.stop_after,
    )


def job_wishes(
    options: JobCreateOptions,
    kind: JobKind,
    attribute: str,
    terms: TaskTerms,
    lines: Sequence[ManifestLine],
    earlier: EarlierJob | None,
    base: JobSettings | None,
    account: AwsAccount,
    kms_key: str,
) -> JobWishes:
    """Everything that is asked of a job, its earlier label and classes found where need be.

    Raises:
        RefusedError: there are no labels, or something that was named is not there.
    """
    settings = base or (earlier.settings if earlier is not None else None)
    earlier_label = options.earlier_label or ""
    if not earlier_label and options.retry_from and base is not None:
        earlier_label = base.earlier_label
    if not earlier_label and kind in (JobKind.VERIFICATION, JobKind.ADJUSTMENT):
        if earlier is None:
            raise RefusedError(
                f"a job of kind {kind} needs --earlier-label, the attribute of the manifest that "
                "holds the labels to look at."
            )
        earlier_label = earlier.attribute
    if options.labels is not None:
        labels = read_label_names(options.labels)
    elif settings is not None:
        labels = settings.labels
    elif names := labels_in(lines, earlier_label or attribute):
        labels = _labels(names)
    else:
        raise RefusedError("--labels is missing: cat,dog or a label category file (.json).")
    return JobWishes(
        name=options.name,
        kind=kind,
        labels=labels,
        workers=options.workers,
        terms=terms,
        label_attribute_name=attribute,
        short_instructions=options.short_instructions or (base.short_instructions if base else ""),
        full_instructions=_instructions(options.instructions)
        or (base.full_instructions if base else ""),
        language=options.language or (base.language if base else "en"),
        earlier_label=earlier_label,
        earlier_jobs=_records(options, earlier, account),
        input_topic=options.input_topic,
        output_topic=options.output_topic,
        kms_key=options.kms_key or kms_key or None,
        tags=_tags(options.tags),
        public=options.workforce is Workforce.PUBLIC,
        base=base,
    )


def base_settings(options: JobCreateOptions, earlier: EarlierJob | None) -> JobSettings | None:
    """Settings to start from: a file's, or those of the job that is retried."""
    if options.settings is None:
        return earlier.settings if earlier is not None and options.retry_from else None
    try:
        return JobSettings.from_json(options.settings.read_bytes())
    except (FileNotFoundError, IsADirectoryError) as error:
        raise RefusedError(f"--settings: there is no file {options.settings}.") from error
    except ContractError as error:
        raise RefusedError(f"--settings, {options.settings}: {error}") from error


def _labels(names: Sequence[str]) -> LabelCategories:
    try:
        return LabelCategories.from_names(names)
    except ContractError as error:
        raise RefusedError(f"{error} Name them with --labels.") from error


def _records(
    options: JobCreateOptions, earlier: EarlierJob | None, account: AwsAccount
) -> tuple[str, ...]:
    """Where the records of workers lie that this job starts from."""
    found = [] if earlier is None or not options.retry_from else [earlier.output]
    for name in options.worker_records:
        described = describe_job(name, account)
        if described is None:
            raise RefusedError(f"--worker-records: there is no labeling job {name}.")
        path = described["OutputConfig"]["S3OutputPath"].rstrip("/")
        found.append(f"{path}/{described['LabelingJobName']}")
    return tuple(f"{output}/annotations" for output in dict.fromkeys(found))


def _instructions(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError, UnicodeDecodeError) as error:
        raise RefusedError(f"--instructions: {file} is no UTF-8 text file ({error}).") from error


def _tags(texts: Sequence[str]) -> dict[str, str]:
    tags = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise RefusedError(f"--tag: {text!r} is not of the form name=value.")
        tags[key] = value
    return tags
