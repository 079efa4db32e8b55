"""What an export will do, decided before the first image is fetched and written down in pieces.

Every line's part of the plan lies in `<out>/.fewclick-export/plan/<number>.jsonl`. An export works
piece by piece and leaves each piece's results under the same number in `done/`; so it can be
interrupted anywhere, goes on where it stopped, and several machines can share the pieces.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from hooks.core.categories import LabelCategories
from hooks.core.errors import FewclickError
from scripts.training_sets.export_classes import ClassOptions
from scripts.training_sets.export_target import Target
from scripts.training_sets.labeled_set import LeftOut

STATE = ".fewclick-export"
PLAN_FOLDER = f"{STATE}/plan"
DONE_FOLDER = f"{STATE}/done"
PLAN_FILE = f"{STATE}/plan.json"
PIECE_LINES = 100
FILTERED = "filtered"
SUPERSEDED = "superseded"
BY_WISH = frozenset({FILTERED, SUPERSEDED})
"""States of lines that are left out because that was asked for, or is the rule."""
LABEL_UNKNOWN = "label-unknown"

JSONL = "application/x-jsonlines"


class ExportPlanError(FewclickError):
    """The export cannot begin, or what lies at its address is another one."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Everything that decides what an export writes.

    Attributes:
        manifests: paths or `s3://` addresses; of a photo in several, the last one counts.
        confidence: labels of a lower one are left out, and those without one.
        verdicts: only labels with one of these; empty for all.
        origin: "human", "machine" or "".
        group_field: name of a manifest field whose value is the group.
        group_pattern: regular expression whose first group, found in the photo's address, is it.
    """

    manifests: tuple[str, ...]
    format: str
    classes: ClassOptions = field(default_factory=ClassOptions)
    attribute: str | None = None
    validation: float = 0.2
    seed: int = 0
    confidence: float | None = None
    verdicts: frozenset[str] = frozenset()
    origin: str = ""
    group_field: str | None = None
    group_pattern: str | None = None

    def to_json(self) -> dict[str, Any]:
        return json.loads(json.dumps(asdict(self), default=sorted))  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class PlannedImage:
    """One line's part of the plan: what to fetch and what it becomes.

    Attributes:
        index: place among all lines of all manifests; ids in the formats derive from it.
        name: of the image in the export, without an ending; unique without regard to case.
        side: "train" or "validation".
        colors: "#rrggbb" to class index.
        made: when the label was, ISO 8601; "" if that is not known.
    """

    index: int
    name: str
    side: str
    manifest: str
    line_number: int
    source_ref: str
    mask_ref: str
    colors: dict[str, int]
    details_ref: str
    confidence: float | None
    human: bool
    made: str


@dataclass
class ExportPlan:
    """The head of the plan, `plan.json`.

    Attributes:
        pieces: how many pieces there are.
        lines: how many lines there are, those that are left out included.
        remarks: sentences on what was exported and should be looked at.
        renamed: how many images got another name, since theirs was taken.
    """

    request: dict[str, Any]
    fingerprint: str
    categories: LabelCategories
    pieces: int
    lines: int
    remarks: list[str] = field(default_factory=list)
    renamed: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "request": self.request,
            "fingerprint": self.fingerprint,
            "classes": list(self.categories.names),
            "pieces": self.pieces,
            "lines": self.lines,
            "remarks": self.remarks,
            "renamed": self.renamed,
        }

    @classmethod
    def from_json(cls, body: bytes) -> ExportPlan:
        fields = json.loads(body)
        return cls(
            fields["request"],
            fields["fingerprint"],
            LabelCategories.from_names(fields["classes"]),
            fields["pieces"],
            fields["lines"],
            fields["remarks"],
            fields["renamed"],
        )


def read_piece(target: Target, number: int) -> list[PlannedImage | LeftOut]:
    """A piece of the plan by its number, counted from 0."""
    body = target.read(f"{PLAN_FOLDER}/{piece_name(number)}")
    if body is None:
        raise ExportPlanError(f"{target.address}: piece {number} of the plan is missing.")
    return [_from_line(line) for line in body.decode().splitlines()]


def piece_name(number: int) -> str:
    return f"{number:06d}.jsonl"


def _from_line(line: str) -> PlannedImage | LeftOut:
    fields = json.loads(line)
    return PlannedImage(**fields) if "name" in fields else LeftOut(**fields)
