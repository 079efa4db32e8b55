"""S3's objects by their `s3://` address: in S3 itself, or in a folder that holds them as files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from hooks.core.manifest import parse_s3_uri
from scripts.local_ground_truth.s3_disk import S3Disk

CONNECTIONS = 32
"""Of one client: as many threads may read and write side by side."""
_MISSING = frozenset({"NoSuchKey", "NoSuchBucket", "404"})
_FORBIDDEN = frozenset({"AccessDenied", "403"})


@dataclass(frozen=True, slots=True)
class ObjectStart:
    """The beginning of an object, and how many bytes it has in all."""

    body: bytes
    size: int


class ObjectStarts(Protocol):
    """Where the beginnings of objects are read by address."""

    def read_start(self, uri: str, count: int) -> ObjectStart:
        """The first `count` bytes. Raises FileNotFoundError or PermissionError as S3 says."""


class ObjectStore(ObjectStarts, Protocol):
    """Where objects are read, listed and written by address. Safe to use from many threads."""

    def read(self, uri: str) -> bytes:
        """Raises FileNotFoundError, naming the address, when there is no such object, and
        PermissionError when it may not be read."""

    def read_lines(self, uri: str) -> Iterator[str]:
        """The lines of a UTF-8 text without their line breaks, a piece at a time."""

    def list(self, prefix_uri: str) -> list[str]:
        """The addresses of all objects below a prefix, ascending."""

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        """Nobody sees half of it: the object is there whole, or as it was."""

    def write_file(self, uri: str, file: Path, content_type: str) -> None:
        """`write` for what is too long to hold in memory."""


@dataclass(frozen=True, slots=True)
class S3Objects:
    """Objects through a boto3 S3 client."""

    client: Any

    def read(self, uri: str) -> bytes:
        body: bytes = self._get(uri)["Body"].read()
        return body

    def read_lines(self, uri: str) -> Iterator[str]:
        for line in self._get(uri)["Body"].iter_lines(chunk_size=256 * 1024):
            yield line.decode()

    def read_start(self, uri: str, count: int) -> ObjectStart:
        try:
            answer = self._get(uri, Range=f"bytes=0-{count - 1}")
        except self.client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] == "InvalidRange":  # an object without a byte
                return ObjectStart(b"", 0)
            raise
        size = int(answer["ContentRange"].rsplit("/", 1)[-1])
        return ObjectStart(answer["Body"].read(), size)

    def _get(self, uri: str, **options: Any) -> Any:
        bucket, key = parse_s3_uri(uri)
        try:
            return self.client.get_object(Bucket=bucket, Key=key, **options)
        except self.client.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _MISSING:
                raise FileNotFoundError(f"{uri} does not exist.") from error
            if code in _FORBIDDEN:
                raise PermissionError(f"{uri} may not be read with these credentials.") from error
            raise

    def list(self, prefix_uri: str) -> list[str]:
        bucket, _, prefix = prefix_uri.removeprefix("s3://").partition("/")
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [
            f"s3://{bucket}/{item['Key']}" for page in pages for item in page.get("Contents", [])
        ]

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        bucket, key = parse_s3_uri(uri)
        self.client.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)

    def write_file(self, uri: str, file: Path, content_type: str) -> None:
        bucket, key = parse_s3_uri(uri)
        # In parts, which become an object when the last one is there.
        self.client.upload_file(str(file), bucket, key, ExtraArgs={"ContentType": content_type})


@dataclass(frozen=True, slots=True)
class FolderObjects:
    """Objects that lie as `<folder>/<bucket>/<key>`, as the local Ground Truth keeps them."""

    folder: Path

    def read(self, uri: str) -> bytes:
        path = self._path(uri)
        if not path.is_file():
            raise FileNotFoundError(f"{uri} does not exist: there is no {path}.")
        return path.read_bytes()

    def read_start(self, uri: str, count: int) -> ObjectStart:
        body = self.read(uri)
        return ObjectStart(body[:count], len(body))

    def read_lines(self, uri: str) -> Iterator[str]:
        path = self._path(uri)
        if not path.is_file():
            raise FileNotFoundError(f"{uri} does not exist: there is no {path}.")
        with path.open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                yield line.rstrip("\n")

    def list(self, prefix_uri: str) -> list[str]:
        bucket, prefix = parse_s3_uri(prefix_uri)
        keys = (saved.key for saved in self._disk.objects(bucket))
        return sorted(f"s3://{bucket}/{key}" for key in keys if key.startswith(prefix))

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        bucket, key = parse_s3_uri(uri)
        tag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        self._disk.save(bucket, key, body, tag, {"content-type": content_type})

    def write_file(self, uri: str, file: Path, content_type: str) -> None:
        self.write(uri, file.read_bytes(), content_type)

    @property
    def _disk(self) -> S3Disk:
        # Not owned: a local Ground Truth may run on the folder, and other threads write.
        return S3Disk(self.folder, owned=False)

    def _path(self, uri: str) -> Path:
        bucket, key = parse_s3_uri(uri)
        return self._disk.path(bucket, key)  # which lets no key lead out of the folder


def open_store(folder: Path | None) -> ObjectStore:
    """The objects in a folder; without one those in S3, with the credentials of boto3."""
    if folder is not None:
        return FolderObjects(folder)
    import boto3  # takes a while
    from botocore.config import Config

    retries: Any = {"mode": "standard", "max_attempts": 6}
    config = Config(max_pool_connections=CONNECTIONS, retries=retries)
    return S3Objects(boto3.client("s3", config=config))
