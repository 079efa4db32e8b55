"""Files that are either the old ones or the new ones, whole, whenever the power goes."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_durably(
    path: Path,
    content: bytes,
    *,
    incoming: Path,
    modified_ns: int | None = None,
    private: bool = False,
) -> None:
    """Replace `path` by `content` in one step; returns when it is on the disk.

    Args:
        incoming: a folder on the same file system where half-written files may lie; what is left
            there by a killed process is rubbish.
        modified_ns: the modification time to give the file, nanoseconds since 1970.
        private: nobody but its owner may read it.
    """
    incoming.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    half_written = incoming / secrets.token_hex(8)
    with half_written.open("wb") as file:
        if private:
            half_written.chmod(0o600)
        file.write(content)
        file.flush()
        if modified_ns is not None:
            os.utime(half_written, ns=(modified_ns, modified_ns))
        os.fsync(file.fileno())
    os.replace(half_written, path)  # noqa: PTH105  the step that tests kill the process at
    _sync_folder(path.parent)


def remove_durably(path: Path) -> None:
    """Remove a file that may be gone already."""
    path.unlink(missing_ok=True)
    if path.parent.exists():
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """A rename survives a power cut only once the folder itself is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
