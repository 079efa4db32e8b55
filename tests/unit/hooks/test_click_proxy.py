"""The click proxy: the token decides the photo, and every answer can be read by a page."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from hooks import aws, click_proxy
from hooks.click_proxy import handler
from hooks.core.allowance import ALLOWANCE, Allowance, Counter
from hooks.core.task_token import SigningKeys, TaskGrant, TaskToken
from tests.unit.hooks.conftest import TABLE, Account, LambdaContext

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


def token(
    expires_in: float = 24 * 3600, keys: SigningKeys = KEYS, allowance: Allowance = ALLOWANCE
) -> str:
    """Parameters hold tokens from when the tests were collected, which may be long ago."""
    expires = int(time.time() + expires_in)
    return TaskToken("pets-01", "ab", PHOTO, expires, "x1", allowance).mint(keys)


def grant(expires_in: float = 24 * 3600, keys: SigningKeys = KEYS, image: str = PHOTO) -> str:
    return TaskGrant("pets-01", "ab", image, int(time.time() + expires_in)).mint(keys)


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


def test_answers_shrink_for_whoever_reads_gzip(
    account: Account, context: LambdaContext, endpoint: list[dict[str, Any]]
) -> None:
    asked = event(REQUEST, token())
    asked["headers"]["accept-encoding"] = "gzip, deflate, br"
    answer = handler(asked, context)
    assert answer["isBase64Encoded"] is True
    assert answer["headers"]["Content-Encoding"] == "gzip"
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
    assert gzip.decompress(base64.b64decode(answer["body"])).decode() == ANSWER


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
    logged: io.StringIO,
) -> None:
    secret = token()
    call(context, REQUEST, secret)
    call(context, "nonsense", secret)
    assert "refused" in logged.getvalue()
    assert secret not in logged.getvalue()


def test_tokens_of_pages_that_are_older_than_grants_go_on(
    account: Account, context: LambdaContext, endpoint: list[dict[str, Any]]
) -> None:
    old = TaskToken("pets-01", "ab", PHOTO, int(time.time()) + 20 * 24 * 3600)
    assert call(context, REQUEST, old.mint(KEYS))[0] == 200
    assert call(context, PREWARM, old.mint(KEYS), path="/prewarm")[0] == 200
    assert [sent["image"] for sent in endpoint] == [PHOTO, PHOTO]


def exchange(context: LambdaContext, given: str | None) -> tuple[int, Any, Any]:
    return call(context, "", given, path="/token")


def test_a_grant_is_exchanged_for_a_token_of_some_minutes(
    account: Account, context: LambdaContext, endpoint: list[dict[str, Any]]
) -> None:
    before = int(time.time())
    status, body, headers = exchange(context, grant())
    assert (status, body["schema_version"]) == (200, 1)
    assert 0 < body["expires_in"] <= 600
    assert headers["cache-control"] == "no-store"
    assert headers["Access-Control-Allow-Origin"] == "*"
    given = TaskToken.verify(body["token"], KEYS, before)
    assert (given.job, given.data_object, given.image) == ("pets-01", "ab", PHOTO)
    assert before + 600 <= given.expires <= before + 660
    assert given.allowance == ALLOWANCE
    status, _, _ = call(context, REQUEST, body["token"])
    assert status == 200
    assert endpoint[0]["image"] == PHOTO


def test_every_page_gets_a_token_of_its_own(account: Account, context: LambdaContext) -> None:
    first, second = (exchange(context, grant())[1]["token"] for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        pytest.param(None, 401, "token-refused", id="no grant"),
        pytest.param("g1.e30.AAAA", 401, "token-refused", id="forged"),
        pytest.param(token(), 401, "token-refused", id="a token"),
        pytest.param(grant(-1), 403, "token-expired", id="expired"),
        pytest.param(
            grant(keys=SigningKeys("k1", {"k1": b"z" * 40})), 401, "token-refused", id="other key"
        ),
    ],
)
def test_nothing_but_a_good_grant_is_exchanged(
    account: Account, context: LambdaContext, given: str | None, status: int, code: str
) -> None:
    answered, body, headers = exchange(context, given)
    assert (answered, body["error"], body["retryable"]) == (status, code, False)
    assert headers["Access-Control-Allow-Origin"] == "*"


def test_a_grant_opens_nothing_by_itself(
    account: Account, context: LambdaContext, endpoint: list[dict[str, Any]]
) -> None:
    for path, body in (("/segment", REQUEST), ("/prewarm", PREWARM)):
        status, said, _ = call(context, body, grant(), path=path)
        assert (status, said["error"]) == (401, "token-refused")
    assert endpoint == []


def test_a_task_gets_so_many_tokens_whichever_instance_gives_them(
    account: Account, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(click_proxy, "EXCHANGES", Allowance(3, 100.0))
    asked = []
    for _ in range(4):
        monkeypatch.setattr(click_proxy, "counter", Counter())  # as on a new instance
        asked.append(exchange(context, grant())[0])
    assert asked == [200, 200, 200, 429]
    status, said, headers = exchange(context, grant())
    assert (status, said["error"], said["retryable"]) == (429, "too-many-calls", False)
    assert "retry-after" not in headers
    item = boto3.client("dynamodb").get_item(TableName=TABLE, Key={"name": {"S": "pets-01/ab"}})
    assert item["Item"]["count"] == {"N": "3"}
    assert int(item["Item"]["forget_at"]["N"]) > time.time()  # when no grant can be exchanged


def test_tokens_are_not_given_faster_than_pages_need_them(
    account: Account, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(click_proxy, "EXCHANGES", Allowance(100, 0.01))
    assert exchange(context, grant())[0] == 200
    status, said, headers = exchange(context, grant())
    assert (status, said["retryable"]) == (429, True)
    assert 1 <= int(headers["retry-after"]) <= 100
    assert headers["Access-Control-Allow-Origin"] == "*"


def test_clicks_faster_than_people_click_have_to_wait(
    account: Account, context: LambdaContext, endpoint: list[dict[str, Any]]
) -> None:
    fast = token(allowance=Allowance(100, 0.25))  # three at once
    asked = [call(context, REQUEST, fast) for _ in range(4)]
    assert [status for status, _, _ in asked] == [200, 200, 200, 429]
    _, said, headers = asked[-1]
    assert (said["error"], said["retryable"]) == ("too-many-calls", True)
    assert 1 <= int(headers["retry-after"]) <= 4
    assert len(endpoint) == 3


def test_a_token_makes_so_many_calls_and_no_more(
    account: Account, context: LambdaContext, endpoint: list[dict[str, Any]]
) -> None:
    short = token(allowance=Allowance(2, 100.0))
    assert call(context, PREWARM, short, path="/prewarm")[0] == 200
    assert [call(context, REQUEST, short)[0] for _ in range(3)] == [200, 429, 429]
    assert call(context, REQUEST, short)[1]["retryable"] is False
    assert len(endpoint) == 2


def put_keys(account: Account, **keys: str) -> SigningKeys:
    secret = json.dumps({"current": max(keys), **keys})
    boto3.client("secretsmanager").put_secret_value(
        SecretId=account.secret_arn, SecretString=secret
    )
    return SigningKeys.from_secret(secret)


def test_a_key_that_was_added_a_moment_ago_is_known(
    account: Account,
    context: LambdaContext,
    endpoint: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert call(context, REQUEST, token())[0] == 200
    rotated = put_keys(account, k1="s" * 40, k2="t" * 40)
    monkeypatch.setattr(click_proxy, "KEYS_SECONDS", 0)
    assert call(context, REQUEST, token(keys=rotated))[0] == 200
    assert exchange(context, grant())[0] == 200  # signed with the key before
    fresh = exchange(context, grant(keys=rotated))[1]["token"]
    assert call(context, REQUEST, fresh)[0] == 200


def test_naming_unknown_keys_does_not_make_the_secret_be_read_at_every_call(
    account: Account, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    client = aws._secrets_manager()
    get = client.get_secret_value
    monkeypatch.setattr(
        client, "get_secret_value", lambda **asked: reads.append("read") or get(**asked)
    )
    unknown = SigningKeys("k9", {"k9": b"z" * 40})
    for _ in range(5):
        assert call(context, REQUEST, token(keys=unknown))[0] == 401
    assert reads == ["read"]


def test_a_key_that_was_taken_away_opens_nothing(
    account: Account,
    context: LambdaContext,
    endpoint: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_keys(account, k2="t" * 40)
    assert call(context, REQUEST, token())[0] == 401
    assert exchange(context, grant())[0] == 401
    assert endpoint == []


def test_logs_hold_no_grant(account: Account, context: LambdaContext, logged: io.StringIO) -> None:
    secret = grant()
    given = exchange(context, secret)[1]["token"]
    exchange(context, given)
    assert "refused" in logged.getvalue()
    assert secret not in logged.getvalue()
    assert given not in logged.getvalue()


def test_the_dashboard_gets_what_a_click_took_by_stage(
    account: Account,
    context: LambdaContext,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    timings = {"queue": 2, "fetch": 10, "decode_photo": 20, "encode": 16, "decode": 9}
    body = json.dumps({"model": "m", "timings_ms": timings}).encode()
    monkeypatch.setattr(aws, "invoke_endpoint", lambda *_: aws.EndpointAnswer(body, seconds=0.05))
    assert call(context, REQUEST, token())[0] == 200
    assert call(context, PREWARM, token(), path="/prewarm")[0] == 200
    click, prewarm = map(json.loads, capsys.readouterr().out.splitlines())
    wanted = {"QueueTime": [2], "PhotoTime": [30], "EncodeTime": [16], "DecodeTime": [9]}
    assert {name: click[name] for name in wanted} == wanted
    assert click["EndpointTime"] == [50]
    assert click["ClickTime"][0] == pytest.approx(click["ProxyTime"][0] + 50)
    assert "ClickTime" not in prewarm  # nobody waits for it
