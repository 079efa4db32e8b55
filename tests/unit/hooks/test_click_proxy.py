"""The click proxy: the token decides the photo, and every answer can be read by a page."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from hooks import aws
from hooks.click_proxy import handler
from hooks.core.task_token import SigningKeys, TaskToken
from tests.unit.hooks.conftest import Account, LambdaContext

KEYS = SigningKeys.from_secret(json.dumps({"current": "k1", "k1": "s" * 40}))
PHOTO = "s3://stack-bucket/a.jpg"
REQUEST = {
    "object_id": "1",
    "sequence": 1,
    "extreme_points": [[20, 5], [5, 20], [20, 35], [35, 20]],
    "clicks": [],
}
ANSWER = '{"mask": "…", "model": "m", "timings_ms": {}}'
PREWARM = {"schema_version": 1, "action": "prewarm"}


def event(body: Any, token: str | None, method: str = "POST", path: str = "/segment") -> Any:
    """An event of API Gateway's HTTP API, payload format 2.0."""
    headers = {"content-type": "application/json", "origin": "https://portal.example"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "http": {"method": method, "path": path},
            "stage": "$default",
            "requestId": "r1",
        },
        "body": body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }


def token(expires_in: float = 24 * 3600, keys: SigningKeys = KEYS) -> str:
    """Parameters hold tokens from when the tests were collected, which may be long ago."""
    return TaskToken("pets-01", "ab", PHOTO, int(time.time() + expires_in)).mint(keys)


Endpoint = Callable[[str, str], bytes]


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What reaches the endpoint; it answers ANSWER."""
    received: list[dict[str, Any]] = []

    def invoke(name: str, body: str, session: str | None = None) -> aws.EndpointAnswer:
        assert name == "clicks"
        received.append(json.loads(body) | {"session": session})
        opened = "abc-1" if session == aws.NEW_SESSION else None
        return aws.EndpointAnswer(ANSWER.encode(), opened)

    monkeypatch.setattr(aws, "invoke_endpoint", invoke)
    return received


def call(context: LambdaContext, *arguments: Any, **options: Any) -> tuple[int, Any, Any]:
    answer = handler(event(*arguments, **options), context)
    body = answer.get("body") or "null"
    return answer["statusCode"], json.loads(body), answer["headers"]


def test_clicks_go_to_the_photo_of_the_token(
    account: Account, context: LambdaContext, endpoint: list[dict[str, Any]]
) -> None:
    status, body, headers = call(context, REQUEST, token())
    assert (status, body) == (200, json.loads(ANSWER))
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert re.fullmatch(r"proxy;dur=[\d.]+, endpoint;dur=0\.0", headers["server-timing"])
    (received,) = endpoint
    assert received["image"] == PHOTO
    assert received["extreme_points"] == [[20, 5], [5, 20], [20, 35], [35, 20]]


def test_a_photo_is_made_ready_and_a_session_opened(
    account: Account, context: LambdaContext, endpoint: list[dict[str, Any]]
) -> None:
    status, body, headers = call(context, PREWARM, token(), path="/prewarm")
    assert (status, body["session"]) == (200, "abc-1")
    assert headers["Access-Control-Allow-Origin"] == "*"
    status, _, _ = call(context, REQUEST | {"session": body["session"]}, token())
    assert status == 200
    prewarm, segment = endpoint
    assert (prewarm["action"], prewarm["image"]) == ("prewarm", PHOTO)
    assert (segment["session"], segment["image"]) == ("abc-1", PHOTO)


@pytest.mark.parametrize(
    ("body", "given", "status"),
    [
        pytest.param(PREWARM, "v1.e30.AAAA", 401, id="forged token"),
        pytest.param(PREWARM | {"image": "s3://b/other.jpg"}, token(), 400, id="other photo"),
        pytest.param(REQUEST, token(), 400, id="no prewarm request"),
    ],
)
def test_nobody_makes_other_photos_ready(
    account: Account,
    context: LambdaContext,
    endpoint: list[dict[str, Any]],
    body: Any,
    given: str,
    status: int,
) -> None:
    assert call(context, body, given, path="/prewarm")[0] == status
    assert endpoint == []


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        pytest.param(None, 401, "token-refused", id="no token"),
        pytest.param("v1.e30.AAAA", 401, "token-refused", id="forged"),
        pytest.param("nonsense", 401, "token-refused", id="nonsense"),
        pytest.param(token(-1), 403, "token-expired", id="expired"),
        pytest.param(
            token(keys=SigningKeys("k1", {"k1": b"z" * 40})), 401, "token-refused", id="other key"
        ),
    ],
)
def test_without_a_good_token_nothing_reaches_the_endpoint(
    account: Account,
    context: LambdaContext,
    endpoint: list[dict[str, Any]],
    given: str | None,
    status: int,
    code: str,
) -> None:
    answered, body, headers = call(context, REQUEST, given)
    assert (answered, body["error"]) == (status, code)
    assert body["message"]
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert endpoint == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param("", 400, "bad-request", id="empty"),
        pytest.param("nonsense", 400, "bad-request", id="not JSON"),
        pytest.param(
            REQUEST | {"image": "s3://stack-bucket/other.jpg"},
            400,
            "image-not-allowed",
            id="another photo",
        ),
        pytest.param(REQUEST | {"image_bytes": "aGk="}, 400, "image-not-allowed", id="own photo"),
        pytest.param(
            REQUEST | {"extreme_points": [[1, 1]]}, 422, "four-points-needed", id="one point"
        ),
        pytest.param(REQUEST | {"note": "x" * 300_000}, 413, "request-too-large", id="too large"),
        pytest.param(
            REQUEST | {"clicks": [{"x": 1, "y": 1, "kind": "inside"}] * 1000},
            422,
            "too-many-clicks",
            id="a thousand clicks",
        ),
    ],
)
def test_a_bad_request_is_refused_with_a_sentence(
    account: Account,
    context: LambdaContext,
    endpoint: list[dict[str, Any]],
    body: Any,
    status: int,
    code: str,
) -> None:
    answered, said, _ = call(context, body, token())
    assert (answered, said["error"], said["retryable"]) == (status, code, False)
    assert endpoint == []


@pytest.mark.parametrize(
    ("problem", "status", "code", "retryable"),
    [
        (
            aws.EndpointRefusal(422, '{"error": "point-outside-photo", "message": "No."}'),
            422,
            "point-outside-photo",
            False,
        ),
        (
            aws.EndpointRefusal(503, '{"error": "queue-full", "message": "Busy."}'),
            503,
            "model-unavailable",
            True,
        ),
        (aws.EndpointRefusal(500, "<html>"), 503, "model-unavailable", True),
        (aws.EndpointUnavailableError("ReadTimeoutError"), 503, "model-unavailable", True),
    ],
    ids=["its own refusal", "a full queue", "a crash", "no answer"],
)
def test_what_the_endpoint_says_reaches_the_page(
    account: Account,
    context: LambdaContext,
    monkeypatch: pytest.MonkeyPatch,
    problem: Exception,
    status: int,
    code: str,
    retryable: bool,
) -> None:
    def invoke(name: str, body: str, session: str | None = None) -> aws.EndpointAnswer:
        raise problem

    monkeypatch.setattr(aws, "invoke_endpoint", invoke)
    answered, said, headers = call(context, REQUEST, token())
    assert (answered, said["error"], said["retryable"]) == (status, code, retryable)
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert ("retry-after" in headers) is retryable


def test_a_body_that_is_no_text_is_refused(
    account: Account, context: LambdaContext, endpoint: list[dict[str, Any]]
) -> None:
    binary = event("//79", token()) | {"isBase64Encoded": True}
    answer = handler(binary, context)
    assert (answer["statusCode"], json.loads(answer["body"])["error"]) == (400, "bad-request")


def test_what_goes_wrong_here_is_an_answer_too(
    account: Account, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNING_KEY_SECRET_ARN", "arn:of:no:secret")
    status, said, headers = call(context, REQUEST, token())
    assert (status, said["error"], said["retryable"]) == (503, "model-unavailable", True)
    assert headers["Access-Control-Allow-Origin"] == "*"


def test_browsers_ask_first(account: Account, context: LambdaContext) -> None:
    status, _, headers = call(context, "", None, method="OPTIONS")
    assert status == 204
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "authorization" in headers["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Credentials" not in headers


def test_other_addresses_answer_with_json_too(account: Account, context: LambdaContext) -> None:
    status, said, headers = call(context, REQUEST, token(), path="/elsewhere")
    assert (status, said["error"]) == (404, "no-such-route")
    assert headers["Access-Control-Allow-Origin"] == "*"


def test_logs_hold_no_token(
    account: Account,
    context: LambdaContext,
    endpoint: list[dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    secret = token()
    call(context, REQUEST, secret)
    call(context, "nonsense", secret)
    assert secret not in capsys.readouterr().out
