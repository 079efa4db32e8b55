"""AWS on loopback: what S3 acknowledged is on the disk, and links work only while they should."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from scripts.local_ground_truth.cloud import Cloud, cloud_request_handler
from scripts.local_ground_truth.http_server import LocalServer
from scripts.local_ground_truth.s3_disk import S3Disk
from tests.unit.scripts.local_ground_truth.conftest import HandClock

CREDENTIALS = Credentials("LOCALKEY", "local secret")
CORS = {
    "CORSRules": [
        {
            "AllowedHeaders": [],
            "AllowedMethods": ["GET"],
            "AllowedOrigins": ["*"],
            "ExposeHeaders": ["Access-Control-Allow-Origin"],
        }
    ]
}


class RunningCloud:
    """A cloud over a folder, with a client; `restart` forgets all that is not on the disk."""

    def __init__(self, folder: Path, clock: HandClock) -> None:
        self.folder = folder
        self.clock = clock
        self.start()

    def start(self) -> None:
        self.server = LocalServer(handler=cloud_request_handler())
        self.cloud = Cloud(
            S3Disk(self.folder),
            CREDENTIALS,
            self.clock,
            control_plane=lambda environ, start_response: [],
            control_plane_targets=frozenset(),
        )
        self.server.start(self.cloud)
        self.s3 = self.client()

    def client(self, **options: Any) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.server.url,
            aws_access_key_id=options.pop("key", CREDENTIALS.access_key),
            aws_secret_access_key=options.pop("secret", CREDENTIALS.secret_key),
            region_name="us-east-1",
            **options,
        )

    def stop(self) -> None:
        self.server.stop()
        self.cloud.close()

    def restart(self) -> None:
        self.stop()
        self.start()


@pytest.fixture
def cloud(tmp_path: Path, clock: HandClock) -> Iterator[RunningCloud]:
    running = RunningCloud(tmp_path, clock)
    running.s3.create_bucket(Bucket="photos")
    yield running
    running.stop()


def test_an_object_outlives_a_restart(cloud: RunningCloud) -> None:
    cloud.s3.put_object(
        Bucket="photos",
        Key="cats/ü 1.jpg",
        Body=b"meow",
        ContentType="image/jpeg",
        Metadata={"from": "a camera"},
    )
    before = cloud.s3.head_object(Bucket="photos", Key="cats/ü 1.jpg")
    cloud.restart()
    after = cloud.s3.get_object(Bucket="photos", Key="cats/ü 1.jpg")
    assert after["Body"].read() == b"meow"
    assert (after["ContentType"], after["Metadata"]) == ("image/jpeg", {"from": "a camera"})
    assert after["ETag"] == before["ETag"]


def test_uploads_in_parts_copies_and_deletions_outlive_a_restart(cloud: RunningCloud) -> None:
    large = bytes(9_000_000)
    cloud.s3.upload_fileobj(io.BytesIO(large), "photos", "large.bin")
    cloud.s3.copy_object(
        Bucket="photos", Key="copy.bin", CopySource={"Bucket": "photos", "Key": "large.bin"}
    )
    for name in ("a", "b", "c"):
        cloud.s3.put_object(Bucket="photos", Key=name, Body=b"x")
    cloud.s3.delete_object(Bucket="photos", Key="a")
    cloud.s3.delete_objects(Bucket="photos", Delete={"Objects": [{"Key": "b"}]})
    cloud.restart()
    listed = cloud.s3.list_objects_v2(Bucket="photos")["Contents"]
    assert [each["Key"] for each in listed] == ["c", "copy.bin", "large.bin"]
    assert cloud.s3.get_object(Bucket="photos", Key="copy.bin")["Body"].read() == large


def test_cors_rules_and_deleted_buckets_outlive_a_restart(cloud: RunningCloud) -> None:
    cloud.s3.put_bucket_cors(Bucket="photos", CORSConfiguration=CORS)
    cloud.s3.create_bucket(Bucket="passing")
    cloud.s3.delete_bucket(Bucket="passing")
    cloud.restart()
    assert [each["Name"] for each in cloud.s3.list_buckets()["Buckets"]] == ["photos"]
    (rule,) = cloud.s3.get_bucket_cors(Bucket="photos")["CORSRules"]
    assert rule["AllowedOrigins"] == ["*"]


def test_a_page_reads_photos_only_under_a_cors_rule(cloud: RunningCloud) -> None:
    cloud.s3.put_object(Bucket="photos", Key="a.jpg", Body=b"meow")
    link = cloud.s3.generate_presigned_url("get_object", {"Bucket": "photos", "Key": "a.jpg"})
    page = {"Origin": "http://127.0.0.1:1"}
    assert "access-control-allow-origin" not in httpx.get(link, headers=page).headers
    cloud.s3.put_bucket_cors(Bucket="photos", CORSConfiguration=CORS)
    assert httpx.get(link, headers=page).headers["access-control-allow-origin"]


@pytest.mark.parametrize("version", [None, "s3v4"], ids=["version-2", "version-4"])
def test_a_link_works_until_it_expires_and_only_as_it_was_signed(
    cloud: RunningCloud, version: str | None
) -> None:
    cloud.clock.now = datetime.now(UTC)  # botocore signs by the machine's own clock
    for key in ("a.jpg", "b.jpg"):
        cloud.s3.put_object(Bucket="photos", Key=key, Body=b"meow")
    signer = cloud.client(config=Config(signature_version=version))
    parameters = {"Bucket": "photos", "Key": "a.jpg"}
    link = signer.generate_presigned_url("get_object", parameters, ExpiresIn=60)
    assert httpx.get(link).content == b"meow"
    assert "SignatureDoesNotMatch" in httpx.get(link.replace("a.jpg", "b.jpg")).text
    assert "SignatureDoesNotMatch" in httpx.get(link.replace("Expires=", "Expires=9")).text
    assert httpx.put(link, content=b"woof").status_code == 403
    stranger = cloud.client(key="SOMEBODY", config=Config(signature_version=version))
    foreign = stranger.generate_presigned_url("get_object", parameters)
    assert "InvalidAccessKeyId" in httpx.get(foreign).text
    cloud.clock.forward(61)
    expired = httpx.get(link)
    assert expired.status_code == 403
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in expired.text


def test_a_link_with_a_session_token_works_too(cloud: RunningCloud) -> None:
    cloud.s3.put_object(Bucket="photos", Key="a.jpg", Body=b"meow")
    signer = cloud.client(aws_session_token="token")
    link = signer.generate_presigned_url("get_object", {"Bucket": "photos", "Key": "a.jpg"})
    assert httpx.get(link).content == b"meow"


def test_an_unsigned_request_gets_nothing(cloud: RunningCloud) -> None:
    cloud.s3.put_bucket_cors(Bucket="photos", CORSConfiguration=CORS)
    cloud.s3.put_object(Bucket="photos", Key="a.jpg", Body=b"meow")
    page = httpx.Client(base_url=cloud.server.url, headers={"Origin": "https://evil.example"})
    with page:
        assert page.get("/photos/a.jpg").status_code == 403
        assert page.get("/photos?list-type=2").status_code == 403
        form = page.post("/photos", data={"key": "b"}, files={"file": b"woof"})
        assert form.status_code == 403
        preflight = page.options(
            "/photos/a.jpg",
            headers={
                "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": "authorization",
            },
        )
        assert "authorization" not in preflight.headers.get("access-control-allow-headers", "")
    assert cloud.s3.list_objects_v2(Bucket="photos")["KeyCount"] == 1


def test_a_foreign_host_name_gets_nothing(cloud: RunningCloud) -> None:
    refused = httpx.get(cloud.server.url, headers={"Host": "rebound.example"})
    assert refused.status_code == 421


def test_nobody_can_make_moto_forget_everything(cloud: RunningCloud) -> None:
    assert httpx.post(f"{cloud.server.url}/moto-api/reset").status_code == 404
    assert cloud.s3.list_buckets()["Buckets"]


def test_a_key_that_the_disk_cannot_hold_is_refused_and_not_stored(cloud: RunningCloud) -> None:
    cloud.s3.put_object(Bucket="photos", Key="a/b", Body=b"x")
    with pytest.raises(ClientError, match="NotImplemented"):
        cloud.s3.put_object(Bucket="photos", Key="a", Body=b"x")
    assert [each["Key"] for each in cloud.s3.list_objects_v2(Bucket="photos")["Contents"]] == [
        "a/b"
    ]


def test_what_the_disk_refused_is_not_acknowledged(
    cloud: RunningCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(S3Disk, "save", full)
    client = cloud.client(config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError, match="No space left"):
        client.put_object(Bucket="photos", Key="a", Body=b"x")
