"""Click proxy: the page's clicks go to the endpoint, the mask comes back.

Checks the task token, takes the photo's address from it and never from the page. Pixels do not
pass through here.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, CORSConfig, Response
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from hooks import aws
from hooks.core.errors import ClickRequestError, TokenError, TokenExpiredError
from hooks.core.task_token import SigningKeys, TaskToken
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


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point for API Gateway's HTTP API, payload format 2.0."""
    metrics.add_metric("Requests", MetricUnit.Count, 1)
    return app.resolve(event, context)


@app.post("/segment")
def segment() -> Response[str]:
    """One object's mask: POST a SegmentRequest, get a SegmentResponse or an error as JSON."""

    def ask(endpoint_name: str, token: TaskToken) -> aws.EndpointAnswer:
        request = SegmentRequest.from_json(_body())
        _refuse_image(request)
        forwarded = request.with_image(token.image).to_json()
        return aws.invoke_endpoint(endpoint_name, forwarded, request.session)

    return _answer(ask)


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

    return _answer(ask)


def _answer(ask: Callable[[str, TaskToken], aws.EndpointAnswer]) -> Response[str]:
    """What `ask` gets from the endpoint for the photo of the task token, or an error as JSON."""
    started = time.perf_counter()
    try:
        settings = ClickProxySettings.from_environment(os.environ)
        keys = SigningKeys.from_secret(aws.read_secret(settings.signing_key_secret_arn))
        token = TaskToken.verify(_bearer_token(), keys, time.time())
        logger.append_keys(job=token.job, data_object=token.data_object)
        answer = ask(settings.endpoint_name, token)
        body = answer.body.decode()
    except TokenExpiredError as error:
        return _error(HTTPStatus.FORBIDDEN, "token-expired", str(error))
    except TokenError as error:
        return _error(HTTPStatus.UNAUTHORIZED, "token-refused", str(error))
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
    metrics.add_metric(
        "EndpointTime", MetricUnit.Milliseconds, 1000 * (time.perf_counter() - started)
    )
    own = time.perf_counter() - started - answer.seconds
    timing = f"proxy;dur={1000 * own:.1f}, endpoint;dur={1000 * answer.seconds:.1f}"
    return _json(HTTPStatus.OK, body, {"server-timing": timing})


@app.not_found
def not_found(_: Exception) -> Response[str]:
    return _error(HTTPStatus.NOT_FOUND, "no-such-route", "There is nothing at this address.")


def _bearer_token() -> str:
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
