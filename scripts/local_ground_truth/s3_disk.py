"""S3's objects as files that people can open: `<folder>/<bucket>/<key>`.

Next to the buckets lie `.metadata/<bucket>/<key>%notes.json` (content type, user metadata, entity
tag), `.buckets/<bucket>.json` (the CORS rules) and `.incoming` (half-written files; rubbish after
a crash). A key's segments become folders; what a file system cannot name is spelled with `%`:
`%25` for a percent sign, `%2E` for a dot that would mean "here" or "up", `%` alone for an empty
segment, and `%+` at the end of a piece of a segment that is too long for a file name.

Limits: a key cannot be an object and a folder at once (`a` beside `a/b`), and on a file system
that ignores case neither can two keys that differ only by it.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hooks.core.errors import FewclickError
from scripts.local_ground_truth.durable_file import remove_durably, write_durably

MAX_NAME_BYTES = 200
"""Longest piece of a key in one file name; common file systems allow 255 with the suffixes."""
MAX_NOTES = 2
"""Metadata kept per key: the newest, and the one before it for a file that was not replaced."""


class KeyOnDiskError(FewclickError):
    """A key cannot be stored beside those that are there."""


@dataclass(frozen=True, slots=True)
class SavedObject:
    """One object on the disk; `headers` holds its content type and its metadata."""

    bucket: str
    key: str
    path: Path
    entity_tag: str
    headers: Mapping[str, str]
    size: int
    modified: float


class S3Disk:
    """The folder that holds every bucket's objects.

    Args:
        owned: nobody else writes there now, so that half-written files are rubbish of a crash.
    """

    def __init__(self, folder: Path, *, owned: bool = True) -> None:
        self._folder = folder
        self._incoming = folder / ".incoming"
        if owned:
            shutil.rmtree(self._incoming, ignore_errors=True)

    def path(self, bucket: str, key: str) -> Path:
        """Where the object's bytes are, or would be."""
        return self._folder.joinpath(bucket, *_pieces(key))

    def check(self, bucket: str, key: str) -> None:
        """Raise KeyOnDiskError if `key` is a folder of other keys, or the other way round."""
        path = self.path(bucket, key)
        bucket_folder = self._folder / bucket
        if path.is_dir() or any(
            parent.is_file() for parent in path.parents if bucket_folder in parent.parents
        ):
            raise KeyOnDiskError(
                f"s3://{bucket}/{key}: a key cannot be an object and a folder of other keys "
                "at once on this machine."
            )

    def save(
        self, bucket: str, key: str, content: bytes, entity_tag: str, headers: Mapping[str, str]
    ) -> Path:
        """Store one object; returns when it is on the disk, whole.

        The metadata is written first, beside that of the present file, and each names its file by
        the modification time; so a crash between the two files leaves the old pair or the new.
        """
        path = self.path(bucket, key)
        stamp = str(time.time_ns())
        notes = self._read_notes(bucket, key)
        present = _stamp_of(path)
        kept = {mark: note for mark, note in notes.items() if mark == present}
        kept[stamp] = {"entity_tag": entity_tag, "headers": dict(headers)}
        self._write_json(self._notes_path(bucket, key), kept)
        write_durably(path, content, incoming=self._incoming, modified_ns=int(stamp))
        return path

    def remove(self, bucket: str, key: str) -> None:
        """Forget one object; its folder goes too once it is empty."""
        for path in (self.path(bucket, key), self._notes_path(bucket, key)):
            remove_durably(path)
            for parent in path.parents:
                if parent.name == bucket or not parent.exists() or any(parent.iterdir()):
                    break
                parent.rmdir()

    def save_bucket(self, bucket: str, settings: Mapping[str, Any]) -> None:
        (self._folder / bucket).mkdir(parents=True, exist_ok=True)
        self._write_json(self._folder / ".buckets" / f"{bucket}.json", settings)

    def remove_bucket(self, bucket: str) -> None:
        remove_durably(self._folder / ".buckets" / f"{bucket}.json")
        shutil.rmtree(self._folder / bucket, ignore_errors=True)
        shutil.rmtree(self._folder / ".metadata" / bucket, ignore_errors=True)

    def buckets(self) -> dict[str, dict[str, Any]]:
        """Every bucket's settings by its name."""
        return {
            path.stem: json.loads(path.read_bytes())
            for path in sorted((self._folder / ".buckets").glob("*.json"))
        }

    def objects(self, bucket: str) -> Iterator[SavedObject]:
        """Every object of a bucket, without reading its bytes."""
        bucket_folder = self._folder / bucket
        for path in sorted(bucket_folder.rglob("*")):
            if not path.is_file():
                continue
            key = _key(path.relative_to(bucket_folder).parts)
            notes = self._read_notes(bucket, key)
            # A copied folder has lost its times; the newest note is then the likeliest.
            newest: dict[str, Any] = next(reversed(notes.values())) if notes else {}
            note = notes.get(_stamp_of(path), newest)
            status = path.stat()
            yield SavedObject(
                bucket=bucket,
                key=key,
                path=path,
                entity_tag=note.get("entity_tag", ""),
                headers=note.get("headers", {}),
                size=status.st_size,
                modified=status.st_mtime,
            )

    def _notes_path(self, bucket: str, key: str) -> Path:
        *folders, name = _pieces(key)
        return self._folder.joinpath(".metadata", bucket, *folders, f"{name}%notes.json")

    def _read_notes(self, bucket: str, key: str) -> dict[str, dict[str, Any]]:
        path = self._notes_path(bucket, key)
        if not path.exists():
            return {}
        notes: dict[str, dict[str, Any]] = json.loads(path.read_bytes())
        return notes

    def _write_json(self, path: Path, value: Mapping[str, Any]) -> None:
        content = json.dumps(value, ensure_ascii=False, indent=1).encode()
        write_durably(path, content, incoming=self._incoming)


def _stamp_of(path: Path) -> str:
    return str(path.stat().st_mtime_ns) if path.is_file() else ""


def _pieces(key: str) -> list[str]:
    """The names of the folders and the file that stand for `key`."""
    pieces: list[str] = []
    for segment in key.split("/"):
        name = segment.replace("%", "%25").replace("\0", "%00")
        if set(name) <= {"."}:
            name = name.replace(".", "%2E") or "%"
        *beginnings, end = _cut(name)
        pieces += [f"{piece}%+" for piece in beginnings] + [end]
    return pieces


def _cut(name: str) -> list[str]:
    """`name` in pieces of at most MAX_NAME_BYTES, between characters."""
    pieces = [""]
    for character in name:
        if len((pieces[-1] + character).encode()) > MAX_NAME_BYTES:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _key(pieces: tuple[str, ...]) -> str:
    segments: list[str] = []
    beginning = ""
    for piece in pieces:
        if piece.endswith("%+"):
            beginning += piece[:-2]
            continue
        name = beginning + piece
        beginning = ""
        plain = "" if name == "%" else name.replace("%2E", ".").replace("%00", "\0")
        segments.append(plain.replace("%25", "%"))
    return "/".join(segments)
