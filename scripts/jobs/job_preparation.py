"""From the options of `fewclick job create` to a job that could be made now. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from rich.console import Console

from hooks.core.job_settings import JobKind
from hooks.core.manifest import ManifestLine
from scripts.account.aws_account import AwsAccount
from scripts.jobs.job_checks import endpoint_instances, lint_data
from scripts.jobs.job_cost import JobCost, job_cost
from scripts.jobs.job_create_options import JobCreateOptions
from scripts.jobs.job_environment import JobEnvironment
from scripts.jobs.job_plan import (
    JobPlan,
    JobWishes,
    plan_job,
)
from scripts.jobs.job_source import (
    EarlierJob,
    JobData,
    earlier_job,
    from_folder,
    from_prefix,
    manifest_of,
    to_retry,
)
from scripts.jobs.job_wishes import base_settings, job_terms, job_wishes
from scripts.jobs.workforce import (
    check_price,
    content_classifiers,
    find_team,
)
from scripts.manifests.manifest_lint import read_manifest
from scripts.object_store import S3Objects
from scripts.prices import Prices, load_prices
from scripts.refusal import RefusedError


@dataclass(frozen=True, slots=True)
class PreparedJob:
    """A job that could be made now.

    Attributes:
        lines: that are to be labeled.
    """

    plan: JobPlan
    data: JobData
    lines: Sequence[ManifestLine]
    cost: JobCost


@dataclass(frozen=True, slots=True)
class PreparedData:
    """What is to be labeled, by whom and how; everything but the job itself.

    Attributes:
        lines: all lines that are fit for a job.
        manifest: that holds them; None for a streaming job without one.
        price: dollars for a public worker and an object.
    """

    wishes: JobWishes
    team_arn: str
    data: JobData
    lines: Sequence[ManifestLine]
    manifest: bytes | None
    prices: Prices
    price: Decimal | None


def prepare_job(
    options: JobCreateOptions,
    account: AwsAccount,
    environment: JobEnvironment,
    console: Console,
) -> PreparedJob:
    prefix = f"s3://{environment.bucket}/jobs/{options.name.lower()}/photos/"
    prepared = prepare_data(options, account, environment, prefix, console)
    plan = plan_job(prepared.wishes, environment, prepared.team_arn, prepared.manifest)
    attribute = prepared.wishes.label_attribute_name
    to_label = [line for line in prepared.lines if not line.is_labeled(attribute)]
    instance_type, instances = endpoint_instances(environment, account)
    streaming = prepared.manifest is None
    objects = 1 if streaming else min(len(to_label), options.stop_after or len(to_label))
    cost = job_cost(
        prepared.prices,
        objects=objects,
        workers_per_object=options.workers,
        task_price=prepared.price,
        instance_type=instance_type,
        instances=instances,
    )
    if streaming:
        notes = ("That is for each object that comes by the topic.", *cost.notes)
        cost = replace(cost, notes=notes)
    return PreparedJob(plan, prepared.data, to_label, cost)


def prepare_data(
    options: JobCreateOptions,
    account: AwsAccount,
    environment: JobEnvironment,
    photos_prefix: str,
    console: Console,
) -> PreparedData:
    """Check what was asked for, and read and check the data.

    Args:
        photos_prefix: `s3://` address below which photos of a folder are to lie.
    """
    prices = load_prices(options.prices)
    price = check_price(options.price, options.workforce, prices)
    content = content_classifiers(
        options.workforce,
        no_personal_information=options.no_personal_information,
        no_adult_content=options.no_adult_content,
    )
    team = find_team(options.workforce, options.team, account, environment.workteam_arn)
    data, earlier = _gather(options, account, photos_prefix)
    base = base_settings(options, earlier)
    kind = options.kind or (base.kind if base else JobKind.SEGMENTATION)
    attribute = options.label_attribute_name or (
        earlier.attribute if options.retry_from and earlier else options.name
    )
    lines, manifest = _lines(options, account, data, attribute, console)
    terms = job_terms(options, kind, price, content)
    wishes = job_wishes(
        options, kind, attribute, terms, lines, earlier, base, account, environment.kms_key
    )
    return PreparedData(wishes, team, data, lines, manifest, prices, price)


def _gather(
    options: JobCreateOptions, account: AwsAccount, photos_prefix: str
) -> tuple[JobData, EarlierJob | None]:
    """The manifest and what must be uploaded, and the earlier job that it comes from."""
    sources = [
        value
        for value in (options.photos, options.manifest, options.from_job, options.retry_from)
        if value is not None
    ]
    if len(sources) > 1 or (not sources and options.input_topic is None):
        raise RefusedError(
            "say what to label with one of --photos, --manifest, --from-job, --retry-from; "
            "a streaming job may do with --input-topic alone."
        )
    if options.photos is not None:
        if options.photos.startswith("s3://"):
            return from_prefix(options.photos, S3Objects(account.client("s3"))), None
        return from_folder(Path(options.photos), photos_prefix), None
    if options.manifest is not None:
        return JobData(read_manifest(options.manifest, account)), None
    if not sources:
        return JobData(b""), None
    earlier = earlier_job(sources[0], account)
    return JobData(earlier.manifest), earlier


def _lines(
    options: JobCreateOptions,
    account: AwsAccount,
    data: JobData,
    attribute: str,
    console: Console,
) -> tuple[Sequence[ManifestLine], bytes | None]:
    """The lines that are fit for a job, and the manifest that holds them."""
    if not data.content:
        return (), None
    lines = lint_data(data, attribute, account, console, leave_out_bad=options.leave_out_bad)
    if options.retry_from is not None:
        lines, count = to_retry(lines, attribute)
        if not count:
            raise RefusedError(
                f"nothing is left to retry: every line of {options.retry_from} has its label."
            )
        console.print(f"{count} of {len(lines)} objects are labeled again.")
    elif all(line.is_labeled(attribute) for line in lines):
        raise RefusedError(
            f"every line has the label {attribute} already, so nothing would be labeled: choose "
            "another --label-attribute-name."
        )
    return lines, manifest_of(lines)
