"""One process per folder: two would overwrite each other's files."""

from __future__ import annotations

import fcntl
from contextlib import ExitStack
from pathlib import Path

from hooks.core.errors import FewclickError


class FolderInUseError(FewclickError):
    """Another process works with the same folder."""


def lock_folder(folder: Path, closing: ExitStack) -> None:
    """Keep other processes out of the folder until `closing`, or until this process dies."""
    lock = closing.enter_context((folder / "lock").open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FolderInUseError(
            f"{folder} is in use by another process; wait for it or choose another folder."
        ) from error
