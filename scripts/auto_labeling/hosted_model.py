"""A model of a hub or of the account as what an endpoint of ours is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from scripts.account.aws_account import AwsAccount
from scripts.account.aws_errors import code_of
from scripts.auto_labeling.class_lists import classes_by_name
from scripts.auto_labeling.hub_document import HubDocument, read_hub_document, variant_properties
from scripts.auto_labeling.model_source import PUBLIC_HUB, AccountModel, HubModel
from scripts.refusal import RefusedError

CONTENT_TYPES = ("Model", "ModelReference")
"""A private hub holds models of its own, and references to those of the public one."""
DEFAULT_INSTANCE = "ml.g4dn.xlarge"
INSTANCE_MEMORY_MB = {
    "ml.m5.large": 8_192,
    "ml.m5.xlarge": 16_384,
    "ml.c5.xlarge": 8_192,
    "ml.c5.2xlarge": 16_384,
    "ml.g4dn.xlarge": 16_384,
    "ml.g4dn.2xlarge": 32_768,
    "ml.g5.xlarge": 16_384,
    "ml.g5.2xlarge": 32_768,
}


@dataclass(frozen=True, slots=True)
class HostedModel:
    """What goes into an endpoint's requests; see `async_endpoint.AsyncEndpointParts`.

    Attributes:
        model: its name in the account, where it is there already.
        content_type: that it wants photos told as; None for theirs.
        classes: what its name says that it knows, by index; empty if it says nothing.
    """

    instance_type: str
    model: str | None = None
    container: Mapping[str, Any] = field(default_factory=dict)
    network_isolation: bool = False
    variant: Mapping[str, Any] = field(default_factory=dict)
    content_type: str | None = None
    classes: tuple[str, ...] = ()


def find_account_model(
    source: AccountModel, account: AwsAccount, instance_type: str | None
) -> HostedModel:
    """A model of CreateModel.

    Raises:
        RefusedError: there is none of that name.
    """
    try:
        account.client("sagemaker").describe_model(ModelName=source.name)
    except ClientError as error:
        if code_of(error) not in ("ValidationException", "ResourceNotFound"):
            raise
        raise RefusedError(
            f"there is no model {source.name} in {account.region} "
            f"({error.response['Error'].get('Message', '')}). `aws sagemaker list-models` shows "
            "those there are."
        ) from error
    return HostedModel(instance_type or DEFAULT_INSTANCE, model=source.name)


def find_hub_model(
    source: HubModel, account: AwsAccount, instance_type: str | None, *, accept_eula: bool
) -> HostedModel:
    """A model of a hub, ready to be hosted.

    Raises:
        RefusedError: it is not there, its licence is not accepted, or it cannot be hosted as it
            is; the message says what can be done.
    """
    document = _describe(source, account)
    name = f"{document.model_id}@{document.version}"
    _check_hostable(document, name)
    if document.eula and not accept_eula:
        raise RefusedError(
            f"{name} has a licence: read {document.eula}, and accept it with --accept-eula."
        )
    chosen = instance_type or document.default_instance or DEFAULT_INSTANCE
    _check_instance(document, chosen, name)
    properties = variant_properties(document, chosen)
    image = str(properties.get("ImageUri") or document.image)
    if not image:
        raise RefusedError(f"{name} names no image for {chosen}: choose another --instance-type.")
    environment = {**document.environment, **(properties.get("EnvironmentVariables") or {})}
    return HostedModel(
        instance_type=chosen,
        container={
            "Image": image,
            "Environment": {key: str(value) for key, value in environment.items()},
            "ModelDataSource": {"S3DataSource": _data_source(document, accept_eula)},
        },
        network_isolation=document.network_isolation,
        variant=_variant(document),
        content_type=document.content_type or None,
        classes=classes_by_name(document.model_id),
    )


def _describe(source: HubModel, account: AwsAccount) -> HubDocument:
    """The document of the model, under whichever type its hub keeps it."""
    sagemaker = account.client("sagemaker")
    request = {"HubName": source.hub, "HubContentName": source.model_id}
    if source.version is not None:
        request["HubContentVersion"] = source.version
    types = CONTENT_TYPES[:1] if source.hub == PUBLIC_HUB else CONTENT_TYPES
    said = ""
    for content_type in types:
        try:
            answer = sagemaker.describe_hub_content(HubContentType=content_type, **request)
        except ClientError as error:
            if code_of(error) not in ("ResourceNotFound", "ValidationException"):
                raise
            said = error.response["Error"].get("Message", code_of(error))
            continue
        if answer.get("HubContentStatus", "Available") != "Available":
            raise RefusedError(
                f"{source.model_id} in the hub {source.hub} is {answer['HubContentStatus']}: "
                f"{answer.get('FailureReason') or 'try again when it is available'}."
            )
        return read_hub_document(answer)
    version = f"@{source.version}" if source.version else ""
    where = "JumpStart" if source.hub == PUBLIC_HUB else f"the hub {source.hub}"
    raise RefusedError(
        f"{where} has no model {source.model_id}{version} in {account.region}, or does not show "
        f"it to you ({said}). `aws sagemaker list-hub-contents --hub-name {source.hub} "
        f"--hub-content-type {types[-1]}` shows those there are; a hub of another account is named "
        "by its ARN."
    )


def _check_hostable(document: HubDocument, name: str) -> None:
    if document.model_package:
        raise RefusedError(
            f"{name} is a package of the AWS Marketplace ({document.model_package}): subscribe to "
            "it and create a model there, then give --model model:NAME."
        )
    if document.needs_script:
        raise RefusedError(
            f"{name} keeps its inference script apart from its model, which SageMaker cannot host "
            "as it stands: create the model with the sagemaker package, which packs both, and give "
            "--model model:NAME; or choose a newer version."
        )
    if not document.artifact.startswith("s3://"):
        raise RefusedError(
            f"{name} names no model artefact: it cannot be hosted from its hub. Host it another "
            "way and give --model endpoint:NAME."
        )


def _check_instance(document: HubDocument, chosen: str, name: str) -> None:
    family = chosen.rpartition(".")[0]
    in_variants = {family, family.removeprefix("ml."), chosen} & set(document.variants)
    if document.instances and chosen not in document.instances and not in_variants:
        raise RefusedError(
            f"{name} does not run on {chosen}: --instance-type may be "
            f"{', '.join(document.instances)}."
        )
    memory = INSTANCE_MEMORY_MB.get(chosen)
    if document.memory_mb is not None and memory is not None and memory < document.memory_mb:
        raise RefusedError(
            f"{name} needs {document.memory_mb:,} MB of memory; {chosen} has {memory:,}: choose a "
            "larger --instance-type."
        )


def _data_source(document: HubDocument, accept_eula: bool) -> dict[str, Any]:
    packed = document.artifact.endswith((".tar.gz", ".tgz"))
    source: dict[str, Any] = {
        "S3Uri": document.artifact,
        "S3DataType": document.artifact_type or ("S3Object" if packed else "S3Prefix"),
        "CompressionType": document.artifact_compression or ("Gzip" if packed else "None"),
    }
    if document.eula or document.gated:
        source["ModelAccessConfig"] = {"AcceptEula": accept_eula}
    if document.reference:
        source["HubAccessConfig"] = {"HubContentArn": document.content_arn}
    return source


def _variant(document: HubDocument) -> dict[str, Any]:
    wanted = {
        "ModelDataDownloadTimeoutInSeconds": document.download_seconds,
        "ContainerStartupHealthCheckTimeoutInSeconds": document.startup_seconds,
    }
    return {name: seconds for name, seconds in wanted.items() if seconds is not None}
