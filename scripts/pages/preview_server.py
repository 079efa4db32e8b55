"""Serves the page of a preview, and tells it when to load anew.

    GET  /          the page as the files are now, or what is wrong with them
    GET  /version   ?since=<version> is answered when there is another, or after a while
    POST /submit    what the page sends; handed on

There is no sign-in: it is on loopback, and takes nothing that another web page sent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from html import escape
from typing import TYPE_CHECKING, Any

import jinja2
import typer
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from hooks.core.errors import FewclickError
from scripts.local_ground_truth.liquid import CROWD_SCRIPT, GrantReadAccess, render
from scripts.local_ground_truth.page_policy import page_policy
from scripts.local_ground_truth.portal_web import (
    PortalError,
    answer_content,
    check_origin,
    harden,
    json_response,
    static_file,
)
from scripts.pages.preview_task import PreviewTask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LONGEST_WAIT_SECONDS = 20.0
SECONDS_BETWEEN_LOOKS = 0.25
LOCAL_CROWD_SCRIPT = "/static/crowd-html-elements.js"

_ROUTES = Map(
    [
        Rule("/", endpoint="page", methods=["GET"]),
        Rule("/version", endpoint="version", methods=["GET"]),
        Rule("/submit", endpoint="submit", methods=["POST"]),
        Rule("/static/live.js", endpoint="live_script", methods=["GET"]),
        Rule(LOCAL_CROWD_SCRIPT, endpoint="crowd_script", methods=["GET"]),
        Rule("/favicon.ico", endpoint="icon", methods=["GET"]),
    ]
)


class PreviewServer:
    """A WSGI application.

    Args:
        fingerprint: another text once a file has changed.
        make: makes the task; what it raises is shown in its place.
        on_answer: told what was submitted.
        links_url, click_api_url: where photos are and clicks go.
    """

    def __init__(
        self,
        fingerprint: Callable[[], str],
        make: Callable[[], PreviewTask],
        on_answer: Callable[[dict[str, Any]], None],
        grant_read_access: GrantReadAccess,
        *,
        links_url: str,
        click_api_url: str,
    ) -> None:
        self._fingerprint = fingerprint
        self._make = make
        self._on_answer = on_answer
        self._grant_read_access = grant_read_access
        self._links_url = links_url
        self._click_api_url = click_api_url
        self._closing = threading.Event()
        self._views: dict[str, Callable[[Request], Response]] = {
            "page": self.page,
            "version": self.version,
            "submit": self.submit,
            "live_script": lambda request: static_file("live.js", "application/javascript"),
            "crowd_script": lambda request: static_file(
                "crowd-html-elements.js", "application/javascript"
            ),
            "icon": lambda request: Response(status=204),
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            view, _ = _ROUTES.bind_to_environ(environ).match()
            if request.method == "POST":
                check_origin(request)
            response = self._views[view](request)
        except HTTPException as error:
            response = Response.from_app(error, environ)
        except PortalError as error:
            response = json_response({"message": str(error)}, error.status)
        harden(response)
        return response(environ, start_response)

    def close(self) -> None:
        """Let no page wait any longer."""
        self._closing.set()

    def page(self, request: Request) -> Response:
        version = self._fingerprint()
        live = f'<script src="/static/live.js" data-version="{version}"></script>'
        try:
            task = self._make()
            html = render(task.template, task.task_input, self._grant_read_access)
        except (FewclickError, typer.BadParameter, jinja2.TemplateError, OSError) as error:
            message = escape(f"{error}")
            html = f'<!doctype html><title>No page</title><pre role="alert">{message}</pre>{live}'
            return Response(html, 500, content_type="text/html; charset=utf-8")
        # Behind the page's own scripts, in no template of any job.
        html = html.replace(CROWD_SCRIPT, LOCAL_CROWD_SCRIPT) + live
        response = Response(html, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = page_policy(
            task.template, links_url=self._links_url, click_api_url=self._click_api_url
        )
        return response

    def version(self, request: Request) -> Response:
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        since = request.args.get("since", "")
        while (now := self._fingerprint()) == since and time.monotonic() < deadline:
            if self._closing.wait(SECONDS_BETWEEN_LOOKS):
                break
        return json_response({"version": now})

    def submit(self, request: Request) -> Response:
        self._on_answer(answer_content(request))
        return json_response({"next": None})
