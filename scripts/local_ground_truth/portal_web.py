"""What all of the portal's pages share: sessions in cookies, refusals, headers, templates."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from scripts.local_ground_truth.accounts import SESSION_SECONDS, Accounts

HERE = Path(__file__).parent
MAX_ANSWER_BYTES = 8 * 1024 * 1024
MAX_FORM_BYTES = 64 * 1024
OWN_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: {links}; "
    "connect-src 'self' {links} {click_api}; frame-src 'self'; form-action 'self'; "
    "frame-ancestors 'self'; base-uri 'none'"
)


class PortalError(Exception):
    """A request that is refused; the message is for the worker."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Pages:
    """The portal's own pages.

    Args:
        links_url, click_api_url: what they may talk to besides the portal.
    """

    def __init__(self, links_url: str, click_api_url: str) -> None:
        self._policy = OWN_POLICY.format(links=links_url, click_api=click_api_url)
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "portal"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["duration"] = duration

    def html(self, view: str, status: int = 200, **values: Any) -> Response:
        page = self._environment.get_template(f"{view}.html.j2").render(**values)
        response = Response(page, status, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = self._policy
        return response


class Sessions:
    """Cookies of workers and of the requester, one each, so that a browser may be both."""

    def __init__(self, accounts: Accounts, now: Callable[[], float]) -> None:
        self._accounts = accounts
        self._now = now

    def worker(self, request: Request) -> str | None:
        """The name of the worker who is signed in."""
        token = request.cookies.get(_cookie("worker", request))
        return self._accounts.worker(token, self._now()) if token else None

    def signed_in(self, request: Request) -> str:
        worker = self.worker(request)
        if worker is None:
            raise PortalError("Sign in first.", 401)
        return worker

    def is_requester(self, request: Request) -> bool:
        token = request.cookies.get(_cookie("requester", request))
        return bool(token) and self._accounts.is_requester(str(token), self._now())

    def open(self, request: Request, response: Response, role: str, token: str) -> None:
        response.set_cookie(
            _cookie(role, request),
            token,
            max_age=int(SESSION_SECONDS),
            samesite="Strict",
            httponly=True,
        )

    def close(self, request: Request, response: Response, role: str) -> None:
        token = request.cookies.get(_cookie(role, request))
        if token:
            self._accounts.sign_out(token)
        response.delete_cookie(_cookie(role, request), samesite="Strict", httponly=True)


def _cookie(role: str, request: Request) -> str:
    """Cookies are one machine's, whatever the port: two portals must not take each other's."""
    return f"{role}-{request.host.rpartition(':')[2]}"


def check_origin(request: Request) -> None:
    """Refuse what another web page sent; programs send no Origin and are let in."""
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.host_url.rstrip("/"):
        raise PortalError("This came from another web page.", 403)


def harden(response: Response) -> None:
    """Headers that every answer has."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"


def wants_html(request: Request) -> bool:
    return "text/html" in request.headers.get("Accept", "")


def json_response(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


def static_file(name: str, kind: str) -> Response:
    content = (HERE / "static" / name).read_bytes()
    return Response(content, content_type=f"{kind}; charset=utf-8")


def form_text(request: Request, name: str, most: int = 500) -> str:
    """A form's field, spaces at its ends gone."""
    request.max_content_length = MAX_FORM_BYTES
    try:
        value = request.form.get(name, "")
    except RequestEntityTooLarge as error:
        raise PortalError("The form is too large.", 413) from error
    return value.strip()[:most]


def answer_content(request: Request) -> dict[str, Any]:
    """The answer that a task's page has sent."""
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


def duration(seconds: float | None) -> str:
    """`45 s`, `12 min`, `3.5 h`, `2 days`; a dash for nothing."""
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.0f} days"


def _refuse_constant(name: str) -> None:
    """Python would read NaN and Infinity, and write them into files that others cannot read."""
    raise ValueError(f"{name} is not JSON")
