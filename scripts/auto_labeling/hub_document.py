"""What a hub says of a model, as far as hosting it goes.

DescribeHubContent answers with a document in JSON as text. Its fields are those of AWS's own SDK:
github.com/aws/sagemaker-python-sdk, sagemaker-core/.../jumpstart/document.py (HubContentDocument)
and src/sagemaker/jumpstart/hub/parsers.py, which this follows where a field has two spellings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.refusal import RefusedError

ENVIRONMENT_VALUES = ("Default", "DefaultValue", "Value")
"""How documents spell a variable's value; what has none is left to the container."""


@dataclass(frozen=True, slots=True)
class HubDocument:
    """A model as its hub describes it.

    Attributes:
        content_arn: of this version in its hub.
        reference: it is a private hub's reference to a model of the public one; artefacts are
            then reached by `content_arn`.
        eula: where its licence is; "" if it has none that must be accepted.
        gated: its artefacts are given only to those who accept that.
        default_instance, instances: what it runs on.
        variants: by instance family or type: Properties, such as ImageUri.
        aliases: what a value `$alias` in a variant stands for.
        memory_mb: that it needs at least; None if the document does not say.
        content_type: of what the model is asked; "" if the document does not say.
    """

    model_id: str
    version: str
    content_arn: str
    reference: bool
    image: str
    artifact: str
    artifact_type: str
    artifact_compression: str
    needs_script: bool
    environment: Mapping[str, str]
    eula: str
    gated: bool
    model_package: str
    default_instance: str
    instances: tuple[str, ...]
    variants: Mapping[str, Mapping[str, Any]]
    aliases: Mapping[str, str]
    download_seconds: int | None
    startup_seconds: int | None
    network_isolation: bool
    memory_mb: int | None
    content_type: str


def read_hub_document(answer: Mapping[str, Any]) -> HubDocument:
    """DescribeHubContent's answer.

    Raises:
        RefusedError: the document cannot be read, or it is of nothing that can be hosted.
    """
    name = f"{answer.get('HubContentName')}@{answer.get('HubContentVersion')}"
    try:
        document = json.loads(answer["HubContentDocument"])
        if not isinstance(document, dict):
            raise ValueError("it is no JSON object")
        variants = document.get("HostingInstanceTypeVariants") or {}
        requirements = document.get("HostingResourceRequirements") or {}
        predictor = document.get("SageMakerSdkPredictorSpecifications") or {}
        artifact = document.get("HostingPrepackedArtifactUri") or document.get("HostingArtifactUri")
        return HubDocument(
            model_id=str(answer["HubContentName"]),
            version=str(answer["HubContentVersion"]),
            content_arn=str(answer["HubContentArn"]),
            reference=answer.get("HubContentType") == "ModelReference",
            image=str(document.get("HostingEcrUri") or ""),
            artifact=str(artifact or ""),
            artifact_type=str(document.get("HostingArtifactS3DataType") or ""),
            artifact_compression=str(document.get("HostingArtifactCompressionType") or ""),
            needs_script=bool(document.get("HostingUseScriptUri"))
            and not document.get("HostingPrepackedArtifactUri"),
            environment=_environment(document.get("InferenceEnvironmentVariables") or []),
            eula=str(document.get("HostingEulaUri") or ""),
            gated=bool(document.get("GatedBucket")),
            model_package=str(document.get("HostingModelPackageArn") or ""),
            default_instance=str(document.get("DefaultInferenceInstanceType") or ""),
            instances=tuple(document.get("SupportedInferenceInstanceTypes") or ()),
            variants=variants.get("Variants") or {},
            aliases=variants.get("Aliases") or {},
            download_seconds=_optional_number(document.get("ModelDataDownloadTimeout")),
            startup_seconds=_optional_number(document.get("ContainerStartupHealthCheckTimeout")),
            network_isolation=bool(document.get("InferenceEnableNetworkIsolation")),
            memory_mb=_optional_number(requirements.get("MinMemoryMb")),
            content_type=str(predictor.get("DefaultContentType") or ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RefusedError(
            f"the hub's document of {name} cannot be read ({type(error).__name__}: {error}). Host "
            "the model another way and give --model endpoint:NAME."
        ) from error


def variant_properties(document: HubDocument, instance_type: str) -> dict[str, Any]:
    """What the document has for an instance type: its family's, then its own.

    Keys are AWS's, whichever way the document spells them; `$alias` values are resolved.
    """
    family = instance_type.rpartition(".")[0]
    found: dict[str, Any] = {}
    for name in (family.removeprefix("ml."), family, instance_type):
        variant = document.variants.get(name) or {}
        properties = variant.get("Properties") or variant.get("properties") or {}
        found |= {_camel(key): _resolved(value, document) for key, value in properties.items()}
    return found


def _environment(variables: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for variable in variables:
        value = next(
            (variable[key] for key in ENVIRONMENT_VALUES if variable.get(key) is not None), ""
        )
        if str(value):
            found[str(variable["Name"])] = str(value)
    return found


def _resolved(value: Any, document: HubDocument) -> Any:
    if isinstance(value, str) and value.startswith("$"):
        return document.aliases.get(value[1:], value)
    return value


def _camel(key: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in key.split("_"))


def _optional_number(value: Any) -> int | None:
    return None if value is None else int(value)
