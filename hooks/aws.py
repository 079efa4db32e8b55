"""What photos, answers and clicks need of AWS. Clients are made once and have time limits.

With `hooks.aws_stack` the only place in `hooks` that talks to AWS.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionError,
    HTTPClientError,
)

from hooks.core.errors import ContractError, PhotoError
from hooks.core.manifest import parse_s3_uri
from hooks.core.photo import MAX_PHOTO_BYTES, PhotoHeader, read_header

# API Gateway gives up after 30 s; so the endpoint gets a little less, and no second try: the page
# tries again itself, with the newest clicks.
ENDPOINT_TIMEOUT_SECONDS = 25
SECRET_SECONDS = 300
"""How long a secret's text is taken for what it is."""
NEW_SESSION = "NEW_SESSION"
"""Asks InvokeEndpoint for a session; see "Stateful sessions" in SageMaker's guide."""
_HEADER_STEPS = (64 * 1024, 1024 * 1024, MAX_PHOTO_BYTES)
_MISSING = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})


@dataclass(frozen=True, slots=True)
class EndpointAnswer:
    """What the endpoint's container answered.

    Attributes:
        session: that it opened, if it was asked to.
        seconds: that the invocation took.
    """

    body: bytes
    session: str | None = None
    seconds: float = field(default=0.0, compare=False)


class EndpointUnavailableError(Exception):
    """The endpoint did not answer, or not in time; worth another try."""


class EndpointRefusal(Exception):
    """The endpoint's container answered with a status of its own, and this body."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body = body


@cache
def _s3() -> Any:
    config = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 4})
    return boto3.client("s3", config=config)


@cache
def _sagemaker_runtime() -> Any:
    config = Config(
        connect_timeout=3,
        read_timeout=ENDPOINT_TIMEOUT_SECONDS,
        retries={"total_max_attempts": 1},
    )
    return boto3.client("sagemaker-runtime", config=config)


def read_bytes(uri: str) -> bytes:
    """The object at an `s3://` address. Raises FileNotFoundError, naming it, if there is none."""
    bucket, key = parse_s3_uri(uri)
    try:
        body: bytes = _s3().get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            raise FileNotFoundError(f"{uri} does not exist.") from error
        raise
    return body


def read_json(uri: str) -> Any:
    """The JSON at an `s3://` address. Raises ContractError if it is none."""
    try:
        return json.loads(read_bytes(uri))
    except ValueError as error:
        raise ContractError(uri, f"not JSON ({error}).") from error


def list_uris(prefix_uri: str) -> list[str]:
    """The addresses of all objects below a prefix, ascending."""
    bucket, prefix = parse_s3_uri(prefix_uri)
    pages = _s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [f"s3://{bucket}/{item['Key']}" for page in pages for item in page.get("Contents", [])]


def write_bytes(
    uri: str, body: bytes, content_type: str, kms_key_id: str | None = None, tag: str = ""
) -> None:
    """Write the object at an `s3://` address, encrypted with the job's own key if it has one.

    Args:
        tag: `name=value`, which the bucket's lifecycle goes by.
    """
    bucket, key = parse_s3_uri(uri)
    options = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id} if kms_key_id else {}
    if tag:
        options["Tagging"] = tag
    _s3().put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type, **options)


def read_photo_header(uri: str) -> PhotoHeader:
    """A photo's upright size and orientation, from as few of its bytes as will do.

    Raises:
        PhotoError: it is missing, too large, or not a photo.
    """
    bucket, key = parse_s3_uri(uri)
    problem: PhotoError | None = None
    for end in _HEADER_STEPS:
        try:
            answer = _s3().get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{end - 1}")
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _MISSING:
                raise PhotoError(uri, "the photo does not exist.", missing=True) from error
            if code == "InvalidRange":
                raise PhotoError(uri, "the file is empty.") from error
            if code in ("403", "AccessDenied"):
                raise PhotoError(uri, "this function may not read the photo.") from error
            raise
        total = int(answer["ContentRange"].rsplit("/", 1)[-1])
        if total > MAX_PHOTO_BYTES:
            raise PhotoError(
                uri,
                f"the file has {total / 1e6:.0f} MB; "
                f"at most {MAX_PHOTO_BYTES // (1024 * 1024)} MiB are allowed.",
            )
        try:
            return read_header(answer["Body"].read(), uri)
        except PhotoError as error:
            problem = error
            if total <= end:
                break
    assert problem is not None
    raise problem


@cache
def _secrets_manager() -> Any:
    config = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 3})
    return boto3.client("secretsmanager", config=config)


_secrets: dict[str, tuple[float, str]] = {}


def read_secret(arn: str, max_age_seconds: float = SECRET_SECONDS) -> str:
    """A secret's text, as it was at most so long ago."""
    read_at, text = _secrets.get(arn, (-math.inf, ""))
    now = time.monotonic()
    if now - read_at > max_age_seconds:
        answer = _secrets_manager().get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")
        text = answer["SecretString"]
        _secrets[arn] = (now, text)
    return text


@cache
def _dynamodb() -> Any:
    config = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 3})
    return boto3.client("dynamodb", config=config)


def count_up(table: str, name: str, most: int, forget_at: int) -> bool:
    """Count one more under a name; False if there are `most` already.

    Args:
        forget_at: seconds since 1970, after which the table may drop the count.
    """
    try:
        _dynamodb().update_item(
            TableName=table,
            Key={"name": {"S": name}},
            UpdateExpression="ADD #count :one SET #forget = :forget",
            ConditionExpression="attribute_not_exists(#count) OR #count < :most",
            ExpressionAttributeNames={"#count": "count", "#forget": "forget_at"},
            ExpressionAttributeValues={
                ":one": {"N": "1"},
                ":most": {"N": str(most)},
                ":forget": {"N": str(forget_at)},
            },
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return False
        raise
    return True


def invoke_endpoint(name: str, body: str, session: str | None = None) -> EndpointAnswer:
    """One invocation of a SageMaker endpoint with a JSON body.

    Args:
        session: a session's id, so that the instance that opened it answers, which has the photo
            at hand; or NEW_SESSION. A session that is over, or an endpoint that has none, is
            nothing to fail for: any instance can answer.

    Raises:
        EndpointRefusal: the container answered with an error of its own.
        EndpointUnavailableError: there was no answer, or not in time.
    """
    started = time.perf_counter()
    try:
        try:
            answer = _invoke(name, body, session)
        except ClientError as error:
            if session is None or error.response["Error"]["Code"] != "ValidationError":
                raise
            answer = _invoke(name, body, None)
        content: bytes = answer["Body"].read()
    except ClientError as error:
        response: Mapping[str, Any] = error.response
        if response["Error"]["Code"] == "ModelError":
            raise EndpointRefusal(
                int(response.get("OriginalStatusCode", 500)),
                str(response.get("OriginalMessage", "")),
            ) from error
        raise EndpointUnavailableError(response["Error"]["Code"]) from error
    except (ConnectionError, HTTPClientError) as error:
        raise EndpointUnavailableError(type(error).__name__) from error
    # "<id>; Expires=<time>"; a session that has expired is noticed when it is used.
    opened = str(answer.get("NewSessionId", "")).partition(";")[0].strip()
    return EndpointAnswer(content, opened or None, time.perf_counter() - started)


def _invoke(name: str, body: str, session: str | None) -> Any:
    return _sagemaker_runtime().invoke_endpoint(
        EndpointName=name,
        Body=body.encode(),
        ContentType="application/json",
        Accept="application/json",
        **({} if session is None else {"SessionId": session}),
    )
