"""AWS's own endpoints on loopback: S3 that lasts, Secrets Manager, and SageMaker's labeling jobs.

moto answers; this wraps it. A request to S3 that changes something is answered only after the
change is on the disk. A presigned link is served only if S3 would. Calls about labeling jobs,
which moto does not know, go to the control plane given, invocations of Lambda functions to this
machine's own. Everything else reaches moto as it is.
"""

from __future__ import annotations

import io
import logging
import os
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote_to_bytes
from xml.sax.saxutils import escape

from botocore.credentials import Credentials
from werkzeug.wrappers import Response

from hooks.core.errors import FewclickError
from scripts.local_ground_truth.clock import Clock
from scripts.local_ground_truth.lambda_api import INVOCATIONS
from scripts.local_ground_truth.presigned import check_request
from scripts.local_ground_truth.s3_disk import KeyOnDiskError, S3Disk
from scripts.local_ground_truth.s3_mirror import S3Mirror

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger(__name__)

ACCOUNT = "123456789012"
"""The account that moto plays."""
CHANGING_METHODS = frozenset({"PUT", "POST", "DELETE"})

_one_per_process = threading.Lock()


class CloudInUseError(FewclickError):
    """This process plays AWS already."""


class Cloud:
    """A WSGI application that plays AWS.

    One per process at a time: moto's state is the process's. `close` makes moto forget everything.

    Raises:
        CloudInUseError: there is another that has not been closed.

    Args:
        control_plane: answers a SageMaker operation; asked only for `control_plane_targets`.
        functions: answers Lambda's Invoke; None where there are none.
        credentials: the only ones that presigned links may be signed with.
    """

    def __init__(
        self,
        disk: S3Disk,
        credentials: Credentials,
        clock: Clock,
        *,
        control_plane: WSGIApplication,
        control_plane_targets: frozenset[str],
        functions: WSGIApplication | None = None,
    ) -> None:
        self._moto = _moto_application()
        self._disk = disk
        self._mirror = S3Mirror(disk, ACCOUNT)
        self._credentials = credentials
        self._clock = clock
        self._control_plane = control_plane
        self._control_plane_targets = control_plane_targets
        self._functions = functions
        # moto's dictionaries are not made for several threads, and the disk must follow them.
        self._lock = threading.RLock()
        if not _one_per_process.acquire(blocking=False):
            raise CloudInUseError("Only one local Ground Truth can run in a process at a time.")
        try:
            _reset_moto()
            self._mirror.load()
        except BaseException:
            _one_per_process.release()
            raise

    def close(self) -> None:
        with self._lock:
            _reset_moto()
        _one_per_process.release()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("HTTP_X_AMZ_TARGET") in self._control_plane_targets:
            return self._control_plane(environ, start_response)
        if self._functions is not None and INVOCATIONS.fullmatch(environ["PATH_INFO"]):
            # Not under the lock: a function asks this cloud for what it needs.
            return self._functions(environ, start_response)
        if environ["PATH_INFO"].startswith("/moto-api"):
            # Among other things it would erase everything, for any page that asks.
            return Response("Not found.\n", 404)(environ, start_response)
        _read_body(environ)
        with self._lock:
            application = self._moto.get_application(environ)
            if application.service == "s3":
                response = self._answer_s3(application, environ)
            else:
                response = Response.from_app(application, environ, buffered=True)
        return response(environ, start_response)

    def refusal(self, environ: WSGIEnvironment) -> Response | None:
        """How S3 would refuse a request for its signature; None if it would not."""
        url = f"http://{environ['HTTP_HOST']}{environ['REQUEST_URI']}"
        refusal = check_request(
            environ["REQUEST_METHOD"], url, _headers(environ), self._credentials, self._clock()
        )
        if refusal is None:
            return None
        bucket, _ = _bucket_and_key(environ)
        return self._error(403, refusal.code, refusal.message, bucket)

    def answer_link(self, environ: WSGIEnvironment) -> Response:
        """S3's answer to a request that only reads and that `refusal` had nothing against."""
        with self._lock:
            application = self._moto.get_application(environ)
            if application.service != "s3":
                return Response("Not found.\n", 404)
            return Response.from_app(application, environ, buffered=True)

    def _answer_s3(self, application: WSGIApplication, environ: WSGIEnvironment) -> Response:
        refused = self.refusal(environ)
        if refused is not None:
            return refused
        bucket, key = _bucket_and_key(environ)
        changes = environ["REQUEST_METHOD"] in CHANGING_METHODS
        try:
            if changes and key:
                self._disk.check(bucket, key)
            response = Response.from_app(application, environ, buffered=True)
            if changes and response.status_code < 300:
                self._write_through(environ, bucket, key)
        except KeyOnDiskError as error:
            return self._error(501, "NotImplemented", str(error), bucket)
        except OSError as error:
            # The disk is full or broken: what was not stored must not be acknowledged.
            logger.exception("s3://%s/%s could not be stored", bucket, key)
            return self._error(500, "InternalError", f"The disk refused: {error}", bucket)
        return response

    def _write_through(self, environ: WSGIEnvironment, bucket: str, key: str) -> None:
        if "partNumber" in parse_qs(environ["QUERY_STRING"]):
            return  # a part becomes an object when the upload is completed
        if key:
            self._mirror.mirror_object(bucket, key)
        elif environ["REQUEST_METHOD"] == "POST":
            self._mirror.mirror_objects(bucket)
        else:
            self._mirror.mirror_bucket(bucket)

    def _error(self, status: int, code: str, message: str, bucket: str) -> Response:
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>"
            "<RequestId>local</RequestId><HostId>local</HostId></Error>"
        )
        response = Response(body, status, content_type="application/xml")
        if self._mirror.allows_any_origin(bucket):
            response.headers["Access-Control-Allow-Origin"] = "*"
        return response


def cloud_request_handler() -> type[Any]:
    """moto's way of reading requests, which keeps underscores in header names, without its log."""
    from moto.moto_server.werkzeug_app import MotoRequestHandler

    from scripts.local_ground_truth.http_server import QuietRequestHandler

    return type("CloudRequestHandler", (QuietRequestHandler, MotoRequestHandler), {})


def _moto_application() -> Any:
    # moto reads this when it is first imported, and somebody else may have imported it already.
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"
    from moto.moto_server import werkzeug_app

    vars(werkzeug_app)["DISABLE_GLOBAL_CORS"] = True
    return werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)


def _reset_moto() -> None:
    from moto.moto_api._internal.models import moto_api_backend

    moto_api_backend.reset()


def _read_body(environ: WSGIEnvironment) -> None:
    """Take the body in before the lock, so that a slow client holds up nobody."""
    length = environ.get("CONTENT_LENGTH")
    if length:
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(int(length)))


def _bucket_and_key(environ: WSGIEnvironment) -> tuple[str, str]:
    path = unquote_to_bytes(environ["REQUEST_URI"].partition("?")[0]).decode("utf-8", "replace")
    bucket, _, key = path.removeprefix("/").partition("/")
    return bucket, key


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_MD5"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    return headers
