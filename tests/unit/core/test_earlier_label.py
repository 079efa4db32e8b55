"""The label that a verification or adjustment task begins with, in all forms that are known."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.box_label import NamedBox, write_boxes
from hooks.core.categories import LabelCategories
from hooks.core.earlier_label import (
    EarlierBoxes,
    EarlierMask,
    check_earlier_label,
    left_out_details,
    read_earlier_label,
    with_details,
    without_label,
)
from hooks.core.errors import ContractError
from hooks.core.geometry import Size
from hooks.core.job_settings import JobKind, JobSettings
from hooks.core.labeled_box import LabeledBox, ScoredBox

SIZE = Size(500, 400)
PHOTO = {"source-ref": "s3://bucket/1.jpg"}
MASK = "s3://bucket/out/0.png"
COLORS = {
    "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"},
    "3": {"class-name": "cat", "hex-color": "#2CA02C", "confidence": 0.8},
    "7": {"class-name": "dog", "hex-color": "#1f77b4", "confidence": 0.8},
}
OURS = {"mask-ref": MASK, "internal-color-map": COLORS, "status": "consensus"}
READ = EarlierMask(MASK, {"#ffffff": "", "#2ca02c": "cat", "#1f77b4": "dog"})
BOX = {"class_id": 1, "left": 10, "top": 20, "width": 30, "height": 40}
BOXES = {"image_size": [{"width": 500, "height": 400, "depth": 3}], "annotations": [BOX]}
CLASS_MAP = {"class-map": {"0": "cat", "1": "dog"}, "type": "groundtruth/object-detection"}


def read(line: dict[str, Any], attribute: str = "pets") -> EarlierMask | EarlierBoxes:
    return read_earlier_label(PHOTO | line, attribute, SIZE)


def test_our_own_mask_is_read_by_colour() -> None:
    assert read({"pets": OURS}) == READ


@pytest.mark.parametrize("attribute", ["pets", "pets-ref"])
def test_a_built_in_mask_is_found_with_or_without_its_ref(attribute: str) -> None:
    metadata = {"internal-color-map": COLORS, "type": "groundtruth/semantic-segmentation"}
    assert read({"pets-ref": MASK, "pets-ref-metadata": metadata}, attribute) == READ


@pytest.mark.parametrize(
    "line",
    [
        pytest.param({"pets": BOXES, "pets-metadata": CLASS_MAP}, id="built-in"),
        pytest.param({"pets": BOXES | CLASS_MAP}, id="ours"),
        pytest.param(
            {"pets": BOXES | {"class-map": {"1": "dog"}}, "pets-metadata": {"class-map": {}}},
            id="the value counts first",
        ),
    ],
)
def test_boxes_are_read_with_their_names(line: dict[str, Any]) -> None:
    assert read(line) == EarlierBoxes((NamedBox("dog", 10, 20, 30, 40),))


@given(
    st.lists(
        st.tuples(
            st.integers(1, 2),
            st.integers(0, 400),
            st.integers(0, 300),
            st.integers(1, 100),
            st.integers(1, 100),
        ),
        max_size=5,
    )
)
def test_boxes_of_whole_pixels_survive_being_written(
    boxes: list[tuple[int, int, int, int, int]],
) -> None:
    labels = LabelCategories.from_names(["cat", "dog"])
    scored = [ScoredBox(LabeledBox(*box), 0.5) for box in boxes]
    value = json.loads(json.dumps(write_boxes(scored, labels, SIZE)))
    got = read({"pets": value})
    assert got == EarlierBoxes(tuple(NamedBox(labels.name(box[0]), *box[1:]) for box in boxes))
    assert [each["confidence"] for each in value["objects"]] == [0.5] * len(boxes)


@given(st.floats(0, 499.98), st.floats(0, 399.98), st.floats(0.01, 500), st.floats(0.01, 400))
def test_written_boxes_are_whole_pixels_inside_the_photo(
    left: float, top: float, width: float, height: float
) -> None:
    labels = LabelCategories.from_names(["cat"])
    box = LabeledBox(1, left, top, min(width, 500 - left), min(height, 400 - top))
    value = write_boxes([ScoredBox(box, 1.0)], labels, SIZE)
    (got,) = value["annotations"]
    assert all(isinstance(edge, int) for edge in got.values())
    assert got["left"] >= 0
    assert got["left"] + got["width"] <= 500
    assert got["width"] >= 1
    assert got["top"] >= 0
    assert got["top"] + got["height"] <= 400
    assert got["height"] >= 1


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param({}, r"dataObject\.pets: missing", id="none"),
        pytest.param({"pets": 5}, "names no mask", id="a number"),
        pytest.param(
            {"pets": {"status": "failed", "reason": "nobody came"}},
            "failed: nobody came",
            id="failed",
        ),
        pytest.param({"pets": {"mask-ref": MASK}}, "internal-color-map", id="no colours"),
        pytest.param({"pets": BOXES}, r"annotations\[0\].class_id: 1 has no name", id="no name"),
        pytest.param(
            {"pets": BOXES | CLASS_MAP | {"image_size": [{"width": 400, "height": 500}]}},
            "400x500, but the photo upright is 500x400",
            id="another photo's",
        ),
        pytest.param(
            {"pets": BOXES | CLASS_MAP | {"annotations": [BOX | {"width": 0}]}},
            r"annotations\[0\]: .* no area",
            id="no area",
        ),
        pytest.param(
            {"pets": BOXES | CLASS_MAP | {"annotations": [BOX | {"left": "1"}]}},
            r"annotations\[0\].left",
            id="a text",
        ),
        pytest.param({"pets": BOXES | {"annotations": 5}}, "annotations", id="no list"),
    ],
)
def test_a_label_that_cannot_be_shown_is_refused_by_name(
    line: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ContractError, match=problem):
        read(line)


def test_what_was_left_out_of_a_line_comes_from_the_details() -> None:
    short = {"mask-ref": MASK, "left-out": ["internal-color-map"], "details-ref": "s3://b/0.json"}
    line = PHOTO | {"pets": short}
    assert left_out_details(line, "pets") == "s3://b/0.json"
    assert left_out_details(PHOTO | {"pets": OURS}, "pets") is None
    assert read(with_details(line, "pets", {"label": OURS})) == READ
    with pytest.raises(ContractError, match="details-ref"):
        with_details(line, "pets", [])


def test_the_page_gets_only_what_it_shows() -> None:
    line = PHOTO | {"pets-ref": MASK, "pets-ref-metadata": {}, "id": 7}
    assert without_label(line, "pets") == PHOTO | {"id": 7}
    assert READ.to_json() == {"mask": MASK, "colors": dict(READ.colors)}


def job(kind: JobKind, *names: str) -> JobSettings:
    return JobSettings("j", kind, "j", LabelCategories.from_names(names), earlier_label="pets")


@pytest.mark.parametrize(
    ("earlier", "settings", "problem"),
    [
        (EarlierBoxes(()), job(JobKind.ADJUSTMENT, "cat"), "Make it a bounding-box job"),
        (READ, job(JobKind.BOUNDING_BOX, "cat", "dog"), "Make it an adjustment job"),
        (READ, job(JobKind.ADJUSTMENT, "dog"), "classes that this job has not: cat"),
    ],
    ids=str,
)
def test_a_label_that_cannot_be_corrected_here_is_refused(
    earlier: EarlierMask | EarlierBoxes, settings: JobSettings, problem: str
) -> None:
    with pytest.raises(ContractError, match=problem):
        check_earlier_label(earlier, settings)


def test_any_label_can_be_judged() -> None:
    for earlier in (READ, EarlierBoxes((NamedBox("cow", 0, 0, 1, 1),))):
        check_earlier_label(earlier, job(JobKind.VERIFICATION, "horse"))
