"""The load test: what its workers send, how their waiting is split, what is printed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hooks.core.clicks import Click, ClickKind, ExtremePoints
from hooks.core.geometry import Point
from hooks.core.wire import PrewarmRequest, SegmentRequest
from scripts.__main__ import app
from scripts.click_model.bench_endpoint import read_photos
from scripts.click_model.bench_table import summarise, table_of
from scripts.click_model.load_workers import (
    STAGES,
    Load,
    Sample,
    ScriptedObject,
    ScriptedPhoto,
    drive,
    split_stages,
)

TIMINGS = {
    "queue": 2.0,
    "fetch": 3.0,
    "decode_photo": 4.0,
    "encode": 20.0,
    "decode": 10.0,
    "write_mask": 1.0,
    "total": 38.0,
}


class ClickApi(ThreadingHTTPServer):
    """Answers what a stack would, but is busy once; remembers what came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ClickApiHandler)
        self.received: list[tuple[str, str, str]] = []
        self.busy = 1


class ClickApiHandler(BaseHTTPRequestHandler):
    """One request to the click API."""

    server: ClickApi

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.received.append((self.path, self.headers["authorization"], body))
        status, fields = 200, {"timings_ms": TIMINGS, "session": "abc-1"}
        if self.path == "/segment" and self.server.busy:
            self.server.busy -= 1
            status, fields = 503, {}
        answer = json.dumps(fields).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(answer)))
        self.send_header("server-timing", "proxy;dur=1.5, endpoint;dur=40.0")
        self.send_header("retry-after", "0.01")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing."""


@pytest.fixture
def click_api() -> Iterator[ClickApi]:
    with ClickApi() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


POINTS = ExtremePoints(Point(50, 10), Point(10, 50), Point(50, 90), Point(90, 50))
SCRIPT = ScriptedObject(
    (
        SegmentRequest("1", 0, POINTS),
        SegmentRequest("1", 1, POINTS, (Click(Point(50, 50), ClickKind.INSIDE),), "bWFzaw=="),
    )
)


def test_workers_open_photos_and_click_on_objects(click_api: ClickApi) -> None:
    url = f"http://127.0.0.1:{click_api.server_address[1]}"
    photos = tuple((ScriptedPhoto(f"token-{worker}", (SCRIPT,)),) for worker in range(2))
    samples = drive(Load(url, photos, "flat out", 3.0, seed=1))
    assert [sample.status for sample in samples].count(503) == 1
    assert {sample.kind for sample in samples} == {"prewarm", "first mask", "click"}
    for sample in samples:
        if sample.status == 200:
            assert sum(sample.stages_ms.values()) >= sample.total_ms - 0.01
    opened = [token for path, token, _ in click_api.received if path == "/prewarm"]
    assert sorted(opened) == ["Bearer token-0", "Bearer token-1"]  # a photo is opened once
    segments = [body for path, _, body in click_api.received if path == "/segment"]
    requests = [SegmentRequest.from_json(body) for body in segments]
    assert {request.session for request in requests} == {"abc-1"}
    # The features of an object that is clicked again are computed again.
    assert len({request.extreme_points for request in requests if not request.clicks}) > 2
    assert PrewarmRequest.from_json(click_api.received[0][2]) == PrewarmRequest()


def test_people_take_their_time(click_api: ClickApi) -> None:
    url = f"http://127.0.0.1:{click_api.server_address[1]}"
    samples = drive(Load(url, ((ScriptedPhoto("token", (SCRIPT,)),),), "human", 0.2, seed=1))
    assert len(samples) <= 1


def test_a_service_that_is_away_is_counted() -> None:
    with ClickApi() as nobody:
        url = f"http://127.0.0.1:{nobody.server_address[1]}"
    samples = drive(Load(url, ((ScriptedPhoto("token", (SCRIPT,)),),), "flat out", 1.0, seed=1))
    assert {sample.status for sample in samples} == {0}


def test_the_stages_of_a_call_add_up_to_what_the_worker_waits() -> None:
    stages = split_stages(50.0, "proxy;dur=1.5, endpoint;dur=42", {"timings_ms": TIMINGS})
    assert tuple(stages) == STAGES
    assert stages["photo"] == 7.0
    assert stages["transfer"] == pytest.approx(50 - 1.5 - 2 - 7 - 20 - 10 - 1)
    assert sum(stages.values()) == pytest.approx(50)


def test_figures_are_given_by_kind_of_call_and_refusals_counted(tmp_path: Path) -> None:
    stages = split_stages(50.0, "proxy;dur=1.5", {"timings_ms": TIMINGS})
    samples = [Sample("click", 50.0 + extra, 200, stages) for extra in range(100)]
    samples += [Sample("click", 2.0, 503), Sample("prewarm", 9.0, 200, stages)]
    level = summarise("flat out", 4, 10.0, samples)
    assert level["per_second"] == 10.0
    prewarm, click = level["kinds"]
    assert (prewarm["kind"], click["kind"]) == ("prewarm", "click")
    assert click["statuses"] == {"200": 100, "503": 1}
    assert click["ms"]["total"] == [99.5, 139.1, 148.01]
    found = {"model": "m", "processors": 2, "stages": list(STAGES), "levels": [level]}
    assert table_of(found).row_count == 2
    pytest.importorskip("matplotlib")
    from scripts.click_model.bench_plot import plot_bench

    plot_bench(found, tmp_path / "bench.png")
    assert (tmp_path / "bench.png").stat().st_size > 1000


def test_photos_are_enlarged_with_their_masks() -> None:
    for photo in read_photos(1.0):
        assert {mask.size for mask in photo.masks} == {photo.masks[0].size}
        assert abs(photo.masks[0].size / 1e6 - 1) < 0.01


@pytest.mark.slow
def test_the_command_measures_the_whole_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text('{"backend": "octagon", "size": 64}')
    arguments = ["bench-endpoint", "--workers", "2", "--seconds", "1", "--json"]
    arguments += ["--model-dir", str(model), "--out", str(tmp_path / "bench")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert [level["pace"] for level in found["levels"]] == ["human", "flat out"]
    clicks = found["levels"][1]["kinds"][-1]
    assert (clicks["kind"], clicks["statuses"]) == ("click", {"200": clicks["answered"]})
    assert json.loads((tmp_path / "bench" / "bench.json").read_text()) == found
