"""A rendered worker page, read as a browser reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from hooks.core.categories import LabelCategories
from hooks.core.errors import FewclickError
from hooks.core.geometry import Size


class SimulationError(FewclickError):
    """A simulated worker cannot go on: the portal or the click API refuses what it sends."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as its page tells it.

    Attributes:
        grant_link: "" where there is no click service.
        earlier_link: to the mask that the task begins with; "" without one.
        job: what the page's scripts know of the job.
        field: of the form, that holds the answer.
    """

    url: str
    task_input: dict[str, Any]
    photo_link: str
    grant_link: str
    earlier_link: str
    job: dict[str, Any]
    labels: LabelCategories
    field: str

    @property
    def kind(self) -> str:
        return str(self.job["kind"])

    @property
    def earlier(self) -> dict[str, Any] | None:
        """The label that the task begins with, as the pre-annotation hook tells it."""
        found: dict[str, Any] | None = self.task_input.get("earlier")
        return found

    @property
    def size(self) -> Size:
        image = self.task_input["image"]
        return Size(image["width"], image["height"])


class _PageReader(HTMLParser):
    """Finds the task's attributes and the job's JSON in the rendered page."""

    def __init__(self) -> None:
        super().__init__()
        self.task: dict[str, str] = {}
        self.earlier_link = ""
        self.field = ""
        self.job = ""
        self._in_job = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if values.get("id") == "task":
            self.task = values
        if values.get("id") == "earlier":
            self.earlier_link = values.get("data-mask", "")
        if values.get("id") == "answer":
            self.field = values.get("name", "")
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
        raise SimulationError(f"{url} is not a page of a task.")
    job = json.loads(reader.job)
    return Task(
        url=url,
        task_input=json.loads(reader.task["data-task"]),
        photo_link=reader.task["data-photo"],
        grant_link=reader.task.get("data-grant", ""),
        earlier_link=reader.earlier_link,
        job=job,
        field=reader.field,
        labels=LabelCategories.from_names([label["name"] for label in job["labels"]]),
    )
