"""One warm process of a Lambda function: started, asked, watched and killed."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from scripts.local_ground_truth import lambda_bootstrap
from scripts.local_ground_truth.lambda_bootstrap import ERROR, READY

SECONDS_BETWEEN_MEMORY_CHECKS = 0.05
INIT_SECONDS = 10.0
"""What Lambda allows for importing a handler before that time counts as the invocation's."""


class ProcessEndedError(Exception):
    """The process was killed for what it used, or ended by itself.

    `error_type` and the message are what Lambda answers; the request id goes in front of it.
    """

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


class LambdaProcess:
    """A process that has imported `handler` and answers one event at a time.

    Args:
        environment: all of its environment; nothing of ours is inherited.
        memory_mb: resident memory past which it is killed.
        log: what it prints is appended here.
    """

    def __init__(
        self,
        task_root: Path,
        handler: str,
        environment: Mapping[str, str],
        memory_mb: int,
        log: Path,
    ) -> None:
        self._memory_bytes = memory_mb * 1024 * 1024
        reading, writing = os.pipe()
        self._responses = reading
        bootstrap = str(Path(lambda_bootstrap.__file__))
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                # -P: this folder must not be searched for what a handler imports.
                [sys.executable, "-P", bootstrap, str(task_root), handler, str(writing)],
                cwd=task_root,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                pass_fds=(writing,),
                # An interrupt in the terminal is for us to handle.
                start_new_session=True,
            )
        os.close(writing)
        self._poll = select.poll()
        self._poll.register(reading, select.POLLIN | select.POLLHUP)
        self._usage = psutil.Process(self._process.pid)
        self._initialized = False
        self.most_memory_bytes = 0

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def invoke(
        self, request_id: str, function_arn: str, event: bytes, seconds: float
    ) -> tuple[bytes, bool]:
        """The answer's JSON, and whether it is an error.

        Raises:
            ProcessEndedError: it took too long or too much memory, or it exited.
        """
        if not self._initialized:
            frame = self._receive(INIT_SECONDS + seconds, seconds)
            if frame[:1] == ERROR:
                self.close()
                return frame[1:], True
            assert frame == READY
            self._initialized = True
        invocation = {"request_id": request_id, "function_arn": function_arn, "seconds": seconds}
        self._send(json.dumps(invocation).encode())
        self._send(event)
        frame = self._receive(seconds, seconds)
        return frame[1:], frame[:1] == ERROR

    def end(self) -> None:
        """End the process; whoever waits for its answer finds it gone and closes it."""
        self._process.kill()

    def close(self) -> None:
        """End the process and let go of everything that belongs to it."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None and not self._process.stdin.closed:
            # What it had not read yet needs no reader any more.
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        if self._responses >= 0:
            os.close(self._responses)
            self._responses = -1

    def _send(self, content: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(len(content).to_bytes(8, "big"))
            self._process.stdin.write(content)
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._ended() from error

    def _receive(self, seconds: float, limit: float) -> bytes:
        deadline = time.monotonic() + seconds
        header = self._read(8, deadline, limit)
        return self._read(int.from_bytes(header, "big"), deadline, limit)

    def _read(self, size: int, deadline: float, limit: float) -> bytes:
        content = bytearray()
        while len(content) < size:
            ready = self._poll.poll(1000 * SECONDS_BETWEEN_MEMORY_CHECKS)
            self._check_memory()
            if ready:
                piece = os.read(self._responses, size - len(content))
                if not piece:
                    raise self._ended()
                content += piece
            elif time.monotonic() > deadline:
                self.close()
                raise ProcessEndedError(
                    "Sandbox.Timedout", f"Task timed out after {limit:.2f} seconds"
                )
        return bytes(content)

    def _check_memory(self) -> None:
        try:
            used = self._usage.memory_info().rss
        except psutil.NoSuchProcess:
            return  # it has ended; reading from it will say so
        self.most_memory_bytes = max(self.most_memory_bytes, used)
        if used > self._memory_bytes:
            self.close()
            raise ProcessEndedError(
                "Runtime.ExitError", "Runtime exited with error: signal: killed"
            )

    def _ended(self) -> ProcessEndedError:
        code = self._process.wait()
        self.close()
        how = f"exit status {code}" if code >= 0 else f"signal: {signal.strsignal(-code)}".lower()
        return ProcessEndedError("Runtime.ExitError", f"Runtime exited with error: {how}")
