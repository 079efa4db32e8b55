"""Has a run executed: by Step Functions on AWS, or in this process on one machine.

A run may have several executions, one after the other: each goes on where the last one ended. They
are numbered, `<run>-1`, `<run>-2`, so that starting one twice makes no second.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.account.aws_account import AwsAccount
from scripts.active_learning.execution import Ended, Execution, Progress
from scripts.active_learning.lambda_task import lambda_client, lambda_invoker
from scripts.active_learning.run_environment import FUNCTION, LoopEnvironment
from scripts.active_learning.state_machine import load_definition

RUNNING, NEVER = "RUNNING", "NOT STARTED"
EXECUTIONS_FOLDER = "executions"
EXECUTION_FILE = "execution.json"


@dataclass(frozen=True, slots=True)
class ExecutionStatus:
    """How a run's newest execution stands.

    Attributes:
        number: 0 where there was none.
        status: Step Functions' word; on one machine RUNNING is what has not ended, though the
            process that executed it may be gone.
        error, cause: of one that failed; the cause is a sentence.
    """

    number: int
    status: str
    error: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class AwsExecutor:
    """Executions of the stack's state machine."""

    client: Any
    state_machine_arn: str

    def newest(self, run: str) -> ExecutionStatus:
        """How the run's newest execution stands."""
        found = self._executions(run)
        if not found:
            return ExecutionStatus(0, NEVER)
        number = max(found)
        described = self.client.describe_execution(executionArn=found[number])
        return ExecutionStatus(
            number,
            described["status"],
            described.get("error", ""),
            sentence_of(described.get("cause", "")),
        )

    def start(self, run: str, number: int, given: dict[str, Any]) -> str:
        """Start the execution of a number; its ARN. Starting it again changes nothing."""
        started = self.client.start_execution(
            stateMachineArn=self.state_machine_arn,
            name=f"{run}-{number}",
            input=json.dumps(given, sort_keys=True),
        )
        return str(started["executionArn"])

    def stop(self, run: str, number: int) -> None:
        """End an execution; what it has recorded stays."""
        arn = self._executions(run)[number]
        self.client.stop_execution(executionArn=arn, error="Stopped", cause="by active-learn stop")

    def _executions(self, run: str) -> dict[int, str]:
        """Number to ARN."""
        found = {}
        pages = self.client.get_paginator("list_executions").paginate(
            stateMachineArn=self.state_machine_arn
        )
        for page in pages:
            for item in page["executions"]:
                name, _, number = item["name"].rpartition("-")
                if name == run and number.isdecimal():
                    found[int(number)] = item["executionArn"]
        return found


@dataclass(frozen=True, slots=True)
class LocalExecutor:
    """Executions in folders of the local Ground Truth, by whichever process runs them."""

    root: Path
    account: AwsAccount
    function_arn: str

    def newest(self, run: str) -> ExecutionStatus:
        """How the run's newest execution stands."""
        numbers = [int(path.name) for path in self._folder(run).glob("*") if path.name.isdecimal()]
        if not numbers:
            return ExecutionStatus(0, NEVER)
        number = max(numbers)
        file = self._folder(run) / str(number) / EXECUTION_FILE
        ended = json.loads(file.read_bytes())["ended"] if file.exists() else None
        if ended is None:
            return ExecutionStatus(number, RUNNING)
        return ExecutionStatus(number, ended["status"], ended["error"], sentence_of(ended["cause"]))

    def run(
        self,
        run: str,
        number: int,
        given: dict[str, Any],
        on_transition: Callable[[Progress], None],
    ) -> Ended:
        """Execute, or go on with, the execution of a number until it ends."""
        folder = self._folder(run) / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        machine = load_definition({FUNCTION: self.function_arn})
        invoke = lambda_invoker(lambda_client(self.account))
        return Execution(machine, folder, invoke).run(given, on_transition)

    def _folder(self, run: str) -> Path:
        return self.root / EXECUTIONS_FOLDER / run.lower()


def open_executor(
    account: AwsAccount, local: Path | None, environment: LoopEnvironment
) -> AwsExecutor | LocalExecutor:
    """Who executes runs in an account; `local` is the folder of a local one."""
    if local is not None:
        return LocalExecutor(local, account, environment.function_arn)
    return AwsExecutor(account.client("stepfunctions"), environment.state_machine_arn)


def sentence_of(cause: str) -> str:
    """What a failure's cause says: the function's error message, or the cause as it is."""
    try:
        said = json.loads(cause)
    except ValueError:
        return cause
    message = said.get("errorMessage") if isinstance(said, dict) else None
    return message if isinstance(message, str) else cause
