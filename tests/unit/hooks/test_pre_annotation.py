"""Pre-annotation: what the page gets, and which photos never reach a worker."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError, FewclickError, PhotoError
from hooks.core.job_settings import JobKind, JobSettings, settings_key
from hooks.core.photo import orientation_exif
from hooks.core.task_token import SigningKeys, TaskGrant, TaskToken, hash_data_object
from hooks.pre_annotation import handler
from tests.unit.hooks.conftest import BUCKET, JOB_ARN, Account, LambdaContext

KEYS = SigningKeys.from_secret(json.dumps({"current": "k1", "k1": "s" * 40}))


def event(line: dict[str, Any], version: str = "2018-10-16") -> dict[str, Any]:
    return {"version": version, "labelingJobArn": JOB_ARN, "dataObject": line}


def test_a_manifest_line_becomes_a_task_input(
    account: Account, context: LambdaContext, demo_photos: Path
) -> None:
    photo = account.put("a.jpg", (demo_photos / "images" / "coco_471.jpg").read_bytes())
    line = {"source-ref": photo, "object-id": "a17"}
    before = int(time.time())
    answer = handler(event(line), context)
    assert answer["isHumanAnnotationRequired"] is True
    task_input = answer["taskInput"]
    assert task_input["taskObject"] == photo
    assert task_input["clickApi"] == "https://clicks.example"
    assert task_input["image"] == {"width": 640, "height": 427, "orientation": 1}
    assert task_input["manifestLine"] == line
    grant = read_grant(account, task_input, now=before)
    assert (grant.job, grant.image) == ("pets-01", photo)
    assert grant.data_object == hash_data_object(line)
    assert before + 600 <= grant.expires <= before + 660


def read_grant(account: Account, task_input: dict[str, Any], now: float) -> TaskGrant:
    """The grant that a page would fetch."""
    content = json.loads(account.get(task_input["grantRef"]))
    assert content["schema_version"] == 1
    return TaskGrant.verify(content["grant"], KEYS, now)


def test_a_task_input_holds_no_token_and_no_grant(
    account: Account, context: LambdaContext, demo_photos: Path
) -> None:
    photo = account.put("a.jpg", (demo_photos / "images" / "coco_471.jpg").read_bytes())
    task_input = handler(event({"source-ref": photo}), context)["taskInput"]
    grant = json.loads(account.get(task_input["grantRef"]))["grant"]
    text = json.dumps(task_input)
    assert grant not in text
    assert "v1." not in text


def test_an_object_that_is_tried_again_has_its_grant_where_it_was(
    account: Account, context: LambdaContext, demo_photos: Path
) -> None:
    photo = account.put("a.jpg", (demo_photos / "images" / "coco_471.jpg").read_bytes())
    asked = [handler(event({"source-ref": photo}), context)["taskInput"] for _ in range(2)]
    assert asked[0] == asked[1]
    key = f"jobs/pets-01/grants/{hash_data_object({'source-ref': photo})}.json"
    assert asked[0]["grantRef"] == f"s3://{BUCKET}/{key}"
    tags = account.s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]
    assert tags == [{"Key": "fewclick", "Value": "grant"}]


def test_without_a_click_api_there_is_nothing_to_open(
    account: Account, context: LambdaContext, demo_photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLICK_API_URL", "")
    photo = account.put("a.jpg", (demo_photos / "images" / "coco_471.jpg").read_bytes())
    task_input = handler(event({"source-ref": photo}), context)["taskInput"]
    assert task_input["clickApi"] == ""
    assert not {"grantRef", "token"} & set(task_input)
    listed = account.s3.list_objects_v2(Bucket=BUCKET, Prefix="jobs/")["Contents"]
    assert [found["Key"] for found in listed] == [settings_key("pets-01")]


def test_a_job_that_is_older_than_grants_gets_the_token_that_its_page_knows(
    account: Account, context: LambdaContext, demo_photos: Path
) -> None:
    key = settings_key("pets-01")
    settings = json.loads(account.get(f"s3://{BUCKET}/{key}"))
    del settings["page_version"]
    account.put(key, json.dumps(settings))
    photo = account.put("a.jpg", (demo_photos / "images" / "coco_471.jpg").read_bytes())
    task_input = handler(event({"source-ref": photo}), context)["taskInput"]
    assert "grantRef" not in task_input
    token = TaskToken.verify(task_input["token"], KEYS, now=time.time() + 500)
    assert (token.job, token.image) == ("pets-01", photo)


def test_a_turned_photo_is_told_upright(account: Account, context: LambdaContext) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (30, 20)).save(stream, format="JPEG", exif=orientation_exif(6))
    photo = account.put("turned.jpg", stream.getvalue())
    image = handler(event({"source-ref": photo}), context)["taskInput"]["image"]
    assert image == {"width": 20, "height": 30, "orientation": 6}


def test_a_header_behind_a_large_profile_is_found(account: Account, context: LambdaContext) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (30, 20)).save(stream, format="JPEG", icc_profile=b"x" * 200_000)
    photo = account.put("profile.jpg", stream.getvalue())
    image = handler(event({"source-ref": photo}), context)["taskInput"]["image"]
    assert (image["width"], image["height"]) == (30, 20)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param(None, "does not exist", id="missing"),
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"hello", "not a photo", id="a text"),
        pytest.param(b"\xff\xd8\xff" + b"x" * 100_000, "not a photo", id="damaged"),
    ],
)
def test_a_photo_that_nobody_could_label_fails_by_name(
    account: Account, context: LambdaContext, body: bytes | None, problem: str
) -> None:
    if body is not None:
        account.put("bad.jpg", body)
    with pytest.raises(PhotoError, match=problem) as caught:
        handler(event({"source-ref": f"s3://{BUCKET}/bad.jpg"}), context)
    assert caught.value.address == f"s3://{BUCKET}/bad.jpg"


def test_a_file_that_is_too_large_is_not_read(account: Account, context: LambdaContext) -> None:
    account.put("large.jpg", b"\xff\xd8" + b"\0" * (41 * 1024 * 1024))
    with pytest.raises(PhotoError, match="43 MB; at most 40 MiB"):
        handler(event({"source-ref": f"s3://{BUCKET}/large.jpg"}), context)


@pytest.mark.parametrize(
    "line", [{"source": "some text"}, {"source-ref": "https://example.com/a.jpg"}, {}], ids=str
)
def test_a_line_that_names_no_photo_in_s3_is_refused(
    account: Account, context: LambdaContext, line: dict[str, Any]
) -> None:
    with pytest.raises(ContractError, match="source-ref"):
        handler(event(line), context)


def begin_adjudication(account: Account, line: dict[str, Any]) -> dict[str, Any]:
    settings = JobSettings(
        labeling_job_name="pets-01",
        kind=JobKind.ADJUDICATION,
        label_attribute_name="pets",
        labels=LabelCategories.from_names(["cat", "dog"]),
    )
    account.put(settings_key("pets-01"), settings.to_json())
    return event({"source-ref": f"s3://{BUCKET}/a.jpg"} | line)


def test_an_adjudication_task_has_the_masks_to_choose_from(
    account: Account, context: LambdaContext, demo_photos: Path
) -> None:
    account.put("a.jpg", (demo_photos / "images" / "coco_471.jpg").read_bytes())
    mask = f"s3://{BUCKET}/out/0.png"
    worker = {"worker_id": "private.ada", "mask-ref": f"s3://{BUCKET}/out/0.0.png"}
    cannot = {"worker_id": "private.bob", "outcome": "cannot-label"}
    details = account.put("out/0.json", json.dumps({"label": {}, "workers": [cannot, worker]}))
    line = {"adjudication": {"details-ref": details, "mask-ref": mask}}
    task_input = handler(begin_adjudication(account, line), context)["taskInput"]
    assert task_input["candidates"] == [
        {"name": "consensus", "mask": mask},
        {"name": "A", "mask": worker["mask-ref"]},
    ]
    assert "private" not in json.dumps(task_input)


def test_an_adjudication_line_without_a_label_fails_by_name(
    account: Account, context: LambdaContext, demo_photos: Path
) -> None:
    account.put("a.jpg", (demo_photos / "images" / "coco_471.jpg").read_bytes())
    with pytest.raises(ContractError, match=r"dataObject\.adjudication: missing"):
        handler(begin_adjudication(account, {}), context)
    line = {"adjudication": {"details-ref": f"s3://{BUCKET}/gone.json"}}
    with pytest.raises(FileNotFoundError, match=r"gone\.json does not exist"):
        handler(begin_adjudication(account, line), context)


def begin(account: Account, kind: JobKind, line: dict[str, Any], photo: bytes) -> dict[str, Any]:
    """An event of a job of this kind that begins with the label `masks`."""
    settings = JobSettings(
        labeling_job_name="pets-01",
        kind=kind,
        label_attribute_name="pets",
        labels=LabelCategories.from_names(["cat", "dog"]),
        earlier_label="masks",
    )
    account.put(settings_key("pets-01"), settings.to_json())
    return event({"source-ref": account.put("a.jpg", photo), "object-id": "a17"} | line)


@pytest.fixture
def bus(demo_photos: Path) -> bytes:
    """A photo of 640 x 427 pixels."""
    return (demo_photos / "images" / "coco_471.jpg").read_bytes()


COLOR_MAP = {
    "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"},
    "1": {"class-name": "dog", "hex-color": "#123456"},
}


@pytest.mark.parametrize("kind", [JobKind.VERIFICATION, JobKind.ADJUSTMENT])
def test_a_task_begins_with_an_earlier_mask(
    account: Account, context: LambdaContext, bus: bytes, kind: JobKind
) -> None:
    mask = f"s3://{BUCKET}/out/0.png"
    line = {"masks-ref": mask, "masks-ref-metadata": {"internal-color-map": COLOR_MAP}}
    task_input = handler(begin(account, kind, line, bus), context)["taskInput"]
    assert task_input["earlier"] == {"mask": mask, "colors": {"#ffffff": "", "#123456": "dog"}}
    assert task_input["manifestLine"] == {
        "source-ref": f"s3://{BUCKET}/a.jpg",
        "object-id": "a17",
    }


def test_a_task_begins_with_earlier_boxes(
    account: Account, context: LambdaContext, bus: bytes
) -> None:
    box = {"class_id": 0, "left": 1, "top": 2, "width": 30, "height": 40}
    line = {"masks": {"annotations": [box]}, "masks-metadata": {"class-map": {"0": "cat"}}}
    task_input = handler(begin(account, JobKind.BOUNDING_BOX, line, bus), context)["taskInput"]
    assert task_input["earlier"]["boxes"] == [
        {"label": "cat", "left": 1, "top": 2, "width": 30, "height": 40}
    ]


def test_a_colour_map_that_was_too_long_is_fetched(
    account: Account, context: LambdaContext, bus: bytes
) -> None:
    mask = f"s3://{BUCKET}/out/0.png"
    whole = {"mask-ref": mask, "internal-color-map": COLOR_MAP}
    details = account.put("out/0.json", json.dumps({"label": whole}))
    short = {"mask-ref": mask, "left-out": ["internal-color-map"], "details-ref": details}
    answer = handler(begin(account, JobKind.ADJUSTMENT, {"masks": short}, bus), context)
    assert answer["taskInput"]["earlier"]["colors"]["#123456"] == "dog"


def test_the_largest_earlier_label_makes_a_task_input_that_fits(
    account: Account, context: LambdaContext, bus: bytes
) -> None:
    box = {"class_id": 0, "left": 100, "top": 100, "width": 300, "height": 300}
    labels = {"masks": {"annotations": [box] * 270, "class-map": {"0": "cat"}}}
    other = {f"other-{number}": "x" * 19_000 for number in range(3)}
    request = begin(account, JobKind.BOUNDING_BOX, labels | other, bus)
    assert len(json.dumps(request["dataObject"]["masks"])) > 19_000
    task_input = handler(request, context)["taskInput"]
    assert len(json.dumps(task_input)) < 100_000


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ({}, r"dataObject\.masks: missing"),
        ({"masks": {"status": "failed", "reason": "nobody came"}}, "nobody came"),
        ({"masks": {"annotations": []}}, "Make it a bounding-box job"),
    ],
    ids=str,
)
def test_a_line_without_a_label_to_begin_with_fails_by_name(
    account: Account, context: LambdaContext, bus: bytes, line: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ContractError, match=problem):
        handler(begin(account, JobKind.ADJUSTMENT, line, bus), context)


def test_a_missing_environment_variable_is_named(
    account: Account, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SETTINGS_BUCKET")
    with pytest.raises(FewclickError, match="SETTINGS_BUCKET"):
        handler(event({"source-ref": f"s3://{BUCKET}/a.jpg"}), context)


def test_logs_hold_no_grant(
    account: Account, context: LambdaContext, demo_photos: Path, logged: io.StringIO
) -> None:
    photo = account.put("a.jpg", (demo_photos / "images" / "coco_471.jpg").read_bytes())
    task_input = handler(event({"source-ref": photo}), context)["taskInput"]
    with pytest.raises(PhotoError):
        handler(event({"source-ref": f"s3://{BUCKET}/gone.jpg"}), context)
    assert "cannot be labeled" in logged.getvalue()
    assert json.loads(account.get(task_input["grantRef"]))["grant"] not in logged.getvalue()
