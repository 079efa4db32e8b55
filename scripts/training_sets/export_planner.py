"""Makes the plan of an export out of the manifests, in memory of a few dozen bytes a line.

The manifests are read line by line, three times: for which line of a photo counts, then for the
classes and the groups, and at last to write every line's part of the plan.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict

from hooks.core.categories import LabelCategories
from scripts.object_store import ObjectStore
from scripts.training_sets.export_classes import SeenLabels, UnknownLabelError, classes_of_colors
from scripts.training_sets.export_plan import (
    FILTERED,
    JSONL,
    LABEL_UNKNOWN,
    PIECE_LINES,
    PLAN_FILE,
    PLAN_FOLDER,
    SUPERSEDED,
    ExportPlan,
    ExportPlanError,
    ExportRequest,
    PlannedImage,
    piece_name,
)
from scripts.training_sets.export_target import Target
from scripts.training_sets.labeled_set import (
    LabeledImage,
    LeftOut,
    manifest_lines,
    read_labeled_set,
)
from scripts.training_sets.set_split import Group, split_groups

_UNSAFE = re.compile(r"[^\w.-]+")


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
