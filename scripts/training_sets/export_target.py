"""Where an export goes: a folder, or a prefix in S3. Nobody ever sees half a file there."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scripts.object_store import ObjectStore


class Target(Protocol):
    """Names are relative, with slashes. Safe to use from many threads."""

    @property
    def address(self) -> str:
        """The path or `s3://` address, without a slash at its end."""

    def read(self, name: str) -> bytes | None:
        """None if there is no such file."""

    def names(self, folder: str) -> list[str]:
        """The files right in a folder, by name, ascending."""

    def write(self, name: str, body: bytes, content_type: str) -> None: ...

    def write_long(self, name: str, pieces: Iterable[bytes], content_type: str) -> None:
        """`write` for what is too long to hold in memory."""


@dataclass(frozen=True, slots=True)
class FolderTarget:
    """Files below a folder, each written beside its place and then moved there."""

    folder: Path

    @property
    def address(self) -> str:
        return str(self.folder)

    def read(self, name: str) -> bytes | None:
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None

    def names(self, folder: str) -> list[str]:
        path = self.folder / folder
        if not path.is_dir():
            return []
        found = (entry.name for entry in path.iterdir() if entry.is_file())
        return sorted(name for name in found if not name.endswith(".partial"))

    def write(self, name: str, body: bytes, content_type: str) -> None:
        self.write_long(name, [body], content_type)

    def write_long(self, name: str, pieces: Iterable[bytes], content_type: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{secrets.token_hex(6)}.partial")
        try:
            with partial.open("wb") as file:
                file.writelines(pieces)
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


@dataclass(frozen=True, slots=True)
class StoreTarget:
    """Objects below an `s3://` prefix."""

    store: ObjectStore
    address: str

    def read(self, name: str) -> bytes | None:
        try:
            return self.store.read(f"{self.address}/{name}")
        except FileNotFoundError:
            return None

    def names(self, folder: str) -> list[str]:
        prefix = f"{self.address}/{folder}/"
        found = (uri.removeprefix(prefix) for uri in self.store.list(prefix))
        return [name for name in found if "/" not in name]

    def write(self, name: str, body: bytes, content_type: str) -> None:
        self.store.write(f"{self.address}/{name}", body, content_type)

    def write_long(self, name: str, pieces: Iterable[bytes], content_type: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "whole"
            with file.open("wb") as spool:
                spool.writelines(pieces)
            self.store.write_file(f"{self.address}/{name}", file, content_type)


def open_target(address: str, store: ObjectStore) -> Target:
    """The target at a path or an `s3://` address of `store`."""
    if address.startswith("s3://"):
        return StoreTarget(store, address.rstrip("/"))
    return FolderTarget(Path(address))
