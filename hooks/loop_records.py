"""A run's records, read from its folder and parsed; what two steps of the loop both need.

A record is written once, by the step that makes it, and never changed. So a step that is done
again, after a kill or because Lambda asked twice, finds what it said before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from hooks import aws, aws_loop
from hooks.core.active_learning.labeling_request import (
    LabelingRequest,
    PhaseLabels,
    read_job_output,
)
from hooks.core.active_learning.loop_plan import LoopPlan
from hooks.core.active_learning.phases import REST, all_phases
from hooks.core.active_learning.prediction import ImagePrediction, read_predictions
from hooks.core.active_learning.round import RoundOutcome
from hooks.core.active_learning.run_folder import RunFolder
from hooks.core.active_learning.sets import Sets
from hooks.core.errors import ContractError, FewclickError, ManifestError
from hooks.core.manifest import ManifestLine, read_lines, write_lines

MANIFEST_TYPE = "application/x-jsonlines"


class RunError(FewclickError):
    """A run cannot go on as it is; the message says what to do."""


@dataclass
class Run:
    """A run, its records read when they are first asked for."""

    folder: RunFolder
    _labels: dict[str, PhaseLabels] = field(default_factory=dict)

    @cached_property
    def plan(self) -> LoopPlan:
        return LoopPlan.from_json(aws.read_json(self.folder.plan))

    @cached_property
    def lines(self) -> list[ManifestLine]:
        """The input manifest; a line's place in the list is its number in all records."""
        lines = parse_manifest(self.folder.input)
        if len(lines) != self.plan.objects:
            raise ContractError(
                self.folder.input,
                f"has {len(lines)} lines, and the plan {self.plan.objects} objects: the manifest "
                "was changed after the run was planned. Start another run for it.",
            )
        return lines

    @cached_property
    def sets(self) -> Sets:
        return Sets.from_json(aws.read_json(self.folder.sets))

    @cached_property
    def label_attribute_name(self) -> str:
        return self.request(REST).label_attribute_name

    def request(self, phase: str) -> LabelingRequest:
        uri = self.folder.request(phase)
        return LabelingRequest.parse(aws.read_json(uri), uri)

    def outcomes(self, rounds: int) -> list[RoundOutcome]:
        """Of the first so many rounds, all of which are over."""
        return [
            RoundOutcome.from_json(aws.read_json(self.folder.round(number).outcome))
            for number in range(1, rounds + 1)
        ]

    def predictions(self, number: int) -> dict[int, ImagePrediction]:
        uri = self.folder.round(number).predictions
        try:
            return read_predictions(aws.read_bytes(uri).decode())
        except ManifestError as error:
            raise ContractError(f"{uri}, {error.field}", error.problem) from error
        except UnicodeDecodeError as error:
            raise ContractError(uri, f"is no UTF-8 text ({error}).") from error

    def labels(self, phase: str) -> PhaseLabels:
        """What people said in a phase; nothing for one that had no photos."""
        if phase not in self._labels:
            try:
                lines = parse_manifest(self.folder.labels(phase))
            except FileNotFoundError:
                lines = []
            self._labels[phase] = read_job_output(lines, self.label_attribute_name)
        return self._labels[phase]

    def human_labels(self, rounds: int, *, rest: bool = False) -> dict[int, ManifestLine]:
        """The labeled line of every photo that people have labeled up to a round."""
        found: dict[int, ManifestLine] = {}
        for phase in all_phases(rounds):
            if rest or phase != REST:
                found |= self.labels(phase).labeled
        return found

    def failures(self, rounds: int) -> dict[int, str]:
        """Photos that people could not label in a phase before the rest, and why."""
        found: dict[int, str] = {}
        for phase in all_phases(rounds):
            if phase != REST:
                found |= self.labels(phase).failed
        return found


def parse_manifest(uri: str) -> list[ManifestLine]:
    """All lines. Raises ContractError for one that cannot be used, FileNotFoundError for none."""
    lines = []
    for line in read_lines(aws.read_bytes(uri).decode()):
        if isinstance(line, ManifestError):
            raise ContractError(f"{uri}, {line.field or 'line'}", str(line)) from line
        lines.append(line)
    return lines


def write_manifest(uri: str, lines: Iterable[ManifestLine]) -> None:
    aws_loop.write_once(uri, write_lines(lines).encode(), MANIFEST_TYPE)


def listed(reasons: Mapping[int, str], lines: Sequence[ManifestLine], most: int = 3) -> str:
    """A few failures as text: the photo's address and its reason."""
    shown = [
        f"{lines[line].source_ref}: {reason}" for line, reason in sorted(reasons.items())[:most]
    ]
    more = f" (and {len(reasons) - most} more)" if len(reasons) > most else ""
    return "; ".join(shown) + more
