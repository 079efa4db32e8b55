"""What the functions are told by their environment, read once and named when it is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hooks.core.consensus import Method
from hooks.core.endpoint_watch import Scaling
from hooks.core.errors import ContractError


@dataclass(frozen=True, slots=True)
class PreAnnotationSettings:
    """`click_api_url` is empty when there is no endpoint: the page offers manual tools only."""

    settings_bucket: str
    click_api_url: str
    signing_key_secret_arn: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> PreAnnotationSettings:
        return cls(
            settings_bucket=_needed(environment, "SETTINGS_BUCKET"),
            click_api_url=environment.get("CLICK_API_URL", ""),
            signing_key_secret_arn=_needed(environment, "SIGNING_KEY_SECRET_ARN"),
        )


@dataclass(frozen=True, slots=True)
class ConsolidationSettings:
    """`method` is one of `hooks.core.consensus.Method`, the robust one unless set."""

    settings_bucket: str
    method: Method

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> ConsolidationSettings:
        method = environment.get("CONSENSUS_METHOD") or Method.ROBUST
        if method not in list(Method):
            known = ", ".join(Method)
            raise ContractError("CONSENSUS_METHOD", f"{method!r} is not one of {known}.")
        return cls(_needed(environment, "SETTINGS_BUCKET"), Method(method))


@dataclass(frozen=True, slots=True)
class ClickProxySettings:
    """`token_table` counts the tokens that each task was given."""

    endpoint_name: str
    signing_key_secret_arn: str
    token_table: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> ClickProxySettings:
        return cls(
            endpoint_name=_needed(environment, "ENDPOINT_NAME"),
            signing_key_secret_arn=_needed(environment, "SIGNING_KEY_SECRET_ARN"),
            token_table=_needed(environment, "TOKEN_TABLE"),
        )


@dataclass(frozen=True, slots=True)
class EndpointGuardSettings:
    """What the endpoint guard looks after.

    Attributes:
        config_name: of the endpoint's configuration.
        pre_annotation_arn: of the function whose jobs' workers click.
        idle_seconds: how long the endpoint stays after the last job; 0 for ever.
        hourly_price: of one instance, in US dollars.
    """

    endpoint_name: str
    config_name: str
    pre_annotation_arn: str
    idle_seconds: float
    scaling: Scaling
    hourly_price: float
    tags: Mapping[str, str]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> EndpointGuardSettings:
        return cls(
            endpoint_name=_needed(environment, "ENDPOINT_NAME"),
            config_name=_needed(environment, "ENDPOINT_CONFIG"),
            pre_annotation_arn=_needed(environment, "PRE_ANNOTATION_ARN"),
            idle_seconds=60 * _number(environment, "IDLE_MINUTES"),
            scaling=Scaling(
                least=int(_number(environment, "LEAST_INSTANCES")),
                most=int(_number(environment, "MOST_INSTANCES")),
                calls_per_minute=_number(environment, "CALLS_PER_MINUTE"),
            ),
            hourly_price=_number(environment, "HOURLY_PRICE"),
            tags={"project": "fewclick", "stack": _needed(environment, "STACK_NAME")},
        )


def _number(environment: Mapping[str, str], name: str) -> float:
    text = _needed(environment, name)
    try:
        return float(text)
    except ValueError:
        raise ContractError(name, f"{text!r} is no number.") from None


def _needed(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise ContractError(name, "this environment variable of the function is not set.")
    return value
