"""Conditions of Choice states: comparisons of a variable, joined by And, Or and Not.

https://states-language.net/spec.html#choice-state lists the operators; those about time stamps
and about a second variable's path are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hooks.core.errors import FewclickError
from scripts.active_learning.json_path import ReferencePath

Condition = Callable[[Any], bool]


class RuleError(FewclickError):
    """A condition that is none, or that is not implemented; the message names the operator."""


@dataclass(frozen=True, slots=True)
class _Comparison:
    """An operator for variables of one type: of any other the condition does not hold."""

    accepts: Callable[[Any], bool]
    holds: Callable[[Any, Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda value, other: value == other,
    "LessThan": lambda value, other: value < other,
    "GreaterThan": lambda value, other: value > other,
    "LessThanEquals": lambda value, other: value <= other,
    "GreaterThanEquals": lambda value, other: value >= other,
}
_COMPARISONS = (
    {f"String{name}": _Comparison(_is_text, holds) for name, holds in _ORDERS.items()}
    | {f"Numeric{name}": _Comparison(_is_number, holds) for name, holds in _ORDERS.items()}
    | {
        "BooleanEquals": _Comparison(_is_boolean, _ORDERS["Equals"]),
        "StringMatches": _Comparison(_is_text, lambda value, other: _matches(value, other)),
    }
)
_TESTS: dict[str, Callable[[Any], bool]] = {
    "IsNull": lambda value: value is None,
    "IsString": _is_text,
    "IsNumeric": _is_number,
    "IsBoolean": _is_boolean,
}


def parse_condition(fields: object) -> Condition:
    """Whether data fulfils it, as a function; it raises PathError where a variable is missing.

    Raises:
        RuleError, PathError: it is no condition that is known here.
    """
    if not isinstance(fields, Mapping):
        raise RuleError("a condition must be an object.")
    for joined, join in (("And", all), ("Or", any)):
        if joined in fields:
            _check_alone(fields, joined)
            parts = fields[joined]
            if not isinstance(parts, list) or not parts:
                raise RuleError(f"{joined} must be a list of conditions.")
            conditions = [parse_condition(part) for part in parts]
            return _joined(join, conditions)
    if "Not" in fields:
        _check_alone(fields, "Not")
        condition = parse_condition(fields["Not"])
        return lambda data: not condition(data)
    return _comparison(fields)


def _joined(join: Callable[[Any], bool], conditions: list[Condition]) -> Condition:
    return lambda data: join(condition(data) for condition in conditions)


def _comparison(fields: Mapping[str, Any]) -> Condition:
    variable = ReferencePath.parse(fields.get("Variable"))
    operators = sorted(set(fields) - {"Variable", "Comment"})
    if len(operators) != 1:
        raise RuleError(f"a comparison has one operator; this one has {operators or 'none'}.")
    (name,) = operators
    expected = fields[name]
    if name == "IsPresent" or name in _TESTS:
        if not isinstance(expected, bool):
            raise RuleError(f"{name} is compared with true or false.")
        if name == "IsPresent":
            return lambda data: variable.has(data) is expected
        test = _TESTS[name]
        return lambda data: test(variable.read(data)) is expected
    comparison = _COMPARISONS.get(name)
    if comparison is None:
        raise RuleError(f"the operator {name} cannot be executed here.")
    if not comparison.accepts(expected):
        raise RuleError(f"{name} cannot be compared with {expected!r}.")

    def holds(data: Any) -> bool:
        value = variable.read(data)
        return comparison.accepts(value) and comparison.holds(value, expected)

    return holds


def _check_alone(fields: Mapping[str, Any], name: str) -> None:
    others = sorted(set(fields) - {name, "Comment"})
    if others:
        raise RuleError(f"{name} and {', '.join(others)} cannot stand in one condition.")


def _matches(value: str, pattern: str) -> bool:
    r"""`*` stands for any characters, `\*` for an asterisk, `\\` for a backslash."""
    parts = re.findall(r"\\[\\*]|\*|[^\\*]+|\\", pattern)
    expression = "".join(
        ".*" if part == "*" else re.escape(part[1:] if part in ("\\*", "\\\\") else part)
        for part in parts
    )
    return re.fullmatch(expression, value, re.DOTALL) is not None
