"""SageMaker's runtime in front of the model server: InvokeEndpoint, and what it does to a call.

Only the headers that InvokeEndpoint knows reach the container. An error of the container comes
back as a ModelError (424) with the container's own status and message in it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import httpx
from werkzeug.exceptions import NotFound, RequestEntityTooLarge
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from hooks.core.errors import FewclickError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_BODY_BYTES = 6_291_456
INVOCATION_SECONDS = 60.0
VARIANT = "AllTraffic"
FORWARDED_HEADERS = (
    "Content-Type",
    "Accept",
    "X-Amzn-SageMaker-Custom-Attributes",
    "X-Amzn-SageMaker-Target-Model",
    "X-Amzn-SageMaker-Target-Variant",
    "X-Amzn-SageMaker-Inference-Id",
    "X-Amzn-SageMaker-Session-Id",
)
RETURNED_HEADERS = (
    "X-Amzn-SageMaker-Custom-Attributes",
    "X-Amzn-SageMaker-New-Session-Id",
    "X-Amzn-SageMaker-Closed-Session-Id",
)

_ROUTES = Map([Rule("/endpoints/<name>/invocations", methods=["POST"], endpoint="invoke")])


class EndpointHost:
    """A WSGI application with one endpoint.

    Args:
        container_url: the model server's address, without a slash at the end; or what gives it
            when the first request comes, and may raise a FewclickError.
    """

    def __init__(
        self,
        endpoint_name: str,
        container_url: str | Callable[[], str],
        *,
        account: str,
        region: str,
        invocation_seconds: float = INVOCATION_SECONDS,
    ) -> None:
        self.name = endpoint_name
        self._container_url = container_url
        self._account = account
        self._region = region
        self._container = httpx.Client(
            timeout=httpx.Timeout(invocation_seconds, connect=2.0), trust_env=False
        )

    def close(self) -> None:
        self._container.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            _, arguments = _ROUTES.bind_to_environ(environ).match()
        except NotFound:
            response = error_response(404, "UnknownOperationException", {"Message": "Not found."})
        else:
            response = self._invoke(arguments["name"], Request(environ))
        response.headers["x-amzn-RequestId"] = str(uuid.uuid4())
        return response(environ, start_response)

    def _invoke(self, name: str, request: Request) -> Response:
        if "Origin" in request.headers:
            # Never a web page: it has no credentials, and would go round the click API.
            return error_response(
                403, "AccessDeniedException", {"Message": "Requests must be signed."}
            )
        if name != self.name:
            message = f"Endpoint {name} of account {self._account} not found."
            return error_response(400, "ValidationError", {"Message": message})
        request.max_content_length = MAX_BODY_BYTES
        try:
            body = request.get_data()
        except RequestEntityTooLarge:
            return Response("Request Entity Too Large", 413, content_type="text/plain")
        headers = {
            header: request.headers[header]
            for header in FORWARDED_HEADERS
            if header in request.headers
        }
        given = self._container_url
        try:
            url = given if isinstance(given, str) else given()
            answer = self._container.post(f"{url}/invocations", content=body, headers=headers)
        except FewclickError as error:
            return self._model_error(500, str(error))
        except httpx.TimeoutException:
            return self._model_error(
                0,
                "Your invocation timed out while waiting for a response from container primary.",
            )
        except httpx.TransportError as error:
            return self._model_error(500, f"{type(error).__name__}: {error}")
        if answer.status_code >= 400:
            return self._model_error(answer.status_code, answer.text)
        if len(answer.content) > MAX_BODY_BYTES:
            return self._model_error(500, "The response exceeds the maximum size.")
        response = Response(
            answer.content, 200, content_type=answer.headers.get("Content-Type", "")
        )
        response.headers["x-Amzn-Invoked-Production-Variant"] = VARIANT
        for header in RETURNED_HEADERS:
            if header in answer.headers:
                response.headers[header] = answer.headers[header]
        return response

    def _model_error(self, status: int, message: str) -> Response:
        side = "client" if 400 <= status < 500 else "server"
        stream = (
            f"arn:aws:logs:{self._region}:{self._account}:log-group:"
            f"/aws/sagemaker/Endpoints/{self.name}"
        )
        return error_response(
            424,
            "ModelError",
            {
                "Message": f"Received {side} error ({status}) from primary with message "
                f'"{message}". See {stream} for more information.',
                "OriginalStatusCode": status,
                "OriginalMessage": message,
                "LogStreamArn": stream,
            },
        )


def error_response(status: int, code: str, body: dict[str, object]) -> Response:
    return Response(
        json.dumps({"ErrorCode": code, **body}),
        status,
        content_type="application/json",
        headers={"x-amzn-ErrorType": code},
    )
