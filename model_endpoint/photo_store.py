"""Photos that requests name: fetched from S3, opened safely, the recent ones kept decoded.

Only `s3://` addresses are fetched. An http address would let a request make the endpoint call
anything that it can reach.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import boto3
import numpy as np
import numpy.typing as npt
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from hooks.core.errors import ClickRequestError, FewclickError, PhotoError
from hooks.core.photo import MAX_PHOTO_BYTES, open_photo
from model_endpoint.feature_cache import ByteBoundedCache

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PHOTO_CACHE_BYTES = 512 * 1024 * 1024
"""A photo of the largest size allowed takes 300 MB decoded."""

MISSING_CODES = frozenset({"NoSuchKey", "NoSuchBucket", "404", "AccessDenied", "403"})
"""S3 answers AccessDenied for a missing key when listing is not allowed."""


class StorageError(FewclickError):
    """S3 did not answer as it should; the same request may succeed a moment later."""


@dataclass(frozen=True, slots=True)
class DecodedPhoto:
    """An upright photo and what it took.

    Attributes:
        key: names these pixels, for caches.
        pixels: RGB uint8, (height, width, 3).
        timings_ms: fetch and decode_photo, both 0 when it was kept.
    """

    key: Hashable
    pixels: npt.NDArray[np.uint8]
    timings_ms: dict[str, float]


class PhotoReader(Protocol):
    """Reads the bytes behind an `s3://` address."""

    def __call__(self, address: str) -> bytes: ...


class PhotoStore:
    """Decoded photos by address. Safe to call from many threads."""

    def __init__(self, read: PhotoReader, cache_bytes: int = PHOTO_CACHE_BYTES) -> None:
        self._read = read
        self.photos: ByteBoundedCache[tuple[Hashable, npt.NDArray[np.uint8]]] = ByteBoundedCache(
            cache_bytes
        )

    def by_address(self, address: str) -> DecodedPhoto:
        """The photo at an `s3://` address.

        Raises:
            PhotoError: missing (`missing` is set), too large, or not a photo.
            StorageError: S3 could not be asked.
        """
        kept = self.photos.get(address)
        if kept is not None:
            return DecodedPhoto(kept[0], kept[1], {"fetch": 0.0, "decode_photo": 0.0})
        started = time.perf_counter()
        raw = self._read(address)
        fetch_ms = (time.perf_counter() - started) * 1000
        return self._decode(address, raw, address, fetch_ms)

    def by_bytes(self, raw: bytes) -> DecodedPhoto:
        """A photo that came with the request."""
        digest = hashlib.sha256(raw).hexdigest()
        kept = self.photos.get(digest)
        if kept is not None:
            return DecodedPhoto(kept[0], kept[1], {"fetch": 0.0, "decode_photo": 0.0})
        return self._decode(digest, raw, "the photo", 0.0)

    def _decode(self, name: str, raw: bytes, address: str, fetch_ms: float) -> DecodedPhoto:
        if len(raw) > MAX_PHOTO_BYTES:
            raise _too_large(address)
        started = time.perf_counter()
        pixels = open_photo(raw, address)
        timings = {
            "fetch": fetch_ms,
            "decode_photo": (time.perf_counter() - started) * 1000,
        }
        # The bytes name the pixels: a photo replaced under its address gets features of its own.
        key = hashlib.sha256(raw).hexdigest()
        self.photos.put(name, (key, pixels), pixels.nbytes)
        return DecodedPhoto(key, pixels, timings)


class S3PhotoReader:
    """Reads photos with the endpoint's own role; never more than MAX_PHOTO_BYTES."""

    def __init__(self, client: S3Client | None = None) -> None:
        self._client = client

    def __call__(self, address: str) -> bytes:
        bucket, _, key = address.removeprefix("s3://").partition("/")
        if not bucket or not key:
            raise ClickRequestError("bad-request", f"{address} is not an s3://bucket/key address.")
        try:
            if self._client is None:
                # Here, not at start: a server that only gets image_bytes needs no AWS region.
                self._client = boto3.client(
                    "s3",
                    config=Config(
                        connect_timeout=3,
                        read_timeout=20,
                        retries={"mode": "standard", "max_attempts": 3},
                    ),
                )
            answer = self._client.get_object(Bucket=bucket, Key=key)
            if answer["ContentLength"] > MAX_PHOTO_BYTES:
                answer["Body"].close()
                raise _too_large(address)
            return answer["Body"].read()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in MISSING_CODES:
                problem = "the photo is not there, or this endpoint may not read it."
                raise PhotoError(address, problem, missing=True) from error
            raise StorageError(f"{address}: S3 answered {code or 'with an error'}.") from error
        except BotoCoreError as error:
            raise StorageError(f"{address}: S3 could not be reached ({error}).") from error


def _too_large(address: str) -> ClickRequestError:
    return ClickRequestError(
        "photo-too-large",
        f"{address} is larger than {MAX_PHOTO_BYTES // 1024**2} MB. Save it smaller first.",
        status=413,
    )
