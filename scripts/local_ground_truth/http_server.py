"""One WSGI application at one address, in a thread of its own.

Every stand-in that speaks HTTP runs in one of these, on 127.0.0.1 unless it is told an address in
the local network. Only requests that name that address are let in, so that a web page from
elsewhere that has rebound its own name to this machine gets nothing.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response

from hooks.core.errors import FewclickError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
SECONDS_TO_FINISH = 5.0
"""How long `stop` waits for requests that are being answered."""
SECONDS_TO_NOTICE_STOP = 0.2
SECONDS_OF_SILENCE = 120.0
"""How long a connection may keep a thread without a byte coming or going."""


class AddressError(FewclickError):
    """An address cannot be served at."""


class QuietRequestHandler(WSGIRequestHandler):
    """Logs through our own logger: the default prints every request to the terminal."""

    timeout = SECONDS_OF_SILENCE

    def log(self, type: str, message: str, *args: Any) -> None:
        logger.debug(message, *args)


class LocalServer:
    """Has its address from the moment it is made; serves from `start` to `stop`.

    Args:
        host: the address of this machine, or a name of it, under which it is to be reached.
        port: the port to take if it is free; otherwise, and for 0, any free one.
        handler: how requests are read, for applications that need it their own way.

    Raises:
        AddressError: `host` is no address of this machine that others could use.
    """

    def __init__(
        self,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        handler: type[WSGIRequestHandler] = QuietRequestHandler,
    ) -> None:
        self._host = host
        self._guarded = _GuardedApplication(_names_of(host))
        with _listening_socket(host, port) as listening:
            address = listening.getsockname()[0]
            self._server = ThreadedWSGIServer(
                address, port, self._guarded, handler, fd=listening.fileno()
            )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(SECONDS_TO_NOTICE_STOP,), daemon=True
        )

    @property
    def port(self) -> int:
        return int(self._server.port)

    @property
    def url(self) -> str:
        """`http://<host>:<port>`, without a slash at the end."""
        return f"http://{_in_url(self._host)}:{self.port}"

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

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._idle = threading.Condition()
        self._in_progress = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if host_name(environ.get("HTTP_HOST", "")) not in self._names:
            refusal = Response("This server answers to its own address only.\n", 421)
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


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches `host`."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _names_of(host: str) -> frozenset[str]:
    """What a Host header may say to a server at `host`."""
    return LOOPBACK_NAMES if is_loopback(host) else frozenset({_in_url(host).lower()})


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _listening_socket(host: str, port: int) -> socket.socket:
    family, address = _resolve(host)
    for candidate in (port, 0):
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((address, candidate))
        except OSError as error:
            listening.close()
            if candidate == 0:
                raise AddressError(
                    f"{host} cannot be served at: {error.strerror}. Name an address of this "
                    "machine."
                ) from error
            logger.info("port %d is taken, taking another", port)
            continue
        listening.listen(128)
        return listening
    raise AssertionError("a free port is either found or the search raises")


def _resolve(host: str) -> tuple[socket.AddressFamily, str]:
    """The address family and the address of `host`, IPv4 if it has one."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressError(f"{host!r} is no address or name that this machine knows.") from error
    family, *_, place = min(found, key=lambda each: each[0] != socket.AF_INET)
    address = str(place[0])
    if ipaddress.ip_address(address).is_unspecified:
        raise AddressError(
            f"{host} is every address and none: name the one under which the others reach this "
            "machine, such as 192.168.1.5."
        )
    return family, address
