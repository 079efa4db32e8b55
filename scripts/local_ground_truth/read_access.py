"""Links to photos that stay the same for a while: what was fetched ahead is found in the cache."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from hooks.core.manifest import parse_s3_uri
from scripts.local_ground_truth.liquid import READ_ACCESS_SECONDS, GrantReadAccess

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REUSED_SECONDS = 300.0
MAX_LINKS = 5000
CACHING = f"private, max-age={READ_ACCESS_SECONDS}"
"""S3 says so of a link's object: what was fetched ahead need not be fetched again."""


class ReadAccess:
    """Gives the link that was made for an address a moment ago, or a new one.

    Args:
        grant: makes links; they must hold for `REUSED_SECONDS` longer than a page needs them.
    """

    def __init__(
        self, grant: GrantReadAccess, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._grant = grant
        self._seconds = seconds
        self._lock = threading.Lock()
        self._made: dict[str, tuple[float, str]] = {}

    def __call__(self, address: str) -> str:
        now = self._seconds()
        with self._lock:
            made_at, link = self._made.get(address, (float("-inf"), ""))
            if now - made_at < REUSED_SECONDS:
                return link
            link = self._grant(address)
            self._made.pop(address, None)
            self._made[address] = (now, link)  # the oldest come first
            while len(self._made) > MAX_LINKS:
                del self._made[next(iter(self._made))]
        return link


def presigned_links(client: S3Client) -> ReadAccess:
    """Read access by presigned links of a client, which hold for READ_ACCESS_SECONDS at least."""

    def grant(address: str) -> str:
        bucket, key = parse_s3_uri(address)
        return client.generate_presigned_url(
            "get_object",
            Params={"Bucket": bucket, "Key": key, "ResponseCacheControl": CACHING},
            ExpiresIn=int(READ_ACCESS_SECONDS + REUSED_SECONDS),
        )

    return ReadAccess(grant)
