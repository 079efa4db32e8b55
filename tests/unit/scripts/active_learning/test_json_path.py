"""Reference paths into a state's data."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.active_learning.json_path import PathError, ReferencePath

DATA = {"a": {"b": [1, {"c d": 2}]}, "e": None}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", DATA),
        ("$.a.b[0]", 1),
        ("$.a.b[1]['c d']", 2),
        ("$['a']['b'][1]['c d']", 2),
        ("$.e", None),
    ],
)
def test_a_path_reads_what_stands_there(path: str, value: Any) -> None:
    assert ReferencePath.parse(path).read(DATA) == value


@pytest.mark.parametrize("path", ["$.x", "$.a.b[2]", "$.a[0]", "$.e.f", "$.a.b.c"])
def test_a_path_to_nothing_says_so(path: str) -> None:
    with pytest.raises(PathError, match="leads to nothing"):
        ReferencePath.parse(path).read(DATA)
    assert not ReferencePath.parse(path).has(DATA)


@pytest.mark.parametrize(
    "path",
    ["a.b", "$$.Execution.Id", "$..a", "$.a[*]", "$.a[0:1]", "$.a[?(@.b)]", "$.", "$.a[-1]", 3, ""],
)
def test_what_is_no_reference_path_is_refused(path: object) -> None:
    with pytest.raises(PathError):
        ReferencePath.parse(path)


def test_writing_makes_a_copy_and_the_objects_on_the_way() -> None:
    before = {"a": {"b": 1}, "l": [1, 2]}
    assert ReferencePath.parse("$.a.c.d").write(before, 3) == {
        "a": {"b": 1, "c": {"d": 3}},
        "l": [1, 2],
    }
    assert ReferencePath.parse("$.l[1]").write(before, 5)["l"] == [1, 5]
    assert ReferencePath.parse("$").write(before, 7) == 7
    assert before == {"a": {"b": 1}, "l": [1, 2]}


@pytest.mark.parametrize("path", ["$.a.b.c", "$.l[2]", "$.l.x"])
def test_nothing_is_written_where_no_way_leads(path: str) -> None:
    with pytest.raises(PathError):
        ReferencePath.parse(path).write({"a": {"b": 1}, "l": [1, 2]}, 0)


@given(st.lists(st.text("abc", min_size=1), min_size=1, max_size=4), st.integers())
def test_what_was_written_is_read(names: list[str], value: int) -> None:
    path = ReferencePath.parse("$." + ".".join(names))
    assert path.read(path.write({}, value)) == value
