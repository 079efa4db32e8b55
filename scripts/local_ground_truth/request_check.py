"""Checks a request against everything that botocore's service model says about it.

botocore itself enforces structure, required members and minima only; the patterns, enumerations
and maxima that stand in the same model are enforced by the service. Here they are enforced by
walking the model's shapes, and the findings are worded as the service words them.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from hooks.core.errors import FewclickError

Operation = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Answers a request of JSON; raises RequestRefusedError."""

POSIX_CLASSES = {"ASCII": r"\x00-\x7f", "Print": r"\x20-\x7e"}
"""Java's classes that are no Unicode categories."""
SURROGATES = re.compile(r"\\u([dD][89abAB][\da-fA-F]{2})\\u([dD][c-fC-F][\da-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a request.

    Attributes:
        parameter: where, as AWS writes it: `humanTaskConfig.taskKeywords.1.member`.
        value: what stands there.
        constraint: what should: `Member must have length less than or equal to 30`.
        structural: whether a member is missing or of the wrong type, so that rules which build on
            it cannot be looked at.
    """

    parameter: str
    value: object
    constraint: str
    structural: bool = False

    def __str__(self) -> str:
        value = "null" if self.value is None else self.value
        return (
            f"Value '{value}' at '{self.parameter}' failed to satisfy constraint: {self.constraint}"
        )


class RequestRefusedError(FewclickError):
    """A request that AWS would refuse; `code` is the error code that boto3 shows."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def refusal(findings: list[Finding]) -> RequestRefusedError:
    """All findings in one ValidationException, as AWS words it."""
    errors = "error" if len(findings) == 1 else "errors"
    return RequestRefusedError(
        "ValidationException",
        f"{len(findings)} validation {errors} detected: " + "; ".join(map(str, findings)),
    )


def checked(operation: str, answer: Operation) -> Operation:
    """The answer to requests that SageMaker's model of `operation` allows; a refusal of others."""

    def checked_answer(parameters: Mapping[str, Any]) -> dict[str, Any]:
        findings = check_shape(operation, parameters)
        if findings:
            raise refusal(findings)
        return answer(parameters)

    return checked_answer


def check_shape(operation: str, request: Mapping[str, Any]) -> list[Finding]:
    """Everything in `request` that SageMaker's model of `operation` does not allow."""
    return check_shape_of(_service_model(), operation, request)


def check_shape_of(
    service_model: ServiceModel, operation: str, request: Mapping[str, Any]
) -> list[Finding]:
    """Everything in `request`, as it stands in JSON or in Python, that a model does not allow."""
    shape = service_model.operation_model(operation).input_shape
    return [] if shape is None else list(_check(shape, request, ""))


@functools.cache
def _service_model() -> ServiceModel:
    return botocore.session.Session().get_service_model("sagemaker")


def _check(shape: Shape, value: object, path: str) -> Iterator[Finding]:
    if isinstance(shape, StructureShape):
        yield from _check_structure(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _check_list(shape, value, path)
    elif shape.type_name == "string":
        yield from _check_string(shape, value, path)
    elif shape.type_name in ("integer", "long"):
        yield from _check_integer(shape, value, path)
    elif shape.type_name == "timestamp":
        if isinstance(value, bool) or not isinstance(value, int | float | datetime):
            yield Finding(path, value, "Member must be a timestamp", structural=True)
    elif shape.type_name == "boolean":
        if not isinstance(value, bool):
            yield Finding(path, value, "Member must be a boolean", structural=True)
    elif shape.type_name in ("float", "double"):
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield Finding(path, value, "Member must be a number", structural=True)
    elif isinstance(shape, MapShape):
        yield from _check_map(shape, value, path)
    elif shape.type_name != "blob":  # a blob is bytes or a stream; nothing bounds it
        raise AssertionError(f"no request that is served here has a {shape.type_name}")


def _check_structure(shape: StructureShape, value: object, path: str) -> Iterator[Finding]:
    if not isinstance(value, Mapping):
        yield Finding(path, value, "Member must be a structure", structural=True)
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield Finding(_join(path, name), None, "Member must not be null", structural=True)
    for name, member in value.items():
        if name not in shape.members:
            yield Finding(_join(path, name), member, "Member is not known to this operation")
        elif member is not None:
            yield from _check(shape.members[name], member, _join(path, name))


def _check_list(shape: ListShape, value: object, path: str) -> Iterator[Finding]:
    if not isinstance(value, list | tuple):
        yield Finding(path, value, "Member must be a list", structural=True)
        return
    yield from _check_bounds(shape, len(value), value, path, "have length")
    for number, member in enumerate(value, start=1):
        yield from _check(shape.member, member, f"{path}.{number}.member")


def _check_map(shape: MapShape, value: object, path: str) -> Iterator[Finding]:
    if not isinstance(value, Mapping):
        yield Finding(path, value, "Member must be a map", structural=True)
        return
    for key, member in value.items():
        yield from _check(shape.key, key, f"{path}.{key}")
        yield from _check(shape.value, member, f"{path}.{key}")


def _check_string(shape: Shape, value: object, path: str) -> Iterator[Finding]:
    if not isinstance(value, str):
        yield Finding(path, value, "Member must be a string", structural=True)
        return
    yield from _check_bounds(shape, len(value), value, path, "have length")
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield Finding(path, value, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not _compile(pattern).fullmatch(value):
        yield Finding(path, value, f"Member must satisfy regular expression pattern: {pattern}")


def _check_integer(shape: Shape, value: object, path: str) -> Iterator[Finding]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield Finding(path, value, "Member must be an integer", structural=True)
        return
    yield from _check_bounds(shape, value, value, path, "have value")


def _check_bounds(
    shape: Shape, measure: int, value: object, path: str, what: str
) -> Iterator[Finding]:
    minimum, maximum = shape.metadata.get("min"), shape.metadata.get("max")
    if minimum is not None and measure < minimum:
        yield Finding(path, value, f"Member must {what} greater than or equal to {minimum}")
    if maximum is not None and measure > maximum:
        yield Finding(path, value, f"Member must {what} less than or equal to {maximum}")


def _join(path: str, member: str) -> str:
    name = member[:1].lower() + member[1:]
    return f"{path}.{name}" if path else name


@functools.cache
def _compile(pattern: str) -> re.Pattern[str]:
    """The model's patterns are Java's.

    Its `\\p{L}` classes, its `\\z`, and characters written as two halves differ from Python's.
    """

    def members(found: re.Match[str]) -> str:
        before = found.string[: found.start()]
        inside = before.rfind("[") > before.rfind("]")
        characters = POSIX_CLASSES.get(found[1]) or _category(found[1])
        return characters if inside else f"[{characters}]"

    whole = SURROGATES.sub(_joined, pattern.replace("\\z", "\\Z"))
    return re.compile(re.sub(r"\\p\{(\w+)\}", members, whole))


def _joined(halves: re.Match[str]) -> str:
    """The one character of two escapes, as Python writes it."""
    high, low = int(halves[1], 16), int(halves[2], 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


@functools.cache
def _category(name: str) -> str:
    """The inside of a character class: all characters of a Unicode category."""
    ranges: list[str] = []
    start: int | None = None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and unicodedata.category(chr(code)).startswith(name)
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            ranges.append(f"{re.escape(chr(start))}-{re.escape(chr(code - 1))}")
            start = None
    return "".join(ranges)
