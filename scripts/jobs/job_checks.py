"""What is looked at before a labeling job is made: its data, and all that it refers to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError
from rich.console import Console

from hooks.core.manifest import METADATA_SUFFIX, ManifestLine, parse_s3_uri
from hooks.core.manifest_findings import ManifestFinding, Severity
from hooks.core.manifest_lint import lint_manifest
from scripts.account.aws_account import AwsAccount
from scripts.account.aws_errors import code_of, is_denied
from scripts.jobs.job_environment import JobEnvironment
from scripts.jobs.job_plan import JobPlan
from scripts.jobs.job_source import JobData, without_duplicates
from scripts.jobs.role_permissions import missing_permissions, needed_permissions
from scripts.jobs.workforce import describe_team
from scripts.manifests.manifest_objects import buckets_of, check_bucket, check_objects, check_photo
from scripts.object_store import ObjectStart, S3Objects
from scripts.progress import counting
from scripts.refusal import RefusedError

MOST_NAMED = 5
"""Findings in one sentence; `fewclick manifest lint` lists all."""


@dataclass(frozen=True, slots=True)
class _Files:
    """Files that are not in S3 yet, by the address that they are to have."""

    files: dict[str, Path]

    def read_start(self, uri: str, count: int) -> ObjectStart:
        path = self.files[uri]
        with path.open("rb") as file:
            return ObjectStart(file.read(count), path.stat().st_size)


def lint_data(
    data: JobData,
    attribute: str,
    account: AwsAccount,
    console: Console,
    *,
    leave_out_bad: bool,
) -> Sequence[ManifestLine]:
    """The lines that are fit for a job, each data object once.

    Raises:
        RefusedError: a line is not, and shall not be left out, or the manifest as a whole is not.
    """
    linted = lint_manifest(data.content, label_attribute_name=attribute)
    findings = list(linted.findings)
    lines = without_duplicates(linted.lines)
    if len(lines) < len(linted.lines):
        again = len(linted.lines) - len(lines)
        console.print(f"{again} lines name a photo again and are left out.")
    with counting("photos checked", len(lines)) as on_line:
        if data.photos:
            files = _Files(dict(data.photos))
            for line in lines:
                _, problems = check_photo(str(line.source_ref), files)
                findings += [
                    ManifestFinding(line.number, "source-ref", what, fix, severity)
                    for what, fix, severity in problems
                ]
                on_line()
        else:
            for looked_at in check_objects(lines, S3Objects(account.client("s3")), on_line):
                findings += looked_at.findings
    errors = [
        found
        for found in findings
        if found.severity is Severity.ERROR and not _is_of_an_old_label(found, attribute)
    ]
    _refuse_whole(errors)
    bad = {found.line_number for found in errors}
    if bad and not leave_out_bad:
        raise RefusedError(
            f"{len(bad)} lines cannot be labeled: {_some(errors)} Mend them (`fewclick manifest "
            "repair`), or go on without them: --leave-out-bad."
        )
    for found in errors:
        console.print(f"[yellow]left out: {found}[/]", soft_wrap=True, highlight=False)
    fit = [line for line in lines if line.number not in bad]
    if not fit:
        raise RefusedError(f"no line can be labeled: {_some(errors)}")
    return fit


def _is_of_an_old_label(found: ManifestFinding, attribute: str) -> bool:
    """What is wrong with a label that is kept, or left by a failure, keeps no line from a job."""
    return found.line_number is not None and found.field.partition(".")[0] in (
        attribute,
        attribute + METADATA_SUFFIX,
    )


def _refuse_whole(errors: Iterable[ManifestFinding]) -> None:
    whole = [found for found in errors if found.line_number is None]
    if whole:
        raise RefusedError(f"the manifest cannot be used: {_some(whole)}")


def _some(findings: Sequence[ManifestFinding]) -> str:
    more = f" … and {len(findings) - MOST_NAMED} more." if len(findings) > MOST_NAMED else ""
    return " ".join(map(str, findings[:MOST_NAMED])) + more


def check_surroundings(
    plan: JobPlan, lines: Sequence[ManifestLine], account: AwsAccount, *, streaming: bool
) -> None:
    """Buckets, team and role: everything that Ground Truth would stumble over later.

    Raises:
        RefusedError: something is missing; the message names it and the fix.
    """
    s3 = account.client("s3")
    output_bucket = str(plan.request["OutputConfig"]["S3OutputPath"]).split("/")[2]
    for bucket in dict.fromkeys([output_bucket, *buckets_of(lines)]):
        for problem, fix in check_bucket(bucket, s3, account.region):
            raise RefusedError(f"{problem} {fix}")
    if account.served is not None:
        return  # one machine has no regions, and neither roles nor quotas
    if streaming:
        _check_topics(plan, account)
    team = str(plan.request["HumanTaskConfig"]["WorkteamArn"])
    if ":workteam/private-crowd/" in team and describe_team(team, account) is None:
        raise RefusedError(f"there is no team {team}: make it with `fewclick team create`.")
    _check_role(plan, lines, account)


def _check_topics(plan: JobPlan, account: AwsAccount) -> None:
    source = plan.request["InputConfig"]["DataSource"].get("SnsDataSource", {})
    for option, arn in (
        ("--input-topic", source.get("SnsTopicArn")),
        ("--output-topic", plan.request["OutputConfig"].get("SnsTopicArn")),
    ):
        if arn is None:
            continue
        region = (arn.split(":") + 4 * [""])[3]
        if region != account.region:
            raise RefusedError(f"{option}: the topic {arn} is in {region}, not {account.region}.")
        try:
            account.client("sns").get_topic_attributes(TopicArn=arn)
        except ClientError as error:
            if code_of(error) != "NotFound":
                raise
            raise RefusedError(f"{option}: there is no topic {arn}.") from error


def _check_role(plan: JobPlan, lines: Sequence[ManifestLine], account: AwsAccount) -> None:
    request = plan.request
    task = request["HumanTaskConfig"]
    examples = {parse_s3_uri(str(line.source_ref))[0]: line.source_ref for line in lines}
    output = f"{str(request['OutputConfig']['S3OutputPath']).rstrip('/')}/{plan.name}/manifests/x"
    needed = needed_permissions(
        reads=[str(item.address) for item in plan.objects[1:]]
        + [str(address) for address in examples.values()],
        writes=[output],
        functions=[
            task["PreHumanTaskLambdaArn"],
            task["AnnotationConsolidationConfig"]["AnnotationConsolidationLambdaArn"],
        ],
        kms_key=request["OutputConfig"].get("KmsKeyId"),
    )
    missing = missing_permissions(str(request["RoleArn"]), needed, account)
    if missing:
        raise RefusedError(
            f"the role {request['RoleArn']} lacks {'; '.join(map(str, missing[:MOST_NAMED]))}: add "
            "it to the role's policy, or name another role with --role."
        )
    own = parse_s3_uri(output)[0]
    foreign = [str(address) for bucket, address in examples.items() if bucket != own]
    _check_hook(task["PreHumanTaskLambdaArn"], foreign, account)


def _check_hook(function: str, examples: Sequence[str], account: AwsAccount) -> None:
    """Photos in a bucket of one's own are read by the pre-annotation function, too."""
    if not examples:
        return
    client = account.client("lambda")
    try:
        role = client.get_function_configuration(FunctionName=function)["Role"]
    except ClientError as error:
        if not is_denied(error):
            raise
        return  # nobody can tell; the job's report would
    needed = needed_permissions(reads=examples, writes=[], functions=[])
    reads = [item for item in needed if item.action == "s3:GetObject"]
    missing = missing_permissions(role, reads, account, service="lambda.amazonaws.com")
    if missing:
        raise RefusedError(
            f"the pre-annotation function's role {role} lacks {'; '.join(map(str, missing))}: "
            "allow it, deploy the stack with that bucket (BucketName), or copy the photos there."
        )


def endpoint_instances(environment: JobEnvironment, account: AwsAccount) -> tuple[str | None, int]:
    """The instance type of the click model's endpoint and how many there are."""
    if not environment.endpoint or account.served is not None:
        return None, 0
    client = account.client("sagemaker")
    try:
        described = client.describe_endpoint(EndpointName=environment.endpoint)
        config = client.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    except ClientError as error:
        if code_of(error) not in ("ValidationException", "ResourceNotFound"):
            raise
        # It is down while no job is open; a job has it brought up.
        guarded = environment.endpoint_guard and environment.instance_type
        return (environment.instance_type, 1) if guarded else (None, 0)
    variant = config["ProductionVariants"][0]
    return variant.get("InstanceType"), int(variant.get("InitialInstanceCount", 1))
