"""The load of `fewclick bench-endpoint`: workers who open photos and click, each call timed.

They run in a process of their own, so that measuring and the stack that is measured do not share
Python's lock.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import httpx
import numpy as np

from hooks.core.clicks import ExtremePoints
from hooks.core.geometry import Point
from hooks.core.wire import PrewarmRequest, SegmentRequest

Pace = Literal["human", "flat out"]
Kind = Literal["prewarm", "first mask", "click"]

STAGES = ("proxy", "transfer", "queue", "photo", "encode", "decode", "png")
"""Where the time of a call goes; they add up to what the worker's browser waits.

proxy     the click proxy's own work: token, checks, JSON
transfer  what lies between: HTTP, the gateway, waiting for a free proxy, the bytes' way
queue     waiting for the model
photo     fetching and decoding it
encode, decode   the network
png       the mask's run lengths, and the previous mask's PNG
"""

EXTREMES_SECONDS = 7.0
"""Mean time for four extreme points (Papadopoulos et al. 2017)."""
CLICK_SECONDS = 2.4
PAUSE_SHAPE = 4.0
"""Of the gamma distribution of pauses: they vary by half their mean."""
NUDGE = 0.25
"""Pixels that an object's points are moved by each time, so that its features are new."""
TIMEOUT_SECONDS = 60.0
HTTP_BUSY = frozenset({429, 502, 503})


@dataclass(frozen=True, slots=True)
class ScriptedObject:
    """The requests of one object: its first mask, then one more click each."""

    requests: tuple[SegmentRequest, ...]


@dataclass(frozen=True, slots=True)
class ScriptedPhoto:
    """A photo that a worker opens: the token that names it, and its objects."""

    token: str
    objects: tuple[ScriptedObject, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """What one level of load is.

    Attributes:
        photos: one list for each worker.
        seconds: no call begins later.
    """

    click_api: str
    photos: tuple[tuple[ScriptedPhoto, ...], ...]
    pace: Pace
    seconds: float
    seed: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One call: what it was, milliseconds until its answer was there, and by stage.

    `status` is HTTP's; 0 means no answer. Only calls that were answered 200 have stages.
    """

    kind: Kind
    total_ms: float
    status: int
    stages_ms: dict[str, float] = field(default_factory=dict)


def drive(load: Load) -> list[Sample]:
    """Let all workers work at a time; every call that they made."""
    samples: list[Sample] = []
    lock = threading.Lock()

    def work(number: int) -> None:
        made = _Worker(load, number).work()
        with lock:
            samples.extend(made)

    with ThreadPoolExecutor(len(load.photos)) as threads:
        for done in [threads.submit(work, number) for number in range(len(load.photos))]:
            done.result()
    return samples


class _Worker:
    def __init__(self, load: Load, number: int) -> None:
        self._load = load
        self._photos = load.photos[number]
        self._rng = np.random.default_rng([load.seed, number])
        self._samples: list[Sample] = []
        self._sessions: dict[str, str | None] = {}
        self._end = time.monotonic() + load.seconds

    def work(self) -> list[Sample]:
        with httpx.Client(
            base_url=self._load.click_api, timeout=TIMEOUT_SECONDS, trust_env=False
        ) as http:
            # People do not begin in step.
            self._pause(CLICK_SECONDS)
            turn = 0
            while time.monotonic() < self._end:
                self._work_on(http, self._photos[turn % len(self._photos)])
                turn += 1
        return self._samples

    def _work_on(self, http: httpx.Client, photo: ScriptedPhoto) -> None:
        if photo.token not in self._sessions:
            answer = self._call(http, "prewarm", photo.token, PrewarmRequest().to_json())
            self._sessions[photo.token] = None if answer is None else answer.get("session")
        for scripted in photo.objects:
            x, y = self._rng.uniform(-NUDGE, NUDGE, 2)
            for place, request in enumerate(scripted.requests):
                self._pause(CLICK_SECONDS if place else EXTREMES_SECONDS)
                if time.monotonic() >= self._end:
                    return
                moved = replace(
                    request,
                    extreme_points=_moved(request.extreme_points, float(x), float(y)),
                    session=self._sessions[photo.token],
                )
                kind: Kind = "click" if place else "first mask"
                self._call(http, kind, photo.token, moved.to_json())

    def _pause(self, mean_seconds: float) -> None:
        if self._load.pace == "human":
            seconds = float(self._rng.gamma(PAUSE_SHAPE, mean_seconds / PAUSE_SHAPE))
            time.sleep(max(min(seconds, self._end - time.monotonic()), 0.0))

    def _call(self, http: httpx.Client, kind: Kind, token: str, body: str) -> Any:
        """The answer's JSON, or None. A busy service is left alone as long as it asks for."""
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        path = "/prewarm" if kind == "prewarm" else "/segment"
        started = time.perf_counter()
        try:
            reply = http.post(path, content=body, headers=headers)
        except httpx.TransportError:
            self._samples.append(Sample(kind, (time.perf_counter() - started) * 1000, 0))
            return None
        total_ms = (time.perf_counter() - started) * 1000
        if reply.status_code != 200:
            self._samples.append(Sample(kind, total_ms, reply.status_code))
            if reply.status_code in HTTP_BUSY:
                time.sleep(float(reply.headers.get("retry-after", 1)))
            return None
        answer = reply.json()
        stages = split_stages(total_ms, reply.headers.get("server-timing", ""), answer)
        self._samples.append(Sample(kind, total_ms, 200, stages))
        return answer


def split_stages(total_ms: float, server_timing: str, answer: dict[str, Any]) -> dict[str, float]:
    """Milliseconds by STAGES, which add up to `total_ms`.

    Args:
        server_timing: the click proxy's header, e.g. `proxy;dur=1.2, endpoint;dur=30.1`.
        answer: the endpoint's, with `timings_ms`.
    """
    proxy = 0.0
    for part in server_timing.split(","):
        name, _, duration = part.strip().partition(";dur=")
        if name == "proxy":
            proxy = float(duration)
    timings = answer["timings_ms"]
    stages = {
        "proxy": proxy,
        "queue": timings.get("queue", 0.0),
        "photo": timings.get("fetch", 0.0) + timings.get("decode_photo", 0.0),
        "encode": timings.get("encode", 0.0),
        "decode": timings.get("decode", 0.0),
        "png": timings.get("write_mask", 0.0),
    }
    stages["transfer"] = max(total_ms - sum(stages.values()), 0.0)
    return {stage: stages[stage] for stage in STAGES}


def _moved(points: ExtremePoints, x: float, y: float) -> ExtremePoints:
    # Simulated extreme points lie on pixel centres, so that a quarter of a pixel keeps them inside.
    return ExtremePoints(*(Point(point.x + x, point.y + y) for point in points.points()))
