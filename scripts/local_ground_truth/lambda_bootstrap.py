"""Runs one Lambda function's handler in a process of its own. Started by path; stdlib alone.

    python -P lambda_bootstrap.py <task root> <handler> <response descriptor>

Requests come in on stdin and answers go out on the descriptor, as frames: eight bytes of length,
big-endian, then that many bytes. The first byte of an outgoing frame is its kind: READY, once the
handler is imported; RESULT and its JSON; ERROR and Lambda's own JSON for an error. For every
invocation two frames come in, what the context object needs (JSON) and the event (JSON), and one
goes out. The process ends when stdin does. What the handler prints goes where this process's
stdout and stderr go.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from typing import Any, BinaryIO

READY, RESULT, ERROR = b"+", b"=", b"!"


class Context:
    """What a handler is given as its second argument."""

    def __init__(self, invocation: dict[str, Any]) -> None:
        self.aws_request_id: str = invocation["request_id"]
        self.invoked_function_arn: str = invocation["function_arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = None
        self._deadline = time.monotonic() + invocation["seconds"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(1000 * (self._deadline - time.monotonic())))


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next frame; None when the other side has gone."""
    header = stream.read(8)
    if len(header) < 8:
        return None
    return stream.read(int.from_bytes(header, "big"))


def write_frame(stream: BinaryIO, content: bytes) -> None:
    stream.write(len(content).to_bytes(8, "big") + content)
    stream.flush()


def load_handler(handler: str) -> Any:
    """The function that `package/module.function` or `package.module.function` names.

    Raises:
        LoadError: with Lambda's own words.
    """
    module_name, _, function_name = handler.rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise LoadError(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"
        ) from error
    except SyntaxError as error:
        raise LoadError(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}"
        ) from error
    try:
        return getattr(module, function_name)
    except AttributeError as error:
        raise LoadError(
            "Runtime.HandlerNotFound",
            f"Handler '{function_name}' missing on module '{module_name}'",
        ) from error


class LoadError(Exception):
    """The handler cannot be imported; `error_type` is Lambda's name for it."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


def error_frame(error_type: str, message: str, stack: list[str], request_id: str = "") -> bytes:
    error = {
        "errorMessage": message,
        "errorType": error_type,
        "requestId": request_id,
        "stackTrace": stack,
    }
    return ERROR + json.dumps(error).encode()


def invoke(handler: Any, event: bytes, context: Context) -> bytes:
    """The frame that answers one event."""
    try:
        result = handler(json.loads(event), context)
    except Exception as error:  # noqa: BLE001  whatever a handler raises becomes Lambda's answer
        traceback.print_exc()
        # The first frame is this file's.
        stack = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
        return error_frame(type(error).__name__, str(error), stack, context.aws_request_id)
    try:
        return RESULT + json.dumps(result, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        return error_frame(
            "Runtime.MarshalError",
            f"Unable to marshal response: {error}",
            [],
            context.aws_request_id,
        )


def main() -> None:
    task_root, handler_name, descriptor = sys.argv[1:]
    requests = os.fdopen(os.dup(0), "rb")
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123  a handler finds its stdin empty
        os.dup2(nothing.fileno(), 0)
    responses = os.fdopen(int(descriptor), "wb")
    sys.path.insert(0, task_root)
    try:
        handler = load_handler(handler_name)
    except LoadError as error:
        traceback.print_exc()
        write_frame(responses, error_frame(error.error_type, str(error), []))
        return
    except Exception as error:  # noqa: BLE001  what a module raises becomes Lambda's answer
        traceback.print_exc()
        stack = traceback.format_list(traceback.extract_tb(error.__traceback__))
        write_frame(responses, error_frame(type(error).__name__, str(error), stack))
        return
    write_frame(responses, READY)
    while (invocation := read_frame(requests)) is not None:
        event = read_frame(requests)
        if event is None:
            return
        answer = invoke(handler, event, Context(json.loads(invocation)))
        sys.stdout.flush()
        sys.stderr.flush()
        write_frame(responses, answer)


if __name__ == "__main__":
    main()
