"""What the worker page needs around it to be tried alone: a server, a click service, a hand.

The page comes from 127.0.0.1, photo and click service from `localhost`, which to a browser is
another origin, as in Ground Truth. The click service draws an octagon through the extreme points,
adds a disc for each inside click and takes one away for each outside click, so a test can say
which mask belongs to which clicks.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from playwright.sync_api import Page

from hooks.core.answer import WorkerAnswer
from hooks.core.categories import LabelCategories
from hooks.core.geometry import Size
from hooks.core.job_settings import JobKind, JobSettings
from hooks.core.masks import CroppedMask, Mask
from hooks.core.wire import (
    PrewarmRequest,
    PrewarmResponse,
    SegmentRequest,
    SegmentResponse,
    error_body,
    parse_request,
)
from scripts.local_ground_truth import liquid
from scripts.pages.render_template import PAGES, render
from tests.conftest import REPOSITORY

CROWD_SCRIPT = "https://assets.crowd.aws/crowd-html-elements.js"
STAND_IN = REPOSITORY / "scripts/local_ground_truth/static/crowd-html-elements.js"
GRANT = "g1.grant.signature"
DISC_RADIUS = 25.0
LABELS = LabelCategories.from_names(["cat", 'dog "<b>🐕</b>" {{ x }}', "قطة"])

Reply = tuple[int, dict[str, str], bytes]
"""Status, headers, body. Status 0: the connection is closed without an answer."""

NO_ANSWER: Reply = (0, {}, b"")
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium_options() -> dict[str, Any]:
    """How to launch the browser: the environment's, the system's, or else Playwright's own."""
    system = os.environ.get("FEWCLICK_CHROMIUM") or shutil.which("chromium")
    # Chromium's sandbox does not work for root, which is who runs tests in containers.
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return {"executable_path": system, "args": [*FLAGS, *root]}


def octagon(request: SegmentRequest, size: Size) -> Mask:
    """The mask that the click service below answers, shape (height, width)."""
    extremes = request.extreme_points
    left, top, right, bottom = extremes.bounds()
    width, height = (right - left) / 6, (bottom - top) / 6
    corners = [
        (extremes.top.x - width, top),
        (extremes.top.x + width, top),
        (right, extremes.right.y - height),
        (right, extremes.right.y + height),
        (extremes.bottom.x + width, bottom),
        (extremes.bottom.x - width, bottom),
        (left, extremes.left.y + height),
        (left, extremes.left.y - height),
    ]
    image = Image.new("1", size)
    draw = ImageDraw.Draw(image)
    draw.polygon(corners, fill=1)
    for click in request.clicks:
        x, y = click.point
        reach = DISC_RADIUS if click.kind != "boundary" else 3
        disc = (x - reach, y - reach, x + reach, y + reach)
        draw.ellipse(disc, fill=int(click.kind != "outside"))
    return np.asarray(image, dtype=bool)


@dataclass
class ClickService:
    """The fake click service; `before` may answer or delay a request, by its number from 1.

    Attributes:
        sizes: bytes of each request for a mask and of its answer.
        draw: the mask and the text to bring back, in place of the octagon's.
    """

    size: Size
    requests: list[SegmentRequest] = field(default_factory=list)
    prewarmed: int = 0
    tokens: list[str] = field(default_factory=list)
    token_seconds: float = 600.0
    given: list[str] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    timings_ms: Mapping[str, float] = field(default_factory=lambda: {"total": 1.0})
    before: Callable[[int, SegmentRequest], Reply | None] = lambda number, request: None
    draw: Callable[[SegmentRequest], tuple[CroppedMask, str]] | None = None

    def exchange(self, authorization: str) -> Reply:
        """A new token for the grant; `given` has them all."""
        if authorization != f"Bearer {GRANT}":
            return self.refuse(401, "token-refused", "No such grant.", retryable=False)
        self.given.append(f"v1.token-{len(self.given) + 1}.signature")
        fields = {"token": self.given[-1], "expires_in": self.token_seconds}
        return 200, {}, json.dumps(fields).encode()

    def answer(self, body: bytes, authorization: str) -> Reply:
        request = parse_request(body)
        if isinstance(request, PrewarmRequest):
            self.prewarmed += 1
            return 200, {}, PrewarmResponse("octagon-1", {}, "session-1").to_json().encode()
        self.requests.append(request)
        self.tokens.append(authorization)
        early = self.before(len(self.requests), request)
        if early is not None:
            return early
        if self.draw is None:
            mask = CroppedMask.from_mask(octagon(request, self.size))
            previous = f"mask-{request.sequence}"
        else:
            mask, previous = self.draw(request)
        response = SegmentResponse(
            object_id=request.object_id,
            sequence=request.sequence,
            mask=mask,
            score=0.9,
            previous_mask=previous,
            model="octagon-1",
            timings_ms=self.timings_ms,
        )
        # As the click API sends it to a browser, which asks for gzip.
        answer = gzip.compress(response.to_json().encode())
        self.sizes.append((len(body), len(answer)))
        return 200, {"content-encoding": "gzip"}, answer

    @staticmethod
    def refuse(status: int, code: str, message: str, *, retryable: bool) -> Reply:
        return status, {}, error_body(code, message, retryable=retryable).encode()


@dataclass
class Bench:
    """A worker page being served, and what it has sent."""

    address: str
    service: ClickService
    size: Size
    labels: LabelCategories
    field: str
    submitted: list[dict[str, Any]] = field(default_factory=list)
    submit_statuses: list[int] = field(default_factory=list)
    photo_status: int = 200
    photo_cors: bool = True

    def answer(self) -> dict[str, Any]:
        """The one answer that was submitted."""
        assert len(self.submitted) == 1
        content = self.submitted[0]["answerContent"]
        assert list(content) == [self.field]
        answer: dict[str, Any] = json.loads(content[self.field])
        return answer

    def parsed(self) -> WorkerAnswer:
        """The same answer as the consolidation hook reads it."""
        return WorkerAnswer.from_fields(self.answer(), self.size, self.labels)


def decode_png(data: str) -> Image.Image:
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    image.load()
    return image


def class_mask(answer: dict[str, Any], label: str) -> Mask:
    """Where the answer's label image has the label's colour."""
    image = decode_png(answer["labeledImage"]["pngImageData"])
    color = bytes.fromhex(answer["labelMappings"][label]["color"][1:])
    pixels = np.asarray(image.convert("RGBA"))
    mask: Mask = (pixels[..., :3] == np.frombuffer(color, np.uint8)).all(axis=2)
    return mask & (pixels[..., 3] == 255)


def instances(answer: dict[str, Any]) -> np.ndarray[Any, np.dtype[Any]]:
    return np.asarray(decode_png(answer["fewclick"]["instances"]["pngImageData"]))


@contextmanager
def serve(
    *,
    photo: bytes,
    size: Size,
    labels: LabelCategories = LABELS,
    photo_status: int = 200,
    photo_cors: bool = True,
    has_service: bool = True,
    expected_size: Size | None = None,
    kind: JobKind = JobKind.SEGMENTATION,
    candidates: Mapping[str, bytes] | None = None,
    minified: bool = False,
    job: Mapping[str, Any] | None = None,
    earlier: Mapping[str, Any] | None = None,
    earlier_mask: bytes = b"",
) -> Iterator[Bench]:
    """Serve a job's page with one photo (`size`: upright) at `Bench.address`.

    Args:
        candidates: masks to choose from, as PNG; one of no bytes is not there.
        job: more of the job's settings, by their names.
        earlier: the label that the task begins with, but for a mask's address, as the
            pre-annotation hook tells it.
        earlier_mask: its PNG.
    """
    masks = {f"/mask-{name}.png": png for name, png in (candidates or {}).items()}
    service = ClickService(size)
    if earlier and "colors" in earlier:
        masks["/earlier.png"] = earlier_mask
        earlier = {"mask": "s3://bucket/earlier.png", **earlier}
    bench = Bench(
        "",
        service,
        size,
        labels,
        PAGES[kind].field,
        photo_status=photo_status,
        photo_cors=photo_cors,
    )
    settings = JobSettings("pets", kind, "pets", labels, "Every <b>cat</b>.")
    settings = replace(settings, **(job or {}))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(
            self,
            status: int,
            kind: str,
            body: bytes,
            *,
            cors: bool = True,
            headers: Mapping[str, str] | None = None,
        ) -> None:
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            if cors:
                self.send_header("access-control-allow-origin", "*")
                self.send_header("access-control-allow-headers", "authorization,content-type")
                self.send_header("access-control-expose-headers", "retry-after")
            with suppress(ConnectionError):  # the page may have given up
                self.end_headers()
                self.wfile.write(body)

        def do_OPTIONS(self) -> None:
            self.reply(204, "text/plain", b"")

        def do_GET(self) -> None:
            if self.path == "/task/1":
                self.reply(200, "text/html; charset=utf-8", page)
            elif self.path == "/frame":
                frame = '<iframe sandbox="allow-scripts allow-forms" src="/task/1"'
                style = 'style="position:fixed;inset:0;width:100%;height:100%;border:0"'
                html = f"<!DOCTYPE html>{frame} {style}></iframe>"
                self.reply(200, "text/html", html.encode())
            elif self.path.startswith("/photo"):
                status = bench.photo_status
                body = photo if status == 200 else b"<Error/>"  # as S3 says no
                self.reply(status, "image/jpeg", body, cors=bench.photo_cors)
            elif self.path == "/grant.json":
                self.reply(200, "application/json", json.dumps({"grant": GRANT}).encode())
            elif masks.get(self.path):
                self.reply(200, "image/png", masks[self.path])
            else:
                self.reply(404, "text/plain", b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/api/token":
                status, _, text = service.exchange(self.headers["authorization"])
                self.reply(status, "application/json", text)
                return
            if self.path in ("/api/segment", "/api/prewarm"):
                authorization = self.headers["authorization"]
                status, headers, text = service.answer(body, authorization)
                self.reply(status, "application/json", text, headers=headers)
                return
            status = bench.submit_statuses.pop(0) if bench.submit_statuses else 200
            if status == 200:
                bench.submitted.append(json.loads(body))
            self.reply(status, "application/json", b'{"next":null}' if status == 200 else b"{}")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    port = server.server_address[1]
    elsewhere = f"http://localhost:{port}"
    shown = expected_size or size
    task_input = {
        "taskObject": "s3://bucket/photo.jpg",
        "clickApi": f"{elsewhere}/api" if has_service else "",
        "grantRef": "s3://bucket/jobs/pets/grants/grant.json" if has_service else None,
        "image": {"width": shown.width, "height": shown.height, "orientation": 1},
        "candidates": [
            {"name": name, "mask": f"s3://bucket/mask-{name}.png"} for name in candidates or {}
        ],
        **({"earlier": earlier} if earlier else {}),
        "manifestLine": {"source-ref": "s3://bucket/photo.jpg", "note": "<b>\"'&{{ x }}"},
    }
    page = liquid.render(
        render(settings, minified=minified),
        task_input,
        lambda address: f"{elsewhere}/{address.rsplit('/', 1)[1]}",
    ).encode()
    bench.address = f"http://127.0.0.1:{port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield bench
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Hand:
    """A worker's hand and eye on an open page: clicks where things are on the photo."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def wait_for_status(self, pattern: str, timeout: float = 20.0) -> str:
        """The status line once it matches."""
        line = self.page.locator("#status")
        end = time.monotonic() + timeout
        while not re.search(pattern, text := line.inner_text()):
            assert time.monotonic() < end, f"the status line says {text!r}, not {pattern!r}"
            self.page.wait_for_timeout(20)
        return text

    def on_screen(self, x: float, y: float) -> tuple[float, float]:
        """Where in the window an image point is seen."""
        scale, left, top = self._view()
        return left + x * scale, top + y * scale

    def on_photo(self, x: float, y: float) -> tuple[float, float]:
        """Which image point is seen at a place in the window."""
        scale, left, top = self._view()
        return (x - left) / scale, (y - top) / scale

    def _view(self) -> tuple[float, float, float]:
        """Scale, and where in the window the photo's corner is."""
        stage = self.page.locator("#stage")
        scale, left, top = map(float, (stage.get_attribute("data-view") or "").split())
        bounds = stage.bounding_box()
        assert bounds is not None
        return scale, bounds["x"] + left, bounds["y"] + top

    def click(self, x: float, y: float, **options: Any) -> None:
        self.page.mouse.click(*self.on_screen(x, y), **options)

    def outline(self, *points: tuple[float, float]) -> None:
        """Click four extreme points and wait for the mask."""
        for x, y in points:
            self.click(x, y)
        self.wait_for_status("Correct the mask")

    def move_cursor(self, x: int, y: int) -> None:
        """Bring the keyboard's cursor to a pixel by arrow keys alone."""
        position = self.page.locator("#position")
        while True:
            at_x, at_y = map(int, position.inner_text().split(", "))
            if (at_x, at_y) == (x, y):
                return
            if at_x != x:
                far = "Shift+" if abs(x - at_x) >= 10 else ""
                self.page.keyboard.press(f"{far}Arrow{'Right' if x > at_x else 'Left'}")
            if at_y != y:
                far = "Shift+" if abs(y - at_y) >= 10 else ""
                self.page.keyboard.press(f"{far}Arrow{'Down' if y > at_y else 'Up'}")

    def submit(self) -> None:
        self.page.get_by_role("button", name="Submit").click()


class BenchHand(Hand):
    """A hand on a page that a bench serves."""

    def __init__(self, page: Page, bench: Bench) -> None:
        super().__init__(page)
        self.bench = bench

    def open(self, path: str = "/task/1") -> None:
        script = STAND_IN.read_text(encoding="utf-8")
        self.page.route(
            CROWD_SCRIPT,
            lambda route: route.fulfill(body=script, content_type="application/javascript"),
        )
        self.page.goto(self.bench.address + path)

    def wait_until_submitted(self) -> dict[str, Any]:
        self.page.get_by_text("Submitted.").wait_for()
        assert self.errors == [], self.errors
        return self.bench.answer()
