"""One process per folder: two would overwrite each other's files."""

from __future__ import annotations

import fcntl
import shutil
from contextlib import ExitStack
from pathlib import Path

from hooks.core.errors import FewclickError


class FolderInUseError(FewclickError):
    """Another process works with the same folder."""


def lock_folder(folder: Path, closing: ExitStack) -> None:
    """Keep other processes out of the folder until `closing`, or until this process dies.

    What a process that was killed left half-written in it is cleared away.
    """
    lock = closing.enter_context((folder / "lock").open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FolderInUseError(
            f"{folder} is in use by another process; wait for it or choose another folder."
        ) from error
    shutil.rmtree(folder / ".incoming", ignore_errors=True)
