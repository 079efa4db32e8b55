"""The worker portal: where people, and programs that play people, sign in and do tasks.

    GET  /                              sign in, or the jobs and the tasks that one has open
    POST /sign-in                       form fields `name`, `pass_code`, `invitation`
    POST /sign-out
    GET  /me                            a worker's own pace, and agreement with the others
    GET  /progress                      JSON: all jobs, as the worker who is signed in sees them

Tasks are in `task_views`, the requester's pages in `requester_views`.

Not protected: nothing is encrypted, so that whoever can read the network's traffic can read pass
codes, sessions and photos. It is for this machine, or for a network whose users are trusted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from scripts.local_ground_truth.accounts import MAX_NAME_CHARACTERS, Accounts, SignInError
from scripts.local_ground_truth.assignments import AssignmentError, worker_id
from scripts.local_ground_truth.job_description import label_counters
from scripts.local_ground_truth.job_services import JobServices
from scripts.local_ground_truth.job_store import UNFINISHED, Job, JobStatus
from scripts.local_ground_truth.liquid import GrantReadAccess
from scripts.local_ground_truth.pace import per_hour, seconds_per_answer
from scripts.local_ground_truth.pass_codes import MIN_CHARACTERS, PassCodeError
from scripts.local_ground_truth.portal_web import (
    Pages,
    PortalError,
    Sessions,
    check_origin,
    form_text,
    harden,
    json_response,
    static_file,
    wants_html,
)
from scripts.local_ground_truth.requester_views import REQUESTER_ROUTES, RequesterViews
from scripts.local_ground_truth.task_views import TASK_ROUTES, TaskViews
from scripts.local_ground_truth.work_counts import WorkCounts
from scripts.local_ground_truth.worker_standing import standing_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)

STATIC = {
    "crowd-html-elements.js": "application/javascript",
    "work.js": "application/javascript",
    "progress.js": "application/javascript",
    "portal.css": "text/css",
}

_ROUTES = Map(
    [
        Rule("/", endpoint="home", methods=["GET"]),
        Rule("/sign-in", endpoint="sign_in", methods=["POST"]),
        Rule("/sign-out", endpoint="sign_out", methods=["POST"]),
        Rule("/me", endpoint="me", methods=["GET"]),
        Rule("/progress", endpoint="progress", methods=["GET"]),
        Rule("/static/<name>", endpoint="static", methods=["GET"]),
        Rule("/favicon.ico", endpoint="icon", methods=["GET"]),
        *TASK_ROUTES,
        *REQUESTER_ROUTES,
    ],
    strict_slashes=False,
)


class WorkerPortal:
    """A WSGI application.

    Args:
        grant_read_access: makes the links that pages read photos from.
        links_url, click_api_url: where those links lead and where pages send clicks.
    """

    def __init__(
        self,
        services: JobServices,
        accounts: Accounts,
        grant_read_access: GrantReadAccess,
        *,
        links_url: str,
        click_api_url: str,
    ) -> None:
        self._services = services
        self._accounts = accounts
        self._counts = WorkCounts(services.jobs.database)
        self._sessions = Sessions(accounts, services.now)
        self._pages = Pages(links_url, click_api_url)
        tasks = TaskViews(
            services,
            self._sessions,
            self._pages,
            grant_read_access,
            links_url=links_url,
            click_api_url=click_api_url,
        )
        requester = RequesterViews(services, accounts, self._sessions, self._pages)
        self._views: dict[str, Callable[..., Response]] = {
            "home": self.home,
            "sign_in": self.sign_in,
            "sign_out": self.sign_out,
            "me": self.me,
            "progress": self.progress,
            "static": self.static,
            # Browsers ask for one beside every task's page; a 404 would look like its fault.
            "icon": lambda request: Response(status=204),
            **tasks.views,
            **requester.views,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = self._answer(Request(environ))
        harden(response)
        return response(environ, start_response)

    def home(self, request: Request) -> Response:
        worker = self._sessions.worker(request)
        if worker is None:
            return self._sign_in_page()
        jobs = [self._job_row(job, worker) for job in self._services.jobs.jobs()]
        return self._pages.html(
            "home",
            worker=worker,
            jobs=jobs,
            held=self._services.assignments.held(worker),
            none_now=request.args.get("none", ""),
            wait=any(job["status"] in UNFINISHED for job in jobs),
        )

    def sign_in(self, request: Request) -> Response:
        token = self._accounts.sign_in(
            form_text(request, "name"),
            form_text(request, "pass_code"),
            form_text(request, "invitation"),
            address=request.remote_addr or "",
            now=self._services.now(),
        )
        response = redirect("/", 303, Response)
        self._sessions.open(request, response, "worker", token)
        return response

    def sign_out(self, request: Request) -> Response:
        response = redirect("/", 303, Response)
        self._sessions.close(request, response, "worker")
        return response

    def me(self, request: Request) -> Response:
        worker = self._sessions.signed_in(request)
        rows = []
        now = self._services.now()
        for job in self._services.jobs.jobs():
            answers = self._counts.answered(job.name, worker)
            if answers:
                own_id = worker_id(self._services.region, worker)
                rows.append(
                    {
                        "name": job.name,
                        "title": job.task["TaskTitle"],
                        "answers": len(answers),
                        "seconds": seconds_per_answer(answers),
                        "per_hour": per_hour(answers, now),
                        "standing": standing_of(own_id, job, self._services.objects),
                    }
                )
        return self._pages.html("me", worker=worker, jobs=rows)

    def progress(self, request: Request) -> Response:
        worker = self._sessions.signed_in(request)
        jobs = [self._job_row(job, worker) for job in self._services.jobs.jobs()]
        return json_response({"jobs": jobs})

    def static(self, request: Request, name: str) -> Response:
        if name not in STATIC:
            raise PortalError("There is no such file.", 404)
        return static_file(name, STATIC[name])

    def _answer(self, request: Request) -> Response:
        try:
            view, arguments = _ROUTES.bind_to_environ(request.environ).match()
            if request.method == "POST":
                check_origin(request)
            return self._views[view](request, **arguments)
        except HTTPException as error:
            return Response.from_app(error, request.environ)
        except (SignInError, PassCodeError) as error:
            return self._sign_in_refusal(request, error)
        except (PortalError, AssignmentError) as error:
            return self._refusal(request, str(error), error.status)

    def _job_row(self, job: Job, worker: str) -> dict[str, Any]:
        progress = self._counts.progress(job.name, worker)
        in_progress = job.status is JobStatus.IN_PROGRESS
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
            "queue": progress.waiting if in_progress else 0,
            "waiting": in_progress and (progress.held > 0 or progress.waiting > 0),
        }

    def _sign_in_page(self, problem: str = "", status: int = 200, name: str = "") -> Response:
        return self._pages.html(
            "sign_in",
            status=status,
            problem=problem,
            name=name,
            in_network=self._accounts.in_network,
            max_name=MAX_NAME_CHARACTERS,
            min_code=MIN_CHARACTERS,
        )

    def _sign_in_refusal(self, request: Request, error: Exception) -> Response:
        status = error.status if isinstance(error, SignInError) else 400
        logger.warning("sign-in from %s refused: %s", request.remote_addr, error)
        if not wants_html(request):
            return json_response({"message": str(error)}, status)
        if request.path.startswith("/requester/sign-in"):
            return self._pages.html("requester_sign_in", status=status, problem=str(error))
        if request.path.startswith("/requester"):
            return self._refusal(request, str(error), status)
        return self._sign_in_page(str(error), status, form_text(request, "name"))

    def _refusal(self, request: Request, message: str, status: int) -> Response:
        """As JSON to a page's script, as a page to a person."""
        if request.path.endswith("/submit") or not wants_html(request):
            return json_response({"message": message}, status)
        back = "/requester" if request.path.startswith("/requester") else "/"
        return self._pages.html("problem", status=status, message=message, back=back)
