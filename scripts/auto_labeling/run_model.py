"""The model of a run, found and checked before anything is made: what will answer, and of what."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from scripts.account.aws_account import AwsAccount
from scripts.auto_labeling.answers.format_name import FormatName
from scripts.auto_labeling.async_endpoint import AsyncEndpointParts
from scripts.auto_labeling.existing_endpoint import EndpointFacts, existing_endpoint
from scripts.auto_labeling.hosted_model import (
    HostedModel,
    find_account_model,
    find_hub_model,
)
from scripts.auto_labeling.model_archive import (
    digest_of,
    hosted_here,
    hosted_on_aws,
    read_local_model,
)
from scripts.auto_labeling.model_source import (
    AccountModel,
    ExistingEndpoint,
    HubModel,
    LocalModel,
    ModelSource,
)
from scripts.refusal import RefusedError

MAX_NAME = 50


@dataclass(frozen=True, slots=True)
class RunModel:
    """What answers.

    Attributes:
        named: as the user named it.
        hosted: what an endpoint is to be made of; None for one that is there.
        facts: of the one that is there.
        classes: what it knows, by index; empty if nobody has said it.
        identity: differs when the answers would.
        archive: to be uploaded as the model, and its address; None for none.
    """

    named: str
    hosted: HostedModel | None
    facts: EndpointFacts | None
    classes: tuple[str, ...]
    identity: str
    archive: tuple[str, bytes] | None = None

    @property
    def content_type(self) -> str | None:
        return None if self.hosted is None else self.hosted.content_type


def find_model(
    named: str,
    source: ModelSource,
    account: AwsAccount,
    *,
    prefix_uri: str,
    instance_type: str | None,
    accept_eula: bool,
    image_uri: str | None = None,
) -> RunModel:
    """Find it, without making anything.

    Args:
        image_uri: for a model of this machine that goes to AWS; None for AWS's own.
        prefix_uri: of the run, where an archive would go.

    Raises:
        RefusedError: it is not there, or cannot be used; the message says what can be done.
    """
    if isinstance(source, ExistingEndpoint):
        facts = existing_endpoint(account, source.name)
        return RunModel(named, None, facts, (), f"endpoint {source.name}")
    if isinstance(source, AccountModel):
        hosted = find_account_model(source, account, instance_type)
        return RunModel(named, hosted, None, hosted.classes, f"model {source.name}")
    if isinstance(source, HubModel):
        _refuse_local(account, named)
        hosted = find_hub_model(source, account, instance_type, accept_eula=accept_eula)
        return RunModel(named, hosted, None, hosted.classes, str(sorted(hosted.container.items())))
    return _local(named, source, account, prefix_uri, instance_type, image_uri)


def guess_format(source: ModelSource) -> FormatName | None:
    """What a model will answer in, by its kind or its JumpStart id; None where nothing says."""
    if isinstance(source, LocalModel):
        return FormatName.FEWCLICK
    if isinstance(source, HubModel):
        parts = source.model_id.lower().split("-")
        for task, name in (
            ("is", FormatName.JUMPSTART_INSTANCES),
            ("od", FormatName.JUMPSTART_BOXES),
            ("od1", FormatName.JUMPSTART_BOXES),
            ("semseg", FormatName.JUMPSTART_SEMANTIC),
        ):
            if task in parts[:2]:
                return name
    return None


def endpoint_parts(
    model: RunModel,
    name: str,
    prefix_uri: str,
    *,
    role_arn: str,
    concurrency: int,
    success_topic: str | None,
    error_topic: str | None,
    kms_key: str = "",
) -> AsyncEndpointParts:
    """The asynchronous endpoint of a model that has none yet."""
    hosted = model.hosted
    assert hosted is not None, "one that is there is not made"
    return AsyncEndpointParts(
        name=name,
        role_arn=role_arn,
        instance_type=hosted.instance_type,
        output_path=f"{prefix_uri}answers",
        failure_path=f"{prefix_uri}failures",
        concurrency=concurrency,
        model=hosted.model,
        container=hosted.container,
        network_isolation=hosted.network_isolation,
        variant=hosted.variant,
        success_topic=success_topic,
        error_topic=error_topic,
        kms_key=kms_key,
    )


def run_digest(*parts: str) -> str:
    """Of everything that a run's answers depend on."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def endpoint_name(run: str, digest: str) -> str:
    """The same for the same run, so that a run that was killed finds its endpoint again."""
    kept = "".join(letter if letter.isalnum() else "-" for letter in run)[:MAX_NAME].strip("-")
    return f"{'-'.join(part for part in kept.split('-') if part)}-{digest[:8]}"


def _local(
    named: str,
    source: LocalModel,
    account: AwsAccount,
    prefix_uri: str,
    instance_type: str | None,
    image_uri: str | None,
) -> RunModel:
    on_aws = account.served is None
    classes, archive = read_local_model(source, with_code=False)
    digest = digest_of(archive)  # of the model alone: newer code makes no other model of it
    if on_aws:
        _, archive = read_local_model(source, with_code=True)
    address = f"{prefix_uri}model/{digest[:16]}/model.tar.gz"
    hosted = (
        hosted_on_aws(classes, address, instance_type, account.region, image_uri)
        if on_aws
        else hosted_here(classes, address, instance_type)
    )
    return RunModel(named, hosted, None, classes, digest, (address, archive))


def _refuse_local(account: AwsAccount, named: str) -> None:
    if account.served is not None:
        raise RefusedError(
            f"--model {named} is one of AWS's, and the local Ground Truth has no hubs: give "
            "--model local:DIR, or leave --local out."
        )
