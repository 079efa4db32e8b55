"""Labeled images as a stream: which label of a line counts, whose it is and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.training_sets.labeled_set import (
    LabeledImage,
    LabeledSetError,
    LeftOut,
    read_labeled_line,
    read_labeled_set,
)
from tests.unit.scripts.label_bench import LabelBench, color_map

COLORS = {"cat": "#e69f00"}


def label(date: str, attribute: str = "first", human: str = "yes") -> dict[str, Any]:
    return {
        f"{attribute}-ref": f"s3://b/{attribute}.png",
        f"{attribute}-ref-metadata": {
            "internal-color-map": color_map(("cat",), COLORS),
            "type": "groundtruth/semantic-segmentation",
            "human-annotated": human,
            "creation-date": date,
        },
    }


def verdict(date: str, word: str) -> dict[str, Any]:
    return {
        "check": "1",
        "check-metadata": {
            "type": "groundtruth/label-verification",
            "class-name": word,
            "creation-date": date,
        },
    }


def read(*parts: dict[str, Any], attribute: str | None = None) -> LabeledImage | LeftOut:
    line: dict[str, Any] = {"source-ref": "s3://b/a.jpg"}
    for part in parts:
        line |= part
    return read_labeled_line(json.dumps(line), 7, "out/output.manifest", attribute)


def test_of_a_chain_of_jobs_the_newest_label_counts() -> None:
    found = read(label("2026-11-21"), label("2026-11-20", "second"))
    assert isinstance(found, LabeledImage)
    assert found.label.attribute == "first-ref"
    later = read(label("2026-11-21"), label("2026-11-22", "second"))
    assert isinstance(later, LabeledImage)
    assert later.label.attribute == "second-ref"


def test_a_named_label_counts_however_old_it_is() -> None:
    found = read(label("2026-11-20"), label("2026-11-22", "second"), attribute="first-ref")
    assert isinstance(found, LabeledImage)
    assert found.label.mask_ref == "s3://b/first.png"


def test_an_adjustment_that_failed_leaves_the_label_before_it() -> None:
    failed = label("2026-11-22", "second")
    failed["second-ref-metadata"]["failure-reason"] = "nobody answered"
    found = read(label("2026-11-20"), failed)
    assert isinstance(found, LabeledImage)
    assert found.label.attribute == "first-ref"


@pytest.mark.parametrize(
    ("date", "said"),
    [
        pytest.param("2026-11-21", "good", id="after the label"),
        pytest.param("2026-11-19", "", id="of an older label"),
    ],
)
def test_a_verdict_is_of_the_label_that_was_there(date: str, said: str) -> None:
    found = read(label("2026-11-20"), verdict(date, "Good"))
    assert isinstance(found, LabeledImage)
    assert found.verdict == said


def test_this_tools_verdicts_stand_in_the_value() -> None:
    value = {"class-name": "Needs fixing", "class-id": 1, "confidence": 0.8, "status": "consensus"}
    custom = {"type": "groundtruth/custom", "creation-date": "2026-11-21"}
    found = read(label("2026-11-20"), {"check": value, "check-metadata": custom})
    assert isinstance(found, LabeledImage)
    assert found.verdict == "needs fixing"


def test_machines_labels_are_told_from_peoples() -> None:
    machine = read(label("2026-11-20", human="no"))
    assert isinstance(machine, LabeledImage)
    assert not machine.human


def test_a_line_without_a_label_says_where_it_is() -> None:
    found = read()
    assert isinstance(found, LeftOut)
    assert str(found) == "output.manifest, line 7 (a.jpg): the line has no segmentation label."
    broken = read_labeled_line("{", 3, "m", None)
    assert isinstance(broken, LeftOut)
    assert broken.state == "unreadable"


def test_several_manifests_are_one_stream(tmp_path: Path) -> None:
    bench = LabelBench(tmp_path)
    bench.add("a.jpg", "1.")
    first = bench.put("first.manifest", Path(bench.manifest()).read_bytes())
    bench.add_built_in("b.jpg", ".1", ("bird",))
    second = bench.manifest("second.manifest")
    found = list(read_labeled_set([first, second], bench.store))
    assert [item.source_ref for item in found] == ["s3://labels/a.jpg", "s3://labels/b.jpg"]
    assert [item.line_number for item in found] == [1, 1]


def test_a_manifest_that_is_not_there_is_named(tmp_path: Path) -> None:
    store = LabelBench(tmp_path).store
    for manifest in (str(tmp_path / "none.manifest"), "s3://labels/none.manifest"):
        with pytest.raises(LabeledSetError, match=r"none\.manifest cannot be read"):
            list(read_labeled_set([manifest], store))


def test_a_machines_label_is_known_by_its_status_where_its_metadata_was_replaced() -> None:
    value = {
        "mask-ref": "s3://b/auto.png",
        "internal-color-map": color_map(("cat",), COLORS),
        "confidence": 0.9,
        "status": "machine",
    }
    found = read({"auto": value, "auto-metadata": {"type": "groundtruth/custom"}})
    assert isinstance(found, LabeledImage)
    assert not found.human
