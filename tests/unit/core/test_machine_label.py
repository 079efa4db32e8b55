"""A model's label in a manifest line: all that reads workers' labels reads it, and can tell."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.box_label import NamedBox
from hooks.core.boxes import MAX_BOXES
from hooks.core.categories import LabelCategories
from hooks.core.earlier_label import EarlierBoxes, EarlierMask, left_out_details, read_earlier_label
from hooks.core.geometry import Size
from hooks.core.label_reader import MaskLabel, read_label
from hooks.core.labeled_box import LabeledBox, ScoredBox
from hooks.core.machine_label import MachineLabel, Origin, machine_boxes, machine_mask
from hooks.core.manifest import MAX_ATTRIBUTE_CHARACTERS, ManifestLine
from hooks.core.manifest_lint import lint_manifest

PETS = LabelCategories.from_names(["cat", "dog"])
SIZE = Size(500, 400)
ORIGIN = Origin("auto-01", "2026-11-20T10:12:00.833000")
MASK = "s3://out/auto-01/7.png"


def line_with(label: MachineLabel) -> ManifestLine:
    fields = {"source-ref": "s3://b/a.jpg"} | label.fields("auto")
    return ManifestLine.parse(json.dumps(fields), 1)


def test_a_mask_reads_as_a_segmentation_label() -> None:
    label = machine_mask(MASK, 0.87654, {1: 0.9, 2: 0.85}, PETS, ORIGIN)
    found = read_label(line_with(label))
    assert isinstance(found, MaskLabel)
    assert (found.attribute, found.mask_ref, found.confidence) == ("auto", MASK, 0.8765)
    assert found.color_map.names == ("cat", "dog")
    assert found.status == "machine"


def test_a_mask_says_how_sure_the_model_is_of_each_class_there() -> None:
    label = machine_mask(MASK, 0.8, {2: 0.8}, PETS, ORIGIN)
    assert label.value["internal-color-map"] == {
        "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0.8},
        "2": {"class-name": "dog", "hex-color": "#56b4e9", "confidence": 0.8},
    }


def test_metadata_is_that_of_ground_truths_auto_labeling() -> None:
    assert machine_mask(MASK, 0.8, {1: 0.8}, PETS, ORIGIN).metadata == {
        "type": "groundtruth/custom",
        "human-annotated": "no",
        "creation-date": "2026-11-20T10:12:00.833000",
        "job-name": "auto-01",
    }


def test_nothing_found_is_a_label_of_background_alone() -> None:
    label = machine_mask(MASK, 0.97, {}, PETS, ORIGIN, reason="the model found nothing.")
    assert list(label.value["internal-color-map"]) == ["0"]
    assert label.value["confidence"] == 0.97
    assert isinstance(read_label(line_with(label)), MaskLabel)


def test_an_adjustment_task_can_begin_with_either_form() -> None:
    mask = machine_mask(MASK, 0.8, {1: 0.8}, PETS, ORIGIN)
    found = read_earlier_label(line_with(mask).fields, "auto", SIZE)
    assert found == EarlierMask(MASK, {"#ffffff": "", "#e69f00": "cat"})
    boxes = machine_boxes([ScoredBox(LabeledBox(2, 1, 2, 30, 40), 0.7)], 0.7, PETS, SIZE, ORIGIN)
    found = read_earlier_label(line_with(boxes).fields, "auto", SIZE)
    assert found == EarlierBoxes((NamedBox("dog", 1, 2, 30, 40),))


def test_boxes_have_the_form_of_built_in_jobs() -> None:
    boxes = [
        ScoredBox(LabeledBox(1, 1.4, 2, 3, 4), 0.91),
        ScoredBox(LabeledBox(2, 9, 9, 5, 5), 0.6),
    ]
    label = machine_boxes(boxes, 0.755, PETS, SIZE, ORIGIN)
    assert label.value["image_size"] == [{"width": 500, "height": 400, "depth": 3}]
    assert label.value["annotations"] == [
        {"class_id": 0, "left": 1, "top": 2, "width": 3, "height": 4},
        {"class_id": 1, "left": 9, "top": 9, "width": 5, "height": 5},
    ]
    assert label.metadata == {
        "type": "groundtruth/object-detection",
        "human-annotated": "no",
        "creation-date": "2026-11-20T10:12:00.833000",
        "job-name": "auto-01",
        "class-map": {"0": "cat", "1": "dog"},
        "objects": [{"confidence": 0.91}, {"confidence": 0.6}],
    }


def test_a_manifest_with_machine_labels_has_no_findings() -> None:
    labels = [
        machine_mask(MASK, 0.8, {1: 0.8}, PETS, ORIGIN),
        machine_mask(MASK, 0.8, {}, PETS, ORIGIN),
        machine_boxes([ScoredBox(LabeledBox(2, 1, 2, 30, 40), 0.7)], 0.7, PETS, SIZE, ORIGIN),
        machine_boxes([], 0.7, PETS, SIZE, ORIGIN),
    ]
    lines: list[dict[str, Any]] = [
        {"source-ref": f"s3://b/{number}.jpg"} | label.fields("auto")
        for number, label in enumerate(labels)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    assert not lint_manifest(text.encode(), label_attribute_name="checked").findings


MANY = LabelCategories.from_names([f"kind {number:03} of object" for number in range(254)])


def test_a_colour_map_that_no_line_holds_stands_in_the_details() -> None:
    everything = dict.fromkeys(range(MANY.num_classes), 0.5)
    label = machine_mask(MASK, 0.5, everything, MANY, ORIGIN, details_ref="s3://out/7.json")
    assert label.value["left-out"] == ["internal-color-map"]
    assert left_out_details(line_with(label).fields, "auto") == "s3://out/7.json"
    assert len(label.whole["internal-color-map"]) == 255
    with pytest.raises(ValueError, match="no details"):
        machine_mask(MASK, 0.5, everything, MANY, ORIGIN)


@given(st.integers(0, MAX_BOXES), st.floats(0, 1))
def test_boxes_always_fit_a_manifest_line(count: int, confidence: float) -> None:
    boxes = [ScoredBox(LabeledBox(1, 1000, 1000, 2000, 2000), confidence)] * count
    label = machine_boxes(
        boxes, confidence, PETS, Size(4000, 4000), ORIGIN, details_ref="s3://out/7.json"
    )
    for part in (label.value, label.metadata):
        assert len(json.dumps(part)) <= MAX_ATTRIBUTE_CHARACTERS
    assert len(label.whole["annotations"]) == count


@pytest.mark.parametrize("confidence", [-0.1, 1.1, math.nan])
def test_a_confidence_is_from_0_to_1(confidence: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        machine_mask(MASK, confidence, {}, PETS, ORIGIN)
    with pytest.raises(ValueError, match="from 0 to 1"):
        machine_mask(MASK, 0.5, {1: confidence}, PETS, ORIGIN)
    box = ScoredBox(LabeledBox(1, 0, 0, 1, 1), confidence)
    with pytest.raises(ValueError, match="from 0 to 1"):
        machine_boxes([box], 0.5, PETS, SIZE, ORIGIN)


def test_a_class_that_is_no_label_is_refused() -> None:
    with pytest.raises(ValueError, match="class 3"):
        machine_mask(MASK, 0.5, {3: 0.5}, PETS, ORIGIN)


def test_more_boxes_than_a_label_holds_are_refused() -> None:
    boxes = [ScoredBox(LabeledBox(1, 0, 0, 1, 1), 0.5)] * (MAX_BOXES + 1)
    with pytest.raises(ValueError, match="at most"):
        machine_boxes(boxes, 0.5, PETS, SIZE, ORIGIN, details_ref="s3://out/7.json")
