"""What a task's page may do: run the template's own scripts, and reach its photos and clicks."""

from __future__ import annotations

import base64
import hashlib

import pytest

from hooks.core.categories import LabelCategories
from hooks.core.job_settings import JobKind, JobSettings
from scripts.local_ground_truth.page_policy import page_policy
from scripts.pages.page_minifier import pack
from scripts.pages.render_template import PAGES, render, scripts_of


def policy_of(template: str) -> dict[str, list[str]]:
    text = page_policy(template, links_url="http://links", click_api_url="http://clicks")
    return {name: sources for name, *sources in (part.split() for part in text.split("; "))}


def sha256(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


@pytest.mark.parametrize("kind", PAGES)
def test_our_own_pages_run_their_own_scripts_alone(kind: JobKind) -> None:
    labels = LabelCategories.from_names(['"><script>alert(1)</script>', "x onclick=y"])
    policy = policy_of(render(JobSettings("pets", kind, "pets", labels)))
    assert "'unsafe-inline'" not in policy["script-src"]
    own, *hashes = policy["script-src"]  # 'self' is for the Crowd script
    assert own == "'self'"
    # A page that is packed has one script that puts another into it.
    assert 1 <= len(hashes) <= 2
    assert policy["default-src"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'self'"]
    assert "http://links" in policy["img-src"]
    assert {"http://links", "http://clicks"} <= set(policy["connect-src"])


def test_a_scripts_hash_is_that_of_its_text_with_plain_line_ends() -> None:
    policy = policy_of("<script>\r\nlet x = 1 < 2;\r\n</script><script src=x></script>")
    assert policy["script-src"] == ["'self'", sha256("\nlet x = 1 < 2;\n")]


@pytest.mark.parametrize(
    "template",
    [
        pytest.param("<script>let task = {{ task.input | to_json }};</script>", id="liquid value"),
        pytest.param("<script>{% if x %}go(){% endif %}</script>", id="liquid tag"),
        pytest.param("<crowd-button onclick='go()'>", id="handler"),
        pytest.param("<a href='javascript:go()'>", id="javascript link"),
    ],
)
def test_where_the_template_needs_it_any_inline_script_may_run(template: str) -> None:
    assert "'unsafe-inline'" in policy_of(template)["script-src"]


def test_a_packed_script_may_put_what_it_unpacks_into_the_page() -> None:
    labels = LabelCategories.from_names(["cat"])
    page = render(JobSettings("pets", JobKind.SEGMENTATION, "pets", labels))
    script = scripts_of(page)[-1]
    policy = policy_of(pack(page, whole=True))
    assert sha256(script) in policy["script-src"]
    assert len(policy["script-src"]) == 3


def test_data_in_script_elements_is_no_script() -> None:
    policy = policy_of("<script type='application/json'>{{ task.input }}</script>")
    assert policy["script-src"] == ["'self'"]


def test_what_the_template_names_elsewhere_is_allowed() -> None:
    policy = policy_of(
        '<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>'
        '<script src="https://cdn.example/a/b.js"></script>'
    )
    assert policy["script-src"] == ["'self'", "https://cdn.example"]
