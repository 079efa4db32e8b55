"""A simulation's results as they come: one JSON line each, so an interrupted one goes on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.refusal import RefusedError

RESULTS_FILE = "results.jsonl"
SETTINGS_FILE = "settings.json"


@dataclass(frozen=True, slots=True, order=True)
class Trial:
    """One thing to find out.

    Attributes:
        target: of a replay; None for a learning curve.
    """

    kind: str
    seed: int
    acquisition: str
    target: float | None

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


Results = dict[Trial, Mapping[str, Any]]


def read_results(out: Path) -> Results:
    """What was found out so far. A last line that was not finished is as if it were not there."""
    path = out / RESULTS_FILE
    results: Results = {}
    if not path.exists():
        return results
    text = path.read_text(encoding="utf-8")
    whole, newline, _ = text.rpartition("\n")
    if len(whole) + len(newline) < len(text):
        path.write_text(whole + newline, encoding="utf-8")
    for line in whole.splitlines():
        record = json.loads(line)
        trial = Trial(*(record[name] for name in Trial.__slots__))
        results[trial] = record["result"]
    return results


def append_result(out: Path, trial: Trial, result: Mapping[str, Any]) -> None:
    """Add a result to the file."""
    line = json.dumps({**trial.to_json(), "result": result}, allow_nan=False)
    with (out / RESULTS_FILE).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def claim(out: Path, settings: Mapping[str, Any]) -> None:
    """Make the folder one of these settings.

    Raises:
        RefusedError: results of other settings lie there.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / SETTINGS_FILE
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        for name in differing(found, settings):
            raise RefusedError(
                f"{out} holds results of other settings: {name} was {found.get(name)!r} and is "
                f"{settings.get(name)!r} now. Choose another --out, or remove that folder."
            )
    path.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[str]:
    """Names whose values are not the same in both."""
    return (name for name in {**one, **other} if one.get(name) != other.get(name))
