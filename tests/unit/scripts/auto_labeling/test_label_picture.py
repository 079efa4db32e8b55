"""The picture of a run's labels: which are shown, and that they are."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from scripts.auto_labeling.conversion import open_conversion
from scripts.auto_labeling.label_picture import _chosen, draw_labels
from tests.unit.scripts.auto_labeling.answer_bench import DATE, LABELS, AnswerBench, boxes


def bench_of(folder: Path, *scores: float) -> AnswerBench:
    bench = AnswerBench(folder, kind="boxes")
    for score in scores:
        bench.add(boxes(("cat", score, 1, 2, 9, 8)))
    bench.convert()
    return bench


def picture(bench: AnswerBench) -> bytes | None:
    with open_conversion(bench.run, bench.settings, DATE) as journal:
        return draw_labels(journal, bench.store, LABELS, "auto", each=2)


def test_the_surest_the_middle_and_the_least_sure_are_shown_once_each(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, 0.6, 0.9, 0.7, 0.8, 0.55, 0.95, 0.2)
    with open_conversion(bench.run, bench.settings, DATE) as journal:
        chosen = _chosen(journal, 2)
    assert {kind: [line.confidence for line in lines] for kind, lines in chosen.items()} == {
        "surest": [0.95, 0.9],
        "middle": [0.8, 0.7],
        "least sure": [0.6, 0.55],
    }


def test_few_labels_are_shown_once(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, 0.6, 0.9, 0.7)
    with open_conversion(bench.run, bench.settings, DATE) as journal:
        lines = [line.line for lines in _chosen(journal, 2).values() for line in lines]
    assert sorted(lines) == [0, 1, 2]


def test_boxes_are_drawn_in_their_labels_colour(tmp_path: Path) -> None:
    png = picture(bench_of(tmp_path, 0.9))
    assert png is not None
    with Image.open(io.BytesIO(png)) as image:
        pixels = np.asarray(image.convert("RGB"))
    assert (pixels == (0xE6, 0x9F, 0x00)).all(-1).sum() > 100


def test_a_photo_that_is_gone_does_not_spoil_the_picture(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, 0.9, 0.8)
    (tmp_path / "b" / "photos" / "0.png").unlink()
    assert picture(bench) is not None


def test_without_labels_there_is_no_picture(tmp_path: Path) -> None:
    assert picture(bench_of(tmp_path, 0.1)) is None
