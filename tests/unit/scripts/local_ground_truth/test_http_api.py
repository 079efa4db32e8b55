"""HTTP becomes API Gateway's events, and functions' answers become HTTP."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import Client

from scripts.local_ground_truth.http_api import HttpApi
from scripts.local_ground_truth.lambda_runtime import Answer, InvocationRefusedError
from scripts.local_ground_truth.stack import CorsRules, Route

CORS = CorsRules(
    ("*",), ("POST", "OPTIONS"), ("authorization", "content-type"), ("retry-after",), False, 600
)
PAGE = {"Origin": "https://portal.example"}


class Function:
    """Records events and answers with what it was told to."""

    def __init__(self) -> None:
        self.event: dict[str, Any] = {}
        self.answer = Answer(b'{"statusCode": 200, "body": "mask"}', None)
        self.seconds = 0.0

    def __call__(self, arn: str, event: bytes) -> Answer:
        time.sleep(self.seconds)
        if arn == "arn:refusing":
            raise InvocationRefusedError("no")
        self.event = json.loads(event)
        return self.answer

    def answers(self, value: Any) -> None:
        self.answer = Answer(json.dumps(value).encode(), None)


@pytest.fixture
def function() -> Function:
    return Function()


@pytest.fixture
def api(function: Function) -> Iterator[Client]:
    routes = [
        Route("POST", "/segment", "arn:segment"),
        Route("GET", "/photos/{name}", "arn:photos"),
        Route("GET", "/refusing", "arn:refusing"),
        Route("ANY", "/files/{path+}", "arn:files"),
    ]
    gateway = HttpApi(routes, CORS, function, account="123456789012", integration_seconds=0.3)
    yield Client(gateway, use_cookies=False)
    gateway.close()


def test_a_request_becomes_an_event_of_format_2(api: Client, function: Function) -> None:
    api.post(
        "/segment?a=1&b=2&a=3",
        data='{"x": 1}',
        content_type="application/json",
        headers={"Authorization": "Bearer t", "Cookie": "c=1; d=2"},
    )
    event = function.event
    assert event["version"] == "2.0"
    assert event["routeKey"] == "POST /segment"
    assert (event["rawPath"], event["rawQueryString"]) == ("/segment", "a=1&b=2&a=3")
    assert event["queryStringParameters"] == {"a": "1,3", "b": "2"}
    assert event["headers"]["authorization"] == "Bearer t"
    assert event["cookies"] == ["c=1", "d=2"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"x": 1}', False)
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["stage"] == "$default"
    assert "pathParameters" not in event


@pytest.mark.parametrize(
    ("media_type", "body", "is_text"),
    [
        ("application/json", b"{}", True),
        ("application/problem+json", b"{}", True),
        ("text/plain", "ü".encode(), True),
        ("text/plain", b"\xff", False),
        ("image/png", b"png", False),
        ("application/octet-stream", b"text", False),
    ],
)
def test_bodies_that_are_not_text_are_base64(
    api: Client, function: Function, media_type: str, body: bytes, is_text: bool
) -> None:
    api.post("/segment", data=body, content_type=media_type)
    assert function.event["isBase64Encoded"] is not is_text
    expected = body.decode() if is_text else base64.b64encode(body).decode()
    assert function.event["body"] == expected


def test_names_in_paths_are_parameters(api: Client, function: Function) -> None:
    api.get("/photos/cat.jpg")
    assert function.event["pathParameters"] == {"name": "cat.jpg"}
    assert function.event["routeKey"] == "GET /photos/{name}"
    api.put("/files/a/b")
    assert function.event["pathParameters"] == {"path": "a/b"}


def test_an_answer_becomes_a_response(api: Client, function: Function) -> None:
    function.answers(
        {
            "statusCode": 429,
            "headers": {"Retry-After": "2", "content-type": "image/png"},
            "cookies": ["a=1"],
            "body": base64.b64encode(b"png").decode(),
            "isBase64Encoded": True,
        }
    )
    response = api.post("/segment")
    assert (response.status_code, response.data) == (429, b"png")
    assert response.headers["Retry-After"] == "2"
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Set-Cookie"] == "a=1"


def test_an_answer_without_a_status_is_the_body(api: Client, function: Function) -> None:
    function.answers({"mask": 1})
    response = api.post("/segment")
    assert (response.status_code, response.json) == (200, {"mask": 1})


@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": 200, "body": {"not": "text"}},
        {"statusCode": "many", "body": ""},
        {"statusCode": 200, "body": "%", "isBase64Encoded": True},
    ],
)
def test_an_answer_that_makes_no_sense_is_a_500(
    api: Client, function: Function, answer: Any
) -> None:
    function.answers(answer)
    response = api.post("/segment", headers=PAGE)
    assert (response.status_code, response.json) == (500, {"message": "Internal Server Error"})


def test_preflights_are_answered_without_the_function(api: Client, function: Function) -> None:
    response = api.options("/segment", headers={**PAGE, "Access-Control-Request-Method": "POST"})
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Methods"] == "POST,OPTIONS"
    assert response.headers["Access-Control-Allow-Headers"] == "authorization,content-type"
    assert response.headers["Access-Control-Max-Age"] == "600"
    assert function.event == {}


def test_the_gateway_replaces_the_functions_own_cors_headers(
    api: Client, function: Function
) -> None:
    function.answers(
        {"statusCode": 200, "body": "", "headers": {"access-control-allow-origin": "https://x"}}
    )
    assert api.post("/segment", headers=PAGE).headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in api.post("/segment").headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/segment", 404), ("POST", "/nowhere", 404), ("GET", "/refusing", 500)],
)
def test_errors_of_the_gateway_carry_cors_headers_too(
    api: Client, method: str, path: str, status: int
) -> None:
    response = api.open(path, method=method, headers=PAGE)
    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_a_function_that_fails_or_is_late_is_an_error(api: Client, function: Function) -> None:
    function.answer = Answer(b'{"errorType": "KeyError"}', "Unhandled")
    assert api.post("/segment").json == {"message": "Internal Server Error"}
    function.seconds = 0.6
    late = api.post("/segment", headers=PAGE)
    assert (late.status_code, late.json) == (503, {"message": "Service Unavailable"})
    assert late.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("megabytes", [5, 11])
def test_a_body_over_a_limit_is_refused(api: Client, megabytes: int) -> None:
    # 5 MB are within the gateway's limit, but not within Lambda's once they are Base64.
    response = api.post("/segment", data=bytes(megabytes * 1024 * 1024), headers=PAGE)
    assert response.status_code == 413
    assert response.headers["Access-Control-Allow-Origin"] == "*"
