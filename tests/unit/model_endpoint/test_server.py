"""The endpoint over HTTP: its answers, its refusals, its limits."""

from __future__ import annotations

import base64
import contextlib
import io
import itertools
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore.session
import httpx
import numpy as np
import numpy.typing as npt
import pytest
import uvicorn
from PIL import Image

from hooks.core.errors import PhotoError
from hooks.core.geometry import Size
from hooks.core.wire import PrewarmRequest, SegmentResponse
from model_endpoint.guidance import CropClick, FloatMap
from model_endpoint.network_protocol import Features
from model_endpoint.octagon import OctagonNetwork
from model_endpoint.photo_store import PhotoStore, StorageError
from model_endpoint.predictor import ClickPredictor
from model_endpoint.server import ServerLimits, create_app
from model_endpoint.service import SegmentService, find_model_directory

REQUEST: dict[str, Any] = {
    "schema_version": 1,
    "object_id": "3",
    "sequence": 7,
    "image": "s3://bucket/photo.png",
    "extreme_points": [[80, 20], [30, 60], [80, 100], [130, 60]],
    "clicks": [],
    "previous_mask": None,
}


def picture(size: tuple[int, int] = (160, 120)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, (20, 120, 40)).save(stream, "PNG")
    return stream.getvalue()


def read(address: str) -> bytes:
    """An S3 with one photo and two ways to fail."""
    if address.endswith("missing.png"):
        raise PhotoError(address, "the photo is not there.", missing=True)
    if address.endswith("slow.png"):
        raise StorageError(f"{address}: S3 answered SlowDown.")
    if address.endswith("text.png"):
        return b"this is text"
    return picture()


def service(network: Any = None) -> SegmentService:
    return SegmentService(ClickPredictor(network or OctagonNetwork(64)), PhotoStore(read))


@contextmanager
def serving(served: SegmentService, limits: ServerLimits | None = None) -> Iterator[httpx.Client]:
    """A real server on a free port of this machine, in a thread."""
    app = create_app(served, limits)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with serving(service()) as opened:
        yield opened


def ask(client: httpx.Client, **changes: Any) -> Any:
    return client.post("/invocations", content=json.dumps(REQUEST | changes))


def wait_until_healthy(client: httpx.Client) -> None:
    deadline = time.monotonic() + 10
    while client.get("/ping").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_request_is_answered_in_the_agreed_form(client: httpx.Client) -> None:
    reply = ask(client)
    assert reply.status_code == 200
    answer = SegmentResponse.from_json(reply.content)
    assert (answer.object_id, answer.sequence, answer.model) == ("3", 7, "octagon")
    assert answer.mask.to_mask(Size(160, 120)).sum() > 4000
    assert set(answer.timings_ms) == {
        "queue",
        "fetch",
        "decode_photo",
        "encode",
        "decode",
        "write_mask",
        "total",
    }


def test_a_click_brings_the_previous_mask_back(client: httpx.Client) -> None:
    first = ask(client).json()
    clicks = [{"x": 80, "y": 60, "kind": "boundary"}]
    second = ask(client, clicks=clicks, previous_mask=first["previous_mask"])
    assert second.status_code == 200
    assert second.json()["timings_ms"]["encode"] == 0


def test_a_photo_may_come_with_the_request(client: httpx.Client) -> None:
    body = {k: v for k, v in REQUEST.items() if k != "image"}
    body["image_bytes"] = base64.b64encode(picture()).decode()
    assert client.post("/invocations", content=json.dumps(body)).status_code == 200


def test_a_prewarmed_photo_is_neither_fetched_nor_decoded_again() -> None:
    read: list[str] = []

    def counting(address: str) -> bytes:
        read.append(address)
        return picture()

    served = SegmentService(ClickPredictor(OctagonNetwork(64)), PhotoStore(counting))
    prewarm = PrewarmRequest(image="s3://bucket/photo.png").to_json()
    with serving(served) as client:
        first = client.post("/invocations", content=prewarm)
        assert (first.status_code, first.json()["model"]) == (200, "octagon")
        assert set(first.json()["timings_ms"]) == {
            "queue",
            "fetch",
            "decode_photo",
            "encode",
            "total",
        }
        timings = ask(client).json()["timings_ms"]
        assert (timings["fetch"], timings["decode_photo"]) == (0, 0)
        assert client.post("/invocations", content=prewarm).json()["timings_ms"]["fetch"] == 0
    assert read == ["s3://bucket/photo.png"]


def test_a_session_is_opened_when_asked_for(client: httpx.Client) -> None:
    body = PrewarmRequest(image="s3://bucket/photo.png").to_json()
    new = client.post(
        "/invocations", content=body, headers={"X-Amzn-SageMaker-Session-Id": "NEW_SESSION"}
    )
    output = botocore.session.get_session().get_service_model("sagemaker-runtime")
    rule = output.operation_model("InvokeEndpoint").output_shape.members["NewSessionId"].metadata
    assert re.fullmatch(rule["pattern"], new.headers["X-Amzn-SageMaker-New-Session-Id"])
    old = client.post("/invocations", content=body, headers={"X-Amzn-SageMaker-Session-Id": "a-1"})
    assert "X-Amzn-SageMaker-New-Session-Id" not in old.headers


REFUSALS: list[tuple[str, dict[str, Any], int, str]] = [
    ("three-points", {"extreme_points": [[1, 2], [30, 4], [5, 60]]}, 422, "Four extreme points"),
    ("five-points", {"extreme_points": [[1, 2]] * 5}, 422, "Four extreme points"),
    ("identical-points", {"extreme_points": [[9, 9]] * 4}, 422, "topmost"),
    ("three-pixels", {"extreme_points": [[9, 9], [9, 9], [10, 10], [10, 10]]}, 422, "topmost"),
    (
        "outside",
        {"extreme_points": [[80, 20], [30, 60], [80, 100], [200, 60]]},
        422,
        "outside the photo",
    ),
    ("click-outside", {"clicks": [{"x": 500, "y": 5, "kind": "inside"}]}, 422, "outside the photo"),
    ("thousand", {"clicks": [{"x": 50, "y": 50, "kind": "inside"}] * 1000}, 422, "at most 200"),
    ("unknown-kind", {"clicks": [{"x": 50, "y": 50, "kind": "maybe"}]}, 400, "kind must be"),
    ("missing-photo", {"image": "s3://b/missing.png"}, 404, "not there"),
    ("not-a-photo", {"image": "s3://b/text.png"}, 415, "not a photo"),
    ("http", {"image": "http://example.com/x.png"}, 400, "s3://"),
    ("both-images", {"image_bytes": "aGk="}, 400, "one of image and image_bytes"),
    (
        "previous-of-another-size",
        {
            "clicks": [{"x": 50, "y": 50, "kind": "inside"}],
            "previous_mask": base64.b64encode(picture((9, 9))).decode(),
        },
        422,
        "previous mask",
    ),
]


@pytest.mark.parametrize(
    ("changes", "status", "words"), [pytest.param(*rest, id=name) for name, *rest in REFUSALS]
)
def test_bad_requests_are_refused_in_words(
    client: httpx.Client, changes: dict[str, Any], status: int, words: str
) -> None:
    reply = ask(client, **changes)
    assert reply.status_code == status
    assert words in reply.json()["message"]
    assert reply.json()["retryable"] is False
    assert ask(client).status_code == 200  # and the next one is answered


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"extreme_points": [[NaN, 1], [2, 3], [4, 5], [6, 7]]}']
)
def test_what_is_no_request_is_refused(client: httpx.Client, body: bytes) -> None:
    assert client.post("/invocations", content=body).status_code == 400


def test_storage_that_fails_asks_to_try_again(client: httpx.Client) -> None:
    reply = ask(client, image="s3://b/slow.png")
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
    assert reply.json()["retryable"] is True


class SlowNetwork(OctagonNetwork):
    """Decodes only once it is let go."""

    def __init__(self) -> None:
        super().__init__(64)
        self.go = threading.Event()

    def decode(
        self,
        features: Features,
        extreme_points: npt.NDArray[np.float32],
        clicks: Sequence[CropClick],
        previous: FloatMap | None,
    ) -> FloatMap:
        assert self.go.wait(20)
        return super().decode(features, extreme_points, clicks, previous)


def test_a_full_queue_is_answered_503_with_retry_after() -> None:
    network = SlowNetwork()
    with serving(service(network), ServerLimits(running=1, waiting=0)) as client:
        assert client.get("/ping").status_code == 503  # its self-test has not passed
        with ThreadPoolExecutor(4) as callers:
            calls = [callers.submit(ask, client) for _ in range(4)]
            refused = [call.result() for call in itertools.islice(as_completed(calls), 3)]
            network.go.set()
            statuses = sorted(call.result().status_code for call in calls)
        assert statuses == [200, 503, 503, 503]
        assert {reply.headers["retry-after"] for reply in refused} == {"1"}
        assert {reply.json()["error"] for reply in refused} == {"busy"}
        wait_until_healthy(client)
        assert ask(client).status_code == 200


def test_ping_is_healthy_once_the_self_test_has_passed(client: httpx.Client) -> None:
    wait_until_healthy(client)
    assert client.get("/ping").content == b""


class BrokenNetwork(OctagonNetwork):
    """Answers an empty mask."""

    def decode(
        self,
        features: Features,
        extreme_points: npt.NDArray[np.float32],
        clicks: Sequence[CropClick],
        previous: FloatMap | None,
    ) -> FloatMap:
        empty: npt.NDArray[np.float32] = np.full((self.size, self.size), -9, np.float32)
        return empty


def test_ping_stays_unhealthy_when_the_self_test_fails(caplog: pytest.LogCaptureFixture) -> None:
    with serving(service(BrokenNetwork(64))) as client:
        deadline = time.monotonic() + 20
        while "self-test failed" not in caplog.text:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert client.get("/ping").status_code == 503
        reply = ask(client)
        assert reply.json()["mask"] == {"box": [0, 0, 0, 0], "counts": ""}


def test_the_model_directory_is_found_where_sagemaker_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SM_MODEL_DIR", str(tmp_path))
    assert find_model_directory() == tmp_path
    monkeypatch.delenv("SM_MODEL_DIR")
    monkeypatch.setattr("model_endpoint.service.SAGEMAKER_MODEL_DIRECTORY", tmp_path)
    assert (find_model_directory() / "config.json").exists()
    (tmp_path / "config.json").write_text('{"backend": "octagon"}')
    assert find_model_directory() == tmp_path


def test_the_command_serves_on_a_port_and_ends_when_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"backend": "octagon", "size": 64}')
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "model_endpoint.server", "serve", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--model-dir", str(tmp_path)]
    process = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + 20
        status = 0
        while status != 200:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
            with contextlib.suppress(httpx.ConnectError):
                status = httpx.get(f"http://127.0.0.1:{port}/ping").status_code
        body = {k: v for k, v in REQUEST.items() if k != "image"}
        body["image_bytes"] = base64.b64encode(picture()).decode()
        reply = httpx.post(f"http://127.0.0.1:{port}/invocations", json=body)
        assert reply.json()["model"] == "octagon"
    finally:
        process.terminate()
        assert process.wait(20) in (0, -signal.SIGTERM)
