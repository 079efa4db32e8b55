"""One WSGI application on 127.0.0.1, in a thread of its own.

Every stand-in that speaks HTTP runs in one of these. Only requests that were addressed to this
machine by a loopback name are let in, so that a web page from elsewhere that has rebound its
own name to 127.0.0.1 gets nothing.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
SECONDS_TO_FINISH = 5.0
"""How long `stop` waits for requests that are being answered."""
SECONDS_TO_NOTICE_STOP = 0.2


class QuietRequestHandler(WSGIRequestHandler):
    """Logs through our own logger: the default prints every request to the terminal."""

    def log(self, type: str, message: str, *args: Any) -> None:
        logger.debug(message, *args)


class LoopbackServer:
    """Has its address from the moment it is made; serves from `start` to `stop`.

    Args:
        port: the port to take if it is free; otherwise, and for 0, any free one.
        handler: how requests are read, for applications that need it their own way.
    """

    def __init__(
        self, *, port: int = 0, handler: type[WSGIRequestHandler] = QuietRequestHandler
    ) -> None:
        self._guarded = _GuardedApplication()
        with _listening_socket(port) as listening:
            self._server = ThreadedWSGIServer(
                LOOPBACK, port, self._guarded, handler, fd=listening.fileno()
            )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(SECONDS_TO_NOTICE_STOP,), daemon=True
        )

    @property
    def port(self) -> int:
        return int(self._server.port)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:<port>`, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self, application: WSGIApplication) -> None:
        self._guarded.application = application
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests, and let those that are being answered finish."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._guarded.wait_until_idle(SECONDS_TO_FINISH)
        else:
            self._server.server_close()


class _GuardedApplication:
    """Turns away foreign host names and counts what is in progress."""

    application: WSGIApplication

    def __init__(self) -> None:
        self._idle = threading.Condition()
        self._in_progress = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if host_name(environ.get("HTTP_HOST", "")) not in LOOPBACK_NAMES:
            refusal = Response("This server answers to this machine only.\n", 421)
            return refusal(environ, start_response)
        with self._idle:
            self._in_progress += 1
        try:
            return self.application(environ, start_response)
        finally:
            with self._idle:
                self._in_progress -= 1
                self._idle.notify_all()

    def wait_until_idle(self, seconds: float) -> None:
        with self._idle:
            self._idle.wait_for(lambda: self._in_progress == 0, seconds)


def host_name(host: str) -> str:
    """The name in a Host header, without its port: `localhost` of `localhost:8080`."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()


def _listening_socket(port: int) -> socket.socket:
    for candidate in (port, 0):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((LOOPBACK, candidate))
        except OSError:
            listening.close()
            if candidate == 0:
                raise
            logger.info("port %d is taken, taking another", port)
            continue
        listening.listen(128)
        return listening
    raise AssertionError("a free port is either found or the search raises")
