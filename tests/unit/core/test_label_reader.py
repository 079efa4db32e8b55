"""Labels out of output manifests, of this tool's form and of the built-in jobs'."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hooks.core.errors import ContractError
from hooks.core.label_reader import (
    ColorMap,
    MaskLabel,
    NoLabel,
    NoLabelState,
    label_attributes,
    read_labels,
)
from hooks.core.manifest import ManifestLine

COLORS: dict[str, Any] = {
    "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0.81},
    "1": {"class-name": "road", "hex-color": "#2ca02c", "confidence": 0.81},
}
OURS: dict[str, Any] = {
    "source-ref": "s3://b/a.jpg",
    "cats": {
        "mask-ref": "s3://b/0.png",
        "internal-color-map": COLORS,
        "confidence": 0.91,
        "status": "consensus",
    },
    "cats-metadata": {"type": "groundtruth/custom", "job-name": "cats"},
}
BUILT_IN: dict[str, Any] = {
    "source-ref": "s3://b/s.jpg",
    "street-ref": "s3://b/out/0.png",
    "street-ref-metadata": {
        "internal-color-map": COLORS,
        "type": "groundtruth/semantic-segmentation",
        "job-name": "labeling-job/street",
    },
}


def read(line: object, attribute: str | None = None) -> MaskLabel | NoLabel:
    [found] = read_labels(json.dumps(line), attribute)
    return found


def test_this_tools_label_is_read() -> None:
    found = read(OURS)
    assert isinstance(found, MaskLabel)
    assert (found.attribute, found.mask_ref) == ("cats", "s3://b/0.png")
    assert (found.confidence, found.status, found.line_number) == (0.91, "consensus", 1)
    assert found.color_map.names == ("road",)
    assert found.color_map.index_of_color == {(255, 255, 255): 0, (0x2C, 0xA0, 0x2C): 1}


def test_a_built_in_jobs_label_is_read() -> None:
    found = read(BUILT_IN)
    assert isinstance(found, MaskLabel)
    assert (found.attribute, found.mask_ref) == ("street-ref", "s3://b/out/0.png")
    assert (found.confidence, found.status) == (0.81, "")


def test_of_two_labels_one_must_be_named() -> None:
    both = OURS | BUILT_IN
    found = read(both)
    assert isinstance(found, NoLabel)
    assert "cats, street-ref" in found.reason
    named = read(both, "street-ref")
    assert isinstance(named, MaskLabel)
    assert named.mask_ref == "s3://b/out/0.png"


@pytest.mark.parametrize(
    ("line", "attribute", "state", "reason"),
    [
        pytest.param({"source-ref": "s3://b/a.jpg"}, None, "unlabeled", "no segm", id="not yet"),
        pytest.param(OURS, "dogs", "unlabeled", "'dogs'", id="another job's"),
        pytest.param(
            {"source-ref": "s3://b/a.jpg", "cats-metadata": {"failure-reason": "ClientError: x"}},
            None,
            "failed",
            "ClientError: x",
            id="failed in Ground Truth",
        ),
        pytest.param(
            OURS | {"cats-metadata": {"failure-reason": "late"}},
            "cats",
            "failed",
            "late",
            id="failed beside a label",
        ),
        pytest.param(
            {"source-ref": "s3://b/a.jpg", "cats": {"status": "failed", "reason": "nobody"}},
            None,
            "failed",
            "nobody",
            id="failed in consolidation",
        ),
        pytest.param(OURS | {"cats": {}}, "cats", "unreadable", "names no mask", id="empty"),
        pytest.param(
            OURS | {"cats": {"mask-ref": "http://b/0.png", "internal-color-map": COLORS}},
            None,
            "unreadable",
            "not an s3://",
            id="not S3",
        ),
        pytest.param(
            OURS | {"cats": {"mask-ref": "s3://b/0.png", "left-out": ["internal-color-map"]}},
            None,
            "unreadable",
            "left out",
            id="colour map left out",
        ),
        pytest.param(
            OURS | {"cats": {"mask-ref": "s3://b/0.png", "left-out": 3}},
            None,
            "unreadable",
            "internal-color-map",
            id="no colour map",
        ),
        pytest.param(
            {"source": "text", "cats": {"mask-ref": "s3://b/0.png"}},
            None,
            "unreadable",
            "no photo",
            id="a text",
        ),
        pytest.param([1], None, "unreadable", "JSON object", id="not a line"),
    ],
)
def test_a_line_without_a_label_says_why(
    line: object, attribute: str | None, state: str, reason: str
) -> None:
    found = read(line, attribute)
    assert isinstance(found, NoLabel)
    assert found.state is NoLabelState(state)
    assert reason in found.reason


def test_every_line_gives_one_result_and_keeps_its_number() -> None:
    text = "\n".join([json.dumps(OURS), "", "{broken", json.dumps(BUILT_IN)])
    assert [found.line_number for found in read_labels(text)] == [1, 3, 4]


def test_two_keys_of_one_class_are_one_class_and_keys_only_order() -> None:
    entries = {
        "10": {"class-name": "cat", "hex-color": "0000ff"},
        "2": {"class-name": "dog", "hex-color": "#00FF00"},
        "11": {"class-name": "cat", "hex-color": "#0000fe"},
    }
    found = ColorMap.from_json(entries)
    assert found.names == ("dog", "cat")
    assert found.index_of_color[(0, 0, 255)] == found.index_of_color[(0, 0, 254)] == 2
    assert found.index_of_color[(255, 255, 255)] == 0


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({}, "not empty"),
        ([], "not empty"),
        ({"1": {"class-name": "a", "hex-color": "green"}}, "1.hex-color"),
        ({"1": {"class-name": "", "hex-color": "#000000"}}, "1.class-name"),
        ({"1": "a"}, "1.class-name"),
        (COLORS | {"2": {"class-name": "sky", "hex-color": "#2CA02C"}}, "another class"),
        (
            {str(i): {"class-name": f"c{i}", "hex-color": f"#{i:06x}"} for i in range(1, 256)},
            "at most 254",
        ),
    ],
)
def test_a_colour_map_that_cannot_be_used_is_refused(value: object, problem: str) -> None:
    with pytest.raises(ContractError, match=problem):
        ColorMap.from_json(value)


def test_boxes_and_verdicts_beside_a_mask_are_not_taken_for_one() -> None:
    """A verified label stays the line's one label, whatever became of the verification."""
    line = {
        "source-ref": "s3://bucket/1.jpg",
        "pets": {"mask-ref": "s3://bucket/1.png", "internal-color-map": {}},
        "check": {"class-name": "good", "class-id": 0, "status": "consensus"},
        "check-metadata": {"type": "groundtruth/label-verification"},
        "lost": {"status": "failed", "reason": "nobody came"},
        "lost-metadata": {"type": "groundtruth/label-verification"},
        "boxes": {"annotations": [], "class-map": {}, "status": "consensus"},
        "many": {"left-out": ["annotations"], "class-map": {}, "status": "consensus"},
    }
    assert label_attributes(ManifestLine(1, line)) == ["pets"]
