"""From the options of `active-learn start` to a run that could begin now. Writes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console

from hooks.core.active_learning.loop_plan import LoopPlan
from hooks.core.active_learning.run_folder import RunFolder
from hooks.core.errors import ContractError
from hooks.core.manifest import ManifestLine, parse_s3_uri
from scripts.account.aws_account import AwsAccount
from scripts.active_learning.cost_forecast import (
    PUBLISHED_SHARE,
    CostCase,
    LoopRates,
    LoopSizes,
    forecast,
    human_labels_cost,
)
from scripts.active_learning.learner_job import (
    GIGABYTES,
    learner_files,
    learning_request,
    local_learning_request,
    own_learning_request,
)
from scripts.active_learning.run_environment import LoopEnvironment
from scripts.active_learning.run_options import StartOptions
from scripts.active_learning.run_requests import (
    CORRECTED,
    DRAWN,
    phase_jobs,
    reserved_attributes,
)
from scripts.jobs.job_plan import JobPlan, StoredObject
from scripts.jobs.job_preparation import PreparedData, prepare_data
from scripts.jobs.job_source import manifest_of
from scripts.jobs.job_wishes import job_terms
from scripts.local_ground_truth.request_check import check_shape
from scripts.processing_job import Machines, torch_image
from scripts.refusal import RefusedError

OPTIONS = {
    "objects": "the photos",
    "validation_size": "--validation-size",
    "training_size": "--training-size",
    "test_size": "--test-size",
    "batch_size": "--batch-size",
    "max_rounds": "--max-rounds",
    "target_iou": "--target",
    "certainty": "--certainty",
    "labels": "--labels",
}
"""What a field of the plan is called on the command line."""
JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """A run that could begin now.

    Attributes:
        jobs: one of each kind, whose surroundings are every job's.
        photos: address to the file that is to be uploaded there.
        objects: what is written before the run begins, the plan last.
        cases: what it may cost; empty on one machine.
    """

    plan: LoopPlan
    folder: RunFolder
    lines: Sequence[ManifestLine]
    jobs: tuple[JobPlan, ...]
    photos: Mapping[str, Path]
    objects: tuple[StoredObject, ...]
    cases: tuple[CostCase, ...]
    notes: tuple[str, ...]


def prepare_run(
    options: StartOptions, account: AwsAccount, environment: LoopEnvironment, console: Console
) -> PreparedRun:
    """Check everything and make all that a run needs.

    Raises:
        RefusedError: the run could not come to an end as it was asked for.
    """
    job = replace(options.job, kind=DRAWN[options.kind], label_attribute_name=options.job.name)
    folder = environment.folder(job.name)
    if options.learner_image is not None and account.served is not None:
        raise RefusedError(
            f"--learner-image: the local Ground Truth runs no containers, so not "
            f"{options.learner_image}. Leave it out, or start the run on AWS."
        )
    data = prepare_data(job, account, environment.jobs, f"{folder.address}photos/", console)
    _check_lines(data.lines, job.name, environment, account)
    rates = _rates(options, data)
    plan = _plan(options, data, rates)
    terms = {
        kind: job_terms(job, kind, data.price, data.wishes.terms.content)
        for kind in {DRAWN[plan.kind], CORRECTED[plan.kind]}
    }
    jobs = phase_jobs(plan, folder, data.wishes, terms, environment.jobs, data.team_arn)
    learner, files = _learner(options, plan, folder, account, environment)
    manifest = manifest_of(data.lines)
    objects = [
        *(item for phase in jobs for item in phase.plan.objects),
        *(_json_object(phase.address, phase.plan.request) for phase in jobs),
        *files,
        _json_object(folder.learner, learner),
        StoredObject(folder.input, manifest, "application/x-jsonlines"),
        _json_object(folder.plan, plan.to_json()),
    ]
    return PreparedRun(
        plan,
        folder,
        data.lines,
        (jobs[0].plan, jobs[-1].plan),
        data.data.photos,
        tuple({item.address: item for item in objects}.values()),
        () if account.served is not None else _cases(plan, data, rates),
        _notes(data, account),
    )


def _plan(options: StartOptions, data: PreparedData, rates: LoopRates) -> LoopPlan:
    prices, objects = data.prices, len(data.lines)
    try:
        plan = LoopPlan(
            name=options.job.name,
            kind=options.kind,
            labels=tuple(data.wishes.labels),
            objects=objects,
            test_size=options.test_size,
            validation_size=options.validation_size,
            training_size=options.training_size,
            batch_size=options.batch_size,
            max_rounds=options.max_rounds,
            target_iou=options.target,
            certainty=options.certainty,
            per_class=options.per_class,
            acquisition=options.acquisition,
            seed=options.seed,
            human_cost=_rounded(human_labels_cost(prices, objects, rates) / objects),
            machine_cost=prices.machine_fees(1),
            round_cost=rates.round_cost,
        )
        plan.refuse_small_validation()
    except ContractError as error:
        field = error.field.rpartition(".")[2]
        raise RefusedError(f"{OPTIONS.get(field, error.field)}: {error.problem}") from error
    return plan


def _check_lines(
    lines: Sequence[ManifestLine], name: str, environment: LoopEnvironment, account: AwsAccount
) -> None:
    """What the loop's function and the learner could not work with."""
    reserved = reserved_attributes(name)
    bucket, folder = environment.jobs.bucket, environment.folder(name)
    for line in lines:
        taken = [field for field in line.fields if field in reserved]
        if taken:
            raise RefusedError(
                f"line {line.number} of the manifest has {taken[0]!r}, which the run writes "
                "itself: choose another name for the run, or take it out of the lines."
            )
        if line.source_ref is None:
            raise RefusedError(
                f"line {line.number} of the manifest has no source-ref: active learning is for "
                "photos."
            )
        if account.served is None and parse_s3_uri(line.source_ref)[0] != bucket:
            raise RefusedError(
                f"{line.source_ref} (line {line.number}) is not in the stack's bucket {bucket}, "
                "and the loop's roles read no other: copy the photos there, or give --photos a "
                f"folder, which is uploaded to {folder.address}photos/."
            )


def _rates(options: StartOptions, data: PreparedData) -> LoopRates:
    hourly = data.prices.instance_hour.get(options.instance_type)
    if hourly is None:
        raise RefusedError(
            f"--instance-type: the price table does not know {options.instance_type}. Give its "
            "price in a file for --prices."
        )
    round_cost = hourly * Decimal(str(options.hours))
    return LoopRates(options.job.workers, data.price, round_cost)


def _cases(plan: LoopPlan, data: PreparedData, rates: LoopRates) -> tuple[CostCase, ...]:
    sizes = LoopSizes(
        plan.objects,
        plan.test_size,
        plan.validation_size,
        plan.training_size,
        plan.batch_size,
        plan.max_rounds,
    )
    shares = {f"{PUBLISHED_SHARE:.0%}, as published": PUBLISHED_SHARE}
    return tuple(forecast(data.prices, sizes, rates, shares))


def _notes(data: PreparedData, account: AwsAccount) -> tuple[str, ...]:
    if account.served is not None:
        return ("On this machine it costs nothing.",)
    notes = [f"Prices of {data.prices.dated}; S3, Lambda and taxes come on top."]
    if data.price is None:
        notes.append("What a private or vendor team is paid is between you and them.")
    return tuple(notes)


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.000001")).normalize()


def _learner(
    options: StartOptions,
    plan: LoopPlan,
    folder: RunFolder,
    account: AwsAccount,
    environment: LoopEnvironment,
) -> tuple[dict[str, Any], list[StoredObject]]:
    """The learner's request, and the files that it needs."""
    role = options.learner_role or environment.learner_role_arn
    if account.served is not None:
        return local_learning_request(plan.name, options.learner, role), []
    image = options.learner_image or torch_image(account.region, options.instance_type)
    machines = Machines(image, role, options.instance_type, gigabytes=GIGABYTES)
    if options.learner_image is not None:
        request, files = own_learning_request(plan.name, machines), {}
    else:
        code = f"{folder.address}learner/"
        request = learning_request(plan.name, options.learner, machines, code)
        files = {f"{code}{name}": body for name, body in learner_files().items()}
    findings = check_shape("CreateProcessingJob", request)
    if findings:
        raise RefusedError(
            "SageMaker would refuse the learner's job: " + "; ".join(map(str, findings)) + "."
        )
    return request, [
        StoredObject(address, body, "application/octet-stream") for address, body in files.items()
    ]


def _json_object(address: str, value: object) -> StoredObject:
    body = json.dumps(value, ensure_ascii=False, indent=1).encode()
    return StoredObject(address, body, JSON_TYPE)
