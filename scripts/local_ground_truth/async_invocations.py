"""InvokeEndpointAsync on this machine: where the answer will be is told before there is one.

As SageMaker does it, and moto does not: the endpoint's S3OutputPath, S3FailurePath and topics are
honoured, so are S3OutputPathExtension, Filename, RequestTTLSeconds and InvocationTimeoutSeconds;
a queue holds what waits, and no more than MaxConcurrentInvocationsPerInstance are at work.
Names of outputs (`<uuid>.out`, `<uuid>-error.out`) are those that SageMaker gives.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from hooks.core.errors import FewclickError
from hooks.core.manifest import parse_s3_uri

logger = logging.getLogger(__name__)

DEFAULT_TTL_SECONDS = 21_600
DEFAULT_INVOCATION_SECONDS = 900
DEFAULT_CONCURRENCY = 4
MAX_INPUT_BYTES = 1024**3


class InvocationFailedError(FewclickError):
    """An invocation that ends at the failure path; the message is what stands there."""


@dataclass(frozen=True, slots=True)
class AsyncConfig:
    """AsyncInferenceConfig of an endpoint's configuration. `failure_path` may be ""."""

    output_path: str
    failure_path: str
    concurrency: int
    success_topic: str | None
    error_topic: str | None

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> AsyncConfig | None:
        """Of DescribeEndpointConfig's answer; None when the endpoint is not asynchronous."""
        given = config.get("AsyncInferenceConfig")
        if not given:
            return None
        output = given["OutputConfig"]
        topics = output.get("NotificationConfig") or {}
        client = given.get("ClientConfig") or {}
        return cls(
            output_path=output.get("S3OutputPath", "").rstrip("/"),
            failure_path=output.get("S3FailurePath", "").rstrip("/"),
            concurrency=int(client.get("MaxConcurrentInvocationsPerInstance", DEFAULT_CONCURRENCY)),
            success_topic=topics.get("SuccessTopic"),
            error_topic=topics.get("ErrorTopic"),
        )


@dataclass(frozen=True, slots=True)
class Invocation:
    """One that was taken, with where its result goes. `failure` may be ""."""

    request: Mapping[str, Any]
    inference_id: str
    output: str
    failure: str
    received: float


class AsyncInvocations:
    """The queue of one endpoint, and the threads that work it off.

    Args:
        container: gives the model server's address once it is healthy, starting it if need be.
        s3, sns: boto3 clients.
    """

    def __init__(
        self,
        endpoint: str,
        config: AsyncConfig,
        container: Callable[[], str],
        s3: Any,
        sns: Any,
        region: str,
    ) -> None:
        self._endpoint = endpoint
        self._config = config
        self._container = container
        self._s3 = s3
        self._sns = sns
        self._region = region
        self._threads = ThreadPoolExecutor(config.concurrency, thread_name_prefix=endpoint)
        self._client = httpx.Client(trust_env=False)

    def accept(self, request: Mapping[str, Any]) -> Invocation:
        """Put a request, as botocore's model has it, into the queue."""
        name = str(uuid.uuid4())
        output = [self._config.output_path]
        if request.get("S3OutputPathExtension"):
            output.append(str(request["S3OutputPathExtension"]).strip("/"))
        output.append(request.get("Filename") or f"{name}.out")
        failure = self._config.failure_path
        invocation = Invocation(
            request=request,
            inference_id=request.get("InferenceId") or name,
            output="/".join(output),
            failure=f"{failure}/{name}-error.out" if failure else "",
            received=time.time(),
        )
        self._threads.submit(self._work, invocation)
        return invocation

    def close(self) -> None:
        """Drop what waits, and let what is at work finish."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._client.close()

    def _work(self, invocation: Invocation) -> None:
        try:
            try:
                content, content_type = self._invoke(invocation)
                self._put(invocation.output, content, content_type)
            except (InvocationFailedError, httpx.HTTPError) as error:
                reason = str(error)
                if invocation.failure:
                    self._put(invocation.failure, reason.encode(), "text/plain")
                self._publish(self._config.error_topic, invocation, reason)
            else:
                self._publish(self._config.success_topic, invocation, "")
        except (ClientError, BotoCoreError):
            # Without S3 there is nowhere to put anything; SageMaker says so in its log, too.
            logger.exception("%s: %s has no result", self._endpoint, invocation.inference_id)

    def _invoke(self, invocation: Invocation) -> tuple[bytes, str]:
        request = invocation.request
        limit = int(request.get("RequestTTLSeconds") or DEFAULT_TTL_SECONDS)
        if time.time() - invocation.received > limit:
            raise InvocationFailedError(f"The request expired after {limit} seconds in the queue.")
        body = self._read_input(request)
        headers = {
            header: str(request[name])
            for header, name in (
                ("Content-Type", "ContentType"),
                ("Accept", "Accept"),
                ("X-Amzn-SageMaker-Custom-Attributes", "CustomAttributes"),
                ("X-Amzn-SageMaker-Inference-Id", "InferenceId"),
            )
            if request.get(name)
        }
        try:
            url = self._container()
        except FewclickError as error:
            raise InvocationFailedError(f"The container does not start: {error}") from error
        seconds = float(request.get("InvocationTimeoutSeconds") or DEFAULT_INVOCATION_SECONDS)
        try:
            answer = self._client.post(
                f"{url}/invocations", content=body, headers=headers, timeout=seconds
            )
        except httpx.TimeoutException as error:
            raise InvocationFailedError(
                "Your invocation timed out while waiting for a response from container primary."
            ) from error
        if answer.status_code >= 400:
            side = "client" if answer.status_code < 500 else "server"
            raise InvocationFailedError(
                f"Received {side} error ({answer.status_code}) from primary with message "
                f'"{answer.text}". See /aws/sagemaker/Endpoints/{self._endpoint} for more '
                "information."
            )
        return answer.content, answer.headers.get("Content-Type", "application/octet-stream")

    def _read_input(self, request: Mapping[str, Any]) -> bytes:
        if request.get("Body"):
            return bytes(request["Body"])
        address = str(request["InputLocation"])
        try:
            bucket, key = parse_s3_uri(address)
            found = self._s3.get_object(Bucket=bucket, Key=key)
        except (ClientError, FewclickError) as error:
            raise InvocationFailedError(
                f"Received client error (404): {address} cannot be downloaded ({error})."
            ) from error
        if found["ContentLength"] > MAX_INPUT_BYTES:
            raise InvocationFailedError("Received client error (413): the input is too large.")
        content: bytes = found["Body"].read()
        return content

    def _put(self, address: str, content: bytes, content_type: str) -> None:
        bucket, key = parse_s3_uri(address)
        self._s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)

    def _publish(self, topic: str | None, invocation: Invocation, reason: str) -> None:
        if topic is None:
            return
        now = datetime.now(UTC).isoformat()
        message: dict[str, Any] = {
            "awsRegion": self._region,
            "eventTime": now,
            "receivedTime": datetime.fromtimestamp(invocation.received, UTC).isoformat(),
            "invocationStatus": "Failed" if reason else "Completed",
            "requestParameters": {
                "contentType": invocation.request.get("ContentType"),
                "endpointName": self._endpoint,
                "inputLocation": invocation.request.get("InputLocation"),
            },
            "inferenceId": invocation.inference_id,
            "eventVersion": "1.0",
            "eventSource": "aws:sagemaker",
            "eventName": "InferenceResult",
        }
        if reason:
            message["failureReason"] = reason
        else:
            message["responseParameters"] = {"outputLocation": invocation.output}
        self._sns.publish(TopicArn=topic, Message=json.dumps(message))
