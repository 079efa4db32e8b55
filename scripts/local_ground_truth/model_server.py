"""The model endpoint's container: our own server in a process of its own, kept running."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from hooks.core.errors import FewclickError
from scripts.local_ground_truth import guarded_process
from scripts.local_ground_truth.http_server import LOOPBACK

logger = logging.getLogger(__name__)

SECONDS_TO_START = 240.0
"""SageMaker gives a container four minutes to pass its first health check."""
SECONDS_BETWEEN_PINGS = 0.2
SECONDS_PER_PING = 2.0
SECONDS_BEFORE_RESTART = 1.0
CLICK_SERVER = "model_endpoint.server"
REPOSITORY = Path(__file__).parents[2]


class ModelServerError(FewclickError):
    """The model server does not start."""


class ModelServer:
    """`python -m model_endpoint.server`, or another of ours, started again whenever it ends.

    Args:
        model_dir: the model to serve; None for the one that the repository ships.
        machine: addresses of the stand-ins, credentials and region.
        log: where its output is appended.
        module: which server it is.
    """

    def __init__(
        self,
        model_dir: Path | None,
        machine: Mapping[str, str],
        log: Path,
        module: str = CLICK_SERVER,
    ) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log
        self._port = _free_port()
        self.url = f"http://{LOOPBACK}:{self._port}"
        self._command = command_line(self._port, model_dir, module)
        self._environment = process_environment(machine)
        self._stopping = threading.Event()
        # Held while a process is started or ended, so that none is started behind `stop`.
        self._changing = threading.Lock()
        self._process = self._start()
        self._watch = threading.Thread(target=self._restart_when_it_ends, daemon=True)
        self._watch.start()

    def wait_until_healthy(self, seconds: float = SECONDS_TO_START) -> None:
        """Return when `/ping` answers 200.

        Raises:
            ModelServerError: it does not within `seconds`; the message has the end of its log.
        """
        deadline = time.monotonic() + seconds
        while not self.is_healthy():
            if time.monotonic() > deadline or self._stopping.is_set():
                tail = self._log.read_text(errors="replace")[-2000:]
                raise ModelServerError(f"The model server does not start. {self._log}:\n{tail}")
            time.sleep(SECONDS_BETWEEN_PINGS)

    def is_healthy(self) -> bool:
        try:
            return httpx.get(
                f"{self.url}/ping", timeout=SECONDS_PER_PING, trust_env=False
            ).is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        with self._changing:
            self._stopping.set()
            self._end()
        self._watch.join()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as output:
            return subprocess.Popen(
                self._command,
                cwd=REPOSITORY,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _restart_when_it_ends(self) -> None:
        while True:
            status = self._process.wait()
            if self._stopping.is_set():
                return
            logger.warning("the model server ended with status %d; starting it again", status)
            self._close_stdin()
            self._stopping.wait(SECONDS_BEFORE_RESTART)
            with self._changing:
                if self._stopping.is_set():
                    return
                self._process = self._start()

    def _end(self) -> None:
        self._close_stdin()
        try:
            self._process.wait(2 * guarded_process.SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)  # the guard and the server

    def _close_stdin(self) -> None:
        """The sign for the process to end."""
        assert self._process.stdin is not None
        self._process.stdin.close()


def command_line(port: int, model_dir: Path | None, module: str = CLICK_SERVER) -> list[str]:
    """The server, inside a guard that ends it when this process is gone."""
    guard = [sys.executable, "-P", str(Path(guarded_process.__file__))]
    server = [sys.executable, "-m", module, "--host", LOOPBACK]
    where = [] if model_dir is None else ["--model-dir", str(model_dir.resolve())]
    return [*guard, *server, "--port", str(port), *where]


def process_environment(machine: Mapping[str, str]) -> dict[str, str]:
    """Of a process that talks to this machine's stand-ins and never to AWS itself."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return inherited | dict(machine) | {"NO_PROXY": "127.0.0.1,localhost"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port
