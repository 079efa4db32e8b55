"""Worker ids as names that say nothing about the person, the same ones every time.

A name is a keyed hash (HMAC-SHA-256) of the id: without the key nobody can tell whose it is, nor
try ids until one fits. The key is made once and lies in the bucket of the jobs, at
`pseudonyms/key`: whoever may read that may read the worker ids in the workers' answers anyway.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, replace

from scripts.object_store import ObjectStore
from scripts.results.job_results import PhotoResult

KEY = "pseudonyms/key"
_NAME_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Names of workers under one key."""

    key: bytes = field(repr=False)

    def of(self, worker_id: str) -> str:
        """`worker-` and ten letters and digits."""
        digest = hmac.digest(self.key, worker_id.encode(), hashlib.sha256)
        return "worker-" + base64.b32encode(digest).decode()[:_NAME_LENGTH].lower()

    def in_result(self, result: PhotoResult) -> PhotoResult:
        """The same result with its workers' names in place of their ids."""
        workers = tuple(
            replace(worker, worker_id=self.of(worker.worker_id)) for worker in result.workers
        )
        return replace(result, workers=workers)


def load_pseudonyms(bucket: str, store: ObjectStore) -> Pseudonyms:
    """The names under a bucket's key, which is made if there is none yet."""
    address = f"s3://{bucket}/{KEY}"
    try:
        return Pseudonyms(store.read(address))
    except FileNotFoundError:
        store.write(address, secrets.token_bytes(32), "application/octet-stream")
    return Pseudonyms(store.read(address))  # where two made one, the later counts for both
