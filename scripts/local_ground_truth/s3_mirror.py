"""Ties moto's S3, which forgets, to the folder of files that does not.

moto keeps the index and answers requests; the bytes of every stored object are read from its
file when they are asked for, so that neither the start nor the memory grows with the photos.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.local_ground_truth.s3_disk import S3Disk


class _FileOnDisk:
    """What moto reads an object's bytes from: opens the file only while it reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def seek(self, position: int) -> None:
        self._position = position

    def read(self, size: int = -1) -> bytes:
        with self._path.open("rb") as file:
            file.seek(self._position)
            content = file.read(size)
        self._position += len(content)
        return content

    def close(self) -> None:
        """Nothing is held open."""


class S3Mirror:
    """Loads moto's S3 from the disk at the start, and keeps the disk up to date.

    Callers hold a lock around a request to moto and the call that mirrors its effect.
    """

    def __init__(self, disk: S3Disk, account: str) -> None:
        self._disk = disk
        self._account = account

    @property
    def _backend(self) -> Any:
        from moto.backends import get_backend

        return get_backend("s3")[self._account]["aws"]

    def load(self) -> None:
        """Make moto know every bucket and object that is on the disk."""
        for name, settings in self._disk.buckets().items():
            bucket = self._backend.create_bucket(name, settings.get("region", "us-east-1"))
            if settings.get("cors"):
                bucket.set_cors(settings["cors"])
            for saved in self._disk.objects(name):
                key = self._backend.put_object(
                    name, saved.key, b"", etag=saved.entity_tag or None, disable_notification=True
                )
                key.set_metadata(dict(saved.headers))
                key.last_modified = datetime.fromtimestamp(saved.modified, UTC).replace(tzinfo=None)
                self._read_from(key, saved.path, saved.size)

    def mirror_bucket(self, name: str) -> None:
        """Bring a bucket's existence and its CORS rules on the disk up to date."""
        bucket = self._backend.buckets.get(name)
        if bucket is None:
            self._disk.remove_bucket(name)
            return
        rules = [_cors_rule(rule) for rule in bucket.cors]
        self._disk.save_bucket(name, {"region": bucket.region_name, "cors": rules})

    def mirror_object(self, bucket: str, key: str) -> None:
        """Bring one object's file up to date: written, replaced or removed."""
        stored = self._backend.buckets[bucket].keys.get(key)
        # A delete marker of a versioned bucket has no bytes: the object is gone.
        if stored is None or not hasattr(stored, "_value_buffer"):
            self._disk.remove(bucket, key)
            return
        content = stored.value
        path = self._disk.save(bucket, key, content, stored.etag.strip('"'), dict(stored.metadata))
        self._read_from(stored, path, len(content))

    def mirror_objects(self, bucket: str) -> None:
        """Bring all of a bucket's files up to date, after a request that names keys in its body."""
        present = self._backend.buckets[bucket].keys
        for saved in list(self._disk.objects(bucket)):
            if saved.key not in present:
                self._disk.remove(bucket, saved.key)
        for key in list(present):
            if not isinstance(getattr(present[key], "_value_buffer", None), _FileOnDisk):
                self.mirror_object(bucket, key)

    def allows_any_origin(self, bucket: str) -> bool:
        """Whether a CORS rule of the bucket lets pages from anywhere read."""
        found = self._backend.buckets.get(bucket)
        return found is not None and any("*" in rule.allowed_origins for rule in found.cors)

    @staticmethod
    def _read_from(key: Any, path: Path, size: int) -> None:
        """Swap moto's own copy of the bytes for the file."""
        key.dispose()
        key._value_buffer = _FileOnDisk(path)
        key.contentsize = size


def _cors_rule(rule: Any) -> dict[str, Any]:
    """A rule in the form that moto's `set_cors` takes."""
    fields = {
        "AllowedMethod": rule.allowed_methods,
        "AllowedOrigin": rule.allowed_origins,
        "AllowedHeader": rule.allowed_headers,
        "ExposeHeader": rule.exposed_headers,
        "MaxAgeSeconds": rule.max_age_seconds,
        "ID": rule.id_,
    }
    return {name: value for name, value in fields.items() if value is not None}
