"""AWS calls of the active-learning loop: records that are written once, jobs that are made once.

With `hooks.aws` and `hooks.aws_stack` the only place in `hooks` that talks to AWS.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from hooks import aws
from hooks.core.manifest import parse_s3_uri

_BUSY = frozenset(
    {
        "ConditionalRequestConflict",
        "InternalError",
        "InternalFailure",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_TAKEN = frozenset({"ResourceInUse", "ValidationException"})
"""What a service says to a name that is taken; of a request that is wrong, too, the second."""
_WRITTEN = "PreconditionFailed"


class AwsBusyError(Exception):
    """AWS cannot answer now. The state machine asks again; the definition names this error."""


@cache
def _sagemaker() -> Any:
    config = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 4})
    return boto3.client("sagemaker", config=config)


def write_once(uri: str, body: bytes, content_type: str) -> bytes:
    """Write an object unless it is there; what is there afterwards, whoever wrote it."""
    bucket, key = parse_s3_uri(uri)
    try:
        aws._s3().put_object(
            Bucket=bucket, Key=key, Body=body, ContentType=content_type, IfNoneMatch="*"
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != _WRITTEN:
            raise
        return aws.read_bytes(uri)
    return body


def write_record(uri: str, record: Mapping[str, Any]) -> Any:
    """`write_once` for JSON; the record that is there afterwards."""
    body = json.dumps(record, ensure_ascii=False, indent=1).encode()
    return json.loads(write_once(uri, body, "application/json"))


def read_record(uri: str) -> Any:
    """The JSON of a record; None if it has not been written yet."""
    try:
        return aws.read_json(uri)
    except FileNotFoundError:
        return None


def create_labeling_job(parameters: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Have a job made; None if it was, or the description of the job that has its name already."""
    name = parameters["LabelingJobName"]
    return _create(
        lambda: _sagemaker().create_labeling_job(**parameters), lambda: describe_labeling_job(name)
    )


def describe_labeling_job(name: str) -> Mapping[str, Any]:
    described: Mapping[str, Any] = _sagemaker().describe_labeling_job(LabelingJobName=name)
    return described


def create_processing_job(parameters: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """As `create_labeling_job`."""
    name = parameters["ProcessingJobName"]
    return _create(
        lambda: _sagemaker().create_processing_job(**parameters),
        lambda: describe_processing_job(name),
    )


def describe_processing_job(name: str) -> Mapping[str, Any]:
    described: Mapping[str, Any] = _sagemaker().describe_processing_job(ProcessingJobName=name)
    return described


def seconds_since(moment: datetime) -> float:
    """How long ago a time of AWS's was."""
    return (datetime.now(UTC) - moment).total_seconds()


def is_busy(error: BaseException) -> bool:
    """Whether the same call may do better later."""
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] in _BUSY
    return isinstance(error, ConnectionError | HTTPClientError)


def _create(
    create: Callable[[], Any], describe: Callable[[], Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    try:
        create()
    except ClientError as error:
        if error.response["Error"]["Code"] not in _TAKEN:
            raise
        try:
            return describe()
        except ClientError:
            raise error from None  # there is none: the request itself is refused
    return None
