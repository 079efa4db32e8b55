"""The click API's JSON."""

from __future__ import annotations

import json

import pytest

from hooks.core.clicks import Click, ClickKind
from hooks.core.errors import ClickRequestError
from hooks.core.geometry import Box, Point
from hooks.core.masks import CroppedMask
from hooks.core.wire import (
    PrewarmRequest,
    PrewarmResponse,
    SegmentRequest,
    SegmentResponse,
    error_body,
    parse_request,
)

REQUEST = {
    "schema_version": 1,
    "object_id": "3",
    "sequence": 7,
    "extreme_points": [[20, 5], [5, 20], [20, 35], [35, 20]],
    "clicks": [{"x": 10.5, "y": 12, "kind": "outside"}],
    "previous_mask": None,
}


def test_a_request_is_parsed_once_into_typed_values() -> None:
    request = SegmentRequest.from_json(json.dumps(REQUEST))
    assert request.extreme_points.top == Point(20, 5)
    assert request.clicks == (Click(Point(10.5, 12), ClickKind.OUTSIDE),)
    assert request.image is None
    assert SegmentRequest.from_json(request.to_json()) == request


def test_the_proxy_adds_the_image() -> None:
    request = SegmentRequest.from_json(json.dumps(REQUEST)).with_image("s3://bucket/a.jpg")
    assert json.loads(request.to_json())["image"] == "s3://bucket/a.jpg"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"schema_version": 2}, "unknown-schema-version"),
        ({"object_id": 3}, "bad-request"),
        ({"object_id": "x" * 65}, "bad-request"),
        ({"sequence": "7"}, "bad-request"),
        ({"extreme_points": None}, "bad-request"),
        ({"extreme_points": [[1, 2]]}, "four-points-needed"),
        ({"clicks": {}}, "bad-request"),
        ({"previous_mask": 1}, "bad-request"),
        ({"image": "https://example.com/a.jpg"}, "bad-request"),
        ({"image": "file:///etc/passwd"}, "bad-request"),
        ({"image_bytes": "***"}, "bad-request"),
        ({"session": "-"}, "bad-request"),
        ({"session": "a" * 300}, "bad-request"),
    ],
    ids=str,
)
def test_a_request_that_is_wrong_says_what(change: dict[str, object], code: str) -> None:
    with pytest.raises(ClickRequestError) as caught:
        SegmentRequest.from_json(json.dumps(REQUEST | change))
    assert caught.value.code == code


@pytest.mark.parametrize("body", ["", "[]", "nonsense", b"\xff\xfe", "[" * 100_000], ids=repr)
def test_a_body_that_is_not_an_object_is_refused(body: str | bytes) -> None:
    with pytest.raises(ClickRequestError):
        SegmentRequest.from_json(body)


def test_a_response_survives_the_wire() -> None:
    response = SegmentResponse(
        object_id="3",
        sequence=7,
        mask=CroppedMask(Box(1, 2, 2, 2), "04"),
        score=0.93,
        previous_mask="abc",
        model="small-1a2b3c4d",
        timings_ms={"encode": 9.0},
    )
    assert SegmentResponse.from_json(response.to_json()) == response


def test_errors_carry_a_code_a_sentence_and_whether_to_try_again() -> None:
    assert json.loads(error_body("busy", "The model is busy.", retryable=True)) == {
        "error": "busy",
        "message": "The model is busy.",
        "retryable": True,
    }


def test_a_session_is_for_the_proxy_alone() -> None:
    request = SegmentRequest.from_json(json.dumps(REQUEST | {"session": "a-1"}))
    assert request.session == "a-1"
    assert SegmentRequest.from_json(request.to_json()) == request
    assert request.with_image("s3://bucket/a.jpg").session is None


def test_the_endpoint_tells_requests_apart_by_their_action() -> None:
    prewarm = PrewarmRequest().with_image("s3://bucket/a.jpg")
    assert parse_request(prewarm.to_json()) == prewarm
    assert PrewarmRequest.from_json(prewarm.to_json()) == prewarm
    assert isinstance(parse_request(json.dumps(REQUEST)), SegmentRequest)
    assert isinstance(parse_request(json.dumps(REQUEST | {"action": "segment"})), SegmentRequest)


@pytest.mark.parametrize("body", ['{"action": "paint"}', '{"action": null}', "[]", "{"])
def test_other_actions_are_refused(body: str) -> None:
    with pytest.raises(ClickRequestError):
        parse_request(body)
    with pytest.raises(ClickRequestError):
        PrewarmRequest.from_json(body)


def test_a_prewarm_answer_survives_the_round_trip() -> None:
    answer = PrewarmResponse("small-1", {"fetch": 1.25}, "a-1")
    assert PrewarmResponse.from_json(answer.to_json()) == answer
