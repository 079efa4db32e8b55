"""From the options of `fewclick auto-label` to a run that could begin now. Makes nothing on AWS."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hooks.core.categories import LabelCategories
from scripts.account.aws_account import AwsAccount
from scripts.auto_labeling.answers.format_name import FormatName
from scripts.auto_labeling.asking import AskingPlan, scaling_of
from scripts.auto_labeling.auto_label_options import BOXES, MASKS, AutoLabelOptions
from scripts.auto_labeling.journal import Question
from scripts.auto_labeling.model_classes import (
    ModelClasses,
    match_classes,
    read_class_names,
    read_mapping,
)
from scripts.auto_labeling.model_runtime import AsyncRuntime
from scripts.auto_labeling.model_source import ModelSource, parse_model_source
from scripts.auto_labeling.run_input import RunInput, gather_input
from scripts.auto_labeling.run_model import (
    RunModel,
    endpoint_name,
    endpoint_parts,
    find_model,
    guess_format,
    run_digest,
)
from scripts.commands.choices import Workforce
from scripts.durations import seconds_of
from scripts.jobs.job_environment import JobEnvironment
from scripts.jobs.job_plan import read_label_names
from scripts.jobs.workforce import find_team
from scripts.object_store import ObjectStore
from scripts.refusal import RefusedError

NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
RUN_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class AutoLabelPlan:
    """A run.

    Attributes:
        digest: of everything that its answers depend on.
        prefix_uri: where it keeps things in S3; ends in a slash.
        model_classes: by number; empty where answers will say them.
        to_label: model class to the job's label.
    """

    data: RunInput
    labels: LabelCategories
    answer_format: FormatName
    model: RunModel
    asking: AskingPlan
    digest: str
    prefix_uri: str
    model_classes: tuple[str, ...]
    to_label: dict[str, str]
    left_out: tuple[str, ...]


def plan_run(
    options: AutoLabelOptions,
    account: AwsAccount,
    environment: JobEnvironment,
    store: ObjectStore,
    folder: Path,
) -> AutoLabelPlan:
    """Check everything that can be checked before anything runs.

    Args:
        folder: of the run; its manifest is written there.

    Raises:
        RefusedError: it cannot be done; the message names what and the fix.
    """
    if not NAME.fullmatch(options.name):
        raise RefusedError(
            f"{options.name!r} is no name: letters, digits and hyphens, at most 63, as labeling "
            "jobs have."
        )
    prefix = f"s3://{environment.bucket}/auto-label/{options.name.lower()}/"
    if options.check:
        # Better said now than when the labels are there.
        find_team(Workforce.PRIVATE, options.team, account, environment.workteam_arn)
        _check_job_name(options)
    labels = read_label_names(options.labels)
    source = parse_model_source(options.model)
    model = find_model(
        options.model,
        source,
        account,
        prefix_uri=prefix,
        instance_type=options.instance_type,
        accept_eula=options.accept_eula,
        image_uri=options.image_uri,
    )
    answers = _format(options, source)
    names = read_class_names(options.classes) if options.classes else model.classes
    matched = _matched(options, names, list(labels), answers)
    data = gather_input(options.photos, options.manifest, folder, f"{prefix}photos/", store)
    content_type = options.content_type or model.content_type
    digest = run_digest(data.digest, model.identity, answers.accept, content_type or "")
    return AutoLabelPlan(
        data=data,
        labels=labels,
        answer_format=answers,
        model=model,
        asking=_asking(options, environment, account, model, digest, prefix, answers),
        digest=digest,
        prefix_uri=prefix,
        model_classes=names,
        to_label=dict(matched.to_label),
        left_out=matched.left_out,
    )


def requests_of(plan: AutoLabelPlan) -> dict[str, Any]:
    """What would be sent, by operation, for `--dry-run`; of the photos the first one's."""
    requests: dict[str, Any] = {}
    parts = plan.asking.parts
    if parts is not None:
        if (request := parts.model_request()) is not None:
            requests["CreateModel"] = request
        scaling = scaling_of(plan.asking)
        requests |= {
            "CreateEndpointConfig": parts.config_request(),
            "CreateEndpoint": parts.endpoint_request(),
            "RegisterScalableTarget": scaling.target_request(),
            "PutScalingPolicy": [scaling.backlog_request(), scaling.waking_request()],
            "PutMetricAlarm": scaling.alarm_request("<ARN of the step policy>"),
        }
    line, source_ref = next(plan.data.source_refs())
    first = Question(line, source_ref, 1)
    facts = plan.model.facts
    if facts is not None and not facts.asynchronous:
        requests["InvokeEndpoint"] = {
            "EndpointName": facts.name,
            "Body": f"<the bytes of {source_ref}>",
            "Accept": plan.asking.accept,
        }
        return requests
    name = facts.name if facts is not None else parts.name if parts is not None else ""
    runtime = AsyncRuntime(
        None, None, name, plan.asking.run, "", plan.asking.content_type, plan.asking.accept
    )
    requests["InvokeEndpointAsync"] = runtime.request(first)
    return requests


def _check_job_name(options: AutoLabelOptions) -> None:
    if not NAME.fullmatch(options.check_job_name):
        raise RefusedError(f"--job-name {options.check_job_name!r} is no name of a labeling job.")
    if options.check_job_name == options.name:
        raise RefusedError(
            f"--job-name {options.name}: the job's labels would overwrite the model's; choose "
            "another name than the run's."
        )


def _format(options: AutoLabelOptions, source: ModelSource) -> FormatName:
    answers = options.answers or guess_format(source)
    if answers is None:
        raise RefusedError(
            f"--model {options.model} does not tell what it answers in: say it with --answers, one "
            f"of {', '.join(FormatName)}."
        )
    if options.kind == MASKS and not answers.has_masks:
        raise RefusedError(f"{answers} answers are boxes: give --kind boxes.")
    if options.kind == BOXES and not answers.has_boxes:
        raise RefusedError(f"{answers} answers are masks without objects: give --kind masks.")
    return answers


def _matched(
    options: AutoLabelOptions, names: Sequence[str], labels: list[str], answers: FormatName
) -> ModelClasses:
    mapping = read_mapping(options.mapping)
    if names:
        return match_classes(names, labels, mapping, options.model)
    if not answers.names_classes:
        raise RefusedError(
            f"{answers} answers give classes by number, and --model {options.model} does not say "
            "what they are called: list them with --classes, from 0 on."
        )
    # The first answer says them; until then the user's word is taken.
    said = [*mapping, *(label for label in labels if label not in mapping.values())]
    return match_classes(said, labels, mapping, options.model)


def _asking(
    options: AutoLabelOptions,
    environment: JobEnvironment,
    account: AwsAccount,
    model: RunModel,
    digest: str,
    prefix: str,
    answers: FormatName,
) -> AskingPlan:
    parts = None
    if model.hosted is not None:
        role = options.role or (environment.role_arn if account.served is not None else None)
        if role is None:
            raise RefusedError(
                "an endpoint needs --role, the ARN of an execution role that reads the model and "
                f"the photos and writes to {prefix}."
            )
        parts = endpoint_parts(
            model,
            endpoint_name(options.name, digest),
            prefix,
            role_arn=role,
            concurrency=options.concurrency,
            success_topic=options.success_topic,
            error_topic=options.error_topic,
            kms_key=environment.kms_key,
        )
    return AskingPlan(
        run=digest[:RUN_CHARACTERS],
        model=model,
        parts=parts,
        answers_uri=f"{prefix}answers",
        accept=answers.accept,
        content_type=options.content_type or model.content_type,
        max_instances=options.max_instances,
        attempts=options.attempts,
        keep=options.keep_endpoint,
        patience_seconds=seconds_of(options.patience, "--patience"),
    )
