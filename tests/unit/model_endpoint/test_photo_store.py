"""Photos by address: fetched once, bounded, refused in words."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from PIL import Image

from hooks.core.errors import ClickRequestError, PhotoError
from hooks.core.photo import MAX_PHOTO_BYTES
from model_endpoint.photo_store import PhotoStore, S3PhotoReader, StorageError


def picture(mode: str = "RGB", size: tuple[int, int] = (8, 6), kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.new(mode, size, 0).save(stream, kind)
    return stream.getvalue()


class FakeS3:
    """Answers get_object as boto3 does."""

    def __init__(self, raw: bytes = b"", length: int | None = None, error: Exception | None = None):
        self.raw, self.length, self.error = raw, length, error
        self.asked: list[dict[str, str]] = []

    def get_object(self, **asked: str) -> dict[str, Any]:
        self.asked.append(asked)
        if self.error is not None:
            raise self.error
        length = len(self.raw) if self.length is None else self.length
        return {"ContentLength": length, "Body": io.BytesIO(self.raw)}


def reader(fake: FakeS3) -> S3PhotoReader:
    return S3PhotoReader(fake)  # type: ignore[arg-type]  # only get_object is asked for


def test_a_photo_is_fetched_once_and_kept_decoded() -> None:
    fake = FakeS3(picture())
    store = PhotoStore(reader(fake))
    first = store.by_address("s3://bucket/folder/a photo.png")
    again = store.by_address("s3://bucket/folder/a photo.png")
    assert fake.asked == [{"Bucket": "bucket", "Key": "folder/a photo.png"}]
    assert first.pixels.shape == (6, 8, 3)
    assert again.key == first.key
    assert again.timings_ms == {"fetch": 0.0, "decode_photo": 0.0}


def test_photos_beyond_the_limit_are_dropped_oldest_first() -> None:
    fake = FakeS3(picture())
    store = PhotoStore(reader(fake), cache_bytes=2 * 8 * 6 * 3)
    for name in ("a", "b", "c"):
        store.by_address(f"s3://bucket/{name}")
    assert len(store.photos) == 2
    store.by_address("s3://bucket/a")
    assert len(fake.asked) == 4


def test_the_same_bytes_have_the_same_key_whatever_their_address() -> None:
    store = PhotoStore(reader(FakeS3(picture())))
    assert store.by_address("s3://b/one").key == store.by_bytes(picture()).key
    assert store.by_bytes(picture()).timings_ms["decode_photo"] == 0.0


@pytest.mark.parametrize(
    ("mode", "kind"), [("CMYK", "JPEG"), ("I;16", "PNG"), ("L", "PNG"), ("P", "PNG")]
)
def test_unusual_photos_are_converted(mode: str, kind: str) -> None:
    store = PhotoStore(reader(FakeS3(picture(mode, kind=kind))))
    pixels = store.by_address("s3://b/k").pixels
    assert (pixels.shape, pixels.dtype) == ((6, 8, 3), np.uint8)


@pytest.mark.parametrize("code", ["NoSuchKey", "AccessDenied", "NoSuchBucket"])
def test_a_photo_that_is_not_there_is_missing(code: str) -> None:
    error = ClientError({"Error": {"Code": code}}, "GetObject")
    with pytest.raises(PhotoError, match="s3://b/k") as raised:
        PhotoStore(reader(FakeS3(error=error))).by_address("s3://b/k")
    assert raised.value.missing


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ClientError({"Error": {"Code": "SlowDown"}}, "GetObject"), id="slow-down"),
        pytest.param(EndpointConnectionError(endpoint_url="http://x"), id="no-connection"),
    ],
)
def test_an_s3_that_fails_may_be_asked_again(error: Exception) -> None:
    with pytest.raises(StorageError, match="s3://b/k"):
        PhotoStore(reader(FakeS3(error=error))).by_address("s3://b/k")


def test_a_file_over_the_limit_is_refused_unread() -> None:
    fake = FakeS3(picture(), length=MAX_PHOTO_BYTES + 1)
    with pytest.raises(ClickRequestError, match="40 MB") as raised:
        PhotoStore(reader(fake)).by_address("s3://b/k")
    assert raised.value.status == 413


@pytest.mark.parametrize("raw", [b"", b"<html>", picture()[:40], picture(size=(300, 300))[:-60]])
def test_what_is_no_photo_is_refused(raw: bytes) -> None:
    with pytest.raises(PhotoError, match="s3://b/k") as raised:
        PhotoStore(reader(FakeS3(raw))).by_address("s3://b/k")
    assert not raised.value.missing


@pytest.mark.parametrize("address", ["s3://", "s3://bucket", "s3://bucket/", "s3:///key"])
def test_an_address_without_bucket_or_key_is_refused(address: str) -> None:
    with pytest.raises(ClickRequestError, match="address"):
        PhotoStore(reader(FakeS3(picture()))).by_address(address)
