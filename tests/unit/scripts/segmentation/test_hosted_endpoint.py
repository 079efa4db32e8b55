"""The endpoint is gone afterwards, whatever happened in between."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from scripts.local_ground_truth.request_check import check_shape
from scripts.segmentation.hosted_endpoint import EndpointError, EndpointParts, HostedEndpoint

PARTS = EndpointParts(
    name="turtles-11-25",
    image_uri="685385470294.dkr.ecr.eu-west-1.amazonaws.com/semantic-segmentation:1",
    model_data="s3://sets/turtles/model.tar.gz",
    role_arn="arn:aws:iam::123456789012:role/host",
    instance_type="ml.c5.xlarge",
)


@pytest.fixture
def sagemaker() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("sagemaker")


def what_is_left(sagemaker: Any) -> list[int]:
    return [
        len(sagemaker.list_endpoints()["Endpoints"]),
        len(sagemaker.list_endpoint_configs()["EndpointConfigs"]),
        len(sagemaker.list_models()["Models"]),
    ]


def test_aws_takes_the_requests() -> None:
    assert check_shape("CreateModel", PARTS.model_request()) == []
    assert check_shape("CreateEndpointConfig", PARTS.config_request()) == []
    assert check_shape("CreateEndpoint", PARTS.endpoint_request()) == []


def test_it_is_there_inside_and_gone_afterwards(sagemaker: Any) -> None:
    with HostedEndpoint(sagemaker, PARTS) as endpoint:
        assert what_is_left(sagemaker) == [1, 1, 1]
        described = sagemaker.describe_endpoint(EndpointName=endpoint.name)
        assert described["EndpointStatus"] == "InService"
    assert what_is_left(sagemaker) == [0, 0, 0]
    assert endpoint.left == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_it_goes_after_an_error_too(sagemaker: Any, error: type[BaseException]) -> None:
    with pytest.raises(error), HostedEndpoint(sagemaker, PARTS):
        raise error
    assert what_is_left(sagemaker) == [0, 0, 0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_goes_when_the_program_is_ended(sagemaker: Any, number: signal.Signals) -> None:
    # A shell that starts a program in the background has it ignore Ctrl-C.
    usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
    before = signal.signal(number, usual)
    try:
        with pytest.raises((KeyboardInterrupt, SystemExit)), HostedEndpoint(sagemaker, PARTS):
            signal.raise_signal(number)
        assert what_is_left(sagemaker) == [0, 0, 0]
        assert signal.getsignal(number) == usual
    finally:
        signal.signal(number, before)


class Slow:
    """A SageMaker whose endpoint is being created until it has been asked for so often."""

    def __init__(self, sagemaker: Any, looks: int, interrupt_at: int = 0) -> None:
        self._sagemaker, self.looks, self._interrupt_at = sagemaker, looks, interrupt_at
        self.end = "InService"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sagemaker, name)

    def describe_endpoint(self, **request: Any) -> Any:
        described = self._sagemaker.describe_endpoint(**request)
        self.looks -= 1
        if self.looks == self._interrupt_at > 0:
            raise KeyboardInterrupt
        status = "Creating" if self.looks > 0 else self.end
        return described | {"EndpointStatus": status, "FailureReason": "no capacity"}

    def delete_endpoint(self, **request: Any) -> Any:
        assert self.looks <= 0, "an endpoint that is being created cannot be deleted"
        return self._sagemaker.delete_endpoint(**request)


def test_ctrl_c_while_it_is_created_waits_until_it_can_be_deleted(sagemaker: Any) -> None:
    slow = Slow(sagemaker, looks=6, interrupt_at=4)
    hosted = HostedEndpoint(slow, PARTS, seconds_between_looks=0)
    with pytest.raises(KeyboardInterrupt), hosted:
        pytest.fail("it never came into service")
    assert what_is_left(sagemaker) == [0, 0, 0]


def test_an_endpoint_that_fails_is_told_and_deleted(sagemaker: Any) -> None:
    slow = Slow(sagemaker, looks=2)
    slow.end = "Failed"
    with (
        pytest.raises(EndpointError, match="is Failed: no capacity"),
        HostedEndpoint(slow, PARTS, seconds_between_looks=0),
    ):
        pytest.fail("it never came into service")
    assert what_is_left(sagemaker) == [0, 0, 0]


def test_what_cannot_be_deleted_is_named_and_the_rest_goes(
    sagemaker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def refuse(**request: Any) -> None:
        raise RuntimeError("AccessDenied")

    with HostedEndpoint(sagemaker, PARTS, said.append) as endpoint:
        monkeypatch.setattr(sagemaker, "delete_endpoint", refuse)
    assert endpoint.left == ["endpoint turtles-11-25"]
    assert any("may cost money" in text for text in said)
    assert what_is_left(sagemaker) == [1, 0, 0]


def test_what_was_made_before_a_refusal_goes(sagemaker: Any, monkeypatch: Any) -> None:
    def refuse(**request: Any) -> None:
        raise RuntimeError("ResourceLimitExceeded")

    monkeypatch.setattr(sagemaker, "create_endpoint", refuse)
    hosted = HostedEndpoint(sagemaker, PARTS)
    with pytest.raises(RuntimeError, match="ResourceLimitExceeded"), hosted:
        pytest.fail("it never came into service")
    assert what_is_left(sagemaker) == [0, 0, 0]
    assert hosted.left == []
