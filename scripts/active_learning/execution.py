"""One execution of a state machine on this machine, which outlives the process.

After every transition the state that comes next, its data, and how often its task has been tried
lie in the execution's folder, durably, with the definition that it began with: an execution keeps
its definition, as on Step Functions, whatever is installed later. Whoever runs it again goes on
there. A task whose answer was not written down before a kill is invoked again, so tasks have to
allow that; Step Functions' own standard workflows ask the same of tasks that are retried.

    execution.json   where it is
    history.jsonl    what has happened: {"number", "at", "state", "event", ...}
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from hooks.core.errors import FewclickError
from scripts.active_learning.json_path import PathError, ReferencePath
from scripts.active_learning.state_machine import (
    StateError,
    StateMachine,
    catcher_for,
    limited,
    pass_output,
    placed,
    retrier_for,
    select,
    task_output,
    task_request,
)
from scripts.active_learning.states import (
    MAX_WAIT_SECONDS,
    Choice,
    Pass,
    State,
    Succeed,
    Task,
    Wait,
)
from scripts.local_ground_truth.durable_file import write_durably
from scripts.local_ground_truth.folder_lock import lock_folder

SCHEMA_VERSION = 1
SUCCEEDED, FAILED = "SUCCEEDED", "FAILED"

Invoke = Callable[[str, Any], dict[str, Any]]
"""Invokes a function with a payload: the result of the Lambda integration. Raises StateError."""


class ExecutionFileError(FewclickError):
    """What lies in the folder is no execution that can go on."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How an execution ended; `output` of one that succeeded, `error` and `cause` of others."""

    status: str
    output: Any = None
    error: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an execution is.

    Attributes:
        state: the name of the state that comes next, or that ended it.
        data: its input.
        events: how many have happened.
        retries: place of a retrier to how often it has had this state's task tried again.
        until: seconds since 1970 before which nothing happens; None where nothing waits.
    """

    state: str
    data: Any
    events: int = 0
    retries: Mapping[str, int] = field(default_factory=dict)
    until: float | None = None
    ended: Ended | None = None


class Execution:
    """An execution in a folder of its own, begun there or gone on with.

    Args:
        folder: one for each execution; another process in it is refused.
        invoke: what a Task does.
        clock, sleep: seconds since 1970, and waiting.
    """

    def __init__(
        self,
        machine: StateMachine,
        folder: Path,
        invoke: Invoke,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._machine = machine
        self._folder = folder
        self._invoke = invoke
        self._clock = clock
        self._sleep = sleep

    def run(
        self, given: Any, on_transition: Callable[[Progress], None] = lambda progress: None
    ) -> Ended:
        """Execute it to its end. One that has ended already only says how.

        Args:
            given: the input of the first state; what an execution began with stays its input.
            on_transition: called after every transition, when it is on the disk.

        Raises:
            FolderInUseError: another process executes it.
            ExecutionFileError: the folder holds something else.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as closing:
            lock_folder(self._folder, closing)
            progress = self._load()
            if progress is None:
                progress = Progress(self._machine.start_at, given)
                self._save(progress, {"event": "started", "input": given})
            while progress.ended is None:
                progress, event = self._advance(progress)
                self._save(progress, event)
                on_transition(progress)
        return progress.ended

    def _advance(self, progress: Progress) -> tuple[Progress, dict[str, Any]]:
        """One transition: what is on the disk afterwards, and what is said of it."""
        state = self._machine.states.get(progress.state)
        if state is None:
            raise ExecutionFileError(f"{self._folder}: there is no state {progress.state}.")
        if progress.until is not None:
            self._sleep(max(progress.until - self._clock(), 0))
        try:
            return self._do(state, progress)
        except StateError as error:
            return self._handle(state, progress, error)

    def _do(self, state: State, progress: Progress) -> tuple[Progress, dict[str, Any]]:
        data = progress.data
        if isinstance(state, Task):
            request = task_request(state, data)
            result = self._invoke(str(request["FunctionName"]), request.get("Payload", {}))
            return _go(progress, state.next, task_output(state, data, result))
        if isinstance(state, Choice):
            return _go(progress, _chosen(state, data), _through(state, data))
        if isinstance(state, Wait):
            if progress.until is None:
                seconds = _seconds(state, select(state.input_path, data))
                waiting = replace(progress, until=self._clock() + seconds)
                return _counted(waiting), {"event": "waits", "seconds": seconds}
            return _go(progress, state.next, _through(state, data))
        if isinstance(state, Pass):
            return _go(progress, state.next, pass_output(state, data))
        if isinstance(state, Succeed):
            return _go(progress, None, _through(state, data))
        return _failed(progress, StateError(_said(state.error, data), _said(state.cause, data)))

    def _handle(
        self, state: State, progress: Progress, error: StateError
    ) -> tuple[Progress, dict[str, Any]]:
        """Retry, catch, or fail."""
        if not isinstance(state, Task):
            return _failed(progress, error)
        found = retrier_for(state, error.error)
        if found is not None:
            place, retrier = found
            tried = progress.retries.get(str(place), 0)
            if tried < retrier.max_attempts:
                delay = retrier.delay(tried + 1)
                again = replace(
                    progress,
                    retries={**progress.retries, str(place): tried + 1},
                    until=self._clock() + delay,
                )
                return _counted(again), {"event": "retries", "seconds": delay, **error.to_json()}
        catcher = catcher_for(state, error.error)
        if catcher is None:
            return _failed(progress, error)
        try:
            data = limited(placed(catcher.result_path, progress.data, error.to_json()))
        except StateError as worse:
            return _failed(progress, worse)
        caught, event = _go(progress, catcher.next, data)
        return caught, {**event, "event": "caught", **error.to_json()}

    def _load(self) -> Progress | None:
        file = self._folder / "execution.json"
        if not file.exists():
            return None
        try:
            fields = json.loads(file.read_bytes())
            if fields.pop("schema_version") != SCHEMA_VERSION:
                raise ExecutionFileError(f"{file} was written by another version of fewclick.")
            self._machine = StateMachine.parse(fields.pop("definition"))
            ended = fields.pop("ended")
            progress = Progress(**fields, ended=None if ended is None else Ended(**ended))
        except (ValueError, KeyError, TypeError) as error:
            raise ExecutionFileError(f"{file} is no execution's file ({error}).") from error
        self._forget_after(progress.events)
        return progress

    def _save(self, progress: Progress, event: Mapping[str, Any]) -> None:
        """The event first: one too many is forgotten when the execution is loaded."""
        line = {"number": progress.events, "at": round(self._clock(), 3), **event}
        with self._history.open("ab") as history:
            history.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            history.flush()
            os.fsync(history.fileno())
        fields = {
            "schema_version": SCHEMA_VERSION,
            "definition": self._machine.text,
            **asdict(progress),
        }
        write_durably(
            self._folder / "execution.json",
            json.dumps(fields, ensure_ascii=False).encode(),
            incoming=self._folder / ".incoming",
        )

    def _forget_after(self, events: int) -> None:
        """Drop what was said of a transition that a kill undid, whole or cut off."""
        kept = [
            line
            for line in self._history.read_bytes().split(b"\n")[:-1]
            if json.loads(line)["number"] <= events
        ]
        write_durably(
            self._history,
            b"".join(line + b"\n" for line in kept),
            incoming=self._folder / ".incoming",
        )

    @property
    def _history(self) -> Path:
        return self._folder / "history.jsonl"


def _counted(progress: Progress) -> Progress:
    return replace(progress, events=progress.events + 1)


def _go(progress: Progress, target: str | None, data: Any) -> tuple[Progress, dict[str, Any]]:
    """To the next state; None ends the execution well."""
    event = {"event": "leaves", "state": progress.state, "next": target}
    if target is None:
        ended = Ended(SUCCEEDED, data)
        return Progress(progress.state, progress.data, progress.events + 1, ended=ended), event
    return Progress(target, data, progress.events + 1), event


def _failed(progress: Progress, error: StateError) -> tuple[Progress, dict[str, Any]]:
    ended = Ended(FAILED, error=error.error, cause=error.cause)
    event = {"event": "fails", "state": progress.state, **error.to_json()}
    return replace(_counted(progress), ended=ended), event


def _chosen(state: Choice, data: Any) -> str:
    given = select(state.input_path, data)
    try:
        found = next((target for holds, target in state.rules if holds(given)), state.default)
    except PathError as error:
        raise StateError("States.Runtime", str(error)) from error
    if found is None:
        raise StateError("States.NoChoiceMatched", "no choice's condition holds.")
    return found


def _through(state: Choice | Wait | Succeed, data: Any) -> Any:
    return limited(select(state.output_path, select(state.input_path, data)))


def _seconds(state: Wait, data: Any) -> int:
    if state.seconds is not None:
        return state.seconds
    found = select(state.seconds_path, data)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= MAX_WAIT_SECONDS:
        raise StateError("States.Runtime", f"SecondsPath leads to {found!r}, no whole number.")
    return found


def _said(text: str | ReferencePath | None, data: Any) -> str:
    if isinstance(text, ReferencePath):
        return str(select(text, data))
    return text or ""
