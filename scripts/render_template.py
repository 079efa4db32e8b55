"""Composes a job's worker task template: one self-contained HTML file.

The file is filled twice. This is the first time, once per job: Jinja, with square brackets for
delimiters, puts labels, instructions, styles and scripts in. The second time, once per task,
Liquid fills what is left in double braces. So nothing that this module writes may look like
Liquid, whatever the job's labels and instructions say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from hooks.core.errors import ContractError
from hooks.core.job_settings import JobKind, JobSettings

TEMPLATES = Path(__file__).parent.parent / "templates"
PAGES = {JobKind.SEGMENTATION: "segmentation.html.j2"}
MAX_PAGE_CHARACTERS = 128_000
"""`RenderUiTemplate` takes no more, the only limit that AWS publishes for a template."""

LIQUID_OF_A_PAGE = (
    "{{ task.input | to_json }}",
    "{{ task.input.taskObject | grant_read_access }}",
)
_LIQUID_BEGINS = re.compile(r"\{(?=[{%])")
_SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script>", re.DOTALL)


def render(settings: JobSettings) -> str:
    """The worker task template of a job, ready to be put where Ground Truth reads it.

    Raises:
        ContractError: there is no page for this kind of job, or the page would not work in
            Ground Truth; the message says why.
    """
    name = PAGES.get(settings.kind)
    if name is None:
        kinds = ", ".join(PAGES)
        raise ContractError("kind", f"no page for {settings.kind.value!r} jobs; there is: {kinds}.")
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
    )
    texts = json.loads(_source("texts.en.json"))
    page = environment.get_template(name).render(
        job=settings,
        job_json=_json_in_html(job_of(settings)),
        texts=texts,
        texts_json=_json_in_html(texts),
        scripts=script_order(),
        source=_source,
        prose=_prose,
    )
    problems = check(page)
    if problems:
        raise ContractError("page", " ".join(problems))
    return page


def check(page: str) -> Sequence[str]:
    """What would keep a page from working in Ground Truth, as sentences; empty when nothing."""
    problems = []
    if len(page) > MAX_PAGE_CHARACTERS:
        problems.append(
            f"the page has {len(page):,} characters; Ground Truth takes {MAX_PAGE_CHARACTERS:,}. "
            "Shorten the instructions or the labels."
        )
    problems += [
        f"{variable} is missing, so the page would never see its task."
        for variable in LIQUID_OF_A_PAGE
        if variable not in page
    ]
    rest = page
    for variable in LIQUID_OF_A_PAGE:
        rest = rest.replace(variable, "")
    stray = _LIQUID_BEGINS.search(rest)
    if stray:
        around = rest[max(0, stray.start() - 20) : stray.end() + 20]
        problems.append(f"Liquid would take {around!r} for its own.")
    if page.count("<crowd-form") != 1:
        problems.append("a page needs exactly one crowd-form.")
    return problems


def scripts_of(page: str) -> list[str]:
    """The contents of the page's script elements that hold any."""
    return [script for script in _SCRIPT.findall(page) if script.strip()]


def job_of(settings: JobSettings) -> dict[str, object]:
    """What the page's scripts know of the job."""
    categories = settings.labels
    return {
        "kind": settings.kind.value,
        "tool": f"fewclick/{version('fewclick')}",
        "labels": [
            {"name": name, "color": categories.color(index)}
            for index, name in enumerate(categories, start=1)
        ],
    }


def script_order() -> list[str]:
    """The names of the scripts in templates/js, in the order in which they need each other."""
    order: list[str] = json.loads(_source("js/order.json"))
    return order


def _source(name: str) -> Markup:
    """A file of ours, as it is: styles and scripts are not escaped."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8").rstrip())


def _json_in_html(value: object) -> Markup:
    """JSON for a script element, which it cannot end, and which Liquid takes for plain text.

    `{{` and `{%` stand only inside JSON's strings, where a brace may be written as an escape.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(_LIQUID_BEGINS.sub(r"\\u007b", text))


def _prose(text: str) -> Markup:
    """Plain text as paragraphs, an empty line between them. Markup in it is shown, not run."""
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    html = Markup().join(Markup("<p>{}</p>").format(escape(part)) for part in paragraphs)
    # Written as entities, braces mean nothing to Liquid.
    return Markup(f'<div class="prose">{str(html).replace("{", "&#123;")}</div>')
