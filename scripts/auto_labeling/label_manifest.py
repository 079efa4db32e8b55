"""The files that a conversion ends in, in the input manifest's order.

    labeled.manifest     lines with a machine label: the input of a verification or adjustment job
    unlabeled.manifest   the lines as they came, of which there is no label: for people to label
    set-aside.jsonl      what could not be parsed: {"line", "source-ref", "answer", "reason"}
    categories.json      the label category file of that job

Written a line at a time, however many there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hooks.core.categories import LabelCategories
from hooks.core.manifest import ManifestLine
from scripts.auto_labeling.conversion_journal import (
    HAS_LABEL,
    ConversionJournal,
    ConvertedState,
)

LABELED_FILE = "labeled.manifest"
UNLABELED_FILE = "unlabeled.manifest"
SET_ASIDE_FILE = "set-aside.jsonl"
CATEGORIES_FILE = "categories.json"


@dataclass(frozen=True, slots=True)
class LabelManifests:
    """Where the files lie, and how many lines the first two have."""

    labeled: Path
    unlabeled: Path
    set_aside: Path
    categories: Path
    labeled_count: int
    unlabeled_count: int


def write_manifests(
    lines: Iterable[ManifestLine],
    journal: ConversionJournal,
    labels: LabelCategories,
    folder: Path,
    *,
    nothing_to_people: bool = False,
) -> LabelManifests:
    """Write the files into a folder.

    Args:
        lines: the input manifest, `number` counting from 1 without gaps.
        nothing_to_people: lines in which the model found nothing count as unlabeled.
    """
    folder.mkdir(parents=True, exist_ok=True)
    labeled_count = unlabeled_count = 0
    labeled, unlabeled = folder / LABELED_FILE, folder / UNLABELED_FILE
    with (
        labeled.open("w", encoding="utf-8", newline="\n") as has_label,
        unlabeled.open("w", encoding="utf-8", newline="\n") as has_none,
    ):
        for line in lines:
            done = journal.get(line.number - 1)
            kept = (
                done is not None
                and done.state in HAS_LABEL
                and not (nothing_to_people and done.state is ConvertedState.NOTHING_FOUND)
            )
            if kept and done is not None:
                has_label.write(line.with_fields(done.fields).to_text() + "\n")
                labeled_count += 1
            else:
                has_none.write(line.to_text() + "\n")
                unlabeled_count += 1
    set_aside = folder / SET_ASIDE_FILE
    with set_aside.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_set_aside(journal))
    categories = folder / CATEGORIES_FILE
    categories.write_text(
        json.dumps(labels.to_category_file(), ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return LabelManifests(labeled, unlabeled, set_aside, categories, labeled_count, unlabeled_count)


def _set_aside(journal: ConversionJournal) -> Iterator[str]:
    for line in journal.lines():
        if line.state is ConvertedState.SET_ASIDE:
            told = {
                "line": line.line + 1,
                "source-ref": line.source_ref,
                "answer": line.output if line.output.startswith("s3://") else "",
                "reason": line.reason,
            }
            yield json.dumps(told, ensure_ascii=False) + "\n"
