"""Runs Lambda functions as Lambda does: each in processes of its own, with its own environment.

A function's process sees the variables that the template gives it, those that Lambda documents
as reserved, and the addresses of this machine's stand-ins; nothing else. It stays warm between
invocations, answers one at a time, and is killed when it passes the function's timeout or memory.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hooks.core.errors import FewclickError
from scripts.local_ground_truth.lambda_process import LambdaProcess, ProcessEndedError

MAX_REQUEST_BYTES = 6_291_456
MAX_RESPONSE_BYTES = 6_291_556
PROCESSES_PER_FUNCTION = 2
"""Warm processes of one function at most; further invocations wait for one of them."""


class InvocationRefusedError(FewclickError):
    """Lambda does not accept an invocation: no such function, or the event is too large."""


class RuntimeClosedError(Exception):
    """An invocation was cut off because this machine's Lambda is being shut down.

    It says nothing about the function: what was asked must be asked again by the next run.
    """


@dataclass(frozen=True, slots=True)
class LambdaFunction:
    """A function as the template describes it.

    Attributes:
        handler: `package.module.function`, looked up below `task_root`.
        environment: its variables, all references resolved.
    """

    name: str
    arn: str
    handler: str
    task_root: Path
    timeout_seconds: int
    memory_mb: int
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What `Invoke` answers; `function_error` is None or "Unhandled"."""

    payload: bytes
    function_error: str | None

    @property
    def value(self) -> Any:
        return json.loads(self.payload)

    @property
    def error(self) -> str:
        """An error as one line: `ValueError: no such photo`."""
        value = self.value
        return f"{value.get('errorType')}: {value.get('errorMessage')}"


class LambdaRuntime:
    """Invokes functions until it is closed.

    Args:
        machine: variables that every function gets beside its own: credentials, region and the
            addresses of the stand-ins.
        logs: the folder for `<function name>.log`.
    """

    def __init__(
        self, functions: Iterable[LambdaFunction], machine: Mapping[str, str], logs: Path
    ) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._pools = {
            function.arn: _Pool(function, _reserved(function) | dict(machine), logs)
            for function in functions
        }

    def invoke(self, arn: str, event: bytes) -> Answer:
        """Invoke a function and wait for its answer (the RequestResponse invocation type).

        Raises:
            InvocationRefusedError: there is no such function, or the event is over 6 MB.
            RuntimeClosedError: `close` was called before there was an answer.
        """
        if arn not in self._pools:
            raise InvocationRefusedError(f"Function not found: {arn}")
        if len(event) > MAX_REQUEST_BYTES:
            raise InvocationRefusedError(
                f"{len(event)} byte payload is too large for the RequestResponse invocation type "
                f"(limit {MAX_REQUEST_BYTES} bytes)"
            )
        return self._pools[arn].invoke(event)

    def close(self) -> None:
        """End every process and cut off the invocations in progress."""
        for pool in self._pools.values():
            pool.close()


class _Pool:
    """The processes of one function."""

    def __init__(
        self, function: LambdaFunction, environment: Mapping[str, str], logs: Path
    ) -> None:
        self._function = function
        self._environment = dict(environment) | dict(function.environment)
        self._log = logs / f"{function.name}.log"
        self._free = threading.BoundedSemaphore(PROCESSES_PER_FUNCTION)
        self._lock = threading.Lock()
        self._idle: list[LambdaProcess] = []
        self._busy: set[LambdaProcess] = set()
        self._closed = False

    def invoke(self, event: bytes) -> Answer:
        request_id = str(uuid.uuid4())
        function = self._function
        with self._free:
            process = self._take()
            started = time.monotonic()
            self._note(f"START RequestId: {request_id} Version: $LATEST")
            try:
                payload, is_error = process.invoke(
                    request_id, function.arn, event, function.timeout_seconds
                )
            except ProcessEndedError as ended:
                if self._closed:
                    self._give_back(process)
                    raise RuntimeClosedError from ended
                payload, is_error = _error(ended.error_type, str(ended), request_id), True
            seconds = time.monotonic() - started
            self._note(
                f"END RequestId: {request_id}\nREPORT RequestId: {request_id}"
                f"\tDuration: {1000 * seconds:.2f} ms\tMemory Size: {function.memory_mb} MB"
                f"\tMax Memory Used: {process.most_memory_bytes // 1024 // 1024} MB"
            )
            self._give_back(process)
        if not is_error and len(payload) > MAX_RESPONSE_BYTES:
            message = (
                "Response payload size exceeded maximum allowed payload size "
                f"({MAX_RESPONSE_BYTES} bytes)."
            )
            payload, is_error = _error("Function.ResponseSizeTooLarge", message, ""), True
        return Answer(payload, "Unhandled" if is_error else None)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, busy = self._idle, self._busy
            self._idle = []
        for process in busy:
            process.end()
        for process in idle:
            process.close()

    def _take(self) -> LambdaProcess:
        with self._lock:
            if self._closed:
                raise RuntimeClosedError
            process = self._idle.pop() if self._idle else self._start()
            if not process.alive:  # something outside has ended it while it was idle
                process.close()
                process = self._start()
            self._busy.add(process)
            return process

    def _start(self) -> LambdaProcess:
        function = self._function
        return LambdaProcess(
            function.task_root, function.handler, self._environment, function.memory_mb, self._log
        )

    def _give_back(self, process: LambdaProcess) -> None:
        with self._lock:
            self._busy.discard(process)
            if process.alive and not self._closed:
                self._idle.append(process)
                return
        process.close()

    def _note(self, line: str) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{line}\n")


def _error(error_type: str, message: str, request_id: str) -> bytes:
    text = f"RequestId: {request_id} Error: {message}" if request_id else message
    return json.dumps({"errorType": error_type, "errorMessage": text}).encode()


def _reserved(function: LambdaFunction) -> dict[str, str]:
    """The variables that Lambda itself sets, as its documentation lists them."""
    today = datetime.now(UTC).strftime("%Y/%m/%d")
    return {
        "_HANDLER": function.handler,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"{today}/[$LATEST]{uuid.uuid4().hex}",
        "LAMBDA_TASK_ROOT": str(function.task_root),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
    }
