"""The report: one file, with nothing outside it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from hooks.core.categories import LabelCategories
from scripts.results.job_results import PhotoResult, WorkerView, mean_iou
from scripts.results.report import overlay, write_report
from tests.grid import label_grid

LABELS = LabelCategories.from_names(["<b>cat</b>", "dog"])
PHOTO = np.full((2, 4, 3), 100, dtype=np.uint8)


def result(**changes: object) -> PhotoResult:
    fields: dict[str, object] = {
        "source_ref": "s3://bucket/photos/a<1>.jpg",
        "status": "consensus",
        "reason": "",
        "label_map": label_grid("11../11.."),
        "confidence": 0.91,
        "iou": 0.8,
        "workers": (
            WorkerView("w1", label_grid("11../11.."), "", 5, 9.0, 0.9),
            WorkerView("w2", None, "the answer is not JSON.", 0, 0.0, None),
        ),
    }
    return PhotoResult(**(fields | changes))  # type: ignore[arg-type]


def test_the_report_stands_alone_and_shows_every_worker(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(
        path,
        title="Job <1>",
        results=[result(), result(status="failed", reason="gone", label_map=None, iou=None)],
        labels=LABELS,
        open_photo=lambda uri: PHOTO,
        reference=lambda uri: label_grid("11../1..."),
        worker_names={"w1": "careful"},
        facts={"photos": "2"},
    )
    html = path.read_text()
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", html)
    assert "Job &lt;1&gt;" in html
    assert "a&lt;1&gt;.jpg" in html
    assert "&lt;b&gt;cat&lt;/b&gt;" in html
    assert "careful" in html
    assert "the answer is not JSON." in html
    assert "gone" in html
    assert html.count("<img") == 4 + 3
    assert list(tmp_path.iterdir()) == [path]


def test_an_overlay_colours_the_object_and_leaves_the_rest() -> None:
    pixels = overlay(PHOTO, label_grid("1111/1111"), LABELS)
    assert tuple(pixels[0, 0]) == (165, 129, 50)  # half the photo, half #e69f00
    assert (overlay(PHOTO, label_grid("..../...."), LABELS) == PHOTO).all()


def test_mean_iou_counts_every_class_of_either_map() -> None:
    assert mean_iou(label_grid("11.2"), label_grid("1..2")) == (0.5 + 1) / 2
    assert mean_iou(label_grid("1x.."), label_grid("1.2.")) == (1 + 0) / 2
    assert mean_iou(label_grid("...."), label_grid("....")) == 1.0
