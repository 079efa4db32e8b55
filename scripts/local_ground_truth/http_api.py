"""API Gateway's HTTP API in front of a Lambda function: HTTP to events and back.

Events have payload format 2.0. If the API has CORS rules, they are applied as API Gateway does
it: OPTIONS is answered here, the function's own CORS headers are replaced, and errors of the
gateway carry them too.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from scripts.local_ground_truth.lambda_runtime import (
    MAX_REQUEST_BYTES,
    Answer,
    InvocationRefusedError,
    RuntimeClosedError,
)
from scripts.local_ground_truth.stack import API_ID, CorsRules, Route

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_BODY_BYTES = 10 * 1024 * 1024
INTEGRATION_SECONDS = 30.0
THREADS = 16
TEXT_TYPES = re.compile(r"text/.*|application/(json|javascript|xml|[^;]*\+(json|xml))")


class HttpApi:
    """A WSGI application.

    Args:
        invoke: invokes the function of an ARN with an event's JSON.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        cors: CorsRules | None,
        invoke: Callable[[str, bytes], Answer],
        *,
        account: str,
        integration_seconds: float = INTEGRATION_SECONDS,
    ) -> None:
        # The most specific route wins: no ANY, no names, a greedy name last.
        self._routes = sorted(
            routes,
            key=lambda route: ("+}" in route.path, route.path.count("{"), route.method == "ANY"),
        )
        self._cors = cors
        self._invoke = invoke
        self._account = account
        self._integration_seconds = integration_seconds
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="http-api")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if self._cors is not None and _is_preflight(request):
            response = Response(status=204)
        else:
            response = self._answer(request)
        if self._cors is not None:
            _apply(self._cors, request, response)
        response.headers["Apigw-Requestid"] = uuid.uuid4().hex[:16]
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        found = self._find(request)
        if found is None:
            return _message(404, "Not Found")
        route, path_parameters = found
        request.max_content_length = MAX_BODY_BYTES
        try:
            event = json.dumps(self._event(request, route, path_parameters)).encode()
        except RequestEntityTooLarge:
            return _message(413, "Request Entity Too Large")
        if len(event) > MAX_REQUEST_BYTES:
            return _message(413, "Request Entity Too Large")
        future: Future[Answer] = self._threads.submit(self._invoke, route.function_arn, event)
        try:
            answer = future.result(self._integration_seconds)
        except (FutureTimeoutError, RuntimeClosedError):
            # The function goes on; nobody hears its answer, as on AWS.
            return _message(503, "Service Unavailable")
        except InvocationRefusedError:
            return _message(500, "Internal Server Error")
        if answer.function_error is not None:
            return _message(500, "Internal Server Error")
        return _response(answer.value)

    def _find(self, request: Request) -> tuple[Route, dict[str, str]] | None:
        for route in self._routes:
            if route.method in ("ANY", request.method):
                found = _path_pattern(route.path).fullmatch(request.path)
                if found is not None:
                    return route, found.groupdict()
        return None

    def _event(
        self, request: Request, route: Route, path_parameters: Mapping[str, str]
    ) -> dict[str, Any]:
        body, is_base64 = _encode(request.get_data(), request.mimetype)
        query = request.query_string.decode("latin-1")
        headers = {name.lower(): value for name, value in request.headers.items()}
        cookies = headers.pop("cookie", "")
        now = time.time()
        route_key = f"{route.method} {route.path}"
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": route_key,
            "rawPath": request.path,
            "rawQueryString": query,
            "headers": headers,
            "requestContext": {
                "accountId": self._account,
                "apiId": API_ID,
                "domainName": request.host,
                "domainPrefix": API_ID,
                "http": {
                    "method": request.method,
                    "path": request.path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": request.remote_addr or "",
                    "userAgent": headers.get("user-agent", ""),
                },
                "requestId": uuid.uuid4().hex[:16],
                "routeKey": route_key,
                "stage": "$default",
                "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
                "timeEpoch": int(1000 * now),
            },
            "isBase64Encoded": is_base64,
        }
        if body:
            event["body"] = body
        if cookies:
            event["cookies"] = [cookie.strip() for cookie in cookies.split(";")]
        if query:
            event["queryStringParameters"] = _query_parameters(query)
        if path_parameters:
            event["pathParameters"] = dict(path_parameters)
        return event


def _is_preflight(request: Request) -> bool:
    headers = request.headers
    return (
        request.method == "OPTIONS"
        and "Origin" in headers
        and "Access-Control-Request-Method" in headers
    )


def _apply(cors: CorsRules, request: Request, response: Response) -> None:
    """Set the API's CORS headers, and no others, on an answer to a page of another origin."""
    for name, _ in list(response.headers):
        if name.lower().startswith("access-control-"):
            del response.headers[name]
    origin = request.headers.get("Origin")
    if origin is None:
        return
    if "*" in cors.allow_origins and not cors.allow_credentials:
        response.headers["Access-Control-Allow-Origin"] = "*"
    elif "*" in cors.allow_origins or origin in cors.allow_origins:
        response.headers["Access-Control-Allow-Origin"] = origin
    else:
        return
    if cors.allow_credentials:
        response.headers["Access-Control-Allow-Credentials"] = "true"
    if cors.expose_headers:
        response.headers["Access-Control-Expose-Headers"] = ",".join(cors.expose_headers)
    if _is_preflight(request):
        response.headers["Access-Control-Allow-Methods"] = ",".join(cors.allow_methods)
        response.headers["Access-Control-Allow-Headers"] = ",".join(cors.allow_headers)
        if cors.max_age is not None:
            response.headers["Access-Control-Max-Age"] = str(cors.max_age)


def _encode(body: bytes, media_type: str) -> tuple[str, bool]:
    """The body as the event has it, and whether that is Base64: all but text is."""
    if TEXT_TYPES.fullmatch(media_type):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass  # it says that it is text and is not
    return base64.b64encode(body).decode("ascii"), bool(body)


def _query_parameters(query: str) -> dict[str, str]:
    """Values of a name that comes more than once are joined by commas."""
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    return parameters


def _path_pattern(path: str) -> re.Pattern[str]:
    pattern = ""
    for part in re.split(r"(\{[^}]+\})", path):
        if part.startswith("{"):
            name = re.sub(r"\W", "_", part[1:-1].removesuffix("+"))
            pattern += f"(?P<{name}>{'.+' if part.endswith('+}') else '[^/]+'})"
        else:
            pattern += re.escape(unquote(part))
    return re.compile(pattern)


def _response(value: Any) -> Response:
    """What a function's answer means; one without a status code is the body itself."""
    if not isinstance(value, Mapping) or "statusCode" not in value:
        body = value if isinstance(value, str) else json.dumps(value)
        return Response(body, 200, content_type="application/json")
    body = value.get("body", "")
    if not isinstance(body, str):
        return _message(500, "Internal Server Error")
    try:
        content = (
            base64.b64decode(body, validate=True) if value.get("isBase64Encoded") else body.encode()
        )
        response = Response(content, int(value["statusCode"]))
    except (binascii.Error, ValueError, TypeError):
        return _message(500, "Internal Server Error")
    del response.headers["Content-Type"]
    headers = {name.lower(): text for name, text in (value.get("headers") or {}).items()}
    headers.setdefault("content-type", "text/plain;charset=UTF-8")
    for name, text in headers.items():
        response.headers[name] = str(text)
    for name, texts in (value.get("multiValueHeaders") or {}).items():
        response.headers[name] = ",".join(map(str, texts))
    for cookie in value.get("cookies") or ():
        response.headers.add("Set-Cookie", cookie)
    return response


def _message(status: int, message: str) -> Response:
    """An error of the gateway itself."""
    return Response(json.dumps({"message": message}), status, content_type="application/json")
