"""Workers who are programs, and who label through the very page, click API and portal.

A simulated worker signs in to the portal, takes the next task, reads the rendered page as a
browser would, and for every object of the photo clicks its four extreme points and then
corrects the mask that came back, until content or out of patience. It knows the reference masks
only to choose where to click: what it submits is made of the masks that the endpoint returned.

How good a worker is, is a matter of habits: how far a hand strays, how long the patience lasts,
how often an object is overlooked or given the wrong label.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx
import numpy as np

from hooks.core.answer import DrawnObject, MadeBy, build_answer
from hooks.core.categories import LabelCategories
from hooks.core.clicks import Click, ClickKind, ExtremePoints
from hooks.core.errors import ClickRequestError, FewclickError
from hooks.core.geometry import Point, Size
from hooks.core.masks import iou
from hooks.core.wire import SegmentRequest, SegmentResponse
from model_endpoint.click_simulator import Policy, extreme_points, next_click
from scripts.photo_set import ReferenceObject

REQUEST_TIMEOUT_SECONDS = 60
WAIT_SECONDS = 20
FINISHED = ("Completed", "Failed", "Stopped")
ATTEMPTS = 6
"""How often a call is tried when the service is busy or away, with growing pauses."""


TOKEN_ENDED = 403
"""What the click API answers to a token whose minutes are over."""


class SimulationError(FewclickError):
    """A simulated worker cannot go on: the portal or the click API refuses what it sends."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How a worker works.

    Attributes:
        stray_px: standard deviation of every click, in pixels per 500 pixels of photo width.
        patience: corrective clicks spent on one object at most.
        content_at: the IoU with the reference at which the worker stops correcting.
        overlooks: share of objects that are left out.
        mislabels: share of objects that get a wrong label, if the job has another.
        seconds_per_click: what the answer says was spent; people need about this long.
    """

    name: str
    stray_px: float
    patience: int
    content_at: float
    overlooks: float
    mislabels: float
    seconds_per_click: float


CAREFUL = Habits("careful", 0.6, 8, 0.96, 0.0, 0.0, 2.4)
SLOPPY = Habits("sloppy", 3.0, 2, 0.85, 0.05, 0.0, 1.5)
CARELESS = Habits("careless", 8.0, 0, 0.0, 0.2, 0.15, 0.9)
HABITS = (CAREFUL, SLOPPY, CARELESS)


@dataclass(frozen=True, slots=True)
class Task:
    """A task as its page tells it. `grant_link` is "" where there is no click service."""

    url: str
    task_input: dict[str, Any]
    photo_link: str
    grant_link: str
    labels: LabelCategories

    @property
    def size(self) -> Size:
        image = self.task_input["image"]
        return Size(image["width"], image["height"])


class _PageReader(HTMLParser):
    """Finds the task's attributes and the job's JSON in the rendered page."""

    def __init__(self) -> None:
        super().__init__()
        self.task: dict[str, str] = {}
        self.job = ""
        self._in_job = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if values.get("id") == "task":
            self.task = values
        self._in_job = tag == "script" and values.get("id") == "job"

    def handle_endtag(self, tag: str) -> None:
        self._in_job = False

    def handle_data(self, data: str) -> None:
        if self._in_job:
            self.job += data


def read_page(url: str, html: str) -> Task:
    """Everything that a worker's browser reads out of the rendered page.

    Raises:
        SimulationError: the page holds no task.
    """
    reader = _PageReader()
    reader.feed(html)
    if not reader.task.get("data-task") or not reader.job:
        raise SimulationError(f"{url} is not a page of a segmentation task.")
    job = json.loads(reader.job)
    return Task(
        url=url,
        task_input=json.loads(reader.task["data-task"]),
        photo_link=reader.task["data-photo"],
        grant_link=reader.task.get("data-grant", ""),
        labels=LabelCategories.from_names([label["name"] for label in job["labels"]]),
    )


@dataclass
class SimulatedWorker:
    """One worker at work.

    Attributes:
        references: gives the known objects of a photo, by its `source-ref`.
        seed: with the worker's name and the photo's address it decides every stray and slip, so
            that a task done again is done the same way.
        on_task: called after each task that was submitted.
    """

    habits: Habits
    portal_url: str
    references: Callable[[str], Sequence[ReferenceObject]]
    seed: int
    on_task: Callable[[], None]
    _http: httpx.Client = field(init=False)
    _grant: str = field(init=False, default="", repr=False)
    _token: str = field(init=False, default="", repr=False)

    def __post_init__(self) -> None:
        self._http = httpx.Client(
            base_url=self.portal_url, timeout=REQUEST_TIMEOUT_SECONDS, follow_redirects=True
        )

    def work(self, job_name: str) -> int:
        """Label until the portal has no more tasks; the number of tasks done."""
        self._call("POST", "/sign-in", data={"name": self.habits.name})
        done = 0
        while (task := self._next_task(job_name)) is not None:
            source_ref = task.task_input["taskObject"]
            answer = self._label(task, source_ref)
            self._call(
                "POST",
                task.url.rstrip("/") + "/submit",
                json={"answerContent": {"crowd-semantic-segmentation": answer}},
            )
            self.on_task()
            done += 1
        return done

    def close(self) -> None:
        self._http.close()

    def _next_task(self, job_name: str) -> Task | None:
        """The next task; None once the job is over. Waits while others finish an iteration."""
        while True:
            response = self._call("GET", f"/jobs/{job_name}/next?wait={WAIT_SECONDS}")
            if response.url.path.startswith("/tasks/"):
                break
            jobs = self._call("GET", "/progress").json()["jobs"]
            if all(job["name"] != job_name or job["status"] in FINISHED for job in jobs):
                return None
        task = read_page(str(response.url), response.text)
        # A browser loads the photo before anything can be clicked; so does this worker.
        self._call("GET", task.photo_link)
        if task.grant_link:
            self._grant = self._call("GET", task.grant_link).json()["grant"]
            self._token = self._exchange(task)
        return task

    def _label(self, task: Task, source_ref: str) -> str:
        rng = np.random.default_rng([self.seed, *self.habits.name.encode(), *source_ref.encode()])
        drawn: list[DrawnObject] = []
        for reference in self.references(source_ref):
            if rng.random() < self.habits.overlooks:
                continue
            label = self._choose_label(reference.label, task.labels, rng)
            found = self._draw(task, reference, label, len(drawn) + 1, rng)
            if found is not None:
                drawn.append(found)
        clicks = sum(4 + len(found.clicks) for found in drawn)
        return build_answer(task.size, task.labels, drawn, seconds=self._seconds(clicks))

    def _draw(
        self,
        task: Task,
        reference: ReferenceObject,
        label: str,
        number: int,
        rng: np.random.Generator,
    ) -> DrawnObject | None:
        """Click one object; None when it is too small to be clicked."""
        try:
            points = ExtremePoints.from_points(
                [
                    self._stray(Point(x, y), task.size, rng)
                    for x, y in extreme_points(reference.mask)
                ]
            )
        except ClickRequestError:
            return None  # four points on top of each other: a person would see no object
        clicks: list[Click] = []
        request = SegmentRequest(str(number), 0, points)
        response = self._segment(task, request)
        mask = response.mask.to_mask(task.size)
        while len(clicks) < self.habits.patience:
            if iou(mask, reference.mask) >= self.habits.content_at:
                break
            policy: Policy = "region" if len(clicks) % 2 == 0 else "boundary"
            click = next_click(reference.mask, mask, policy, rng)
            if click is None:
                break
            point = self._stray(Point(click.x, click.y), task.size, rng)
            clicks.append(Click(point, ClickKind(click.kind)))
            request = SegmentRequest(
                str(number),
                len(clicks),
                points,
                tuple(clicks),
                previous_mask=response.previous_mask,
            )
            response = self._segment(task, request)
            mask = response.mask.to_mask(task.size)
        return DrawnObject(
            label=label,
            mask=mask,
            extreme_points=points,
            clicks=tuple(clicks),
            made_by=MadeBy.MODEL,
            seconds=self._seconds(4 + len(clicks)),
        )

    def _segment(self, task: Task, request: SegmentRequest) -> SegmentResponse:
        for _ in range(ATTEMPTS):
            response = self._call(
                "POST",
                task.task_input["clickApi"].rstrip("/") + "/segment",
                content=request.to_json(),
                headers={
                    "authorization": f"Bearer {self._token}",
                    "content-type": "application/json",
                },
                passes=(TOKEN_ENDED,),
            )
            if response.is_success:
                return SegmentResponse.from_json(response.content)
            self._token = self._exchange(task)
        raise SimulationError(f"the click API takes no token of {task.url}: {response.text[:300]}")

    def _exchange(self, task: Task) -> str:
        """A token for the task's grant, as the page gets it."""
        token: str = self._call(
            "POST",
            task.task_input["clickApi"].rstrip("/") + "/token",
            headers={"authorization": f"Bearer {self._grant}"},
        ).json()["token"]
        return token

    def _choose_label(self, label: str, labels: LabelCategories, rng: np.random.Generator) -> str:
        others = [name for name in labels if name != label]
        if others and rng.random() < self.habits.mislabels:
            return others[int(rng.integers(len(others)))]
        return label

    def _stray(self, point: Point, size: Size, rng: np.random.Generator) -> Point:
        scale = self.habits.stray_px * size.width / 500
        x, y = rng.normal(point, scale)
        # The page does not let anyone click beside the photo.
        return Point(float(np.clip(x, 0, size.width)), float(np.clip(y, 0, size.height)))

    def _seconds(self, clicks: int) -> float:
        return round(clicks * self.habits.seconds_per_click, 1)

    def _call(
        self, method: str, url: str, *, passes: Sequence[int] = (), **options: Any
    ) -> httpx.Response:
        """One HTTP call, tried again while the other side is busy, away or starting.

        Args:
            passes: statuses that the caller can do something about.
        """
        address = urljoin(self.portal_url, url)
        for attempt in range(ATTEMPTS):
            try:
                response = self._http.request(method, address, **options)
            except httpx.TransportError as error:
                problem = f"{type(error).__name__}: {error}"
            else:
                if response.is_success or response.status_code in passes:
                    return response
                problem = f"{response.status_code} {response.text[:300]}"
                if response.status_code < 500 and response.status_code != 429:
                    break
            time.sleep(0.2 * 2**attempt)
        raise SimulationError(f"{method} {address.split('?')[0]}: {problem}")
