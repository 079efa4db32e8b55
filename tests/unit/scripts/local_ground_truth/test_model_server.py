"""The model server's process: started, started again, and never left behind.

A small server plays the real one's part, which takes seconds to load.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from scripts.local_ground_truth import guarded_process, model_server
from scripts.local_ground_truth.model_server import ModelServer, ModelServerError

PLAYS_THE_SERVER = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if os.environ.get("AWS_REGION") == "here" else 503)
        self.end_headers()
print("serving", flush=True)
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ModelServer]]:
    """Starts a server that runs a program in place of the real one."""
    script = tmp_path / "plays_the_server.py"
    real = model_server.command_line
    monkeypatch.setattr(model_server, "SECONDS_BEFORE_RESTART", 0.05)
    monkeypatch.setattr(
        model_server,
        "command_line",
        lambda port, folder, module: [
            str(script) if part == module else part
            for part in real(port, folder, module)
            if part != "-m"
        ],
    )
    running: list[ModelServer] = []

    def start(program: str = PLAYS_THE_SERVER) -> ModelServer:
        script.write_text(program)
        running.append(ModelServer(None, {"AWS_REGION": "here"}, tmp_path / "logs" / "model.log"))
        return running[-1]

    yield start
    for server in running:
        server.stop()


def server_process() -> psutil.Process:
    """The innermost process: the guard's child. Browsers of other tests may run beside it."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "plays_the_server.py" in " ".join(child.cmdline())][-1]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_is_there_when_it_answers_pings(start: Callable[..., ModelServer]) -> None:
    server = start()
    server.wait_until_healthy(10)
    assert server.is_healthy()
    process = server_process()
    server.stop()
    assert not process.is_running()


def test_it_is_started_again_when_it_dies(start: Callable[..., ModelServer]) -> None:
    server = start()
    server.wait_until_healthy(10)
    dead = server_process()
    dead.kill()
    wait_until(lambda: not dead.is_running())
    wait_until(server.is_healthy)
    assert server_process().pid != dead.pid


def test_one_that_does_not_start_says_what_it_printed(start: Callable[..., ModelServer]) -> None:
    server = start("raise SystemExit('no weights in this folder')")
    with pytest.raises(ModelServerError, match="no weights in this folder"):
        server.wait_until_healthy(1)


def test_a_guarded_process_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    sleeper = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys, time\n"
            "subprocess.Popen([sys.executable, *sys.argv[1:]], stdin=subprocess.PIPE)\n"
            "time.sleep(60)",
            guarded_process.__file__,
            sys.executable,
            "-c",
            sleeper,
        ]
    )
    wait_until(lambda: told.exists() and told.read_text() != "")
    process = psutil.Process(int(told.read_text()))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    wait_until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
