"""A model's predictions as labels, and predictions of which none can be made."""

from __future__ import annotations

from typing import Any

import pytest

from hooks.core.active_learning.loop_plan import LabelKind
from hooks.core.active_learning.predicted_label import (
    check_prediction,
    earlier_label,
    empty_boxes,
    empty_mask,
    machine_label,
)
from hooks.core.active_learning.prediction import ImagePrediction
from hooks.core.categories import LabelCategories
from hooks.core.earlier_label import check_earlier_label, read_earlier_label
from hooks.core.errors import ContractError
from hooks.core.geometry import Size
from hooks.core.job_settings import JobKind, JobSettings
from tests.unit.core.active_learning.plans import cats

COLORS = {
    "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"},
    "1": {"class-name": "cat", "hex-color": "#112233"},
}
MASK = {"mask-ref": "s3://b/m.png", "internal-color-map": COLORS}
BOX = {"class_id": 0, "left": 1, "top": 1, "width": 2, "height": 2}
BOXES = {
    "image_size": [{"width": 8, "height": 6, "depth": 3}],
    "annotations": [BOX],
    "class-map": {"0": "cat"},
}
MASKS, BOXED = cats(), cats(kind=LabelKind.BOXES)
DATE = "2026-11-20T10:00:00.000000"


def predicted(label: dict[str, Any], confidence: float = 0.9) -> ImagePrediction:
    return ImagePrediction(3, confidence, main_class="cat" if label else "", label=label)


def settings(kind: JobKind) -> JobSettings:
    labels = LabelCategories.from_names(["cat"])
    return JobSettings("j", kind, "cats", labels, earlier_label="cats-predicted")


def test_good_predictions_pass() -> None:
    check_prediction(predicted(MASK), MASKS)
    check_prediction(predicted(BOXES), BOXED)
    check_prediction(predicted({}), MASKS)


@pytest.mark.parametrize(
    ("label", "plan", "said"),
    [
        (BOXES, MASKS, "mask-ref"),
        (MASK, BOXED, "image_size"),
        (MASK | {"mask-ref": "/tmp/m.png"}, MASKS, "is not an s3:// address"),
        (MASK | {"internal-color-map": {}}, MASKS, "internal-color-map"),
        (MASK, cats(labels=("dog",)), "has the classes cat, and the run's are dog"),
        (BOXES | {"class-map": {"0": "dog"}}, BOXED, "has the classes dog"),
        (BOXES | {"class-map": {}}, BOXED, "no name in the class-map"),
        (BOXES | {"image_size": [{"width": 0, "height": 6}]}, BOXED, "image_size.width"),
        (BOXES | {"annotations": "none"}, BOXED, "annotations"),
    ],
)
def test_predictions_of_which_no_label_can_be_made_are_named(
    label: dict[str, Any], plan: Any, said: str
) -> None:
    with pytest.raises(ContractError, match=said) as refused:
        check_prediction(predicted(label), plan)
    assert "line 3" in str(refused.value)


def test_the_main_class_is_one_of_the_runs_too() -> None:
    with pytest.raises(ContractError, match="has the classes tiger"):
        check_prediction(ImagePrediction(3, 0.5, main_class="tiger", label=MASK), MASKS)


def test_a_machine_label_says_that_it_is_one_and_how_sure() -> None:
    label = machine_label(predicted(MASK), MASKS, DATE, "")
    assert label.value == {**MASK, "confidence": 0.9, "status": "machine"} | {
        "reason": "",
        "workers": 0,
    }
    assert label.metadata["human-annotated"] == "no"
    assert (label.metadata["job-name"], label.metadata["creation-date"]) == ("cats", DATE)
    boxes = machine_label(predicted(BOXES), BOXED, DATE, "")
    assert boxes.metadata["type"] == "groundtruth/object-detection"
    assert boxes.metadata["class-map"] == {"0": "cat"}


def test_a_label_that_is_too_long_needs_its_details() -> None:
    many = BOXES | {"annotations": [BOX] * 900}
    with pytest.raises(ValueError, match="the label is longer"):
        machine_label(predicted(many), BOXED, DATE, "")
    label = machine_label(predicted(many), BOXED, DATE, "s3://b/details.json")
    assert label.value["left-out"] == ["annotations"]
    assert len(label.whole["annotations"]) == 900


@pytest.mark.parametrize("prediction", [None, predicted({}, 0.0), predicted(MASK)])
def test_an_adjustment_job_can_begin_with_any_prediction(
    prediction: ImagePrediction | None,
) -> None:
    label = earlier_label(prediction, MASKS, DATE, empty_mask("s3://b/empty.png"), "")
    line = {"source-ref": "s3://b/k", **label.fields("cats-predicted")}
    earlier = read_earlier_label(line, "cats-predicted", Size(8, 6))
    check_earlier_label(earlier, settings(JobKind.ADJUSTMENT))
    assert earlier.names == ({"cat"} if prediction and prediction.label else set())


@pytest.mark.parametrize("prediction", [None, predicted({}, 0.0), predicted(BOXES)])
def test_a_bounding_box_job_can_begin_with_any_prediction(
    prediction: ImagePrediction | None,
) -> None:
    label = earlier_label(prediction, BOXED, DATE, empty_boxes(Size(8, 6)), "")
    line = {"source-ref": "s3://b/k", **label.fields("cats-predicted")}
    earlier = read_earlier_label(line, "cats-predicted", Size(8, 6))
    check_earlier_label(earlier, settings(JobKind.BOUNDING_BOX))
    assert earlier.names == ({"cat"} if prediction and prediction.label else set())
