"""What is wrong with a manifest: one finding a problem, with its place and its fix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding costs."""

    ERROR = "error"
    """A job on this manifest fails, or this line does."""
    WARNING = "warning"
    """A job works, though perhaps not as meant."""


@dataclass(frozen=True, slots=True)
class ManifestFinding:
    """One problem of a manifest.

    Attributes:
        line_number: from 1; None for the manifest as a whole.
        field: dotted path in the line, `cats-ref-metadata.internal-color-map.1`; "" for all of it.
        problem, fix: whole sentences.
        repairable: `fewclick manifest repair` mends it.
    """

    line_number: int | None
    field: str
    problem: str
    fix: str
    severity: Severity = Severity.ERROR
    repairable: bool = False

    def __str__(self) -> str:
        place = "manifest" if self.line_number is None else f"line {self.line_number}"
        where = f"{place}, {self.field}" if self.field else place
        return f"{where}: {self.problem} {self.fix}"

    def to_json(self) -> dict[str, object]:
        return {
            "line": self.line_number,
            "field": self.field,
            "severity": self.severity.value,
            "problem": self.problem,
            "fix": self.fix,
            "repairable": self.repairable,
        }
