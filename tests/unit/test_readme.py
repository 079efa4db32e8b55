"""Every verb is in the README and has help; every command line of the README can be typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from scripts.__main__ import app
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
ROOT: Any = typer.main.get_command(app)


def verbs(command: Any = ROOT, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, below in command.commands.items():
        if hasattr(below, "commands"):
            yield from verbs(below, (*path, name))
        else:
            yield (*path, name), below


VERBS = dict(verbs())
LINES = sorted(
    {
        line.split("#")[0].strip()
        for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
        for line in block.replace("\\\n", " ").splitlines()
        if line.strip().startswith("fewclick ")
    }
)


@pytest.mark.parametrize("path", VERBS, ids=" ".join)
def test_a_verb_has_help_and_stands_in_the_readme(path: tuple[str, ...]) -> None:
    command = VERBS[path]
    assert command.help, f"fewclick {' '.join(path)} has no help"
    for parameter in command.params:
        assert getattr(parameter, "help", "") or parameter.name == "help", parameter.name
    whole = " ".join(path)
    # Verbs of a group stand as `job create`, or behind the group's: `job list`, `repair`.
    assert re.search(rf"\b{re.escape(whole)}\b", README) or f"`{path[-1]}`" in README, (
        f"README.md does not mention fewclick {whole}"
    )
    result = CliRunner().invoke(app, [*path, "--help"])
    assert result.exit_code == 0


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_the_readme_can_be_typed(line: str) -> None:
    """With options and arguments that there are; nothing is run."""
    words = shlex.split(line.replace("…", "x"))[1:]
    command, path = ROOT, []
    while hasattr(command, "commands"):
        path.append(words.pop(0))
        command = command.commands[path[-1]]
    command.make_context("fewclick", words, resilient_parsing=True)
    known = {option for parameter in command.params for option in parameter.opts}
    for word in words:
        if word.startswith("--"):
            assert word.split("=")[0] in known, f"{line}: there is no {word}"
