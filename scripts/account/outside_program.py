"""Programs that are not Python's: found on the path, run in sight, and named when they fail."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from hooks.core.errors import FewclickError
from scripts.refusal import RefusedError

STANDARD_ERROR = 2


class ProgramFailedError(FewclickError):
    """A program ended with an error; it has said why itself."""


def find_programs(wanted: Mapping[str, str]) -> dict[str, str]:
    """Paths of programs by name.

    Args:
        wanted: how each of them is installed, in words.

    Raises:
        RefusedError: some are missing; names them all.
    """
    found = {name: shutil.which(name) for name in wanted}
    missing = [f"{name} ({wanted[name]})" for name, path in found.items() if path is None]
    if missing:
        raise RefusedError(f"not on the path: {', '.join(missing)}. Install it and try again.")
    return {name: path for name, path in found.items() if path is not None}


def answers(command: Sequence[str]) -> bool:
    """Whether a program ends well; what it says is not shown."""
    done = subprocess.run(list(command), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode == 0


def run_program(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    secret_input: str | None = None,
) -> None:
    """Run a program; what it says goes to standard error.

    Args:
        secret_input: its standard input, which is not shown.

    Raises:
        ProgramFailedError: its exit code is not 0.
    """
    done = subprocess.run(
        list(command),
        cwd=cwd,
        env=environment,
        input=secret_input,
        stdin=subprocess.DEVNULL if secret_input is None else None,
        stdout=STANDARD_ERROR,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        name = Path(command[0]).name
        raise ProgramFailedError(
            f"{shlex.join([name, *command[1:3]])} … ended with exit code {done.returncode}; it has "
            "said why. Once that is mended, the same command goes on."
        )
