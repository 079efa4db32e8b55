"""Click proxy: the page's clicks go to the endpoint, the mask comes back.

Checks the task token, takes the photo's address from it and never from the page. Pixels do not
pass through here. Tokens are given here too, for grants, and both are counted: a task gets so many
tokens, a token so many calls, and so many in a second.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, CORSConfig, Response
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from hooks import aws
from hooks.core.allowance import ALLOWANCE, EXCHANGES, Allowance, Counter
from hooks.core.errors import (
    ClickRequestError,
    TokenError,
    TokenExpiredError,
    TooManyCallsError,
)
from hooks.core.task_token import (
    MAX_TOKEN_CHARACTERS,
    SigningKeys,
    TaskGrant,
    TaskToken,
)
from hooks.core.wire import (
    MAX_REQUEST_BYTES,
    PrewarmRequest,
    PrewarmResponse,
    SegmentRequest,
    error_body,
)
from hooks.settings import ClickProxySettings

logger = Logger(service="click-proxy")
metrics = Metrics(namespace="fewclick", service="click-proxy")
# A worker's page has an origin that nobody documents; the token is what counts, there are no
# cookies. See "10.2 CORS" of AWS's guide to HTTP APIs: errors need the headers as well.
app = APIGatewayHttpResolver(
    cors=CORSConfig(allow_origin="*", allow_headers=["authorization", "content-type"], max_age=600)
)
counter = Counter()
STAGES = {
    "QueueTime": ("queue",),
    "PhotoTime": ("fetch", "decode_photo"),
    "EncodeTime": ("encode",),
    "DecodeTime": ("decode", "write_mask"),
}
"""Metrics of the endpoint's own stages, by the names that it gives their parts."""
KEYS_SECONDS = 10
"""Signing keys are read again for a key that is not known, but no more often than this: anybody
may name one."""


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point for API Gateway's HTTP API, payload format 2.0."""
    metrics.add_metric("Requests", MetricUnit.Count, 1)
    return app.resolve(event, context)


@app.post("/token")
def token() -> Response[str]:
    """A token for a grant: POST with the grant as bearer, get {"token": …, "expires_in": s}."""

    def exchange() -> Response[str]:
        settings = ClickProxySettings.from_environment(os.environ)
        now = time.time()
        bearer = _bearer()
        keys = _keys(settings, bearer)
        grant = TaskGrant.verify(bearer, keys, now)
        logger.append_keys(job=grant.job, data_object=grant.data_object)
        task = f"{grant.job}/{grant.data_object}"
        _count(f"grant/{task}", EXCHANGES)
        if not aws.count_up(settings.token_table, task, EXCHANGES.calls, grant.expires):
            raise TooManyCallsError(None)
        made = grant.token(now, secrets.token_urlsafe(9), ALLOWANCE)
        metrics.add_metric("TokensGiven", MetricUnit.Count, 1)
        fields = {
            "schema_version": 1,
            "token": made.mint(keys),
            "expires_in": made.expires - int(now),
        }
        return _json(HTTPStatus.OK, json.dumps(fields), {"cache-control": "no-store"})

    return _guarded(exchange)


# Run lengths of a large mask shrink to a fifth, and the page's line may be a phone's.
@app.post("/segment", compress=True)
def segment() -> Response[str]:
    """One object's mask: POST a SegmentRequest, get a SegmentResponse or an error as JSON."""

    def ask(endpoint_name: str, token: TaskToken) -> aws.EndpointAnswer:
        request = SegmentRequest.from_json(_body())
        _refuse_image(request)
        forwarded = request.with_image(token.image).to_json()
        return aws.invoke_endpoint(endpoint_name, forwarded, request.session)

    return _guarded(lambda: _answer(ask))


@app.post("/prewarm")
def prewarm() -> Response[str]:
    """Makes the photo ready: POST a PrewarmRequest, get a PrewarmResponse or an error."""

    def ask(endpoint_name: str, token: TaskToken) -> aws.EndpointAnswer:
        request = PrewarmRequest.from_json(_body())
        _refuse_image(request)
        forwarded = request.with_image(token.image).to_json()
        answer = aws.invoke_endpoint(endpoint_name, forwarded, aws.NEW_SESSION)
        told = replace(PrewarmResponse.from_json(answer.body), session=answer.session)
        return replace(answer, body=told.to_json().encode())

    return _guarded(lambda: _answer(ask))


def _answer(ask: Callable[[str, TaskToken], aws.EndpointAnswer]) -> Response[str]:
    """What `ask` gets from the endpoint for the photo of the task token."""
    started = time.perf_counter()
    settings = ClickProxySettings.from_environment(os.environ)
    bearer = _bearer()
    token = TaskToken.verify(bearer, _keys(settings, bearer), time.time())
    logger.append_keys(job=token.job, data_object=token.data_object)
    _count(f"token/{token.name}", token.allowance)
    answer = ask(settings.endpoint_name, token)
    body = answer.body.decode()
    total = time.perf_counter() - started
    own = total - answer.seconds
    if app.current_event.path == "/segment":
        _measure(total, own, answer)
    timing = f"proxy;dur={1000 * own:.1f}, endpoint;dur={1000 * answer.seconds:.1f}"
    return _json(HTTPStatus.OK, body, {"server-timing": timing})


def _measure(total: float, own: float, answer: aws.EndpointAnswer) -> None:
    """What a click took, by stage; for the dashboard."""
    stages = {"ClickTime": total, "ProxyTime": own, "EndpointTime": answer.seconds}
    with suppress(ValueError, KeyError, TypeError, AttributeError):  # a server that is not ours
        timings = json.loads(answer.body)["timings_ms"]
        for name, parts in STAGES.items():
            stages[name] = sum(float(timings.get(part, 0)) for part in parts) / 1000
    for name, seconds in stages.items():
        metrics.add_metric(name, MetricUnit.Milliseconds, 1000 * seconds)


def _guarded(act: Callable[[], Response[str]]) -> Response[str]:
    """What `act` answers, or why it did not, as JSON that a page can read."""
    try:
        return act()
    except TokenExpiredError as error:
        return _error(HTTPStatus.FORBIDDEN, "token-expired", str(error))
    except TokenError as error:
        return _error(HTTPStatus.UNAUTHORIZED, "token-refused", str(error))
    except TooManyCallsError as error:
        return _too_many(error)
    except ClickRequestError as error:
        return _error(error.status, error.code, str(error))
    except aws.EndpointRefusal as error:
        return _refusal(error)
    except aws.EndpointUnavailableError as error:
        logger.warning("the endpoint did not answer", extra={"problem": str(error)})
        return _busy("The model is not answering. The manual tools go on working.")
    except Exception:
        # A secret that cannot be read, or a bug: the page still gets an answer it can read.
        logger.exception("the request failed")
        return _busy("The click service failed on this request. The manual tools go on working.")


@app.not_found
def not_found(_: Exception) -> Response[str]:
    return _error(HTTPStatus.NOT_FOUND, "no-such-route", "There is nothing at this address.")


def _keys(settings: ClickProxySettings, bearer: str) -> SigningKeys:
    """The keys, read again if `bearer` names one that was not there when they were last read."""
    arn = settings.signing_key_secret_arn
    keys = SigningKeys.from_secret(aws.read_secret(arn))
    if len(bearer) > MAX_TOKEN_CHARACTERS or keys.know(bearer):
        return keys
    return SigningKeys.from_secret(aws.read_secret(arn, max_age_seconds=KEYS_SECONDS))


def _count(name: str, allowance: Allowance) -> None:
    wait = counter.spend(name, allowance, time.monotonic())
    if wait is None or wait > 0:
        raise TooManyCallsError(wait)


def _bearer() -> str:
    authorization = app.current_event.headers.get("authorization", "")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenError("The task token is missing. Reload the page.")
    return token.strip()


def _body() -> str:
    try:
        body = app.current_event.decoded_body
    except ValueError as error:
        raise ClickRequestError("bad-request", "The request is not UTF-8 text.") from error
    if not body:
        raise ClickRequestError("bad-request", "The request is empty.")
    if len(body.encode()) > MAX_REQUEST_BYTES:
        raise ClickRequestError(
            "request-too-large",
            f"The request is larger than {MAX_REQUEST_BYTES // 1024} KiB.",
            status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )
    return body


def _refuse_image(request: SegmentRequest | PrewarmRequest) -> None:
    if request.image is not None or request.image_bytes is not None:
        raise ClickRequestError(
            "image-not-allowed", "The photo is named by the task token, not by the page."
        )


def _refusal(refusal: aws.EndpointRefusal) -> Response[str]:
    """The endpoint's own word to the worker, if it has one; else that it is not answering."""
    metrics.add_metric("EndpointErrors", MetricUnit.Count, 1)
    try:
        # One line of ours; a server that is not ours may put its traceback behind it.
        fields = json.loads(refusal.body.partition("\n")[0])
        code, message = str(fields["error"]), str(fields["message"])
    except (ValueError, KeyError, TypeError):
        logger.warning("the endpoint failed", extra={"status": refusal.status})
        return _busy("The model failed on this request. The manual tools go on working.")
    if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _busy(message)
    return _error(refusal.status, code, message)


def _too_many(error: TooManyCallsError) -> Response[str]:
    metrics.add_metric("CallsOverAllowance", MetricUnit.Count, 1)
    logger.warning("too many calls for one task", extra={"wait": error.seconds})
    retryable = error.seconds is not None
    body = error_body("too-many-calls", str(error), retryable=retryable)
    headers: dict[str, str | list[str]] = {}
    if error.seconds is not None:
        headers["retry-after"] = str(math.ceil(error.seconds))
    return _json(HTTPStatus.TOO_MANY_REQUESTS, body, headers)


def _busy(message: str) -> Response[str]:
    metrics.add_metric("EndpointUnavailable", MetricUnit.Count, 1)
    return _json(
        HTTPStatus.SERVICE_UNAVAILABLE,
        error_body("model-unavailable", message, retryable=True),
        {"retry-after": "2"},
    )


def _error(status: int, code: str, message: str) -> Response[str]:
    logger.info("refused", extra={"code": code, "status": int(status)})
    metrics.add_metric("RequestsRefused", MetricUnit.Count, 1)
    retryable = status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
    return _json(status, error_body(code, message, retryable=retryable))


def _json(
    status: int, body: str, headers: dict[str, str | list[str]] | None = None
) -> Response[str]:
    return Response(int(status), "application/json", body, headers=headers)
