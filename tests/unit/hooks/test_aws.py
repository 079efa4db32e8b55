"""The endpoint's answers and failures, as the AWS SDK reports them."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from hooks import aws

API_GATEWAY_SECONDS = 30


@pytest.fixture
def runtime() -> Iterator[Stubber]:
    aws._sagemaker_runtime.cache_clear()
    with Stubber(aws._sagemaker_runtime()) as stubber:
        yield stubber
    aws._sagemaker_runtime.cache_clear()


def test_an_invocation_carries_json_both_ways(runtime: Stubber) -> None:
    body = b'{"mask": 1}'
    runtime.add_response(
        "invoke_endpoint",
        {"Body": StreamingBody(io.BytesIO(body), len(body))},
        {
            "EndpointName": "clicks",
            "Body": b"{}",
            "ContentType": "application/json",
            "Accept": "application/json",
        },
    )
    assert aws.invoke_endpoint("clicks", "{}") == aws.EndpointAnswer(body)


def test_a_session_is_opened_and_named_again(runtime: Stubber) -> None:
    expected = {
        "EndpointName": "clicks",
        "Body": b"{}",
        "ContentType": "application/json",
        "Accept": "application/json",
    }
    opened = {
        "Body": StreamingBody(io.BytesIO(b"1"), 1),
        "NewSessionId": "ab-1; Expires=2026-11-21T12:00:00Z",
    }
    runtime.add_response("invoke_endpoint", opened, expected | {"SessionId": "NEW_SESSION"})
    runtime.add_response(
        "invoke_endpoint",
        {"Body": StreamingBody(io.BytesIO(b"2"), 1)},
        expected | {"SessionId": "ab-1"},
    )
    first = aws.invoke_endpoint("clicks", "{}", aws.NEW_SESSION)
    assert first == aws.EndpointAnswer(b"1", "ab-1")
    assert aws.invoke_endpoint("clicks", "{}", first.session) == aws.EndpointAnswer(b"2")


def test_a_session_that_is_over_is_done_without(runtime: Stubber) -> None:
    runtime.add_client_error("invoke_endpoint", "ValidationError")
    runtime.add_response("invoke_endpoint", {"Body": StreamingBody(io.BytesIO(b"1"), 1)})
    assert aws.invoke_endpoint("clicks", "{}", "gone-1").body == b"1"


def test_the_containers_own_status_and_words_are_kept(runtime: Stubber) -> None:
    runtime.add_client_error(
        "invoke_endpoint",
        "ModelError",
        http_status_code=424,
        modeled_fields={"OriginalStatusCode": 422, "OriginalMessage": '{"error": "x"}'},
    )
    with pytest.raises(aws.EndpointRefusal) as caught:
        aws.invoke_endpoint("clicks", "{}")
    assert (caught.value.status, caught.value.body) == (422, '{"error": "x"}')


@pytest.mark.parametrize("code", ["ThrottlingException", "ValidationError", "ServiceUnavailable"])
def test_any_other_refusal_is_no_answer(runtime: Stubber, code: str) -> None:
    runtime.add_client_error("invoke_endpoint", code)
    with pytest.raises(aws.EndpointUnavailableError, match=code):
        aws.invoke_endpoint("clicks", "{}")


@pytest.mark.parametrize("kind", [ReadTimeoutError, ConnectTimeoutError])
def test_silence_is_no_answer(monkeypatch: pytest.MonkeyPatch, kind: type[Exception]) -> None:
    def silent(**_: object) -> object:
        raise kind(endpoint_url="https://runtime.example")

    monkeypatch.setattr(aws._sagemaker_runtime(), "invoke_endpoint", silent)
    with pytest.raises(aws.EndpointUnavailableError, match=kind.__name__):
        aws.invoke_endpoint("clicks", "{}")
    aws._sagemaker_runtime.cache_clear()


def test_the_proxy_gives_up_before_api_gateway_does() -> None:
    config = aws._sagemaker_runtime().meta.config
    assert config.connect_timeout + config.read_timeout < API_GATEWAY_SECONDS - 1
    assert config.retries["total_max_attempts"] == 1
