"""A question sent to a model, and a look whether it has answered.

An asynchronous endpoint says where its answer will be before it exists: a look there, or where it
puts failures, tells. A real-time endpoint answers at once; its answer is put into S3 by us, so that
whatever makes labels of answers sees no difference.
"""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from hooks.core.errors import FewclickError
from hooks.core.manifest import parse_s3_uri
from scripts.account.aws_errors import code_of, is_denied, is_missing
from scripts.auto_labeling.journal import Question, SentQuestion

MAX_REALTIME_BYTES = 6_291_456
"""InvokeEndpoint takes no more (botocore's model of sagemaker-runtime)."""
MAX_REASON = 600
TRANSIENT_CODES = frozenset(
    {
        "InternalFailure",
        "InternalDependencyException",
        "ModelNotReadyException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
    }
)
PERMANENT_STATUS = re.compile(r"client error \((?!408|429)4\d\d\)", re.IGNORECASE)
"""`Received client error (415) from primary with message …`: the model will say it again."""
NO_ENDPOINT = re.compile(r"endpoint\s\S+.*(not found|not exist|not in service)", re.IGNORECASE)


class TransientError(FewclickError):
    """This one failed, and may work when it is tried again."""


class PermanentError(FewclickError):
    """This one failed, and would again."""


class RuntimeRefusedError(FewclickError):
    """No question can be asked at all; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Where the answer will be, or is, if `answered`. `failure` is "" where none is told."""

    output: str
    failure: str = ""
    answered: bool = False


class ModelRuntime(Protocol):
    """What the submission asks of an endpoint. Safe to use from many threads."""

    def send(self, question: Question) -> Sent:
        """Raises TransientError or PermanentError for this one, RuntimeRefusedError for all."""

    def look(self, sent: SentQuestion, now: float) -> str | None:
        """The address of the answer; None while there is none. Raises as `send` does."""

    def find(self, question: Question) -> str | None:
        """The answer to a question that may have been sent by a run that was killed."""


@dataclass(frozen=True, slots=True)
class AsyncRuntime:
    """InvokeEndpointAsync.

    Attributes:
        runtime, s3: boto3 clients.
        run: names the run in inference ids and below the endpoint's output path.
        output_path: the endpoint's S3OutputPath.
        accept: None leaves it to the model.
        ttl_seconds: how long a request may wait for an instance.
        invocation_seconds: how long the model may take for one.
    """

    runtime: Any
    s3: Any
    endpoint: str
    run: str
    output_path: str
    content_type: str | None = None
    accept: str | None = None
    ttl_seconds: int = 21_600
    invocation_seconds: int = 900

    def request(self, question: Question) -> dict[str, Any]:
        """The parameters of InvokeEndpointAsync."""
        request = {
            "EndpointName": self.endpoint,
            "InputLocation": question.source_ref,
            "ContentType": self.content_type or content_type_of(question.source_ref),
            "InferenceId": inference_id(self.run, question),
            "S3OutputPathExtension": self._extension(question),
            "RequestTTLSeconds": self.ttl_seconds,
            "InvocationTimeoutSeconds": self.invocation_seconds,
        }
        return request if self.accept is None else {**request, "Accept": self.accept}

    def send(self, question: Question) -> Sent:
        try:
            answer = self.runtime.invoke_endpoint_async(**self.request(question))
        except (ClientError, BotoCoreError) as error:
            raise _sorted(error) from error
        return Sent(answer["OutputLocation"], answer.get("FailureLocation", ""))

    def look(self, sent: SentQuestion, now: float) -> str | None:
        if exists(self.s3, sent.output):
            return sent.output
        if sent.failure and exists(self.s3, sent.failure):
            raise failure_of(self._read_failure(sent.failure))
        if now - sent.since > self.ttl_seconds + self.invocation_seconds:
            raise TransientError(
                f"the request expired: no instance took it within {self.ttl_seconds} s."
            )
        return None

    def find(self, question: Question) -> str | None:
        bucket, _, path = self.output_path.removeprefix("s3://").rstrip("/").partition("/")
        prefix = f"{path}/{self._extension(question)}/".removeprefix("/")
        page = self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=10)
        keys = [item["Key"] for item in page.get("Contents", [])]
        answers = [key for key in keys if "error" not in key.rsplit("/", 1)[-1]]
        return f"s3://{bucket}/{answers[0]}" if answers else None

    def _extension(self, question: Question) -> str:
        return f"{self.run}/{question.line:08d}-{question.attempt}"

    def _read_failure(self, address: str) -> str:
        bucket, key = parse_s3_uri(address)
        body: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read(4 * MAX_REASON)
        return body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class RealTimeRuntime:
    """InvokeEndpoint, its answer stored at `output_path`.

    Attributes:
        runtime, s3: boto3 clients.
    """

    runtime: Any
    s3: Any
    endpoint: str
    run: str
    output_path: str
    content_type: str | None = None
    accept: str | None = None

    def send(self, question: Question) -> Sent:
        body = self._read_photo(question.source_ref)
        options = {} if self.accept is None else {"Accept": self.accept}
        try:
            answer = self.runtime.invoke_endpoint(
                EndpointName=self.endpoint,
                Body=body,
                ContentType=self.content_type or content_type_of(question.source_ref),
                InferenceId=inference_id(self.run, question),
                **options,
            )
            content = answer["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise _sorted(error) from error
        address = self._address(question)
        bucket, key = parse_s3_uri(address)
        kind = answer.get("ContentType") or "application/octet-stream"
        self.s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=kind)
        return Sent(address, answered=True)

    def look(self, sent: SentQuestion, now: float) -> str | None:
        return sent.output if exists(self.s3, sent.output) else None

    def find(self, question: Question) -> str | None:
        address = self._address(question)
        return address if exists(self.s3, address) else None

    def _address(self, question: Question) -> str:
        name = f"{question.line:08d}-{question.attempt}.out"
        return f"{self.output_path.rstrip('/')}/{self.run}/{name}"

    def _read_photo(self, source_ref: str) -> bytes:
        bucket, key = parse_s3_uri(source_ref)
        try:
            photo = self.s3.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if is_missing(error) or is_denied(error):
                raise PermanentError(f"{source_ref} cannot be read ({code_of(error)}).") from error
            raise
        if photo["ContentLength"] > MAX_REALTIME_BYTES:
            raise PermanentError(
                f"{source_ref} has {photo['ContentLength']:,} bytes, and a real-time endpoint "
                f"takes {MAX_REALTIME_BYTES:,}: use an asynchronous one."
            )
        body: bytes = photo["Body"].read()
        return body


def inference_id(run: str, question: Question) -> str:
    """The same for the same question whenever it is asked; at most 64 characters."""
    return f"{run[:40]}-{question.line}-{question.attempt}"


def content_type_of(source_ref: str) -> str:
    """The media type of a photo by its name, as a model is told it."""
    return mimetypes.guess_type(source_ref)[0] or "application/x-image"


def exists(s3: Any, address: str) -> bool:
    """Whether an object is there.

    Raises:
        RuntimeRefusedError: S3 does not say: without `s3:ListBucket`, what is missing is forbidden.
    """
    bucket, key = parse_s3_uri(address)
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if is_missing(error):
            return False
        if is_denied(error):
            raise RuntimeRefusedError(
                f"whether {address} is there cannot be seen: these credentials need s3:GetObject "
                f"and s3:ListBucket on {bucket}."
            ) from error
        raise
    return True


def failure_of(text: str) -> TransientError | PermanentError:
    """What an endpoint put at its failure path, or in a notification, as an error."""
    said = " ".join(text.split())[:MAX_REASON] or "the model gave no reason."
    return PermanentError(said) if PERMANENT_STATUS.search(said) else TransientError(said)


def _sorted(error: ClientError | BotoCoreError) -> FewclickError:
    """A refused invocation as what it means for the run."""
    if not isinstance(error, ClientError):
        if isinstance(error, HTTPClientError):
            return TransientError(f"the endpoint was not reached ({error}).")
        return RuntimeRefusedError(str(error))
    code, said = code_of(error), str(error.response["Error"].get("Message", error))
    if code == "ModelError":
        return failure_of(said)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in TRANSIENT_CODES or status >= 500:
        return TransientError(f"{code}: {said}")
    if code in ("ValidationError", "ValidationException") and not NO_ENDPOINT.search(said):
        return PermanentError(f"{code}: {said}")
    if status == 413:
        return PermanentError("the photo is larger than the endpoint takes.")
    return RuntimeRefusedError(f"the endpoint takes no requests ({code}: {said}).")
