"""The requester's pages: how far the jobs are, how fast who works, and the team's pass codes.

GET  /requester                  sign in, or all jobs
POST /requester/sign-in          form field `pass_code`
POST /requester/sign-out
GET  /requester/jobs/<job>       one job: workers' pace, what was given back and why
GET  /requester/progress         JSON: the same of all jobs
GET  /requester/team             who has signed in
POST /requester/team             form field `name`: gives that worker a new pass code
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from werkzeug.routing import Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from scripts.local_ground_truth.accounts import Accounts
from scripts.local_ground_truth.job_description import label_counters
from scripts.local_ground_truth.job_services import JobServices
from scripts.local_ground_truth.job_store import UNFINISHED, Job
from scripts.local_ground_truth.pace import (
    WorkerPace,
    by_worker,
    per_hour,
    seconds_left,
    seconds_per_answer,
)
from scripts.local_ground_truth.portal_web import (
    Pages,
    PortalError,
    Sessions,
    form_text,
    json_response,
)
from scripts.local_ground_truth.work_counts import WorkCounts

REQUESTER_ROUTES = [
    Rule("/requester", endpoint="requester", methods=["GET"]),
    Rule("/requester/sign-in", endpoint="requester_sign_in", methods=["POST"]),
    Rule("/requester/sign-out", endpoint="requester_sign_out", methods=["POST"]),
    Rule("/requester/jobs/<job>", endpoint="requester_job", methods=["GET"]),
    Rule("/requester/progress", endpoint="requester_progress", methods=["GET"]),
    Rule("/requester/team", endpoint="team", methods=["GET"]),
    Rule("/requester/team", endpoint="give_pass_code", methods=["POST"]),
]


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job is.

    Attributes:
        counters: DescribeLabelingJob's LabelCounters.
        answers, needed: from all workers together.
        per_hour: answers, at the pace of the last hour.
        seconds_per_answer: the median.
        seconds_left: until all answers are there at that pace; None if nothing comes in.
    """

    name: str
    title: str
    status: str
    failure_reason: str | None
    counters: dict[str, int]
    answers: int
    needed: int
    open: int
    per_hour: float
    seconds_per_answer: float | None
    seconds_left: float | None
    workers: list[WorkerPace]


class RequesterViews:
    """The views of REQUESTER_ROUTES."""

    def __init__(
        self, services: JobServices, accounts: Accounts, sessions: Sessions, pages: Pages
    ) -> None:
        self._services = services
        self._accounts = accounts
        self._sessions = sessions
        self._pages = pages
        self._counts = WorkCounts(services.jobs.database)
        self.views: dict[str, Callable[..., Response]] = {
            str(rule.endpoint): getattr(self, str(rule.endpoint)) for rule in REQUESTER_ROUTES
        }

    def requester(self, request: Request) -> Response:
        if not self._sessions.is_requester(request):
            return self._pages.html("requester_sign_in", problem="")
        jobs = [self.progress_of(job) for job in self._services.jobs.jobs()]
        return self._pages.html("requester", jobs=jobs, unfinished=UNFINISHED)

    def requester_sign_in(self, request: Request) -> Response:
        token = self._accounts.sign_in_requester(
            form_text(request, "pass_code"),
            address=request.remote_addr or "",
            now=self._services.now(),
        )
        response = redirect("/requester", 303, Response)
        self._sessions.open(request, response, "requester", token)
        return response

    def requester_sign_out(self, request: Request) -> Response:
        response = redirect("/requester", 303, Response)
        self._sessions.close(request, response, "requester")
        return response

    def requester_job(self, request: Request, job: str) -> Response:
        self._check(request)
        found = self._services.jobs.job(job)
        if found is None:
            raise PortalError(f"There is no labeling job named {job}.", 404)
        return self._pages.html(
            "requester_job",
            job=self.progress_of(found),
            unfinished=UNFINISHED,
            now=self._services.now(),
        )

    def requester_progress(self, request: Request) -> Response:
        self._check(request)
        jobs = [asdict(self.progress_of(job)) for job in self._services.jobs.jobs()]
        return json_response({"jobs": jobs})

    def team(self, request: Request) -> Response:
        self._check(request)
        return self._team_page("", "")

    def give_pass_code(self, request: Request) -> Response:
        self._check(request)
        name = form_text(request, "name")
        code = self._accounts.give_pass_code(name, self._services.now())
        return self._team_page(name, code)

    def progress_of(self, job: Job) -> JobProgress:
        now = self._services.now()
        seen = self._counts.progress(job.name, "")
        answers = self._counts.answered(job.name)
        rate = per_hour(answers, now) if job.status in UNFINISHED else 0.0
        return JobProgress(
            name=job.name,
            title=str(job.task["TaskTitle"]),
            status=job.status,
            failure_reason=job.failure_reason,
            counters=label_counters(self._services.jobs.count_objects(job.name)),
            answers=seen.answers,
            needed=seen.needed,
            open=self._counts.open(job.name),
            per_hour=rate,
            seconds_per_answer=seconds_per_answer(answers),
            seconds_left=(
                seconds_left(seen.needed - seen.answers, rate) if job.status in UNFINISHED else 0.0
            ),
            workers=by_worker(answers, self._counts.given_back(job.name), now),
        )

    def _team_page(self, name: str, code: str) -> Response:
        return self._pages.html(
            "team",
            accounts=self._accounts.all(),
            in_network=self._accounts.in_network,
            invitation=self._accounts.invitation,
            name=name,
            code=code,
            now=self._services.now(),
        )

    def _check(self, request: Request) -> None:
        if not self._sessions.is_requester(request):
            raise PortalError("Sign in as the requester first.", 401)
