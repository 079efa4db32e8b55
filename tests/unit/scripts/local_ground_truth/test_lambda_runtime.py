"""Functions run in processes of their own, within their limits, and fail as on Lambda."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.local_ground_truth.lambda_runtime import (
    Answer,
    InvocationRefusedError,
    LambdaFunction,
    LambdaRuntime,
    RuntimeClosedError,
)
from tests.unit.scripts.local_ground_truth.conftest import STACK

ARN = "arn:aws:lambda:us-east-1:123456789012:function:echo"


def function(handler: str = "tiny_functions.echo", arn: str = ARN, **values: Any) -> LambdaFunction:
    return LambdaFunction(
        name=arn.rpartition(":")[2],
        arn=arn,
        handler=handler,
        task_root=STACK.parent,
        timeout_seconds=values.pop("timeout_seconds", 20),
        memory_mb=values.pop("memory_mb", 256),
        environment={"COLOUR": "red"},
    )


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LambdaRuntime]:
    functions = [
        function(),
        function(arn=f"{ARN}-hasty", timeout_seconds=1),
        function(arn=f"{ARN}-lost", handler="nowhere.handler"),
        function(arn=f"{ARN}-nameless", handler="tiny_functions.nobody"),
    ]
    logs = tmp_path_factory.mktemp("logs")
    runtime = LambdaRuntime(functions, {"AWS_REGION": "us-east-1"}, logs)
    yield runtime
    runtime.close()


def invoke(runtime: LambdaRuntime, ask: str = "", arn: str = ARN) -> Answer:
    return runtime.invoke(arn, json.dumps({"ask": ask}).encode())


def test_a_function_sees_its_own_environment_and_nothing_else(
    runtime: LambdaRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OURS", "not for functions")
    seen = invoke(runtime).value["environment"]
    assert seen["COLOUR"] == "red"
    assert seen["AWS_REGION"] == "us-east-1"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "echo"
    assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert seen["_HANDLER"] == "tiny_functions.echo"
    assert {"OURS", "HOME", "USER", "VIRTUAL_ENV"}.isdisjoint(seen)


def test_a_function_is_told_what_lambda_tells_it(runtime: LambdaRuntime) -> None:
    seen = invoke(runtime).value
    assert (seen["function_name"], seen["arn"]) == ("echo", ARN)
    assert 19_000 < seen["remaining"] <= 20_000
    assert seen["path"][0] == str(STACK.parent)


def test_a_process_stays_warm(runtime: LambdaRuntime) -> None:
    assert invoke(runtime).value["process"] == invoke(runtime).value["process"]


def test_what_a_function_prints_is_in_its_log(tmp_path: Path) -> None:
    runtime = LambdaRuntime([function()], {}, tmp_path)
    invoke(runtime)
    runtime.close()
    log = (tmp_path / "echo.log").read_text()
    assert "echo was here" in log
    assert log.startswith("START RequestId: ")
    assert "Memory Size: 256 MB" in log


def test_an_exception_is_an_unhandled_error_with_its_trace(runtime: LambdaRuntime) -> None:
    answer = invoke(runtime, "raise")
    assert answer.function_error == "Unhandled"
    assert answer.value["errorType"] == "KeyError"
    assert answer.value["errorMessage"] == "'gone'"
    assert "tiny_functions.py" in answer.value["stackTrace"][0]
    assert answer.error == "KeyError: 'gone'"


@pytest.mark.parametrize(
    ("ask", "arn", "error_type", "message"),
    [
        ("sleep", f"{ARN}-hasty", "Sandbox.Timedout", "Task timed out after 1.00 seconds"),
        ("memory", ARN, "Runtime.ExitError", "Runtime exited with error: signal: killed"),
        ("exit", ARN, "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        ("bytes", ARN, "Runtime.MarshalError", "Unable to marshal response"),
        ("large", ARN, "Function.ResponseSizeTooLarge", "(6291556 bytes)"),
        ("", f"{ARN}-lost", "Runtime.ImportModuleError", "Unable to import module 'nowhere'"),
        ("", f"{ARN}-nameless", "Runtime.HandlerNotFound", "Handler 'nobody' missing on module"),
    ],
)
def test_limits_and_mistakes_end_as_on_lambda(
    runtime: LambdaRuntime, ask: str, arn: str, error_type: str, message: str
) -> None:
    answer = invoke(runtime, ask, arn)
    assert answer.function_error == "Unhandled"
    assert answer.value["errorType"] == error_type
    assert message in answer.value["errorMessage"]


def test_after_a_process_was_killed_the_next_invocation_gets_a_new_one(
    runtime: LambdaRuntime,
) -> None:
    invoke(runtime, "exit")
    assert invoke(runtime).function_error is None


def test_a_process_that_was_killed_from_outside_is_replaced(runtime: LambdaRuntime) -> None:
    os.kill(invoke(runtime).value["process"], signal.SIGKILL)
    time.sleep(0.1)
    assert invoke(runtime).function_error is None


def test_an_event_over_six_megabytes_is_refused(runtime: LambdaRuntime) -> None:
    with pytest.raises(InvocationRefusedError, match="limit 6291456 bytes"):
        runtime.invoke(ARN, b" " * 6_291_457)


def test_a_function_that_is_not_there_is_named(runtime: LambdaRuntime) -> None:
    with pytest.raises(InvocationRefusedError, match="Function not found: arn:nobody"):
        runtime.invoke("arn:nobody", b"{}")


def test_shutting_down_is_no_failure_of_the_function(tmp_path: Path) -> None:
    runtime = LambdaRuntime([function()], {}, tmp_path)
    invoke(runtime)
    outcome: list[object] = []

    def sleep() -> None:
        try:
            outcome.append(invoke(runtime, "sleep"))
        except RuntimeClosedError as error:
            outcome.append(error)

    sleeper = threading.Thread(target=sleep)
    sleeper.start()
    time.sleep(0.2)
    runtime.close()
    sleeper.join(5)
    assert [type(each) for each in outcome] == [RuntimeClosedError]
    with pytest.raises(RuntimeClosedError):
        invoke(runtime)
