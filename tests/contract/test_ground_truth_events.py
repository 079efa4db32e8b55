"""Recorded events in, documented shapes out.

Shapes: developer guide, "Requirements for custom labeling task Lambda functions". The events named
`…_documented` are the guide's; those named `…_logged` have what real jobs were seen to send.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import time
from typing import Any

import boto3
import pytest
from PIL import Image

from hooks import annotation_consolidation, click_proxy, pre_annotation
from hooks.core.task_token import SigningKeys, TaskGrant
from tests.contract.recorded import recorded
from tests.unit.hooks.conftest import Account, LambdaContext

PHOTOS = "sagemaker-photos"
MAX_LABEL_CHARACTERS = 20_000


@pytest.fixture
def photos(account: Account) -> Any:
    """The bucket that the events name, with their photos in it."""
    account.s3.create_bucket(
        Bucket=PHOTOS, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    for key, size in {"img/0001.jpg": (30, 20), "img/0018.png": (4, 2)}.items():
        stream = io.BytesIO()
        Image.new("RGB", size).save(stream, format="JPEG" if key.endswith("jpg") else "PNG")
        account.s3.put_object(Bucket=PHOTOS, Key=key, Body=stream.getvalue())
    return account.s3


@pytest.mark.parametrize("name", ["pre_annotation_documented", "pre_annotation_logged"])
def test_a_pre_annotation_event_gets_a_task_input(
    photos: Any, context: LambdaContext, name: str
) -> None:
    event = recorded(name)
    answer = pre_annotation.handler(event, context)
    assert set(answer) == {"taskInput", "isHumanAnnotationRequired"}
    assert answer["isHumanAnnotationRequired"] is True
    task_input = json.loads(json.dumps(answer["taskInput"]))
    assert set(task_input) == {"taskObject", "clickApi", "grantRef", "image", "manifestLine"}
    assert task_input["taskObject"] == event["dataObject"]["source-ref"]
    assert task_input["image"] == {"width": 30, "height": 20, "orientation": 1}
    assert task_input["manifestLine"] == event["dataObject"]


def consolidate(photos: Any, context: LambdaContext, name: str) -> list[dict[str, Any]]:
    event = recorded(name)
    _, _, key = event["payload"]["s3Uri"].removeprefix("s3://").partition("/")
    payload = recorded("consolidation_payload")
    photos.put_object(Bucket=PHOTOS, Key=key, Body=json.dumps(payload))
    first = payload[0]["annotations"][0]["annotationData"]["content"]
    photos.put_object(Bucket=PHOTOS, Key="out/Pets-01/answers/2.json", Body=first)
    answer: list[dict[str, Any]] = json.loads(
        json.dumps(annotation_consolidation.handler(event, context))
    )
    return answer


@pytest.mark.parametrize("name", ["consolidation_documented", "consolidation_logged"])
def test_a_consolidation_event_gets_an_entry_for_every_object(
    photos: Any, context: LambdaContext, name: str
) -> None:
    answer = consolidate(photos, context, name)
    assert [entry["datasetObjectId"] for entry in answer] == ["17", "18"]
    for entry in answer:
        assert set(entry) == {"datasetObjectId", "consolidatedAnnotation"}
        assert set(entry["consolidatedAnnotation"]) == {"content"}
        content = entry["consolidatedAnnotation"]["content"]
        assert set(content) == {"pets", "pets-metadata"}
        assert len(json.dumps(content["pets"])) <= MAX_LABEL_CHARACTERS
        assert content["pets-metadata"] == {
            "type": "groundtruth/custom",
            "job-name": "pets-01",
            "human-annotated": "yes",
            "creation-date": "2026-11-20T10:11:12",
        }


@pytest.mark.parametrize("name", ["consolidation_documented", "consolidation_logged"])
def test_a_label_says_what_it_is_worth_and_where_its_mask_lies(
    photos: Any, context: LambdaContext, name: str
) -> None:
    """Three workers said the same in three encodings; the other object has no photo."""
    labeled, failed = (
        entry["consolidatedAnnotation"]["content"]["pets"]
        for entry in consolidate(photos, context, name)
    )
    stem = f"s3://{PHOTOS}/out/Pets-01/annotations/consolidated-annotation/output/17_"
    assert labeled == {
        "mask-ref": f"{stem}2026-11-20T10:11:12.png",
        "internal-color-map": {
            "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 1.0},
            "1": {"class-name": "cat", "hex-color": "#e69f00", "confidence": 1.0},
        },
        "confidence": 1.0,
        "status": "consensus",
        "reason": "",
        "workers": 3,
        "details-ref": f"{stem}2026-11-20T10:11:12.json",
    }
    assert failed["status"] == "failed"
    assert "dataObject.s3Uri" in failed["reason"]
    assert "mask-ref" not in failed


def test_a_job_with_a_key_of_its_own_has_its_masks_encrypted_with_it(
    photos: Any, context: LambdaContext
) -> None:
    labeled, _ = consolidate(photos, context, "consolidation_logged")
    mask_ref = labeled["consolidatedAnnotation"]["content"]["pets"]["mask-ref"]
    key = mask_ref.removeprefix(f"s3://{PHOTOS}/")
    head = boto3.client("s3").head_object(Bucket=PHOTOS, Key=key)
    assert head["SSEKMSKeyId"] == recorded("consolidation_logged")["kmsKeyId"]


def test_the_mask_is_a_palette_png_whose_colours_are_those_of_the_map(
    photos: Any, context: LambdaContext
) -> None:
    labeled, _ = consolidate(photos, context, "consolidation_documented")
    label = labeled["consolidatedAnnotation"]["content"]["pets"]
    key = label["mask-ref"].removeprefix(f"s3://{PHOTOS}/")
    body = photos.get_object(Bucket=PHOTOS, Key=key)["Body"].read()
    with Image.open(io.BytesIO(body)) as mask:
        assert mask.mode == "P"
        assert mask.size == (4, 2)
        for index, entry in label["internal-color-map"].items():
            color = bytes.fromhex(entry["hex-color"].removeprefix("#"))
            assert bytes(mask.getpalette() or [])[3 * int(index) :][:3] == color
        # Ground Truth's own files need this: indices were wrong there for a while.
        assert mask.convert("RGB").getpixel((0, 0)) == (0xE6, 0x9F, 0x00)


def test_api_gateways_event_gets_an_answer_that_it_passes_on(
    account: Account, context: LambdaContext
) -> None:
    answer = click_proxy.handler(recorded("click_request"), context)
    assert set(answer) <= {"statusCode", "headers", "body", "isBase64Encoded", "cookies"}
    assert answer["statusCode"] == 401
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
    assert not answer.get("cookies")
    assert set(body_of(answer)) == {"error", "message", "retryable"}


def body_of(answer: dict[str, Any]) -> Any:
    """What the browser reads: API Gateway undoes the Base64, the browser the gzip."""
    body = answer["body"].encode()
    if answer.get("isBase64Encoded"):
        body = base64.b64decode(body)
    if answer["headers"].get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    return json.loads(body)


def test_api_gateways_event_for_a_token_gets_one(account: Account, context: LambdaContext) -> None:
    """The same event as for clicks, on the other route, with no body at all."""
    event = recorded("click_request")
    event["routeKey"] = event["requestContext"]["routeKey"] = "POST /token"
    event["rawPath"] = event["requestContext"]["http"]["path"] = "/token"
    keys = SigningKeys.from_secret(json.dumps({"current": "k1", "k1": "s" * 40}))
    grant = TaskGrant("pets-01", "ab", "s3://b/a.jpg", int(time.time()) + 3600).mint(keys)
    event["headers"]["authorization"] = f"Bearer {grant}"
    del event["body"]
    answer = click_proxy.handler(event, context)
    assert set(answer) <= {"statusCode", "headers", "body", "isBase64Encoded", "cookies"}
    assert answer["statusCode"] == 200
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
    assert set(body_of(answer)) == {"schema_version", "token", "expires_in"}


@pytest.mark.parametrize("name", ["pre_annotation_documented"])
def test_a_grant_lies_where_ground_truths_role_can_sign_a_link_to_it(
    photos: Any, account: Account, context: LambdaContext, name: str
) -> None:
    task_input = pre_annotation.handler(recorded(name), context)["taskInput"]
    bucket, _, key = task_input["grantRef"].removeprefix("s3://").partition("/")
    link = account.s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
    assert f"/{key}?" in link  # nothing in the key that a link or a template would change
    assert account.s3.get_object(Bucket=bucket, Key=key)["ContentType"] == "application/json"
