"""Photos from a folder to S3; what is there already is not sent again."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from hooks.core.manifest import parse_s3_uri
from scripts.account.aws_errors import is_missing

SENDERS = 8
"""Photos that are sent at a time."""
HASH = "fewclick-sha256"


def upload_photos(
    photos: Mapping[str, Path], s3: Any, on_photo: Callable[[], None] = lambda: None
) -> int:
    """Put every file to its address unless the same bytes lie there; how many were sent.

    Interrupted, the next call sends what is missing.
    """

    def send(item: tuple[str, Path]) -> bool:
        sent = _send(*item, s3)
        on_photo()
        return sent

    with ThreadPoolExecutor(SENDERS) as threads:
        return sum(threads.map(send, photos.items()))


def _send(address: str, path: Path, s3: Any) -> bool:
    bucket, key = parse_s3_uri(address)
    body = path.read_bytes()
    digest = hashlib.sha256(body).hexdigest()
    try:
        there = s3.head_object(Bucket=bucket, Key=key)
        if there["ContentLength"] == len(body) and there["Metadata"].get(HASH) == digest:
            return False
    except ClientError as error:
        if not is_missing(error):
            raise
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=kind, Metadata={HASH: digest})
    return True
