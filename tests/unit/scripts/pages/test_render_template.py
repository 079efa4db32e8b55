from __future__ import annotations

import base64
import html
import json
import re
import shutil
import subprocess
import urllib.request
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError
from hooks.core.job_example import Example, Verdict
from hooks.core.job_settings import JobKind, JobSettings
from scripts.local_ground_truth import liquid
from scripts.pages.page_minifier import MAX_PUBLIC_PAGE_BYTES, pack
from scripts.pages.page_texts import TEMPLATES
from scripts.pages.render_template import (
    LIQUID_OF_A_PAGE,
    MAX_PAGE_CHARACTERS,
    PAGES,
    check,
    render,
    script_order,
    scripts_of,
)

NASTY_LABELS = (
    "quote \" and ' and & and \\",
    "</script><script>alert(1)</script>",
    "<!-- comment",
    "{{ task.input }} {% if %} {{{% {#",
    "[[ labels ]] [% block %] [# comment #]",
    "Katze 🐈‍⬛ \u2028 end",
    "قطة سوداء",
    "x" * 200,
    "__proto__",
    "${`template`}",
)


def settings(**changes: Any) -> JobSettings:
    fields: dict[str, Any] = {
        "labeling_job_name": "pets",
        "kind": JobKind.SEGMENTATION,
        "label_attribute_name": "pets",
        "labels": LabelCategories.from_names(["cat", "dog"]),
    }
    return JobSettings(**(fields | changes))


def fill(page: str, task_input: dict[str, Any]) -> str:
    return liquid.render(page, task_input, lambda address: f"https://photos/{address[5:]}?a=1&b=2")


class Elements(HTMLParser):
    """Every start tag with its attributes, and the text of elements by id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._inside: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append((tag, values))
        self._inside = values.get("id") if tag == "script" else None

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[self._inside] = self.texts.get(self._inside, "") + data

    def by_id(self, wanted: str) -> dict[str, str | None]:
        (found,) = [values for _, values in self.tags if values.get("id") == wanted]
        return found


def job_in(page: str) -> dict[str, Any]:
    job: dict[str, Any] = json.loads(Elements(page).texts["job"])
    return job


def unpacked(page: str) -> list[str]:
    """Styles, texts and script of a page, which may be packed."""
    packed = re.search(r'\("([\w+/=]{9,})"\)</script>', page)
    parts = (
        zlib.decompress(base64.b64decode(packed[1])).decode().split("\0") if packed else [""] * 3
    )
    style = page[page.index("<style>") + 7 : page.index("</style>")]
    plain = [style, Elements(page).texts.get("texts", ""), scripts_of(page)[-1]]
    return [part or other for part, other in zip(parts, plain, strict=True)]


every_page = pytest.mark.parametrize("kind", PAGES)


@every_page
def test_a_page_passes_its_own_check(kind: JobKind) -> None:
    assert check(render(settings(kind=kind)), kind) == []


@every_page
def test_a_page_leaves_room_for_labels_and_instructions(kind: JobKind) -> None:
    assert len(render(settings(kind=kind, full_instructions="word " * 4_000))) < MAX_PAGE_CHARACTERS


@every_page
def test_a_page_for_254_labels_fits(kind: JobKind) -> None:
    labels = LabelCategories.from_names([f"label number {number}" for number in range(254)])
    assert len(job_in(render(settings(labels=labels, kind=kind)))["labels"]) == 254


def test_the_adjudication_page_gets_a_link_to_every_mask() -> None:
    candidates = [
        {"name": "consensus", "mask": "s3://bucket/a b's.png"},
        {"name": "A", "mask": "s3://bucket/0.png"},
    ]
    page = fill(render(settings(kind=JobKind.ADJUDICATION)), {"candidates": candidates})
    told = [values for _, values in Elements(page).tags if "data-mask" in values]
    assert [(values["data-name"], values["data-mask"]) for values in told] == [
        ("consensus", "https://photos/bucket/a b's.png?a=1&b=2"),
        ("A", "https://photos/bucket/0.png?a=1&b=2"),
    ]


def test_254_long_labels_of_any_script_fit() -> None:
    names = [f"{number} {'قطة ' * 49}"[:100].strip() for number in range(127)]
    names += [f"{number} \"<b>&' {{{{ {'🐈‍⬛ ' * 40}"[:100].strip() for number in range(127)]
    page = render(settings(labels=LabelCategories.from_names(names)))
    assert [label["name"] for label in job_in(page)["labels"]] == names


@every_page
def test_a_page_has_its_scripts_and_styles_without_comments(kind: JobKind) -> None:
    styles, _, script = unpacked(render(settings(kind=kind)))
    for name in script_order(PAGES[kind].folder, PAGES[kind].shared):
        source = (TEMPLATES / name).read_text(encoding="utf-8")
        (constant,) = re.findall(r"^const (\w+) = ", source, re.MULTILINE)
        assert re.search(rf"\b{constant} ?= ?\(\(\) ?=>", script)
    comment = re.compile(r"^\s*(//|/\*|\*)", re.MULTILINE)
    assert not comment.search(script)
    assert "/*" not in styles


def test_the_page_knows_labels_and_colours_in_order() -> None:
    job = job_in(render(settings()))
    assert job["kind"] == "segmentation"
    assert job["tool"].startswith("fewclick/")
    assert job["labels"] == [
        {"name": "cat", "color": "#e69f00"},
        {"name": "dog", "color": "#56b4e9"},
    ]


def test_labels_of_any_characters_arrive_as_they_are() -> None:
    page = fill(render(settings(labels=LabelCategories.from_names(NASTY_LABELS))), {})
    assert [label["name"] for label in job_in(page)["labels"]] == list(NASTY_LABELS)


@pytest.mark.parametrize("kind", [JobKind.ADJUSTMENT, JobKind.VERIFICATION])
def test_a_page_that_begins_with_a_mask_gets_a_link_to_it(kind: JobKind) -> None:
    page = render(settings(kind=kind))
    with_mask = fill(page, {"earlier": {"mask": "s3://bucket/0.png"}})
    with_boxes = fill(page, {"earlier": {"boxes": []}})
    links = [Elements(each).by_id("earlier")["data-mask"] for each in (with_mask, with_boxes)]
    assert links == ["https://photos/bucket/0.png?a=1&b=2", ""]


def test_verdicts_and_reasons_of_any_characters_are_shown_and_known() -> None:
    page = render(
        settings(kind=JobKind.VERIFICATION, verdicts=NASTY_LABELS[:5], reasons=NASTY_LABELS[5:])
    )
    job = job_in(page)
    assert (job["verdicts"], job["reasons"]) == (list(NASTY_LABELS[:5]), list(NASTY_LABELS[5:]))
    shown = html.unescape(page)
    assert all(f">{text}</span>" in shown for text in NASTY_LABELS)


def test_liquid_gives_the_task_to_the_page() -> None:
    task_input = {
        "taskObject": "s3://bucket/key with 'quotes\".jpg",
        "manifestLine": {"note": "<b>&amp; {{ x }} 🐈"},
    }
    task = Elements(fill(render(settings()), task_input)).by_id("task")
    assert json.loads(task["data-task"] or "") == task_input
    assert task["data-photo"] == "https://photos/bucket/key with 'quotes\".jpg?a=1&b=2"
    assert task["data-grant"] == ""  # a task without a click service has none


def test_liquid_gives_the_page_a_link_to_its_grant_and_no_token() -> None:
    task_input = {"grantRef": "s3://bucket/jobs/pets/grants/ab.json"}
    task = Elements(fill(render(settings()), task_input)).by_id("task")
    assert task["data-grant"] == "https://photos/bucket/jobs/pets/grants/ab.json?a=1&b=2"


def test_liquid_changes_nothing_but_the_task() -> None:
    nasty = settings(
        labels=LabelCategories.from_names(NASTY_LABELS),
        short_instructions="{{ task.input.taskObject }}",
        full_instructions="{% raw %} {{{{ x",
    )
    page = render(nasty)
    task, photo, *grant = LIQUID_OF_A_PAGE
    expected = page.replace(task, "{}").replace(photo, "")
    granted = "".join(grant)
    assert granted in page
    assert fill(page, {}) == expected.replace(granted, "")


@pytest.mark.parametrize("field", ["short_instructions", "full_instructions"])
def test_markup_in_instructions_is_shown_not_run(field: str) -> None:
    text = "<img src=x onerror=alert(1)> & <script>alert(2)</script> {{ x }} [[ y ]]"
    page = render(settings(**{field: text}))
    assert len(scripts_of(page)) == len(scripts_of(render(settings())))
    assert not [tag for tag, _ in Elements(page).tags if tag == "img"]
    assert text in html.unescape(page)


EXAMPLES = (
    Example("s3://bucket/a cat.png", Verdict.GOOD, "Whiskers <b>too</b> {{ x }}"),
    Example("data:image/png;base64,iVBORw0KGgo=", Verdict.BAD, "Cut off"),
    Example("s3://bucket/dog.png", Verdict.BAD),
)


@pytest.mark.parametrize("minified", [False, True])
@every_page
def test_examples_are_shown_under_their_verdicts(kind: JobKind, minified: bool) -> None:
    if minified and kind is not JobKind.SEGMENTATION:
        pytest.skip("the public workforce only draws")
    page = fill(render(settings(kind=kind, examples=EXAMPLES), minified=minified), {})
    good = page[page.index("<positive-example>") : page.index("</positive-example>")]
    bad = page[page.index("<negative-example>") : page.index("</negative-example>")]
    pictures = [values for tag, values in Elements(good + bad).tags if tag == "img"]
    first, own, last = (values["src"] or "" for values in pictures)
    assert first == "https://photos/bucket/a cat.png?a=1&b=2"
    assert last == "https://photos/bucket/dog.png?a=1&b=2"
    assert urllib.request.urlopen(own).read() == b"\x89PNG\r\n\x1a\n"
    assert [values["alt"] for values in pictures] == ["Good example", "Bad example", "Bad example"]
    assert "Whiskers <b>too</b> {{ x }}" in html.unescape(good)
    assert "<b>" not in good
    assert "Cut off" in bad


def test_without_examples_there_is_no_place_for_them() -> None:
    assert "-example>" not in render(settings())


def test_a_page_speaks_the_language_of_its_job() -> None:
    page = render(settings(language="de"))
    assert '<html lang="de" dir="ltr">' in page
    texts = json.loads(unpacked(page)[1])
    assert texts["condition.empty"] == "leer"
    assert ">Absenden</crowd-button>" in page
    # What may become an answer is said to the requester in English.
    assert job_in(page)["english"]["photo.missing"] == "The photo is not there any more."
    assert '<option value="The photo is broken or not shown">' in page
    assert job_in(render(settings()))["english"] == {}


def test_a_language_without_texts_is_refused_by_name() -> None:
    with pytest.raises(ContractError, match="'tlh'; there are: de, en"):
        render(settings(language="tlh"))


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_minified_page_is_the_same_page_below_the_public_limit(language: str) -> None:
    nasty = settings(
        labels=LabelCategories.from_names(NASTY_LABELS),
        short_instructions="{{ task.input.taskObject }} {% raw %}",
        full_instructions="<script>alert(1)</script> {{{{ x",
        language=language,
    )
    plain, small = render(nasty), render(nasty, minified=True)
    assert len(small.encode()) < MAX_PUBLIC_PAGE_BYTES
    assert check(small) == []
    task, photo, *grant = LIQUID_OF_A_PAGE
    expected_small = small.replace(task, "{}").replace(photo, "").replace("".join(grant), "")
    assert fill(small, {}) == expected_small
    assert job_in(small) == job_in(plain)
    assert json.loads(unpacked(small)[1]) == json.loads(unpacked(plain)[1])
    kept = ("id", "class", "data-action", "role", "name", "title", "aria-label", "type", "hidden")
    outline, expected = (
        [
            (tag, {key: value for key, value in values.items() if key in kept})
            for tag, values in Elements(page).tags
        ]
        for page in (small, plain)
    )
    assert outline == expected


def test_a_packed_page_has_the_same_styles_texts_and_script() -> None:
    page = (
        "<style>p{}</style><script>early()</script><p>{{ x }}</p>"
        '<script type="application/json" id="texts">{"a":"→"}</script>'
        "<script>const late = 1;</script></body>"
    )
    packed = pack(page, whole=True)
    kept = "<style></style><script>early()</script><p>{{ x }}</p><script type="
    assert packed.startswith(kept + '"application/json" id="texts"></script><script>')
    assert packed.endswith("</script></body>")
    assert unpacked(packed) == ["p{}", '{"a":"→"}', "const late = 1;"]


def test_where_the_script_alone_makes_the_room_the_rest_stays_as_it_is() -> None:
    page = "<style>p{}</style><script>const late = 1;</script>"
    packed = pack(page, whole=False)
    assert packed.startswith("<style>p{}</style><script>(async")
    assert unpacked(packed) == ["p{}", "", "const late = 1;"]


def test_a_minified_page_that_is_too_large_for_the_public_is_refused() -> None:
    with pytest.raises(ContractError, match="the public workforce takes 65,535"):
        render(settings(full_instructions="word " * 10_000), minified=True)


def test_an_empty_line_parts_paragraphs_of_instructions() -> None:
    page = render(settings(full_instructions="One.\n\n\n Two\nlines.\n"))
    assert "<p>One.</p><p>Two\nlines.</p>" in page


@every_page
def test_the_answer_is_the_forms_only_named_input(kind: JobKind) -> None:
    page = Elements(render(settings(kind=kind)))
    named = [values["name"] for _, values in page.tags if "name" in values]
    assert named == ["viewport", PAGES[kind].field]


@every_page
def test_ids_are_unique(kind: JobKind) -> None:
    page = Elements(render(settings(kind=kind)))
    ids = [values["id"] for _, values in page.tags if "id" in values]
    assert len(ids) == len(set(ids))


@every_page
def test_every_button_is_named_and_none_submits_by_accident(kind: JobKind) -> None:
    page = render(settings(kind=kind))
    buttons = re.findall(r"<button\b([^>]*)>(.*?)</button>", page, re.DOTALL)
    assert len(buttons) > 10
    for attributes, content in buttons:
        assert 'type="button"' in attributes
        assert re.sub(r"<[^>]*>", "", content).strip() or "aria-label=" in attributes


def test_the_page_needs_nothing_from_the_network_but_the_crowd_script() -> None:
    page = render(settings())
    links = {
        value
        for _, values in Elements(page).tags
        for name, value in values.items()
        if name in ("src", "href")
    }
    assert links == {liquid.CROWD_SCRIPT}
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        pytest.param(lambda page: page + "x" * 128_000, "128,000", id="too long"),
        pytest.param(lambda page: page + "{{ x }}", "{{ x }}", id="liquid output"),
        pytest.param(lambda page: page + "{% if x %}", "{% if x", id="liquid tag"),
        pytest.param(
            lambda page: page.replace(LIQUID_OF_A_PAGE[0], ""), "task.input", id="no task"
        ),
        pytest.param(
            lambda page: page.replace(LIQUID_OF_A_PAGE[1], ""), "grant_read_access", id="no photo"
        ),
        pytest.param(lambda page: page.replace("<crowd-form", "<div"), "crowd-form", id="no form"),
    ],
)
def test_the_check_names_what_is_wrong(spoil: Any, complaint: str) -> None:
    (problem,) = check(spoil(render(settings())))
    assert complaint in problem


def test_instructions_that_make_the_page_too_long_are_refused() -> None:
    with pytest.raises(ContractError, match="Shorten the instructions"):
        render(settings(full_instructions="word " * 30_000))


def test_a_job_kind_without_a_page_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(PAGES, JobKind.VERIFICATION)
    with pytest.raises(ContractError, match="verification"):
        render(settings(kind=JobKind.VERIFICATION))


@pytest.mark.parametrize(
    ("kind", "minified"), [*((kind, False) for kind in PAGES), (JobKind.SEGMENTATION, True)]
)
@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_the_composed_script_is_javascript(kind: JobKind, minified: bool, tmp_path: Path) -> None:
    script = tmp_path / "page.js"
    page = render(settings(kind=kind), minified=minified)
    script.write_text(scripts_of(page)[-1], encoding="utf-8")
    subprocess.run(["node", "--check", script], check=True, capture_output=True)
