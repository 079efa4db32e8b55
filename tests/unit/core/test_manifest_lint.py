"""A manifest's lines: every problem is named with its line, its field and its fix."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.errors import ContractError
from hooks.core.label_reader import ColorMap
from hooks.core.manifest_colors import check_color_map, mend_color_map, normal_color
from hooks.core.manifest_findings import Severity
from hooks.core.manifest_lint import lint_manifest

PHOTO = {"source-ref": "s3://bucket/a.jpg"}
MASK = "s3://bucket/m.png"
GOOD_MAP = {
    "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"},
    "1": {"class-name": "cat", "hex-color": "#2ca02c"},
}


def lines(*values: Any) -> bytes:
    return "".join(
        (value if isinstance(value, str) else json.dumps(value)) + "\n" for value in values
    ).encode()


def places(content: bytes, **options: Any) -> list[tuple[int | None, str, str]]:
    return [
        (found.line_number, found.field, found.severity.value)
        for found in lint_manifest(content, **options).findings
    ]


BAD_LINES: dict[str, tuple[Any, str]] = {
    "no JSON": ("nonsense", ""),
    "no object": ([1, 2], ""),
    "not a number": ('{"source-ref": "s3://b/a.jpg", "x": NaN}', ""),
    "no source": ({"photo": "s3://b/a.jpg"}, ""),
    "two sources": ({**PHOTO, "source": "text"}, "source"),
    "no text": ({"source-ref": ["s3://b/a.jpg"]}, "source-ref"),
    "no address": ({"source-ref": "https://b.s3.amazonaws.com/a.jpg"}, "source-ref"),
    "a reserved name": ({**PHOTO, "$label": 1}, "$label"),
    "a name twice": ('{"source-ref": "s3://b/a.jpg", "x": 1, "x": 2}', "x"),
    "a long attribute": ({**PHOTO, "note": "x" * 20_001}, "note"),
    "a long line": ({**PHOTO, **{f"n{i}": "x" * 19_000 for i in range(6)}}, ""),
    "an address for a label": ({**PHOTO, "cats-ref": "m.png", "cats-ref-metadata": {
        "internal-color-map": GOOD_MAP}}, "cats-ref"),
    "no metadata": ({**PHOTO, "cats-ref": MASK}, "cats-ref-metadata"),
    "no colours": ({**PHOTO, "cats-ref": MASK, "cats-ref-metadata": {
        "type": "groundtruth/semantic-segmentation"}}, "cats-ref-metadata.internal-color-map"),
    "a built-in label without -ref": ({**PHOTO, "cats": MASK, "cats-metadata": {
        "internal-color-map": GOOD_MAP}}, "cats"),
    "a custom label with -ref": ({**PHOTO, "cats-ref": {
        "mask-ref": MASK, "internal-color-map": GOOD_MAP}}, "cats-ref"),
    "an underscore": ({**PHOTO, "my_cats": {
        "mask-ref": MASK, "internal-color-map": GOOD_MAP}}, "my_cats"),
    "metadata of another type": ({**PHOTO, "cats-metadata": "yes"}, "cats-metadata"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_LINES)
def test_what_fails_a_line_is_an_error_with_its_field(name: str) -> None:
    line, field = BAD_LINES[name]
    assert (2, field, "error") in places(lines(PHOTO | {"n": 1}, line))


def test_what_a_job_lives_with_is_a_warning() -> None:
    failed = {"source-ref": "s3://b/2.jpg", "cats-metadata": {"failure-reason": "no photo"}}
    content = b"\xef\xbb\xbf" + lines(PHOTO, "", PHOTO, failed)
    assert places(content) == [
        (1, "", "error"),  # the byte order mark
        (2, "", "warning"),
        (3, "source-ref", "warning"),
        (4, "cats-metadata", "warning"),
    ]


def test_a_line_that_failed_in_this_tools_own_job_is_no_problem() -> None:
    label = {"status": "failed", "reason": "nobody answered", "internal-color-map": {}}
    assert places(lines({**PHOTO, "cats": label})) == []


def test_what_an_adjudication_job_decides_on_is_no_label() -> None:
    decide = {"details-ref": "s3://b/0.json", "mask-ref": "s3://b/0.png"}
    assert places(lines({**PHOTO, "adjudication": decide})) == []


def test_the_manifest_as_a_whole_is_counted() -> None:
    many = lines(*({"source-ref": f"s3://b/{n}.jpg"} for n in range(3)))
    assert places(many, max_objects=2) == [(None, "", "error")]
    assert places(many, max_objects=3) == []
    assert places(b"") == [(None, "", "error")]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("cats-ref", True), ("cats-metadata", True), ("source-ref", True), ("cats", False)],
)
def test_a_jobs_label_attribute_name_follows_the_rules(name: str, wrong: bool) -> None:
    found = lint_manifest(lines({"source-ref": "s3://b/x.jpg"}), label_attribute_name=name)
    assert [item.field for item in found.findings if item.severity is Severity.ERROR] == (
        [name] if wrong else []
    )


def test_lines_that_have_the_label_already_are_counted() -> None:
    labeled = {**PHOTO, "cats": {"mask-ref": MASK, "internal-color-map": GOOD_MAP}}
    (found,) = lint_manifest(lines(labeled), label_attribute_name="cats").findings
    assert "1 of 1 lines" in found.problem


def test_a_class_in_two_colours_is_told_once() -> None:
    other = {"0": GOOD_MAP["0"], "1": {"class-name": "cat", "hex-color": "#000001"}}
    content = lines(*(
        {"source-ref": f"s3://b/{n}.jpg", "cats": {"mask-ref": MASK, "internal-color-map": colors}}
        for n, colors in enumerate([GOOD_MAP, other, other])
    ))  # fmt: skip
    assert places(content) == [(2, "cats", "warning")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("#2CA02C", "#2ca02c"), ("2ca02c", "#2ca02c"), ("#abc", "#aabbcc"),
        ("rgb(1, 2, 3)", "#010203"), ([1, 2, 3], "#010203"), ("rgb(1,2,300)", None),
        ("green", None), (7, None), (None, None),
    ],
)  # fmt: skip
def test_colours_are_read_however_they_are_written(written: object, meant: str | None) -> None:
    assert normal_color(written) == meant


def test_a_class_without_a_name_cannot_be_mended() -> None:
    with pytest.raises(ContractError, match="names no class"):
        mend_color_map({"1": {"hex-color": "#123456"}})


entries = st.fixed_dictionaries(
    {"class-name": st.sampled_from(["BACKGROUND", "cat", "dog", "fox", "background"])},
    optional={"hex-color": st.sampled_from(["#ffffff", "#2ca02c", "2CA02C", "#123", "no", "#000"])},
)


@given(
    st.dictionaries(st.sampled_from(["0", "1", "2", "7", "255", "x", "03"]), entries, min_size=1)
)
def test_a_mended_colour_map_is_right_and_keeps_its_classes(value: dict[str, Any]) -> None:
    mended = mend_color_map(value)
    assert list(check_color_map(mended.value)) == []
    read = ColorMap.from_json(mended.value)
    named = {entry["class-name"] for entry in value.values()}
    assert set(read.names) == {name for name in named if name.upper() != "BACKGROUND"}
    for key, entry in value.items():
        of_key = mended.value[str(mended.new_of_key[key])]["class-name"]
        assert of_key.upper() == entry["class-name"].upper()
    assert mend_color_map(mended.value).value == mended.value


@given(st.binary(max_size=200))
def test_any_bytes_are_linted(content: bytes) -> None:
    lint_manifest(content)


@given(st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["source-ref", "cats", "cats-ref", "cats-ref-metadata", "mask-ref",
                         "internal-color-map", "1", "class-name", "hex-color", "$x"]), inner),
))  # fmt: skip
def test_any_line_is_linted(value: Any) -> None:
    lint_manifest(lines(value))
