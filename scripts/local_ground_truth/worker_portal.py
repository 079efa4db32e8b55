"""The worker portal: where people, and programs that play people, sign in and do tasks.

    GET  /                              sign in, or the jobs and the task that one has open
    POST /sign-in                       form field `name`; a cookie remembers it
    POST /sign-out
    GET  /jobs/<job>/next               takes a task and leads to it, or back to / if there is none;
                                        with ?wait=<seconds> it waits for one that long
    GET  /tasks/<assignment>            the task's page, filled with Liquid
    POST /tasks/<assignment>/submit     JSON {"answerContent": {...}} -> {"next": address}
    POST /tasks/<assignment>/release    gives the task back
    POST /tasks/<assignment>/decline    gives it back for good
    GET  /progress                      JSON: all jobs, as the worker who is signed in sees them

It binds to loopback only, and takes nothing that another web page sent. An answer is on the disk
before it is acknowledged; sending it again is acknowledged again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import jinja2
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from scripts.local_ground_truth.assignments import Assignment, AssignmentError
from scripts.local_ground_truth.job_description import label_counters
from scripts.local_ground_truth.job_services import JobServices
from scripts.local_ground_truth.job_store import UNFINISHED, Job, JobStatus
from scripts.local_ground_truth.liquid import CROWD_SCRIPT, GrantReadAccess, TemplateError, render
from scripts.local_ground_truth.task_ending import AssignmentState

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HERE = Path(__file__).parent
MAX_ANSWER_BYTES = 8 * 1024 * 1024
MAX_NAME_CHARACTERS = 64
MAX_WAIT_SECONDS = 30.0
NEXT_TASK_SECONDS = 5
"""How long a page that has submitted waits for the next task: a batch is consolidated by then."""
COOKIE = "worker"
LOCAL_CROWD_SCRIPT = "/static/crowd-html-elements.js"

_ROUTES = Map(
    [
        Rule("/", endpoint="home", methods=["GET"]),
        Rule("/sign-in", endpoint="sign_in", methods=["POST"]),
        Rule("/sign-out", endpoint="sign_out", methods=["POST"]),
        Rule("/jobs/<job>/next", endpoint="next_task", methods=["GET"]),
        Rule("/tasks/<assignment_id>", endpoint="task", methods=["GET"]),
        Rule("/tasks/<assignment_id>/submit", endpoint="submit", methods=["POST"]),
        Rule("/tasks/<assignment_id>/release", endpoint="release", methods=["POST"]),
        Rule("/tasks/<assignment_id>/decline", endpoint="decline", methods=["POST"]),
        Rule("/progress", endpoint="progress", methods=["GET"]),
        Rule(LOCAL_CROWD_SCRIPT, endpoint="crowd_script", methods=["GET"]),
        Rule("/favicon.ico", endpoint="icon", methods=["GET"]),
    ],
    strict_slashes=False,
)


class PortalError(Exception):
    """A request that is refused; the message is for the worker."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class WorkerPortal:
    """A WSGI application.

    Args:
        grant_read_access: makes the links that pages read photos from.
    """

    def __init__(self, services: JobServices, grant_read_access: GrantReadAccess) -> None:
        self._services = services
        self._grant_read_access = grant_read_access
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined
        )
        self._page = environment.get_template("portal.html.j2")
        self._views: dict[str, Callable[..., Response]] = {
            "home": self.home,
            "sign_in": self.sign_in,
            "sign_out": self.sign_out,
            "next_task": self.next_task,
            "task": self.task,
            "submit": self.submit,
            "release": self.release,
            "decline": self.decline,
            "progress": self.progress,
            "crowd_script": self.crowd_script,
            # Browsers ask for one beside every task's page; a 404 would look like its fault.
            "icon": lambda request: Response(status=204),
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        response: Response | HTTPException
        try:
            view, arguments = _ROUTES.bind_to_environ(environ).match()
            if request.method == "POST":
                _check_origin(request)
            response = self._views[view](request, **arguments)
        except HTTPException as error:
            response = error
        except (PortalError, AssignmentError) as error:
            response = self._refusal(request, str(error), error.status)
        return response(environ, start_response)

    def home(self, request: Request) -> Response:
        worker = _worker(request)
        if worker is None:
            return self._html("sign-in")
        jobs = [self._job_row(job, worker) for job in self._services.jobs.jobs()]
        return self._html(
            "home",
            worker=worker,
            jobs=jobs,
            held=self._services.assignments.held(worker),
            none_now=request.args.get("none", ""),
            wait=any(job["status"] in UNFINISHED for job in jobs),
        )

    def sign_in(self, request: Request) -> Response:
        name = " ".join(request.form.get("name", "").split())
        if not 0 < len(name) <= MAX_NAME_CHARACTERS:
            raise PortalError(f"A name has 1 to {MAX_NAME_CHARACTERS} characters.", 400)
        response = redirect("/", 303, Response)
        response.set_cookie(COOKIE, quote(name), samesite="Strict", httponly=True)
        return response

    def sign_out(self, request: Request) -> Response:
        response = redirect("/", 303, Response)
        response.delete_cookie(COOKIE, samesite="Strict", httponly=True)
        return response

    def next_task(self, request: Request, job: str) -> Response:
        worker = _signed_in(request)
        found = self._services.jobs.job(job)
        if found is None:
            raise PortalError(f"There is no labeling job named {job}.", 404)
        seconds = request.args.get("wait", 0.0, float)
        seconds = max(0.0, min(seconds, MAX_WAIT_SECONDS))
        assignment = self._take_task(found.name, worker, seconds)
        if assignment is None:
            return redirect(f"/?none={quote(found.name)}", 303, Response)
        return redirect(f"/tasks/{assignment.assignment_id}", 303, Response)

    def task(self, request: Request, assignment_id: str) -> Response:
        assignment = self._own(request, assignment_id)
        if assignment.state is not AssignmentState.OPEN:
            raise PortalError(f"This task is not open any more: it was {assignment.state}.", 410)
        job = self._services.jobs.job(assignment.job)
        data_object = self._services.jobs.data_object(assignment.job, assignment.object_id)
        assert job is not None
        assert data_object.task_input is not None, "an assigned object has a task input"
        try:
            page = render(job.template, json.loads(data_object.task_input), self._grant_read_access)
        except TemplateError as error:
            raise PortalError(str(error), 500) from error
        response = Response(
            page.replace(CROWD_SCRIPT, LOCAL_CROWD_SCRIPT), content_type="text/html; charset=utf-8"
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    def submit(self, request: Request, assignment_id: str) -> Response:
        worker = _signed_in(request)
        answer = _answer_content(request)
        assignment = self._services.assignments.submit(
            assignment_id, worker, answer, self._services.now()
        )
        return _json({"next": f"/jobs/{quote(assignment.job)}/next?wait={NEXT_TASK_SECONDS}"})

    def release(self, request: Request, assignment_id: str) -> Response:
        worker = _signed_in(request)
        self._services.assignments.release(assignment_id, worker, self._services.now())
        return redirect("/", 303, Response)

    def decline(self, request: Request, assignment_id: str) -> Response:
        worker = _signed_in(request)
        self._services.assignments.decline(assignment_id, worker, self._services.now())
        return redirect("/", 303, Response)

    def progress(self, request: Request) -> Response:
        worker = _worker(request) or ""
        return _json({"jobs": [self._job_row(job, worker) for job in self._services.jobs.jobs()]})

    def crowd_script(self, request: Request) -> Response:
        script = (HERE / "static" / "crowd-html-elements.js").read_bytes()
        return Response(script, content_type="application/javascript;CHARSET=UTF-8")

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

    def _own(self, request: Request, assignment_id: str) -> Assignment:
        worker = _signed_in(request)
        assignment = self._services.assignments.get(assignment_id)
        if assignment.worker != worker:
            raise PortalError("There is no such task for you.", 404)
        return assignment

    def _job_row(self, job: Job, worker: str) -> dict[str, Any]:
        progress = self._services.assignments.progress(job.name, worker)
        return {
            "name": job.name,
            "title": job.task["TaskTitle"],
            "description": job.task["TaskDescription"],
            "status": job.status,
            "failure_reason": job.failure_reason,
            "counters": label_counters(self._services.jobs.count_objects(job.name)),
            "answers": progress.answers,
            "needed": progress.needed,
            "mine": progress.mine,
            "waiting": progress.waiting and job.status is JobStatus.IN_PROGRESS,
        }

    def _refusal(self, request: Request, message: str, status: int) -> Response:
        """As JSON to a page's script, as a page to a person."""
        if request.path.endswith("/submit") or "text/html" not in request.headers.get("Accept", ""):
            return _json({"message": message}, status)
        response = self._html("problem", message=message)
        response.status_code = status
        return response

    def _html(self, view: str, **values: Any) -> Response:
        page = self._page.render(view=view, **values)
        response = Response(page, content_type="text/html; charset=utf-8")
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'self'; "
            "frame-ancestors 'none'"
        )
        return response


def _answer_content(request: Request) -> dict[str, Any]:
    request.max_content_length = MAX_ANSWER_BYTES
    try:
        body = json.loads(request.get_data(), parse_constant=_refuse_constant)
    except RequestEntityTooLarge as error:
        megabytes = MAX_ANSWER_BYTES // 1024 // 1024
        raise PortalError(f"The answer is larger than {megabytes} MB.", 413) from error
    except (ValueError, RecursionError) as error:
        raise PortalError("The answer is not JSON.", 400) from error
    answer = body.get("answerContent") if isinstance(body, dict) else None
    if not isinstance(answer, dict):
        raise PortalError('The answer needs an object "answerContent".', 400)
    return answer


def _refuse_constant(name: str) -> None:
    """Python would read NaN and Infinity, and write them into files that others cannot read."""
    raise ValueError(f"{name} is not JSON")


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


def _worker(request: Request) -> str | None:
    name = request.cookies.get(COOKIE)
    return unquote(name) if name else None


def _signed_in(request: Request) -> str:
    worker = _worker(request)
    if worker is None:
        raise PortalError("Sign in first.", 401)
    return worker


def _check_origin(request: Request) -> None:
    """Refuse what another web page sent; programs send no Origin and are let in."""
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.host_url.rstrip("/"):
        raise PortalError("This came from another web page.", 403)
