"""Manifest lines: parsed one by one, each problem named with its line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.errors import ContractError, ManifestError
from hooks.core.manifest import ManifestLine, parse_s3_uri, read_lines, write_lines


def test_extra_keys_are_kept_as_they_are() -> None:
    text = '{"source-ref":"s3://bucket/a.jpg","object-id":"a17","classes":["cat"]}'
    line = ManifestLine.parse(text, 1)
    assert line.source_ref == "s3://bucket/a.jpg"
    assert line.to_text() == text


def test_a_bad_line_does_not_keep_the_others_from_being_read() -> None:
    text = '{"source-ref":"s3://b/1.jpg"}\n\nnonsense\n{"source":"inline text"}\n'
    first, second, third = read_lines(text)
    assert isinstance(first, ManifestLine)
    assert first.number == 1
    assert isinstance(second, ManifestError)
    assert second.line_number == 3
    assert isinstance(third, ManifestLine)
    assert third.number == 4
    assert third.source == "inline text"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nonsense", "line 7: not JSON"),
        ("[]", "line 7: must be a JSON object"),
        ('{"source": "x", "y": NaN}', "line 7: not JSON .NaN"),
        ("{}", 'line 7: has neither "source-ref" nor "source"'),
        ('{"source-ref": 5}', "line 7, source-ref: must be a text"),
        ('{"source-ref": "https://example.com/a.jpg"}', "line 7, source-ref: .* not an s3://"),
        ('{"source-ref": "s3://bucket"}', "line 7, source-ref: .* names no object"),
        ('{"source-ref": "s3://b/k", "$x": 1}', r"line 7, \$x: names must not start"),
        ('{"source-ref": "s3://b/k", "x": "%s"}' % ("y" * 20_000), "line 7, x: longer than 20000"),
        ('{"source-ref": "s3://b/%s"}' % ("k" * 100_000), "line 7: 100025 characters"),
    ],
    ids=lambda text: text[:40],
)
def test_what_is_wrong_with_a_line_is_named(text: str, problem: str) -> None:
    with pytest.raises(ManifestError, match=problem):
        ManifestLine.parse(text, 7)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
names = st.text(min_size=1, max_size=10).filter(lambda name: not name.startswith("$"))


@given(st.lists(st.dictionaries(names, json_values, max_size=4), max_size=5))
def test_lines_survive_being_written(objects: list[dict[str, Any]]) -> None:
    lines = [
        ManifestLine(number, fields | {"source-ref": f"s3://b/{number}"})
        for number, fields in enumerate(objects, start=1)
        if "source" not in fields
    ]
    again = list(read_lines(write_lines(lines)))
    assert [line.fields for line in again if isinstance(line, ManifestLine)] == [
        line.fields for line in lines
    ]


@pytest.mark.parametrize(
    ("added", "labeled", "reason"),
    [
        ({}, False, None),
        ({"job": {"mask-ref": "s3://b/m.png"}, "job-metadata": {}}, True, None),
        ({"job-metadata": {"failure-reason": "ClientError: no"}}, False, "ClientError: no"),
        ({"job": {}, "job-metadata": {"failure-reason": "late"}}, False, "late"),
    ],
    ids=["not yet", "labeled", "failed", "failed with a label"],
)
def test_a_line_is_labeled_unless_it_failed(
    added: dict[str, Any], labeled: bool, reason: str | None
) -> None:
    line = ManifestLine(1, {"source-ref": "s3://b/k"}).with_fields(added)
    assert line.is_labeled("job") is labeled
    assert line.failure_reason("job") == reason


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    (line,) = read_lines("\ufeff" + json.dumps({"source": "x"}))
    assert isinstance(line, ManifestLine)


def test_half_a_character_is_written_as_it_came() -> None:
    text = r'{"source":"\ud83d"}'
    line = ManifestLine.parse(text, 1)
    assert line.to_text().encode() == text.encode()


def test_an_address_names_bucket_and_key() -> None:
    assert parse_s3_uri("s3://bucket/a/b c.jpg") == ("bucket", "a/b c.jpg")
    with pytest.raises(ContractError, match=r"payload: .*names no object"):
        parse_s3_uri("s3://bucket/", "payload")
