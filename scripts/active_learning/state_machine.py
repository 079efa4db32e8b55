"""The deployed definition of the loop, read for this machine, and how data passes through a state.

InputPath, Parameters, the task's own work, ResultSelector, ResultPath, OutputPath: in this order.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hooks.core.errors import FewclickError
from scripts.active_learning.field_reader import ALL_ERRORS, DefinitionError
from scripts.active_learning.json_path import PathError, ReferencePath
from scripts.active_learning.states import (
    Catcher,
    Pass,
    Retrier,
    State,
    Task,
    check_targets,
    parse_state,
)

DEFINITION = Path(__file__).parents[2] / "hooks" / "active_learning.asl.json"
MAX_DATA_BYTES = 262_144
"""Of a state's input or output; Step Functions' quota."""
UNCATCHABLE = frozenset({"States.Runtime", "States.DataLimitExceeded"})
"""End an execution whatever its states catch; Step Functions' "Error names"."""
_KNOWN_FIELDS = {"Comment", "StartAt", "States", "Version"}


class StateError(FewclickError):
    """What went wrong in a state, in the two texts that Step Functions has for it."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause

    def to_json(self) -> dict[str, str]:
        return {"Error": self.error, "Cause": self.cause}


@dataclass(frozen=True, slots=True)
class StateMachine:
    """A definition whose every state can be executed here.

    Attributes:
        text: the definition it was parsed from.
    """

    text: str
    start_at: str
    states: Mapping[str, State]

    @classmethod
    def parse(cls, text: str) -> StateMachine:
        """Raises DefinitionError, naming the state and the field."""
        try:
            document = json.loads(text)
        except ValueError as error:
            raise DefinitionError(f"the definition is not JSON ({error}).") from error
        if not isinstance(document, dict) or not isinstance(document.get("States"), dict):
            raise DefinitionError("the definition needs an object States.")
        foreign = sorted(set(document) - _KNOWN_FIELDS)
        if foreign:
            raise DefinitionError(f"{', '.join(foreign)} cannot be executed here: leave it out.")
        states = {name: parse_state(name, fields) for name, fields in document["States"].items()}
        for name, state in states.items():
            check_targets(states, name, state)
        start = document.get("StartAt")
        if not isinstance(start, str) or start not in states:
            raise DefinitionError(f"StartAt: there is no state {start!r}.")
        return cls(text, start, states)


def load_definition(substitutions: Mapping[str, str], path: Path = DEFINITION) -> StateMachine:
    """The definition of a file, `${Name}` replaced as the template's DefinitionSubstitutions are.

    Raises:
        DefinitionError: it cannot be executed here, or a name has no substitution.
    """

    def replace(found: re.Match[str]) -> str:
        if found[1] not in substitutions:
            raise DefinitionError(f"{path.name}: nothing was given for ${{{found[1]}}}.")
        return json.dumps(substitutions[found[1]])[1:-1]

    return StateMachine.parse(re.sub(r"\$\{(\w+)\}", replace, path.read_text(encoding="utf-8")))


def task_request(task: Task, data: Any) -> dict[str, Any]:
    """What a task's function is asked: FunctionName and Payload."""
    given = select(task.input_path, data)
    try:
        return task.parameters.fill(given)
    except PathError as error:
        raise StateError("States.ParameterPathFailure", str(error)) from error


def task_output(task: Task, data: Any, result: Any) -> Any:
    """What a task hands on, having got `result`."""
    if task.result_selector is not None:
        try:
            result = task.result_selector.fill(result)
        except PathError as error:
            raise StateError("States.ParameterPathFailure", str(error)) from error
    return limited(select(task.output_path, placed(task.result_path, data, result)))


def pass_output(state: Pass, data: Any) -> Any:
    """What a Pass state hands on."""
    given = select(state.input_path, data)
    if state.parameters is not None:
        try:
            given = state.parameters.fill(given)
        except PathError as error:
            raise StateError("States.ParameterPathFailure", str(error)) from error
    result = state.result if state.has_result else given
    return limited(select(state.output_path, placed(state.result_path, data, result)))


def select(path: ReferencePath | None, data: Any) -> Any:
    """InputPath or OutputPath: the part of the data; an empty object for null."""
    if path is None:
        return {}
    try:
        return path.read(data)
    except PathError as error:
        raise StateError("States.Runtime", str(error)) from error


def placed(path: ReferencePath | None, data: Any, result: Any) -> Any:
    """ResultPath: the state's input with the result in it; as it was for null."""
    if path is None:
        return data
    try:
        return path.write(data, result)
    except PathError as error:
        raise StateError("States.ResultPathMatchFailure", str(error)) from error


def limited(data: Any) -> Any:
    size = len(json.dumps(data, ensure_ascii=False).encode())
    if size > MAX_DATA_BYTES:
        raise StateError(
            "States.DataLimitExceeded",
            f"a state hands on {size} bytes; at most {MAX_DATA_BYTES} are allowed.",
        )
    return data


def retrier_for(task: Task, error: str) -> tuple[int, Retrier] | None:
    """The first retrier that an error matches, and its place."""
    for place, retrier in enumerate(task.retriers):
        if _matches(retrier.errors, error):
            return place, retrier
    return None


def catcher_for(task: Task, error: str) -> Catcher | None:
    """The first catcher that an error matches."""
    return next((each for each in task.catchers if _matches(each.errors, error)), None)


def _matches(names: tuple[str, ...], error: str) -> bool:
    if error in names:
        return True
    if error in UNCATCHABLE:
        return False
    return ALL_ERRORS in names or ("States.TaskFailed" in names and error != "States.Timeout")
