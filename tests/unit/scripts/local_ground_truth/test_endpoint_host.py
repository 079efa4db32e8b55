"""InvokeEndpoint as boto3 sees it, in front of a container that is a small server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from werkzeug.wrappers import Request, Response

from scripts.local_ground_truth.endpoint_host import EndpointHost
from scripts.local_ground_truth.http_server import LocalServer


@Request.application
def container(request: Request) -> Response:
    """Answers with the request's headers, or as the request's body says."""
    if request.path != "/invocations":
        return Response("not here", 404)
    asked = json.loads(request.get_data())
    time.sleep(asked.get("seconds", 0))
    if asked.get("size"):
        return Response(b"x" * asked["size"])
    body = asked.get("body", json.dumps(dict(request.headers)))
    response = Response(body, asked.get("status", 200), content_type="application/json")
    response.headers["X-Amzn-SageMaker-Custom-Attributes"] = "trace=1"
    response.headers["X-Private"] = "stays inside"
    return response


@pytest.fixture(scope="module")
def runtime() -> Iterator[Any]:
    inner, outer = LocalServer(), LocalServer()
    inner.start(container)
    host = EndpointHost(
        "clicks", inner.url, account="123456789012", region="us-east-1", invocation_seconds=0.5
    )
    outer.start(host)
    yield boto3.client(
        "sagemaker-runtime",
        endpoint_url=outer.url,
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"total_max_attempts": 1}),
    )
    outer.stop()
    inner.stop()
    host.close()


def invoke(runtime: Any, name: str = "clicks", **asked: Any) -> Any:
    return runtime.invoke_endpoint(
        EndpointName=name,
        Body=json.dumps(asked),
        ContentType="application/json",
        Accept="application/json",
        CustomAttributes="trace=1",
    )


def test_only_the_headers_of_invoke_endpoint_reach_the_container(runtime: Any) -> None:
    answer = invoke(runtime)
    seen = {name.lower() for name in json.loads(answer["Body"].read())}
    assert {"content-type", "accept", "x-amzn-sagemaker-custom-attributes"} <= seen
    assert {"authorization", "x-amz-date", "amz-sdk-invocation-id"}.isdisjoint(seen)
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    assert answer["CustomAttributes"] == "trace=1"
    assert "x-private" not in answer["ResponseMetadata"]["HTTPHeaders"]


def test_an_error_of_the_container_is_a_model_error(runtime: Any) -> None:
    with pytest.raises(ClientError) as raised:
        invoke(runtime, status=422, body='{"error": "geometry"}')
    response: Any = raised.value.response
    assert response["Error"]["Code"] == "ModelError"
    assert response["OriginalStatusCode"] == 422
    assert response["OriginalMessage"] == '{"error": "geometry"}'
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424


def test_a_container_that_is_late_is_a_model_error(runtime: Any) -> None:
    with pytest.raises(ClientError, match="timed out while waiting for a response"):
        invoke(runtime, seconds=0.8)


def test_bodies_over_six_megabytes_are_refused_both_ways(runtime: Any) -> None:
    with pytest.raises(ClientError, match="exceeds the maximum size"):
        invoke(runtime, size=6_291_457)
    with pytest.raises(ClientError) as raised:
        runtime.invoke_endpoint(EndpointName="clicks", Body=b"x" * 6_291_457)
    status = raised.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert status == 413


def test_another_endpoint_is_not_found(runtime: Any) -> None:
    with pytest.raises(ClientError, match="Endpoint nobody of account 123456789012 not found"):
        invoke(runtime, name="nobody")


def test_a_web_page_cannot_go_round_the_click_api(runtime: Any) -> None:
    url = f"{runtime.meta.endpoint_url}/endpoints/clicks/invocations"
    page = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
    assert httpx.post(url, content="{}", headers=page).status_code == 403
