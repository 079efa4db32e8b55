"""Which model labels, as `--model` names it.

jumpstart:MODEL_ID[@VERSION]     of SageMaker JumpStart
hub:HUB/MODEL_ID[@VERSION]       of a private hub: its name, or its ARN where another account
                                 of the organisation shares it
model:NAME                       of CreateModel, in this account; it stays
endpoint:NAME                    an endpoint that is there, asynchronous or real-time; it stays
local:DIR                        a model directory of `fewclick train --local`
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from scripts.refusal import RefusedError

PUBLIC_HUB = "SageMakerPublicHub"
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_HUB = re.compile(
    r"(arn:[a-z0-9-.]{1,63}:sagemaker:\w+(?:-\w+)+:(\d{12}|aws):hub/)?"
    r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
)
_VERSION = re.compile(r"\d{1,4}\.\d{1,4}\.\d{1,4}")
FORMS = (
    "jumpstart:MODEL_ID[@VERSION], hub:HUB/MODEL_ID[@VERSION], model:NAME, endpoint:NAME or "
    "local:DIR"
)


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model of a hub. `version` is None for the newest."""

    hub: str
    model_id: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class AccountModel:
    """A model of CreateModel."""

    name: str


@dataclass(frozen=True, slots=True)
class ExistingEndpoint:
    """An endpoint that somebody else made."""

    name: str


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model directory of this machine."""

    directory: Path


ModelSource = HubModel | AccountModel | ExistingEndpoint | LocalModel


def parse_model_source(text: str) -> ModelSource:
    """Raises RefusedError: it is none of the forms; the message lists them."""
    kind, colon, rest = text.partition(":")
    if not colon or not rest:
        raise RefusedError(f"--model {text}: names no model; give {FORMS}.")
    if kind == "jumpstart":
        return _hub_model(text, PUBLIC_HUB, rest)
    if kind == "hub":
        hub, slash, model = rest.rpartition("/")
        if not slash or not _HUB.fullmatch(hub):
            raise RefusedError(
                f"--model {text}: give the hub's name or ARN, a slash, and the model: "
                "hub:our-models/maskrcnn@1.0.0."
            )
        return _hub_model(text, hub, model)
    if kind == "model":
        return AccountModel(_named(text, rest))
    if kind == "endpoint":
        return ExistingEndpoint(_named(text, rest))
    if kind == "local":
        return LocalModel(Path(rest))
    raise RefusedError(f"--model {text}: {kind!r} is no kind of model; give {FORMS}.")


def _hub_model(text: str, hub: str, model: str) -> HubModel:
    model_id, at, version = model.partition("@")
    if at and not _VERSION.fullmatch(version):
        raise RefusedError(f"--model {text}: a version is three numbers: @1.0.0.")
    return HubModel(hub, _named(text, model_id), version or None)


def _named(text: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise RefusedError(
            f"--model {text}: {name!r} is no name that SageMaker takes: letters, digits and "
            "hyphens, at most 63."
        )
    return name
