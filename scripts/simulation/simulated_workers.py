"""Workers who are programs, and who label through the very page, click API and portal.

A simulated worker signs in to the portal, takes the next task, reads the rendered page as a
browser would, and for every object of the photo clicks its four extreme points and then
corrects the mask that came back, until content or out of patience. It knows the reference masks
only to choose where to click: what it submits is made of the masks that the endpoint returned.
In other kinds of job it judges or corrects what the task begins with, or makes boxes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import httpx
import numpy as np

from hooks.core.answer import DrawnObject, MadeBy, build_answer
from hooks.core.clicks import Click, ClickKind
from hooks.core.geometry import Point
from hooks.core.job_settings import JobKind
from hooks.core.masks import LabelMap, iou
from hooks.core.wire import SegmentRequest, SegmentResponse
from model_endpoint.click_simulator import Policy, next_click
from scripts.pages.task_page import SimulationError, Task, read_page
from scripts.photo_set import ReferenceObject
from scripts.simulation.simulated_boxes import boxes_worth, draw_boxes, given_boxes
from scripts.simulation.simulated_looking import (
    LOOKING_CLICKS,
    judge,
    masks_worth,
    read_earlier_map,
    sort_masks,
)
from scripts.simulation.worker_habits import Habits

REQUEST_TIMEOUT_SECONDS = 60
WAIT_SECONDS = 20
FINISHED = ("Completed", "Failed", "Stopped")
ATTEMPTS = 6
"""How often a call is tried when the service is busy or away, with growing pauses."""
TOKEN_ENDED = 403
"""What the click API answers to a token whose minutes are over."""


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
            self._call(
                "POST",
                task.url.rstrip("/") + "/submit",
                json={"answerContent": {task.field: self._answer(task)}},
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

    def _answer(self, task: Task) -> str:
        source_ref = task.task_input["taskObject"]
        rng = np.random.default_rng([self.seed, *self.habits.name.encode(), *source_ref.encode()])
        references = self.references(source_ref)
        if task.kind == JobKind.VERIFICATION:
            worth = self._worth(task, references)
            verdicts, reasons = task.job["verdicts"], task.job["reasons"]
            return judge(worth, verdicts, reasons, self.habits, rng).to_json()
        if task.kind == JobKind.BOUNDING_BOX:
            return draw_boxes(task, references, self.habits, rng)
        if task.kind == JobKind.ADJUSTMENT:
            return self._adjust(task, references, rng)
        drawn = self._draw_all(task, references, rng)
        clicks = sum(4 + len(found.clicks) for found in drawn)
        return build_answer(task.size, task.labels, drawn, seconds=self.habits.seconds(clicks))

    def _worth(self, task: Task, references: Sequence[ReferenceObject]) -> float:
        """How well the label that the task begins with fits what is known, 0 to 1."""
        if task.earlier_link:
            return masks_worth(self._earlier_map(task), references, task.labels)
        return boxes_worth(given_boxes(task), references, task.labels)

    def _earlier_map(self, task: Task) -> LabelMap:
        return read_earlier_map(task, self._call("GET", task.earlier_link).content)

    def _adjust(
        self, task: Task, references: Sequence[ReferenceObject], rng: np.random.Generator
    ) -> str:
        seen = sort_masks(self._earlier_map(task), references, task.labels, self.habits)
        drawn = [*seen.kept, *self._draw_all(task, seen.redrawn, rng)] if seen.changes else seen.all
        clicks = sum(4 + len(found.clicks) for found in drawn if found.made_by is MadeBy.MODEL)
        return build_answer(
            task.size,
            task.labels,
            drawn,
            seconds=self.habits.seconds(clicks + LOOKING_CLICKS),
            modified=seen.changes,
        )

    def _draw_all(
        self, task: Task, references: Sequence[ReferenceObject], rng: np.random.Generator
    ) -> list[DrawnObject]:
        drawn: list[DrawnObject] = []
        for reference in references:
            if self.habits.overlook(rng):
                continue
            label = self.habits.choose(reference.label, tuple(task.labels), rng)
            found = self._draw(task, reference, label, len(drawn) + 1, rng)
            if found is not None:
                drawn.append(found)
        return drawn

    def _draw(
        self,
        task: Task,
        reference: ReferenceObject,
        label: str,
        number: int,
        rng: np.random.Generator,
    ) -> DrawnObject | None:
        """Click one object; None when it is too small to be clicked."""
        points = self.habits.find_extremes(reference.mask, task.size, rng)
        if points is None:
            return None
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
            point = self.habits.stray(Point(click.x, click.y), task.size, rng)
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
            seconds=self.habits.seconds(4 + len(clicks)),
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
