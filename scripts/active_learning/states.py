"""The states of an Amazon States Language definition, parsed and checked.

Only what is implemented here is accepted: an unknown type or field is refused by its name, and
never passed over, so that a definition that runs here means the same as a Step Functions state
machine. https://states-language.net/spec.html, and Step Functions' developer guide.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.active_learning.choice_rule import Condition, RuleError, parse_condition
from scripts.active_learning.field_reader import DefinitionError, FieldReader
from scripts.active_learning.json_path import PathError, ReferencePath
from scripts.active_learning.payload_template import PayloadTemplate

LAMBDA_INVOKE = "arn:aws:states:::lambda:invoke"
MAX_WAIT_SECONDS = 99_999_999


@dataclass(frozen=True, slots=True)
class Retrier:
    """When and how often a failed task is tried again; seconds between are multiplied each time.

    Attributes:
        max_delay_seconds: the most that is waited; None for no limit.
    """

    errors: tuple[str, ...]
    interval_seconds: int = 1
    max_attempts: int = 3
    backoff_rate: float = 2.0
    max_delay_seconds: int | None = None

    def delay(self, attempt: int) -> float:
        """Seconds before the attempt of this number, the first retry being 1."""
        seconds = self.interval_seconds * self.backoff_rate ** (attempt - 1)
        return seconds if self.max_delay_seconds is None else min(seconds, self.max_delay_seconds)


@dataclass(frozen=True, slots=True)
class Catcher:
    """Where an error leads, and where in the state's input its description goes."""

    errors: tuple[str, ...]
    next: str
    result_path: ReferencePath | None


@dataclass(frozen=True, slots=True)
class Task:
    """Invokes a Lambda function."""

    next: str | None
    parameters: PayloadTemplate
    result_selector: PayloadTemplate | None
    input_path: ReferencePath | None
    result_path: ReferencePath | None
    output_path: ReferencePath | None
    retriers: tuple[Retrier, ...]
    catchers: tuple[Catcher, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Goes on with the first state whose condition holds; `default` is None if there is none."""

    rules: tuple[tuple[Condition, str], ...]
    default: str | None
    input_path: ReferencePath | None
    output_path: ReferencePath | None


@dataclass(frozen=True, slots=True)
class Wait:
    """Lets time pass: `seconds`, or what stands at `seconds_path`."""

    next: str | None
    seconds: int | None
    seconds_path: ReferencePath | None
    input_path: ReferencePath | None
    output_path: ReferencePath | None


@dataclass(frozen=True, slots=True)
class Pass:
    """Hands its data on, changed by a template or by a fixed result."""

    next: str | None
    parameters: PayloadTemplate | None
    has_result: bool
    result: Any
    input_path: ReferencePath | None
    result_path: ReferencePath | None
    output_path: ReferencePath | None


@dataclass(frozen=True, slots=True)
class Succeed:
    """Ends the execution well."""

    input_path: ReferencePath | None
    output_path: ReferencePath | None


@dataclass(frozen=True, slots=True)
class Fail:
    """Ends the execution as failed, with texts of its own or from its data."""

    error: str | ReferencePath | None
    cause: str | ReferencePath | None


State = Task | Choice | Wait | Pass | Succeed | Fail


def parse_state(name: str, fields: object) -> State:
    """Raises DefinitionError, naming the state and the field."""
    reader = FieldReader(name, fields)
    kind = reader.text("Type")
    if kind not in _PARSERS:
        raise DefinitionError(
            f"state {name}: the type {kind!r} is not one of {', '.join(_PARSERS)}."
        )
    try:
        state = _PARSERS[kind](reader)
    except (PathError, RuleError) as error:
        raise DefinitionError(f"state {name}: {error}") from error
    reader.finish()
    return state


def targets_of(state: State) -> set[str]:
    """The names of the states that may follow."""
    if isinstance(state, Choice):
        return {target for _, target in state.rules} | ({state.default} if state.default else set())
    if isinstance(state, Task):
        following = {catcher.next for catcher in state.catchers}
        return following | ({state.next} if state.next else set())
    if isinstance(state, Wait | Pass):
        return {state.next} if state.next else set()
    return set()


def _task(reader: FieldReader) -> Task:
    resource = reader.text("Resource")
    if resource != LAMBDA_INVOKE:
        raise DefinitionError(
            f"{reader.where}: the resource {resource!r} is not {LAMBDA_INVOKE}, the only one that "
            "can be executed here."
        )
    parameters = reader.template("Parameters")
    if parameters is None or not {"FunctionName", "Payload"} >= parameters.names:
        raise DefinitionError(f"{reader.where}: Parameters must be FunctionName and Payload.")
    return Task(
        next=reader.next(),
        parameters=parameters,
        result_selector=reader.template("ResultSelector"),
        input_path=reader.path("InputPath"),
        result_path=reader.path("ResultPath"),
        output_path=reader.path("OutputPath"),
        retriers=tuple(_retrier(item) for item in reader.readers("Retry")),
        catchers=tuple(_catcher(item) for item in reader.readers("Catch")),
    )


def _choice(reader: FieldReader) -> Choice:
    rules = []
    for rule in reader.items("Choices"):
        if not isinstance(rule, Mapping) or not isinstance(rule.get("Next"), str):
            raise DefinitionError(f"{reader.where}: every choice needs a Next.")
        rules.append(
            (parse_condition({key: rule[key] for key in rule if key != "Next"}), rule["Next"])
        )
    if not rules:
        raise DefinitionError(f"{reader.where}: Choices is empty.")
    default = reader.text("Default") if reader.has("Default") else None
    return Choice(tuple(rules), default, reader.path("InputPath"), reader.path("OutputPath"))


def _wait(reader: FieldReader) -> Wait:
    given = [name for name in ("Seconds", "SecondsPath") if reader.has(name)]
    if len(given) != 1:
        raise DefinitionError(f"{reader.where}: needs one of Seconds and SecondsPath.")
    return Wait(
        next=reader.next(),
        seconds=reader.number("Seconds", 0, MAX_WAIT_SECONDS) if given == ["Seconds"] else None,
        seconds_path=ReferencePath.parse(reader.text("SecondsPath"))
        if given == ["SecondsPath"]
        else None,
        input_path=reader.path("InputPath"),
        output_path=reader.path("OutputPath"),
    )


def _pass(reader: FieldReader) -> Pass:
    return Pass(
        next=reader.next(),
        parameters=reader.template("Parameters"),
        has_result=reader.has("Result"),
        result=reader.value("Result"),
        input_path=reader.path("InputPath"),
        result_path=reader.path("ResultPath"),
        output_path=reader.path("OutputPath"),
    )


def _succeed(reader: FieldReader) -> Succeed:
    return Succeed(reader.path("InputPath"), reader.path("OutputPath"))


def _fail(reader: FieldReader) -> Fail:
    said: list[str | ReferencePath | None] = []
    for name in ("Error", "Cause"):
        if reader.has(name) and reader.has(f"{name}Path"):
            raise DefinitionError(f"{reader.where}: give {name} or {name}Path, not both.")
        if reader.has(f"{name}Path"):
            said.append(ReferencePath.parse(reader.text(f"{name}Path")))
        else:
            said.append(reader.text(name) if reader.has(name) else None)
    return Fail(*said)


def _retrier(reader: FieldReader) -> Retrier:
    rate = reader.value("BackoffRate") if reader.has("BackoffRate") else 2.0
    if isinstance(rate, bool) or not isinstance(rate, int | float) or rate < 1:
        raise DefinitionError(f"{reader.where}: BackoffRate must be a number of 1 or more.")
    most = (
        reader.number("MaxDelaySeconds", 1, 31_622_400) if reader.has("MaxDelaySeconds") else None
    )
    retrier = Retrier(
        errors=reader.errors(),
        interval_seconds=reader.number("IntervalSeconds", 1, MAX_WAIT_SECONDS, 1),
        max_attempts=reader.number("MaxAttempts", 0, 99_999_999, 3),
        backoff_rate=float(rate),
        max_delay_seconds=most,
    )
    reader.finish()
    return retrier


def _catcher(reader: FieldReader) -> Catcher:
    catcher = Catcher(reader.errors(), reader.text("Next"), reader.path("ResultPath"))
    reader.finish()
    return catcher


_PARSERS: dict[str, Callable[[FieldReader], State]] = {
    "Task": _task,
    "Choice": _choice,
    "Wait": _wait,
    "Pass": _pass,
    "Succeed": _succeed,
    "Fail": _fail,
}


def check_targets(states: Collection[str], name: str, state: State) -> None:
    missing = sorted(targets_of(state) - set(states))
    if missing:
        raise DefinitionError(f"state {name}: there is no state {', '.join(missing)} to go to.")
