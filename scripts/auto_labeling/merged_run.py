"""The labels of several runs over the same photos, each by a model of its own task, as one run's.

A photo gets a merged label where every run has one for it: where one model's answer is missing, its
classes would seem not to be there. All others are for people.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hooks.core.categories import LabelCategories
from hooks.core.errors import FewclickError
from hooks.core.machine_label import Origin
from scripts.auto_labeling.conversion import side_by_side
from scripts.auto_labeling.conversion_journal import (
    HAS_LABEL,
    ConversionJournal,
    ConvertedLine,
    ConvertedState,
)
from scripts.auto_labeling.conversion_summary import ConversionSummary, summarize
from scripts.auto_labeling.found_label import FoundBoxes, FoundMask, counted
from scripts.auto_labeling.label_writer import LabelWriter, write_objects
from scripts.auto_labeling.merge import merge_boxes, merge_masks
from scripts.auto_labeling.written_label import read_found_boxes, read_found_mask
from scripts.manifests.manifest_objects import read_photo_header
from scripts.object_store import ObjectStore

MERGED = "merged"
"""In place of an answer's address, in the journal of a merged run."""


@dataclass(frozen=True, slots=True)
class MergeSource:
    """One run: its journal, and the attribute that its labels stand under."""

    journal: ConversionJournal
    label_attribute_name: str


@dataclass(frozen=True, slots=True)
class MergeSettings:
    """How runs are merged.

    Attributes:
        labels: of all runs together; their order gives the class indices.
        priority: labels, the one that goes before all others first.
        prefix: where masks go, an `s3://` address.
    """

    kind: str
    labels: LabelCategories
    label_attribute_name: str
    prefix: str
    job_name: str
    priority: tuple[str, ...] = ()

    @property
    def about(self) -> dict[str, object]:
        """As of a run that was converted."""
        return {
            "kind": self.kind,
            "labels": list(self.labels),
            "label_attribute_name": self.label_attribute_name,
        }

    def digest(self, sources: Sequence[MergeSource]) -> str:
        """Of all that a merged label depends on beside the labels themselves."""
        told = [source.label_attribute_name for source in sources]
        return hashlib.sha256(f"{self!r}{told!r}".encode()).hexdigest()


def merge_runs(
    sources: Sequence[MergeSource],
    store: ObjectStore,
    settings: MergeSettings,
    journal: ConversionJournal,
    on_line: Callable[[], None] = lambda: None,
) -> ConversionSummary:
    """Merge line by line into a journal of its own, from which the manifests are written."""
    merger = _Merger(store, settings, journal.creation_date)
    resumed = 0

    def fresh() -> Iterator[list[tuple[str, ConvertedLine | None]]]:
        nonlocal resumed
        for first in sources[0].journal.lines():
            parts: list[tuple[str, ConvertedLine | None]] = [
                (source.label_attribute_name, source.journal.get(first.line)) for source in sources
            ]
            if journal.is_done(first.line, _name(parts)):
                resumed += 1
                on_line()
            else:
                yield parts

    for done in side_by_side(merger.merge, fresh()):
        journal.write(done)
        on_line()
    return summarize(journal, resumed)


def _name(parts: Sequence[tuple[str, ConvertedLine | None]]) -> str:
    """What a merged label is made of: the same again, and nothing need be done."""
    outputs = [part.output if part is not None else "" for _, part in parts]
    return f"{MERGED}:{hashlib.sha256(repr(outputs).encode()).hexdigest()}"


class _Merger:
    """Merges one photo's labels; safe to use from many threads."""

    def __init__(self, store: ObjectStore, settings: MergeSettings, date: str) -> None:
        self._store = store
        self._settings = settings
        self._writer = LabelWriter(
            settings.prefix.rstrip("/"), settings.labels, Origin(settings.job_name, date)
        )
        indices = [settings.labels.index(name) for name in settings.priority]
        self._priority = [index for index in indices if index is not None]
        self._one_at_a_time = threading.Lock()

    def merge(self, parts: Sequence[tuple[str, ConvertedLine | None]]) -> ConvertedLine:
        first = next(part for _, part in parts if part is not None)
        for attribute, part in parts:
            if part is None or part.state not in HAS_LABEL:
                why = "was not converted." if part is None else f"{part.state}: {part.reason}"
                return self._left(first, parts, f"{attribute} has no label ({why})")
        labels = [(name, part.fields) for name, part in parts if part is not None]
        settings, store = self._settings, self._store
        found: FoundMask | FoundBoxes
        try:
            photo, _ = read_photo_header(first.source_ref, store)
            with self._one_at_a_time:
                if settings.kind == "boxes":
                    found = merge_boxes(
                        [
                            read_found_boxes(fields, name, settings.labels, photo, store)
                            for name, fields in labels
                        ]
                    )
                    prepared = self._writer.boxes(first.line, found, photo)
                else:
                    found = merge_masks(
                        [
                            read_found_mask(fields, name, settings.labels, photo, store)
                            for name, fields in labels
                        ],
                        self._priority,
                    )
                    prepared = self._writer.mask(first.line, found, photo)
        except (FewclickError, FileNotFoundError) as error:
            return self._left(first, parts, str(error))
        write_objects(prepared, store)
        return ConvertedLine(
            first.line,
            first.source_ref,
            _name(parts),
            ConvertedState.NOTHING_FOUND if found.is_nothing else ConvertedState.LABELED,
            found.confidence,
            fields=prepared.label.fields(settings.label_attribute_name),
            found=counted(found, settings.labels),
        )

    def _left(
        self,
        first: ConvertedLine,
        parts: Sequence[tuple[str, ConvertedLine | None]],
        reason: str,
    ) -> ConvertedLine:
        return ConvertedLine(
            first.line, first.source_ref, _name(parts), ConvertedState.SET_ASIDE, reason=reason
        )
