"""What workers' browsers get of the local S3: signed links, for reading, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest

from scripts.local_ground_truth.aws_session import PRESIGN_CONFIG
from tests.unit.scripts.local_ground_truth.conftest import Bench


def link_to(bench: Bench, key: str, method: str = "get_object") -> str:
    environment = bench.local.environment
    client: Any = boto3.client(
        "s3",
        endpoint_url=bench.local.links_url,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
        config=PRESIGN_CONFIG,
    )
    link: str = client.generate_presigned_url(
        method, Params={"Bucket": bench.local.bucket, "Key": key}, ExpiresIn=60
    )
    return link


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


def test_a_signed_link_is_read(bench: Bench, browser: httpx.Client) -> None:
    bench.put("photos/ü 1.txt", b"meow")
    assert browser.get(link_to(bench, "photos/ü 1.txt")).content == b"meow"
    assert browser.head(link_to(bench, "photos/ü 1.txt", "head_object")).status_code == 200


def test_a_signed_link_writes_nothing(bench: Bench, browser: httpx.Client) -> None:
    assert browser.put(link_to(bench, "new.txt", "put_object"), content=b"x").status_code == 403
    assert browser.delete(link_to(bench, "new.txt", "delete_object")).status_code == 403
    assert not (bench.local.root / "s3" / bench.local.bucket / "new.txt").exists()


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="unsigned"),
        pytest.param(
            {"Authorization": "AWS4-HMAC-SHA256 Credential=x/20261120/us-east-1/s3/aws4_request"},
            id="signed in a header",
        ),
        pytest.param({"X-Amz-Target": "SageMaker.ListLabelingJobs"}, id="another service"),
        pytest.param({"X-Amz-Target": "secretsmanager.ListSecrets"}, id="secrets"),
    ],
)
def test_whatever_else_aws_is_asked_is_refused(
    bench: Bench, browser: httpx.Client, headers: dict[str, str]
) -> None:
    bench.put("secret.txt", b"secret")
    for path in ("/", f"/{bench.local.bucket}", f"/{bench.local.bucket}/secret.txt"):
        for method in ("GET", "POST"):
            refused = browser.request(method, bench.local.links_url + path, headers=headers)
            assert refused.status_code == 403
            assert b"secret" not in refused.content.lower()


def test_a_header_does_not_make_another_service_of_a_signed_link(
    bench: Bench, browser: httpx.Client
) -> None:
    bench.put("mine.txt", b"mine")
    headers = {"X-Amz-Target": "SageMaker.ListLabelingJobs", "Authorization": "Basic eDp5"}
    assert browser.get(link_to(bench, "mine.txt"), headers=headers).content == b"mine"


def test_a_link_is_for_one_object(bench: Bench, browser: httpx.Client) -> None:
    bench.put("a.txt", b"a")
    bench.put("b.txt", b"b")
    other = link_to(bench, "a.txt").replace("/a.txt", "/b.txt")
    assert browser.get(other).status_code == 403
    climbing = link_to(bench, "a.txt").replace("/a.txt", "/../../credentials.json")
    assert browser.get(climbing).status_code in (403, 404)
