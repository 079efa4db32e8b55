"""Runs of several task models over the same photos, merged into one run's labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from hooks.core.masks import PlacedMask
from scripts.auto_labeling.answers.model_answer import FoundObject
from scripts.auto_labeling.answers.own_answer import encode_objects
from scripts.auto_labeling.conversion import open_conversion
from scripts.auto_labeling.conversion_journal import ConversionJournal, ConvertedLine
from scripts.auto_labeling.conversion_summary import ConversionSummary
from scripts.auto_labeling.merged_run import MergeSettings, MergeSource, merge_runs
from scripts.auto_labeling.written_label import read_found_boxes, read_found_mask
from scripts.manifests.manifest_objects import read_photo_header
from tests.unit.scripts.auto_labeling.answer_bench import (
    DATE,
    HEIGHT,
    LABELS,
    WIDTH,
    AnswerBench,
    boxes,
)


def seen(name: str, score: float, left: int, right: int) -> bytes:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[2:8, left:right] = True
    placed = PlacedMask.cut(mask)
    found = FoundObject(name, score, *placed.box.edges, mask=placed)
    return encode_objects([found], LABELS.names, WIDTH, HEIGHT)


def run_of(folder: Path, name: str, kind: str, *bodies: bytes) -> AnswerBench:
    """A run over the folder's photos."""
    bench = AnswerBench(folder, kind, name=name)
    for body in bodies:
        bench.add(body)
    bench.convert()
    return bench


@contextmanager
def merging(
    people: AnswerBench, cats: AnswerBench
) -> Iterator[Callable[[], tuple[ConversionSummary, list[ConvertedLine]]]]:
    settings = MergeSettings(people.kind, LABELS, "merged", "s3://b/merged", "merged-01")
    with (
        open_conversion(people.run, people.settings, DATE) as one,
        open_conversion(cats.run, cats.settings, DATE) as two,
    ):
        sources = [MergeSource(one, "auto"), MergeSource(two, "auto")]
        digest = settings.digest(sources)
        with ConversionJournal(people.folder / "merged.sqlite", digest, DATE) as journal:

            def merge() -> tuple[ConversionSummary, list[ConvertedLine]]:
                summary = merge_runs(sources, people.store, settings, journal)
                return summary, list(journal.lines())

            yield merge


def test_masks_with_their_objects(tmp_path: Path) -> None:
    cats = run_of(tmp_path, "cats", "masks", seen("cat", 0.9, 1, 8), b"?")
    dogs = run_of(tmp_path, "dogs", "masks", seen("dog", 0.7, 5, 12), seen("dog", 0.7, 1, 3))
    with merging(cats, dogs) as merge:
        summary, (both, lone) = merge()
        again, _ = merge()
    assert (summary.labeled, summary.set_aside, summary.objects) == (1, 1, {"cat": 1, "dog": 1})
    assert again.resumed == 2
    assert "has no label (set-aside" in lone.reason
    assert not lone.fields
    photo, _ = read_photo_header(both.source_ref, cats.store)
    found = read_found_mask(both.fields, "merged", LABELS, photo, cats.store)
    assert np.array_equal(found.label_map[4], [0, *[1] * 7, *[2] * 4, 0, 0, 0, 0])
    assert [(item.label, item.confidence) for item in found.instances] == [(2, 0.7), (1, 0.9)]
    assert found.confidence == pytest.approx(0.8)
    assert both.fields["merged-metadata"]["job-name"] == "merged-01"


def test_boxes(tmp_path: Path) -> None:
    cats = run_of(tmp_path, "cats", "boxes", boxes(("cat", 0.9, 1, 1, 5, 5)))
    dogs = run_of(tmp_path, "dogs", "boxes", boxes(("dog", 0.6, 2, 2, 7, 7)))
    with merging(cats, dogs) as merge:
        summary, (both,) = merge()
    assert summary.objects == {"cat": 1, "dog": 1}
    photo, _ = read_photo_header(both.source_ref, cats.store)
    found = read_found_boxes(both.fields, "merged", LABELS, photo, cats.store)
    assert [(item.box.label, item.confidence) for item in found.boxes] == [(1, 0.9), (2, 0.6)]
