"""Consolidation: every object gets an entry, whatever its workers or its neighbours did."""

from __future__ import annotations

import html
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hooks.core.answer import DrawnObject, MadeBy, WorkerAnswer, build_answer
from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError
from hooks.core.geometry import Size
from hooks.core.job_settings import settings_key
from hooks.core.photo import upright
from tests.grid import label_grid
from tests.unit.hooks.batch import (
    LABELS,
    OUTPUT,
    THREE,
    WORKER,
    annotated,
    answered,
    consolidate,
    details_of,
    label_of,
    photo_of,
)
from tests.unit.hooks.conftest import BUCKET, Account, LambdaContext


def test_three_workers_become_one_mask(account: Account, context: LambdaContext) -> None:
    (entry,) = consolidate(account, context, annotated(account, 17, *THREE))
    assert entry["datasetObjectId"] == "17"
    label = label_of(entry)
    assert label["mask-ref"] == (
        f"{OUTPUT}/consolidated-annotation/output/17_2026-11-20T10:11:12.png"
    )
    assert label["status"] == "consensus"
    assert label["workers"] == 3
    assert label["internal-color-map"]["0"]["class-name"] == "BACKGROUND"
    assert label["internal-color-map"]["1"] == {
        "class-name": "cat",
        "hex-color": "#e69f00",
        "confidence": pytest.approx(0.7467, abs=1e-4),
    }
    assert "2" not in label["internal-color-map"]
    with Image.open(io.BytesIO(account.get(label["mask-ref"]))) as mask:
        assert mask.mode == "P"
        assert np.array_equal(np.asarray(mask), label_grid("11../11.."))
    metadata = entry["consolidatedAnnotation"]["content"]["pets-metadata"]
    assert metadata["creation-date"] == "2026-11-20T10:11:12"
    details = details_of(account, entry)
    assert [worker["seconds"] for worker in details["workers"]] == [5, 5, 5]
    assert details["workers"][2]["agreement"] == pytest.approx(0.5)
    assert details["workers"][0]["objects"] == [
        {"id": 1, "label": "cat", "made_by": "model", "clicks": 0, "seconds": 1.0}
    ]


def test_a_retry_writes_the_same_objects(account: Account, context: LambdaContext) -> None:
    batch = [annotated(account, 1, *THREE)]
    first = consolidate(account, context, *batch)
    keys = [item["Key"] for item in account.s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert consolidate(account, context, *batch) == first
    again = [item["Key"] for item in account.s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert again == keys


def test_a_turned_photos_mask_lines_up_with_its_file(
    account: Account, context: LambdaContext
) -> None:
    """The file is 2 wide and 4 high and turned on its side; workers saw it 4 x 2."""
    turned = annotated(account, 1, *THREE, photo=photo_of(Size(2, 4), orientation=6))
    (entry,) = consolidate(account, context, turned)
    with Image.open(io.BytesIO(account.get(label_of(entry)["mask-ref"]))) as mask:
        assert mask.size == (2, 4)
        assert mask.getexif()[0x0112] == 6
        assert np.array_equal(upright(np.asarray(mask), 6), label_grid("11../11.."))


BAD = [
    pytest.param("nonsense", "not JSON", id="not JSON"),
    pytest.param("{}", "empty form", id="empty form"),
    pytest.param(None, "empty form", id="missing"),
    pytest.param('{"crowd-semantic-segmentation": 5}', "no JSON object", id="a number"),
    pytest.param(
        json.dumps(
            {
                "crowd-semantic-segmentation": build_answer(
                    Size(9, 9),
                    LABELS,
                    [DrawnObject("cat", np.ones((9, 9), bool), None, (), MadeBy.BRUSH, 0)],
                    seconds=1,
                )
            }
        ),
        "9 x 9 pixels, the photo 4 x 2",
        id="another size",
    ),
]


@pytest.mark.parametrize(("content", "reason"), BAD)
def test_a_bad_answer_is_left_out_and_the_object_completes(
    account: Account, context: LambdaContext, content: Any, reason: str
) -> None:
    (entry,) = consolidate(account, context, annotated(account, 1, *THREE, content))
    assert label_of(entry)["status"] == "consensus"
    assert label_of(entry)["workers"] == 3
    (discarded,) = details_of(account, entry)["discarded"]
    assert discarded["worker_id"] == f"{WORKER}3"
    assert reason in discarded["reason"]


@pytest.mark.parametrize(("content", "reason"), BAD)
def test_no_usable_answer_fails_the_object_with_the_reason_and_no_other(
    account: Account, context: LambdaContext, content: Any, reason: str
) -> None:
    bad, good = consolidate(
        account, context, annotated(account, 1, content), annotated(account, 2, *THREE)
    )
    assert label_of(bad)["status"] == "failed"
    assert reason in label_of(bad)["reason"]
    assert "mask-ref" not in label_of(bad)
    assert label_of(good)["status"] == "consensus"


def test_a_photo_that_is_gone_fails_its_object_alone(
    account: Account, context: LambdaContext
) -> None:
    gone = annotated(account, 1, *THREE)
    account.s3.delete_object(Bucket=BUCKET, Key="photos/1.png")
    failed, good = consolidate(account, context, gone, annotated(account, 2, *THREE))
    assert label_of(failed)["status"] == "failed"
    assert "photos/1.png: the photo does not exist" in label_of(failed)["reason"]
    assert label_of(good)["status"] == "consensus"


def test_an_answer_that_breaks_the_parser_costs_only_itself(
    account: Account, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = WorkerAnswer.from_fields

    def broken_for_the_empty_one(fields: Any, size: Size, labels: LabelCategories) -> WorkerAnswer:
        if fields["fewclick"]["objects"]:
            return read(fields, size, labels)
        raise ZeroDivisionError

    monkeypatch.setattr(WorkerAnswer, "from_fields", broken_for_the_empty_one)
    (entry,) = consolidate(account, context, annotated(account, 1, *THREE, answered()))
    assert label_of(entry)["workers"] == 3
    (discarded,) = details_of(account, entry)["discarded"]
    assert "ZeroDivisionError" in discarded["reason"]


def test_half_a_character_in_a_reason_fails_nothing(
    account: Account, context: LambdaContext
) -> None:
    (entry,) = consolidate(account, context, annotated(account, 1, *THREE, cannot("\ud83d")))
    assert label_of(entry)["status"] == "consensus"
    assert details_of(account, entry)["workers"][3]["reason"] == "?"


def test_one_worker_is_a_single_annotator(account: Account, context: LambdaContext) -> None:
    (entry,) = consolidate(account, context, annotated(account, 1, THREE[0]))
    assert label_of(entry)["status"] == "single-annotator"
    assert label_of(entry)["confidence"] == 0.0


def test_the_latest_of_a_workers_answers_counts(account: Account, context: LambdaContext) -> None:
    item = annotated(account, 1, answered(("####/####", "dog")), *THREE[:2])
    item["annotations"].append(dict(item["annotations"][0]))
    item["annotations"][-1]["annotationData"] = {"content": THREE[0]}
    (entry,) = consolidate(account, context, item)
    assert label_of(entry)["workers"] == 3
    assert label_of(entry)["confidence"] == 1.0
    (discarded,) = details_of(account, entry)["discarded"]
    assert "answered again" in discarded["reason"]


def cannot(reason: str) -> str:
    answer = {"fewclick": {"schema_version": 1, "outcome": "cannot-label", "reason": reason}}
    return json.dumps({"crowd-semantic-segmentation": json.dumps(answer)})


def test_cannot_label_is_a_vote(account: Account, context: LambdaContext) -> None:
    half, all_of_them = consolidate(
        account,
        context,
        annotated(account, 1, THREE[0], THREE[1], cannot("dark"), cannot("dark")),
        annotated(account, 2, cannot("blurred"), cannot("photo does not load")),
    )
    assert label_of(half)["status"] == "needs-adjudication"
    assert "2 of 4 workers could not label it" in label_of(half)["reason"]
    assert "mask-ref" in label_of(half)
    assert label_of(all_of_them)["status"] == "failed"
    assert "blurred" in label_of(all_of_them)["reason"]


def test_nothing_here_from_everybody_is_an_empty_mask(
    account: Account, context: LambdaContext
) -> None:
    (entry,) = consolidate(account, context, annotated(account, 1, answered(), answered()))
    assert label_of(entry)["status"] == "consensus"
    assert set(label_of(entry)["internal-color-map"]) == {"0"}


def test_escaped_and_unquoted_forms_are_read(account: Account, context: LambdaContext) -> None:
    inner = json.loads(THREE[0])["crowd-semantic-segmentation"]
    escaped = json.dumps({"crowd-semantic-segmentation": html.escape(inner)})
    element = json.dumps({"crowd-semantic-segmentation": json.loads(inner)})
    other_name = json.dumps({"annotation": inner})
    (entry,) = consolidate(account, context, annotated(account, 1, escaped, element, other_name))
    assert label_of(entry)["workers"] == 3
    assert label_of(entry)["confidence"] == 1.0


def test_an_answer_may_lie_in_s3(account: Account, context: LambdaContext) -> None:
    item = annotated(account, 1, THREE[0], THREE[0])
    uri = account.put("answers/0.json", THREE[0])
    item["annotations"][0]["annotationData"] = {"s3Uri": uri}
    item["annotations"][1]["annotationData"] = {"s3Uri": f"s3://{BUCKET}/nowhere.json"}
    (entry,) = consolidate(account, context, item)
    assert label_of(entry)["workers"] == 1
    assert "does not exist" in details_of(account, entry)["discarded"][0]["reason"]


def test_labels_come_from_the_event_when_there_are_no_settings(
    account: Account, context: LambdaContext
) -> None:
    account.s3.delete_object(Bucket=BUCKET, Key=settings_key("pets-01"))
    item = annotated(account, 1, THREE[0])
    (entry,) = consolidate(account, context, item, labelCategories=["cat", "dog"])
    assert label_of(entry)["internal-color-map"]["1"]["class-name"] == "cat"
    with pytest.raises(ContractError, match="labelCategories"):
        consolidate(account, context, item)


def test_254_labels_fit_the_manifest(account: Account, context: LambdaContext) -> None:
    """Each label of 60 characters, all of them in one photo: more than a line may hold."""
    names = [f"{number:03} {'x' * 56}" for number in range(254)]
    account.s3.delete_object(Bucket=BUCKET, Key=settings_key("pets-01"))
    labels = LabelCategories.from_names(names)
    objects = []
    for number, name in enumerate(names):
        mask = np.zeros((16, 16), bool)
        mask.flat[number] = True
        objects.append(DrawnObject(name, mask, None, (), MadeBy.BRUSH, 0.0))
    answer = build_answer(Size(16, 16), labels, objects, seconds=1)
    item = annotated(
        account,
        1,
        json.dumps({"crowd-semantic-segmentation": answer}),
        photo=photo_of(Size(16, 16)),
    )
    (entry,) = consolidate(account, context, item, labelCategories=names)
    label = label_of(entry)
    assert label["status"] == "single-annotator"
    assert len(json.dumps(label)) <= 20_000
    assert label["left-out"] == ["internal-color-map"]
    assert len(details_of(account, entry)["label"]["internal-color-map"]) == 255
