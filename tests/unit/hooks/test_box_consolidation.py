"""Bounding-box jobs: several workers' boxes become a label in Ground Truth's own shape."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hooks.core.box_answer import DrawnBox, build_box_answer
from hooks.core.categories import LabelCategories
from hooks.core.earlier_label import EarlierBoxes, read_earlier_label
from hooks.core.geometry import Size
from hooks.core.job_settings import JobKind, JobSettings, settings_key
from hooks.core.labeled_box import LabeledBox
from hooks.core.worker_record import read_evidence
from tests.unit.hooks.batch import (
    LABELS,
    OUTPUT,
    annotated,
    consolidate,
    details_of,
    label_of,
    photo_of,
)
from tests.unit.hooks.conftest import Account, LambdaContext

SIZE = Size(100, 80)
PHOTO = photo_of(SIZE)
CAT, DOG = 1, 2
SETTINGS = JobSettings("pets-01", JobKind.BOUNDING_BOX, "pets", LABELS)


@pytest.fixture(autouse=True)
def _box_job(account: Account) -> None:
    account.put(settings_key("pets-01"), SETTINGS.to_json())


def drew(*boxes: tuple[int, float, float, float, float], modified: bool | None = None) -> str:
    """The form content of a worker who drew these (class, left, top, width, height)."""
    drawn = [DrawnBox(LabeledBox(*box), None, "extreme-points", 1.0) for box in boxes]
    answer = build_box_answer(SIZE, LABELS, drawn, seconds=4, modified=modified)
    return json.dumps({"crowd-bounding-box": answer})


def content_of(entry: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = entry["consolidatedAnnotation"]["content"]
    return content


def test_three_workers_boxes_become_one_list(account: Account, context: LambdaContext) -> None:
    (entry,) = consolidate(
        account,
        context,
        annotated(
            account,
            7,
            drew((DOG, 10, 10, 30, 30), (CAT, 60, 20, 20.4, 20)),
            drew((DOG, 11, 10, 30, 30), (CAT, 60, 20, 20.4, 20)),
            drew((DOG, 12, 10, 30, 30)),
            photo=PHOTO,
        ),
    )
    label = label_of(entry)
    assert label["annotations"] == [
        {"class_id": 0, "left": 60, "top": 20, "width": 20, "height": 20},
        {"class_id": 1, "left": 11, "top": 10, "width": 30, "height": 30},
    ]
    assert label["image_size"] == [{"width": 100, "height": 80, "depth": 3}]
    assert label["class-map"] == {"0": "cat", "1": "dog"}
    assert [0 < found["confidence"] <= 1 for found in label["objects"]] == [True, True]
    assert label["objects"][1]["confidence"] > label["objects"][0]["confidence"]
    assert (label["status"], label["workers"]) == ("consensus", 3)
    assert "adjustment-status" not in label
    metadata = content_of(entry)["pets-metadata"]
    assert metadata["type"] == "groundtruth/object-detection"
    assert metadata["class-map"] == label["class-map"]
    assert metadata["objects"] == label["objects"]
    details = details_of(account, entry)
    assert details["boxes"][0]["width"] == 20.4
    assert [worker["matched"] for worker in details["workers"]] == [2, 2, 1]
    assert [worker["missed"] for worker in details["workers"]] == [0, 0, 1]
    assert details["workers"][0]["objects"][0]["label"] == "dog"


def test_the_label_is_read_again_as_the_built_in_one_would_be(
    account: Account, context: LambdaContext
) -> None:
    (entry,) = consolidate(
        account, context, annotated(account, 7, drew((DOG, 10, 10, 30, 30)), photo=PHOTO)
    )
    line = {"source-ref": "s3://b/7.png"} | content_of(entry)
    ours = read_earlier_label(line, "pets", SIZE)
    assert isinstance(ours, EarlierBoxes)
    plain = {name: line["pets"][name] for name in ("image_size", "annotations")}
    assert read_earlier_label(line | {"pets": plain}, "pets", SIZE) == ours
    assert ours.boxes[0].label == "dog"
    assert label_of(entry)["status"] == "single-annotator"
    assert label_of(entry)["objects"] == [{"confidence": 0.0}]


def test_workers_are_remembered_by_their_agreement(
    account: Account, context: LambdaContext
) -> None:
    box = (CAT, 10, 10, 30, 30)
    consolidate(
        account,
        context,
        annotated(account, 7, drew(box), drew(box), drew((CAT, 60, 40, 20, 20)), photo=PHOTO),
    )
    uri = f"{OUTPUT}/worker-quality/2026-11-20T10:11:12.json"
    evidence = {item.worker_id[-1]: item for item in read_evidence(account.get(uri), uri)}
    assert (evidence["0"].relative_weight or 0) > 1 > (evidence["2"].relative_weight or 0)
    assert evidence["2"].agreement == 0
    assert evidence["0"].seconds == 4


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ((False, False), "unadjusted"),
        ((False, True), "adjusted"),
        ((False, None), "adjusted"),
    ],
    ids=str,
)
def test_a_job_that_begins_with_boxes_says_whether_they_were_changed(
    account: Account,
    context: LambdaContext,
    said: tuple[bool | None, bool | None],
    status: str,
) -> None:
    account.put(settings_key("pets-01"), replace(SETTINGS, earlier_label="boxes").to_json())
    answers = [drew((CAT, 10, 10, 30, 30), modified=modified) for modified in said]
    (entry,) = consolidate(account, context, annotated(account, 7, *answers, photo=PHOTO))
    assert label_of(entry)["adjustment-status"] == status
    assert content_of(entry)["pets-metadata"]["adjustment-status"] == status


def test_bad_answers_are_told_and_the_rest_counts(account: Account, context: LambdaContext) -> None:
    (one, none, nothing) = consolidate(
        account,
        context,
        annotated(account, 1, drew((CAT, 1, 1, 5, 5)), "nonsense", photo=PHOTO),
        annotated(account, 2, drew((CAT, 90, 1, 50, 5)), photo=PHOTO),
        annotated(account, 3, drew(), drew(), photo=PHOTO),
    )
    assert label_of(one)["status"] == "single-annotator"
    assert details_of(account, one)["discarded"][0]["reason"] == "the answer is not JSON."
    assert label_of(none)["status"] == "failed"
    assert "sticks out" in label_of(none)["reason"]
    assert content_of(none)["pets-metadata"]["type"] == "groundtruth/object-detection"
    assert (label_of(nothing)["annotations"], label_of(nothing)["status"]) == ([], "consensus")


def test_cannot_label_at_half_of_them_needs_another_look(
    account: Account, context: LambdaContext
) -> None:
    cannot = {"boundingBoxes": [], "fewclick": {"outcome": "cannot-label", "reason": "dark"}}
    content = json.dumps({"crowd-bounding-box": json.dumps(cannot)})
    (entry,) = consolidate(
        account, context, annotated(account, 1, drew((CAT, 1, 1, 5, 5)), content, photo=PHOTO)
    )
    assert label_of(entry)["status"] == "needs-adjudication"
    assert label_of(entry)["reason"].startswith("1 of 2 workers could not label it.")


def test_more_boxes_than_a_line_holds_lie_in_the_details(
    account: Account, context: LambdaContext
) -> None:
    many = [(CAT, x, y, 1.0, 1.0) for x in range(0, 100, 2) for y in range(0, 40, 2)]
    (entry,) = consolidate(account, context, annotated(account, 1, drew(*many), photo=PHOTO))
    label = label_of(entry)
    assert label["left-out"] == ["objects", "annotations"]
    assert len(json.dumps(label)) < 20_000
    assert len(json.dumps(content_of(entry)["pets-metadata"])) < 20_000
    assert len(details_of(account, entry)["label"]["annotations"]) == 1000


def test_labels_keep_their_class_id_whatever_is_in_a_photo(
    account: Account, context: LambdaContext
) -> None:
    assert LabelCategories.from_names(["cat", "dog"]) == LABELS
    (entry,) = consolidate(
        account, context, annotated(account, 1, drew((DOG, 1, 1, 5, 5)), photo=PHOTO)
    )
    assert label_of(entry)["class-map"] == {"1": "dog"}
    assert label_of(entry)["annotations"][0]["class_id"] == 1
