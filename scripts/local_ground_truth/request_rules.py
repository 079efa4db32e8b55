"""What Ground Truth asks of a CreateLabelingJob request beyond the shape of its fields.

Each rule is one that AWS documents (a parameter's description in the API reference, or the
developer guide); where a document leaves doubt, the reading under which a request works on AWS
is taken. What this machine cannot do is refused too, and says so.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError
from scripts.local_ground_truth.liquid import TemplateError, check_template
from scripts.local_ground_truth.request_check import Finding
from scripts.local_ground_truth.s3_objects import S3ObjectError, S3Objects, bucket_of

MAX_TASK_SECONDS = 28_800
MAX_PUBLIC_AVAILABILITY_SECONDS = 43_200
MAX_PRIVATE_AVAILABILITY_SECONDS = 2_592_000
MAX_CONCURRENT_TASKS_WITHOUT_SUPPORT = 1000
MAX_TEMPLATE_CHARACTERS = 128_000
PUBLIC_WORKTEAM_ACCOUNT = "394669845002"
PUBLIC_CLASSIFIER = "FreeOfPersonallyIdentifiableInformation"
FUNCTION_NAMES = ("*GtRecipe*", "*LabelingFunction*", "*SageMaker*", "*sagemaker*", "*Sagemaker*")
"""What the managed policy AmazonSageMakerGroundTruthExecution lets Ground Truth invoke."""
ALLOWED_PRICES = (12, 24, 36, 48, 60, 72, 120, 240, 360, 480, 600, 720, 840, 960, 1080, 1200)
"""In thousandths of a US dollar, per worker and object of a custom task."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What exists on this machine that a request can refer to."""

    objects: S3Objects
    function_arns: Collection[str]
    account: str
    region: str


def check_rules(request: Mapping[str, Any], surroundings: Surroundings) -> list[Finding]:
    """Everything that stands between `request` and a labeling job.

    Its members must be there and of their types; their values may be anything.
    """
    task = request["HumanTaskConfig"]
    return [
        *check_values(request),
        *_check_arns(request, task, surroundings),
        *_check_functions(task, surroundings),
        *_check_features(request),
        *_check_addresses(request, task, surroundings.objects),
    ]


def check_values(request: Mapping[str, Any]) -> list[Finding]:
    """The rules that a request follows or breaks by itself, wherever it is sent."""
    task = request["HumanTaskConfig"]
    return [
        *_check_label_attribute_name(request["LabelAttributeName"]),
        *_check_times(task),
        *_check_workforce(request, task),
        *_check_tags(request.get("Tags", [])),
    ]


def _check_label_attribute_name(name: str) -> Iterator[Finding]:
    where = "labelAttributeName"
    if name.endswith("-metadata"):
        yield Finding(where, name, "Member must not end with -metadata")
    if name.endswith("-ref"):
        yield Finding(where, name, "Member must not end with -ref in a custom labeling job")
    if name in ("source", "source-ref"):
        yield Finding(where, name, "Member must not be source or source-ref")


def _check_times(task: Mapping[str, Any]) -> Iterator[Finding]:
    limit = task["TaskTimeLimitInSeconds"]
    if limit > MAX_TASK_SECONDS:
        yield Finding(
            "humanTaskConfig.taskTimeLimitInSeconds",
            limit,
            f"Member must have value less than or equal to {MAX_TASK_SECONDS} in a custom task",
        )
    availability = task.get("TaskAvailabilityLifetimeInSeconds")
    public = is_public(task["WorkteamArn"])
    most = MAX_PUBLIC_AVAILABILITY_SECONDS if public else MAX_PRIVATE_AVAILABILITY_SECONDS
    if availability is not None and availability > most:
        yield Finding(
            "humanTaskConfig.taskAvailabilityLifetimeInSeconds",
            availability,
            f"Member must have value less than or equal to {most} "
            f"for a {'public' if public else 'private or vendor'} workforce",
        )
    at_once = task.get("MaxConcurrentTaskCount", 1)
    if at_once > MAX_CONCURRENT_TASKS_WITHOUT_SUPPORT:
        yield Finding(
            "humanTaskConfig.maxConcurrentTaskCount",
            at_once,
            "Member must have value less than or equal to "
            f"{MAX_CONCURRENT_TASKS_WITHOUT_SUPPORT} unless AWS Support has raised the quota",
        )


def _check_workforce(request: Mapping[str, Any], task: Mapping[str, Any]) -> Iterator[Finding]:
    if not is_public(task["WorkteamArn"]):
        return
    attributes = request["InputConfig"].get("DataAttributes", {})
    classifiers = attributes.get("ContentClassifiers", [])
    if PUBLIC_CLASSIFIER not in classifiers:
        yield Finding(
            "inputConfig.dataAttributes.contentClassifiers",
            classifiers,
            f"Member must contain {PUBLIC_CLASSIFIER} for the public workforce",
        )
    where = "humanTaskConfig.publicWorkforceTaskPrice"
    amount = task.get("PublicWorkforceTaskPrice", {}).get("AmountInUsd")
    if amount is None:
        yield Finding(where, None, "Member must not be null for the public workforce")
        return
    thousandths = (
        1000 * amount.get("Dollars", 0)
        + 10 * amount.get("Cents", 0)
        + amount.get("TenthFractionsOfACent", 0)
    )
    if thousandths not in ALLOWED_PRICES:
        allowed = ", ".join(f"{price / 1000:.3f}" for price in ALLOWED_PRICES)
        yield Finding(
            f"{where}.amountInUsd",
            f"{thousandths / 1000:.3f}",
            f"Member must satisfy enum value set: [{allowed}]",
        )


def _check_arns(
    request: Mapping[str, Any], task: Mapping[str, Any], surroundings: Surroundings
) -> Iterator[Finding]:
    workteam = task["WorkteamArn"]
    # One with fewer parts is no ARN, which its pattern has said.
    _, _, _, region, account, resource, *_ = workteam.split(":", 5) + 6 * [""]
    where = "humanTaskConfig.workteamArn"
    if region != surroundings.region:
        yield Finding(where, workteam, f"Member must be of region {surroundings.region}")
    if resource.startswith("workteam/private-crowd/") and account != surroundings.account:
        yield Finding(where, workteam, f"Member must be of account {surroundings.account}")
    if f":{surroundings.account}:" not in request["RoleArn"]:
        yield Finding(
            "roleArn", request["RoleArn"], f"Member must be of account {surroundings.account}"
        )


def _check_functions(task: Mapping[str, Any], surroundings: Surroundings) -> Iterator[Finding]:
    consolidation = task.get("AnnotationConsolidationConfig", {})
    for where, arn in (
        ("preHumanTaskLambdaArn", task.get("PreHumanTaskLambdaArn")),
        (
            "annotationConsolidationConfig.annotationConsolidationLambdaArn",
            consolidation.get("AnnotationConsolidationLambdaArn"),
        ),
    ):
        if arn is None:
            continue
        where = f"humanTaskConfig.{where}"
        if arn not in surroundings.function_arns:
            yield Finding(where, arn, "Member must be a function of this machine's template")
        name = arn.rpartition(":")[2]
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in FUNCTION_NAMES):
            yield Finding(
                where,
                arn,
                "Member must name a function that Ground Truth's execution policy may invoke: "
                + ", ".join(FUNCTION_NAMES),
            )


def _check_tags(tags: list[Mapping[str, str]]) -> Iterator[Finding]:
    seen: set[str] = set()
    for number, tag in enumerate(tags, start=1):
        where = f"tags.{number}.member.key"
        if tag["Key"] in seen:
            yield Finding(where, tag["Key"], "Member must be unique")
        if tag["Key"].lower().startswith("aws:"):
            yield Finding(where, tag["Key"], "Member must not begin with aws:")
        seen.add(tag["Key"])


def _check_features(request: Mapping[str, Any]) -> Iterator[Finding]:
    source = request["InputConfig"]["DataSource"]
    if not source.get("S3DataSource") and not source.get("SnsDataSource"):
        yield Finding("inputConfig.dataSource", source, "Member must name a data source")
    if source.get("SnsDataSource"):
        yield Finding(
            "inputConfig.dataSource.snsDataSource",
            source["SnsDataSource"],
            "streaming labeling jobs run on AWS only",
        )
    if request.get("LabelingJobAlgorithmsConfig"):
        yield Finding(
            "labelingJobAlgorithmsConfig",
            request["LabelingJobAlgorithmsConfig"],
            "automated data labeling is not available for custom labeling jobs",
        )


def _check_addresses(
    request: Mapping[str, Any], task: Mapping[str, Any], objects: S3Objects
) -> Iterator[Finding]:
    manifest = request["InputConfig"]["DataSource"].get("S3DataSource", {}).get("ManifestS3Uri")
    if manifest is not None:
        where = "inputConfig.dataSource.s3DataSource.manifestS3Uri"
        problem = _bucket_problem(manifest, objects)
        if problem:
            yield Finding(where, manifest, problem)
        elif not objects.readable_from_any_origin(bucket_of(manifest)):
            yield Finding(
                where,
                manifest,
                "Member must be in a bucket with a CORS rule that allows GET from origin *",
            )
    output = request["OutputConfig"]["S3OutputPath"]
    problem = _bucket_problem(output, objects)
    if problem:
        yield Finding("outputConfig.s3OutputPath", output, problem)
    yield from _check_template(task["UiConfig"], objects)
    categories = request.get("LabelCategoryConfigS3Uri")
    if categories is not None:
        try:
            LabelCategories.from_category_file(objects.read(categories))
        except (ContractError, S3ObjectError) as error:
            yield Finding("labelCategoryConfigS3Uri", categories, str(error))


def _check_template(ui: Mapping[str, Any], objects: S3Objects) -> Iterator[Finding]:
    where = "humanTaskConfig.uiConfig"
    if bool(ui.get("UiTemplateS3Uri")) == bool(ui.get("HumanTaskUiArn")):
        yield Finding(where, dict(ui), "Member must have one of UiTemplateS3Uri, HumanTaskUiArn")
        return
    if ui.get("HumanTaskUiArn"):
        yield Finding(
            f"{where}.humanTaskUiArn", ui["HumanTaskUiArn"], "built-in task pages run on AWS only"
        )
        return
    address = ui["UiTemplateS3Uri"]
    try:
        template = objects.read(address).decode()
        check_template(template)
    except (S3ObjectError, TemplateError, UnicodeDecodeError) as error:
        yield Finding(f"{where}.uiTemplateS3Uri", address, str(error))
        return
    if len(template) > MAX_TEMPLATE_CHARACTERS:
        yield Finding(
            f"{where}.uiTemplateS3Uri",
            address,
            f"Member must name a template of at most {MAX_TEMPLATE_CHARACTERS} characters; "
            f"it has {len(template)}",
        )


def _bucket_problem(address: str, objects: S3Objects) -> str:
    try:
        bucket = bucket_of(address)
    except S3ObjectError:
        return "Member must be of the form s3://bucket/key"
    return "" if objects.has_bucket(bucket) else "Member must be in a bucket that exists"


def is_public(workteam_arn: str) -> bool:
    """Whether the workteam is Mechanical Turk's."""
    return f":{PUBLIC_WORKTEAM_ACCOUNT}:workteam/public-crowd/" in workteam_arn
