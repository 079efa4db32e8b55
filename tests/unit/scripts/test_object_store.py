"""Objects by address, in S3 and in a folder: the same answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from scripts.object_store import FolderObjects, ObjectStore, S3Objects


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    if request.param == "folder":
        yield FolderObjects(tmp_path)
        return
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(
            Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield S3Objects(client)


def test_what_is_written_is_read_and_listed(store: ObjectStore) -> None:
    store.write("s3://bucket/out/2.json", b"two", "application/json")
    store.write("s3://bucket/out/1:00.json", b"one", "application/json")
    store.write("s3://bucket/other.json", b"x", "application/json")
    assert store.read("s3://bucket/out/1:00.json") == b"one"
    assert store.list("s3://bucket/out/") == ["s3://bucket/out/1:00.json", "s3://bucket/out/2.json"]


def test_what_is_not_there_is_named(store: ObjectStore) -> None:
    with pytest.raises(FileNotFoundError, match="s3://bucket/missing"):
        store.read("s3://bucket/missing")
    assert store.list("s3://bucket/missing/") == []


def test_an_address_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        FolderObjects(tmp_path / "s3").read("s3://bucket/../../secret")
