"""Templates are filled as Ground Truth fills them."""

from __future__ import annotations

import pytest

from hooks.core.manifest import parse_s3_uri
from scripts.local_ground_truth.liquid import TemplateError, check_template, render

TASK_INPUT = {
    "source-ref": "s3://photos/a&b.jpg",
    "labels": ["cat", "<dog>"],
    "html": "<b>&amp;</b>",
    "manifestLine": {
        "m-ref-metadata": {
            "internal-color-map": {"1": {"class-name": "cat"}, "2": {"class-name": "dog"}}
        }
    },
}


def filled(template: str) -> str:
    return render(template, TASK_INPUT, lambda address: f"https://{address[5:]}?a=1&b=2")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ task.input.html }}", "&lt;b&gt;&amp;amp;&lt;/b&gt;"),
        ("{{ task.input.html | skip_autoescape }}", "<b>&amp;</b>"),
        ("{{ task.input.html | escape_once }}", "&lt;b&gt;&amp;&lt;/b&gt;"),
        ("{{ task.input.labels | to_json }}", "[&#34;cat&#34;, &#34;&lt;dog&gt;&#34;]"),
        ("{{ task.input.labels | to_json | escape }}", "[&#34;cat&#34;, &#34;&lt;dog&gt;&#34;]"),
        ("{{ task.input.labels | to_json | skip_autoescape }}", '["cat", "<dog>"]'),
        (
            "{{ task.input.source-ref | grant_read_access }}",
            "https://photos/a&amp;b.jpg?a=1&amp;b=2",
        ),
        ("[{{ task.input.nobody.home }}]", "[]"),
        ("[{{ task.input.nobody | grant_read_access }}]", "[]"),
        ("{{ task.input.nobody | to_json }}", "null"),
        ("{% if task.input.labels contains 'cat' %}yes{% endif %}", "yes"),
        (
            "{% for box in task.input.manifestLine.m-ref-metadata.internal-color-map %}"
            "{{ box[0] }}{{ box[1]['class-name'] }} {% endfor %}",
            "1cat 2dog ",
        ),
    ],
)
def test_filters_and_autoescape(template: str, expected: str) -> None:
    assert filled(template) == expected


def test_a_template_that_is_not_liquid_is_refused() -> None:
    with pytest.raises(TemplateError, match="not valid Liquid"):
        check_template("{% if %}")


def test_an_unknown_filter_is_named_when_a_page_is_filled() -> None:
    with pytest.raises(TemplateError, match="unknown filter 'shout'"):
        filled("{{ task.input.html | shout }}")


def test_read_access_to_what_is_no_address_is_an_error() -> None:
    def grant(address: str) -> str:
        parse_s3_uri(address)
        return address

    with pytest.raises(TemplateError, match="is not an s3:// address"):
        render("{{ task.input.html | grant_read_access }}", TASK_INPUT, grant)
