"""Conditions of Choice states, as the States Language describes them."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.active_learning.choice_rule import RuleError, parse_condition
from scripts.active_learning.json_path import PathError

DATA = {"text": "log-3.txt", "count": 3, "yes": True, "none": None, "star": "a*b"}


def rule(name: str, operator: str, expected: Any) -> dict[str, Any]:
    return {"Variable": f"$.{name}", operator: expected}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (rule("text", "StringEquals", "log-3.txt"), True),
        (rule("text", "StringLessThan", "m"), True),
        (rule("text", "StringGreaterThanEquals", "m"), False),
        (rule("text", "StringMatches", "log-*.txt"), True),
        (rule("text", "StringMatches", "log-?.txt"), False),
        (rule("star", "StringMatches", r"a\*b"), True),
        (rule("text", "StringMatches", r"log\*"), False),
        (rule("count", "NumericEquals", 3), True),
        (rule("count", "NumericEquals", 3.0), True),
        (rule("count", "NumericLessThan", 3), False),
        (rule("count", "NumericLessThanEquals", 3), True),
        (rule("count", "NumericGreaterThan", 2), True),
        (rule("yes", "BooleanEquals", True), True),
        (rule("none", "IsNull", True), True),
        (rule("count", "IsNull", False), True),
        (rule("nowhere", "IsPresent", False), True),
        (rule("count", "IsPresent", True), True),
        (rule("text", "IsString", True), True),
        (rule("count", "IsNumeric", True), True),
        (rule("yes", "IsBoolean", True), True),
        # A variable of another type fulfils no comparison.
        (rule("count", "StringEquals", "3"), False),
        (rule("text", "NumericEquals", 3), False),
        (rule("yes", "NumericEquals", 1), False),
        ({"Not": rule("count", "NumericEquals", 3)}, False),
        ({"And": [rule("count", "NumericEquals", 3), rule("yes", "BooleanEquals", True)]}, True),
        ({"And": [rule("count", "NumericEquals", 3), rule("yes", "BooleanEquals", False)]}, False),
        ({"Or": [rule("count", "NumericEquals", 4), rule("yes", "BooleanEquals", True)]}, True),
        ({"Or": [{"Not": rule("yes", "BooleanEquals", True)}]}, False),
    ],
)
def test_a_condition_holds_or_not(condition: dict[str, Any], holds: bool) -> None:
    assert parse_condition(condition)(DATA) is holds


def test_the_second_part_is_not_looked_at_when_the_first_decides() -> None:
    guarded = {"And": [rule("nowhere", "IsPresent", True), rule("nowhere", "NumericEquals", 1)]}
    assert parse_condition(guarded)(DATA) is False


def test_a_variable_that_is_not_there_is_an_error() -> None:
    with pytest.raises(PathError, match="leads to nothing"):
        parse_condition(rule("nowhere", "StringEquals", "x"))(DATA)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("x", "must be an object"),
        (rule("count", "TimestampEquals", "2026-11-20T00:00:00Z"), "TimestampEquals cannot be"),
        (rule("count", "NumericEqualsPath", "$.count"), "NumericEqualsPath cannot be"),
        (rule("count", "NumericEquals", "3"), "cannot be compared with '3'"),
        (rule("count", "IsNull", "no"), "compared with true or false"),
        ({"Variable": "$.count"}, "has none"),
        (rule("count", "NumericEquals", 3) | {"IsNull": True}, "one operator"),
        ({"And": []}, "must be a list"),
        ({"And": [rule("count", "IsNull", True)], "Or": []}, "cannot stand in one condition"),
        ({"Not": rule("count", "IsNull", True), "Variable": "$.x"}, "cannot stand in one"),
    ],
)
def test_what_is_not_known_here_is_refused_by_name(condition: Any, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        parse_condition(condition)
