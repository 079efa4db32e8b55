"""What an export will do, decided before the first image is fetched and written down in pieces.

The manifests are read twice, line by line: first for the classes, the groups and the names, then
to write every line's part of the plan to `<out>/.fewclick-export/plan/<number>.jsonl`. An export
works piece by piece and leaves each piece's results under the same number in `done/`; so it can be
interrupted anywhere, goes on where it stopped, and several machines can share the pieces.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from hooks.core.categories import LabelCategories
from hooks.core.errors import FewclickError
from scripts.export_classes import ClassOptions, SeenLabels, UnknownLabelError, classes_of_colors
from scripts.export_target import Target
from scripts.labeled_set import LabeledImage, LeftOut, manifest_lines, read_labeled_set
from scripts.object_store import ObjectStore
from scripts.set_split import Group, split_groups

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

_UNSAFE = re.compile(r"[^\w.-]+")
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


def make_plan(request: ExportRequest, store: ObjectStore, target: Target) -> ExportPlan:
    """The plan at the target: the one that is there already, or a new one.

    Raises:
        ExportPlanError: an export of other manifests or options lies there.
        LabeledSetError, ClassesError: a manifest or the classes cannot be used.
    """
    fingerprint = _fingerprint(request, store)
    present = target.read(PLAN_FILE)
    if present is not None:
        plan = ExportPlan.from_json(present)
        if plan.fingerprint != fingerprint:
            raise ExportPlanError(
                f"{target.address} holds an export of other manifests or options. "
                "Give another --out, or remove what is there."
            )
        return plan
    return _Planner(request, store, target).plan(fingerprint)


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


def _fingerprint(request: ExportRequest, store: ObjectStore) -> str:
    digest = hashlib.sha256(json.dumps(request.to_json(), sort_keys=True).encode())
    for manifest in request.manifests:
        for line in manifest_lines(manifest, store):
            digest.update(line.rstrip("\n").encode(errors="surrogatepass") + b"\n")
    return digest.hexdigest()


class _Planner:
    """Holds what must be known of all lines at once: a few dozen bytes of each."""

    def __init__(self, request: ExportRequest, store: ObjectStore, target: Target) -> None:
        self._request = request
        self._store = store
        self._target = target
        self._seen = SeenLabels(request.classes)
        self._groups: dict[str, Group] = {}
        self._last: dict[bytes, int] = {}  # digest of a photo's address to its last line
        self._reasons: dict[int, tuple[str, str]] = {}  # why lines with a label are left out
        self._names: dict[bytes, bytes] = {}  # digest of a name in lower case to that as spelled
        self._numbers: dict[bytes, int] = {}  # the last number that a name of a digest got
        self._remarks: list[str] = []
        self._renamed = 0
        self._pattern = _compiled(request.group_pattern)

    def plan(self, fingerprint: str) -> ExportPlan:
        lines = self._look()
        categories = self._seen.categories()
        remarks = self._seen.disagreements()
        sides = split_groups(self._groups, self._request.validation, self._request.seed)
        pieces, piece = 0, list[str]()
        for index, found in enumerate(self._lines()):
            planned = self._planned(index, found, sides, categories)
            piece.append(json.dumps(asdict(planned), ensure_ascii=False))
            if len(piece) == PIECE_LINES:
                self._write(pieces, piece)
                pieces, piece = pieces + 1, []
        if piece:
            self._write(pieces, piece)
            pieces += 1
        plan = ExportPlan(
            self._request.to_json(),
            fingerprint,
            categories,
            pieces,
            lines,
            remarks + self._remarks,
            self._renamed,
        )
        body = json.dumps(plan.to_json(), ensure_ascii=False, indent=1).encode()
        self._target.write(PLAN_FILE, body, "application/json")  # last: now the plan is whole
        return plan

    def _lines(self) -> Iterator[LabeledImage | LeftOut]:
        request = self._request
        return read_labeled_set(request.manifests, self._store, request.attribute)

    def _look(self) -> int:
        """The first reading: which photo's label counts, then labels and groups."""
        lines = 0
        for index, found in enumerate(self._lines()):
            lines = index + 1
            if isinstance(found, LabeledImage) and not self._unwanted(found):
                self._last[_digest(found.source_ref)] = index
        if lines == 0:
            raise ExportPlanError("the manifests have no lines.")
        for index, found in enumerate(self._lines()):
            if isinstance(found, LeftOut):
                continue
            unwanted = self._unwanted(found)
            if unwanted:
                self._reasons[index] = (FILTERED, unwanted)
            elif self._last[_digest(found.source_ref)] != index:
                self._reasons[index] = (SUPERSEDED, "a later line labels the same photo.")
            else:
                try:
                    classes = self._seen.add(found.label.color_map, found.manifest)
                except UnknownLabelError as error:
                    self._reasons[index] = (LABEL_UNKNOWN, str(error))
                else:
                    self._groups.setdefault(self._group(found), Group()).add(classes)
        self._last.clear()
        return lines

    def _unwanted(self, image: LabeledImage) -> str:
        """Why the options leave an image out; "" if they do not."""
        request, confidence = self._request, image.label.confidence
        if request.confidence is not None and (confidence or 0.0) < request.confidence:
            return f"the confidence {confidence} is below {request.confidence}."
        if request.verdicts and image.verdict not in request.verdicts:
            return f"the verdict is {image.verdict or 'missing'}."
        if request.origin and image.human != (request.origin == "human"):
            return f"it was labeled by {'people' if image.human else 'a machine'}."
        return ""

    def _group(self, image: LabeledImage) -> str:
        if self._request.group_field is not None:
            value = image.fields.get(self._request.group_field)
            if value is not None:
                return f"={value}"
        if self._pattern is not None:
            match = self._pattern.search(image.source_ref)
            if match:
                return f"={match[1] if match.re.groups else match[0]}"
        return image.source_ref

    def _planned(
        self,
        index: int,
        found: LabeledImage | LeftOut,
        sides: dict[str, str],
        categories: LabelCategories,
    ) -> PlannedImage | LeftOut:
        if isinstance(found, LeftOut):
            return found
        if index in self._reasons:
            state, reason = self._reasons[index]
            return LeftOut(found.manifest, found.line_number, found.source_ref, state, reason)
        colors = classes_of_colors(found.label.color_map, self._request.classes, categories)
        return PlannedImage(
            index=index,
            name=self._name(found),
            side=sides[self._group(found)],
            manifest=found.manifest,
            line_number=found.line_number,
            source_ref=found.source_ref,
            mask_ref=found.label.mask_ref,
            colors={f"#{bytes(color).hex()}": place for color, place in colors.items()},
            details_ref=found.details_ref,
            confidence=found.label.confidence,
            human=found.human,
            made=found.made,
        )

    def _name(self, image: LabeledImage) -> str:
        """The photo's own name; with a number behind it if another has that already."""
        stem = _UNSAFE.sub("_", image.source_ref.rsplit("/", 1)[-1].rpartition(".")[0])
        stem = stem.lstrip(".") or "image"
        key = _digest(stem.lower())
        name, number = stem, self._numbers.get(key, 1)
        while (taken := self._names.get(_digest(name.lower()))) is not None:
            if name == stem and taken != _digest(name):
                self._remarks.append(
                    f"{image.manifest.rsplit('/', 1)[-1]}, line {image.line_number}: the name "
                    f"{stem!r} differs only in case from an earlier one's, so it got a number: "
                    "on many file systems they are one file."
                )
            number += 1
            name = f"{stem}_{number}"
        self._numbers[key] = number
        self._names[_digest(name.lower())] = _digest(name)
        self._renamed += name != stem
        return name

    def _write(self, number: int, lines: list[str]) -> None:
        body = "".join(line + "\n" for line in lines).encode()
        self._target.write(f"{PLAN_FOLDER}/{piece_name(number)}", body, JSONL)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    try:
        return None if pattern is None else re.compile(pattern)
    except re.error as error:
        raise ExportPlanError(f"--group-pattern {pattern!r} is not a pattern: {error}.") from error
