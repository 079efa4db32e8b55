"""The portal's pages of tasks: the frame in which a worker goes through a job, and what is in it.

    GET  /jobs/<job>/work               the frame; ?task=<assignment> begins with that one
    GET  /jobs/<job>/next               takes a task and leads to it, or back to / if there is none;
                                        with ?wait=<seconds> it waits for one that long
    GET  /jobs/<job>/ahead              JSON: what the next task's page will read and prewarm
    GET  /tasks/<assignment>            the task's page, filled with Liquid; once it is submitted,
                                        the answer
    GET  /tasks/<assignment>/place      JSON: where it stands in the worker's trail
    POST /tasks/<assignment>/submit     JSON {"answerContent": {...}} -> {"next": address}
    GET  /tasks/<assignment>/correction         the page once more, to answer anew
    POST /tasks/<assignment>/correction/submit  puts that answer in the place of the first
    POST /tasks/<assignment>/release    gives the task back, for a `reason`
    POST /tasks/<assignment>/decline    gives it back for good, for a `reason`
    POST /tasks/<assignment>/retake     takes one that was given back again

An answer is on the disk before it is acknowledged; sending it again is acknowledged again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from werkzeug.routing import Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from scripts.local_ground_truth.assignments import Assignment
from scripts.local_ground_truth.job_services import JobServices
from scripts.local_ground_truth.job_store import UNFINISHED, DataObject, Job
from scripts.local_ground_truth.liquid import CROWD_SCRIPT, GrantReadAccess, TemplateError, render
from scripts.local_ground_truth.page_policy import page_policy
from scripts.local_ground_truth.portal_web import (
    Pages,
    PortalError,
    Sessions,
    answer_content,
    form_text,
    json_response,
    wants_html,
)
from scripts.local_ground_truth.task_ending import AssignmentState
from scripts.local_ground_truth.task_review import review_of
from scripts.local_ground_truth.task_trail import TaskTrail
from scripts.local_ground_truth.work_counts import WorkCounts

MAX_WAIT_SECONDS = 30.0
NEXT_TASK_SECONDS = 5
"""How long a page that has submitted waits for the next task: a batch is consolidated by then."""
MAX_LINKS_AHEAD = 12
LOCAL_CROWD_SCRIPT = "/static/crowd-html-elements.js"
REASONS = (
    "I am not sure what to label",
    "The photo cannot be judged",
    "It takes too long",
    "The page or the model does not work",
    "I need a break",
)
"""What a worker chooses from when giving a task back; other words may be written."""

TASK_ROUTES = [
    Rule("/jobs/<job>/work", endpoint="work", methods=["GET"]),
    Rule("/jobs/<job>/next", endpoint="next_task", methods=["GET"]),
    Rule("/jobs/<job>/ahead", endpoint="ahead", methods=["GET"]),
    Rule("/tasks/<assignment_id>", endpoint="task", methods=["GET"]),
    Rule("/tasks/<assignment_id>/place", endpoint="place", methods=["GET"]),
    Rule("/tasks/<assignment_id>/submit", endpoint="submit", methods=["POST"]),
    Rule("/tasks/<assignment_id>/correction", endpoint="correction", methods=["GET"]),
    Rule("/tasks/<assignment_id>/correction/submit", endpoint="correct", methods=["POST"]),
    Rule("/tasks/<assignment_id>/release", endpoint="release", methods=["POST"]),
    Rule("/tasks/<assignment_id>/decline", endpoint="decline", methods=["POST"]),
    Rule("/tasks/<assignment_id>/retake", endpoint="retake", methods=["POST"]),
]


class TaskViews:
    """The views of TASK_ROUTES.

    Args:
        grant_read_access: makes the links that pages read photos from.
        links_url, click_api_url: where those links lead and where pages send clicks.
    """

    def __init__(
        self,
        services: JobServices,
        sessions: Sessions,
        pages: Pages,
        grant_read_access: GrantReadAccess,
        *,
        links_url: str,
        click_api_url: str,
    ) -> None:
        self._services = services
        self._sessions = sessions
        self._pages = pages
        self._grant_read_access = grant_read_access
        self._links_url = links_url
        self._click_api_url = click_api_url
        self._trail = TaskTrail(services.jobs.database)
        self._counts = WorkCounts(services.jobs.database)
        self.views: dict[str, Callable[..., Response]] = {
            str(rule.endpoint): getattr(self, str(rule.endpoint)) for rule in TASK_ROUTES
        }

    def work(self, request: Request, job: str) -> Response:
        worker, found = self._sessions.signed_in(request), self._job(job)
        begin = f"/jobs/{quote(found.name)}/next"
        if "task" in request.args:
            begin = f"/tasks/{self._own(request, request.args['task']).assignment_id}"
        return self._pages.html(
            "work",
            worker=worker,
            job=found,
            title=found.task["TaskTitle"],
            begin=begin,
            reasons=REASONS,
        )

    def next_task(self, request: Request, job: str) -> Response:
        worker, found = self._sessions.signed_in(request), self._job(job)
        seconds = request.args.get("wait", 0.0, float)
        seconds = max(0.0, min(seconds, MAX_WAIT_SECONDS))
        assignment = self._take_task(found.name, worker, seconds)
        if assignment is None:
            return redirect(f"/?none={quote(found.name)}", 303, Response)
        return redirect(f"/tasks/{assignment.assignment_id}", 303, Response)

    def ahead(self, request: Request, job: str) -> Response:
        worker, found = self._sessions.signed_in(request), self._job(job)
        object_id = self._trail.ahead(found.name, worker)
        if object_id is None:
            return json_response({"links": [], "prewarm": None})
        data_object = self._services.jobs.data_object(found.name, object_id)
        task_input = self._task_input(data_object)
        grant_ref = task_input.get("grantRef", "") if isinstance(task_input, dict) else ""
        granted: list[str] = []

        def granting(address: str) -> str:
            link = self._grant_read_access(address)
            if address != grant_ref:  # which pages read once, and past the cache
                granted.append(link)
            return link

        self._fill(found, task_input, granting)
        prewarm = None
        if grant_ref and task_input.get("clickApi"):
            grant = self._grant_read_access(grant_ref)
            prewarm = {"grant": grant, "click_api": self._click_api_url}
        return json_response({"links": granted[:MAX_LINKS_AHEAD], "prewarm": prewarm})

    def task(self, request: Request, assignment_id: str) -> Response:
        assignment = self._own(request, assignment_id)
        if assignment.state is AssignmentState.OPEN:
            return self._task_page(assignment)
        if assignment.state is AssignmentState.SUBMITTED:
            return self._review_page(assignment)
        message = f"This task is not open any more: it was {assignment.state}."
        if not wants_html(request):
            raise PortalError(message, 410)
        return self._pages.html(
            "given_back",
            status=410,
            message=message,
            reason=assignment.reason,
            task=assignment,
            free=self._trail.can_take_again(assignment),
        )

    def place(self, request: Request, assignment_id: str) -> Response:
        assignment = self._own(request, assignment_id)
        place = self._trail.place(assignment)
        progress = self._counts.progress(assignment.job, assignment.worker)
        return json_response(
            {
                "state": assignment.state,
                "number": place.number,
                "count": place.count,
                "previous": place.previous,
                "next": place.next,
                "seconds_left": max(0.0, assignment.deadline - self._services.now()),
                "mine": progress.mine,
                "waiting": progress.waiting,
            }
        )

    def submit(self, request: Request, assignment_id: str) -> Response:
        worker = self._sessions.signed_in(request)
        answer = answer_content(request)
        assignment = self._services.assignments.submit(
            assignment_id, worker, answer, self._services.now()
        )
        return json_response(
            {"next": f"/jobs/{quote(assignment.job)}/next?wait={NEXT_TASK_SECONDS}"}
        )

    def correction(self, request: Request, assignment_id: str) -> Response:
        assignment = self._own(request, assignment_id)
        if not self._trail.is_correctable(assignment):
            return redirect(f"/tasks/{assignment.assignment_id}", 303, Response)
        return self._task_page(assignment)

    def correct(self, request: Request, assignment_id: str) -> Response:
        worker = self._sessions.signed_in(request)
        answer = answer_content(request)
        assignment = self._trail.correct(assignment_id, worker, answer, self._services.now())
        return json_response({"next": f"/tasks/{assignment.assignment_id}"})

    def release(self, request: Request, assignment_id: str) -> Response:
        worker, reason = self._sessions.signed_in(request), _reason(request)
        self._services.assignments.release(assignment_id, worker, self._services.now(), reason)
        return redirect("/", 303, Response)

    def decline(self, request: Request, assignment_id: str) -> Response:
        worker, reason = self._sessions.signed_in(request), _reason(request)
        self._services.assignments.decline(assignment_id, worker, self._services.now(), reason)
        return redirect("/", 303, Response)

    def retake(self, request: Request, assignment_id: str) -> Response:
        worker = self._sessions.signed_in(request)
        taken = self._trail.take_again(assignment_id, worker, self._services.now())
        return redirect(f"/tasks/{taken.assignment_id}", 303, Response)

    def _take_task(self, job: str, worker: str, seconds: float) -> Assignment | None:
        database = self._services.jobs.database
        deadline = time.monotonic() + seconds
        while True:
            changes = database.changes
            assignment = self._services.assignments.next_task(job, worker, self._services.now())
            remaining = deadline - time.monotonic()
            found = self._services.jobs.job(job)
            over = found is None or found.status not in UNFINISHED
            if assignment is not None or remaining <= 0 or over:
                return assignment
            database.wait_for_change(changes, remaining)

    def _job(self, name: str) -> Job:
        found = self._services.jobs.job(name)
        if found is None:
            raise PortalError(f"There is no labeling job named {name}.", 404)
        return found

    def _own(self, request: Request, assignment_id: str) -> Assignment:
        worker = self._sessions.signed_in(request)
        assignment = self._services.assignments.get(assignment_id)
        if assignment.worker != worker:
            raise PortalError("There is no such task for you.", 404)
        return assignment

    def _task_page(self, assignment: Assignment) -> Response:
        job = self._job(assignment.job)
        data_object = self._services.jobs.data_object(assignment.job, assignment.object_id)
        page = self._fill(job, self._task_input(data_object), self._grant_read_access)
        response = Response(
            page.replace(CROWD_SCRIPT, LOCAL_CROWD_SCRIPT), content_type="text/html; charset=utf-8"
        )
        response.headers["Content-Security-Policy"] = page_policy(
            job.template, links_url=self._links_url, click_api_url=self._click_api_url
        )
        return response

    def _review_page(self, assignment: Assignment) -> Response:
        data_object = self._services.jobs.data_object(assignment.job, assignment.object_id)
        source = self._task_input(data_object).get("taskObject")
        photo = self._grant_read_access(source) if str(source).startswith("s3://") else ""
        return self._pages.html(
            "review",
            review=review_of(json.loads(assignment.answer or "{}")),
            photo=photo,
            task=assignment,
            correctable=self._trail.is_correctable(assignment),
        )

    def _task_input(self, data_object: DataObject) -> Any:
        assert data_object.task_input is not None, "an assigned object has a task input"
        task_input = json.loads(data_object.task_input)
        if isinstance(task_input, dict) and task_input.get("clickApi"):
            # Its address may be another than when the task was made: see `LocalGroundTruth.host`.
            task_input["clickApi"] = self._click_api_url
        return task_input

    def _fill(self, job: Job, task_input: Any, grant_read_access: GrantReadAccess) -> str:
        try:
            return render(job.template, task_input, grant_read_access)
        except TemplateError as error:
            raise PortalError(str(error), 500) from error


def _reason(request: Request) -> str:
    """Chosen, written, or both."""
    parts = (form_text(request, "reason", 100), form_text(request, "words"))
    return ": ".join(part for part in parts if part)
