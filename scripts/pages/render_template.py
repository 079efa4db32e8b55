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
from dataclasses import dataclass
from importlib.metadata import version

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from rjsmin import jsmin

from hooks.core import answer, box_answer, verification_answer
from hooks.core.errors import ContractError
from hooks.core.job_example import Example
from hooks.core.job_settings import JobKind, JobSettings
from scripts.pages.page_minifier import MAX_PUBLIC_PAGE_BYTES, minify, pack
from scripts.pages.page_texts import DIRECTION, TEMPLATES, in_english, page_texts

MAX_PAGE_CHARACTERS = 128_000
"""`RenderUiTemplate` takes no more, the only limit that AWS publishes for a template."""

LIQUID_OF_A_PAGE = (
    "{{ task.input | to_json }}",
    "{{ task.input.taskObject | grant_read_access }}",
    "{% if task.input.grantRef %}",
    "{{ task.input.grantRef | grant_read_access }}",
    "{% endif %}",
)
"""What every page has of Liquid."""

_IN_MARKUP = ("tool.", "panel.", "reason.", "compare.", "keys.", "how.")
"""Beginnings of the keys of texts that stand in the page's markup and no script asks for."""

_REPORTED = ("photo.", "earlier.")
"""Beginnings of the keys of texts that may become a worker's answer: answers are in English."""

_LIQUID_BEGINS = re.compile(r"\{(?=[{%])")
_COMMENT_BEHIND_CODE = re.compile(r"\s+// .*$")
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """What a kind of job's page is made of.

    Attributes:
        template: below `templates`.
        liquid: what it has of Liquid beside LIQUID_OF_A_PAGE.
        folder: of scripts and texts that come on top of every page's: their order is in its
            `order.json`, where `folder/name` is a script that several pages share.
        shared: those of every page's scripts that it uses; none named: all.
        keys: what its table of keys says beside what every page's says.
        field: of the form, that holds the answer.
    """

    template: str
    liquid: tuple[str, ...] = ()
    folder: str = ""
    shared: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    field: str = answer.FORM_FIELD


LIQUID_OF_AN_EARLIER_LABEL = (
    "{% if task.input.earlier.mask %}",
    "{{ task.input.earlier.mask | grant_read_access }}",
    "{% endif %}",
)

LOOKING = (
    *("texts", "task", "geometry", "rle", "spans", "viewport"),
    *("look", "shapes", "painter", "photo", "pointer", "keyboard", "submitter"),
)
"""The scripts of a page that shows a photo and a label, and draws nothing by clicks."""

PAGES = {
    JobKind.SEGMENTATION: Page("segmentation.html.j2"),
    JobKind.ADJUSTMENT: Page(
        "adjustment/page.html.j2", liquid=LIQUID_OF_AN_EARLIER_LABEL, folder="adjustment"
    ),
    JobKind.VERIFICATION: Page(
        "verification/page.html.j2",
        liquid=LIQUID_OF_AN_EARLIER_LABEL,
        folder="verification",
        shared=LOOKING,
        field=verification_answer.FORM_FIELD,
    ),
    JobKind.BOUNDING_BOX: Page(
        "bounding_box/page.html.j2",
        folder="bounding_box",
        shared=(*LOOKING, "marks", "panel", "draft_store", "draft_keeper"),
        field=box_answer.FORM_FIELD,
    ),
    JobKind.ADJUDICATION: Page(
        "adjudication/page.html.j2",
        liquid=(
            "{% for candidate in task.input.candidates %}",
            "{{ candidate.name }}",
            "{{ candidate.mask | grant_read_access }}",
            "{% endfor %}",
        ),
        folder="adjudication",
        keys=("candidates", "use", "disagreement"),
    ),
}


def render(settings: JobSettings, *, minified: bool = False) -> str:
    """The worker task template of a job, ready to be put where Ground Truth reads it.

    Args:
        minified: as small as can be, and below what the public workforce takes.

    Raises:
        ContractError: there is no page for this kind of job or no texts in its language, or the
            page would not work in Ground Truth; the message says why.
    """
    page_parts = PAGES.get(settings.kind)
    if page_parts is None:
        kinds = ", ".join(PAGES)
        raise ContractError("kind", f"no page for {settings.kind.value!r} jobs; there is: {kinds}.")
    folder = page_parts.folder
    texts = page_texts(folder, settings.language)
    page = (
        _environment()
        .get_template(page_parts.template)
        .render(
            job=settings,
            field=page_parts.field,
            job_json=_json_in_html(
                job_of(settings) | {"english": in_english(texts, folder, _REPORTED)}
            ),
            texts=texts,
            english=page_texts(folder),
            direction=texts[DIRECTION],
            texts_json=_json_in_html(
                {key: text for key, text in texts.items() if not key.startswith(_IN_MARKUP)}
            ),
            more_keys=list(page_parts.keys),
            scripts=script_order(folder, page_parts.shared),
            source=_compact,
            prose=_prose,
            plain=_plain,
            link_to=_link_to,
        )
    )
    granted = [_granted(example) for example in settings.examples if not example.is_data]
    if minified:
        page = minify(page)
    if minified and len(page.encode()) > MAX_PUBLIC_PAGE_BYTES:
        page = pack(page, whole=True)
    elif len(page) > MAX_PAGE_CHARACTERS:
        page = pack(page, whole=False)
    problems = check(page, settings.kind, granted)
    if minified:
        size = len(page.encode())
        if size > MAX_PUBLIC_PAGE_BYTES:
            problems.append(
                f"the minified page has {size:,} bytes; the public workforce takes "
                f"{MAX_PUBLIC_PAGE_BYTES:,}. Shorten the instructions, the examples or the labels."
            )
    if problems:
        raise ContractError("page", " ".join(problems))
    return page


def _environment() -> Environment:
    return Environment(
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


def check(
    page: str, kind: JobKind = JobKind.SEGMENTATION, granted: Sequence[str] = ()
) -> list[str]:
    """What would keep a page from working in Ground Truth, as sentences; empty when nothing.

    Args:
        granted: what a job's examples have of Liquid.
    """
    problems = []
    liquid = (*LIQUID_OF_A_PAGE, *PAGES[kind].liquid, *granted)
    if len(page) > MAX_PAGE_CHARACTERS:
        problems.append(
            f"the page has {len(page):,} characters; Ground Truth takes {MAX_PAGE_CHARACTERS:,}. "
            "Shorten the instructions, the examples or the labels."
        )
    problems += [
        f"{variable} is missing, so the page would never see its task."
        for variable in liquid
        if variable not in page
    ]
    rest = page
    for variable in liquid:
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
    judged = (
        {"verdicts": list(settings.verdicts), "reasons": list(settings.reasons)}
        if settings.kind is JobKind.VERIFICATION
        else {}
    )
    return {
        "name": settings.labeling_job_name,
        "kind": settings.kind.value,
        "tool": f"fewclick/{version('fewclick')}",
        "labels": [
            {"name": name, "color": categories.color(index)}
            for index, name in enumerate(categories, start=1)
        ],
        **judged,
    }


def script_order(folder: str = "", shared: Sequence[str] = ()) -> list[str]:
    """The scripts of a page below `templates`, in the order in which they need each other.

    Args:
        folder: of the page's own scripts, which come after those of `js`.
        shared: those of `js` that the page uses, all if none is named.
    """
    return [
        f"{name}.js" if "/" in name else f"{place}/{name}.js"
        for place in ("js", folder)
        if place
        for name in json.loads(_source(f"{place}/order.json"))
        if place != "js" or not shared or name in shared
    ]


def _source(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8").rstrip()


def _compact(name: str) -> Markup:
    """A file of ours without comments and needless blanks: styles and scripts are not escaped."""
    text = _source(name)
    if name.endswith(".js"):
        return Markup(jsmin(text))
    return Markup(
        "\n".join(line.strip() for line in _CSS_COMMENT.sub("", text).splitlines() if line.strip())
    )


def _json_in_html(value: object) -> Markup:
    """JSON for a script element, which it cannot end, and which Liquid takes for plain text.

    `<`, `{{` and `{%` stand only inside JSON's strings, where a character may be an escape.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return Markup(_LIQUID_BEGINS.sub(r"\\u007b", text))


def _prose(text: str) -> Markup:
    """Plain text as paragraphs, an empty line between them. Markup in it is shown, not run."""
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    html = Markup().join(Markup("<p>{}</p>").format(part) for part in paragraphs)
    return Markup(f'<div class="prose" dir="auto">{_without_braces(html)}</div>')


def _plain(text: str) -> Markup:
    """Plain text of the job's, which is shown as it is."""
    return _without_braces(escape(text))


def _without_braces(html: Markup) -> Markup:
    """Written as entities, braces mean nothing to Liquid."""
    return Markup(str(html).replace("{", "&#123;"))


def _link_to(example: Example) -> Markup:
    """The address of an example's picture: Liquid makes a link of one in S3."""
    return escape(example.image) if example.is_data else Markup(_granted(example))


def _granted(example: Example) -> str:
    return f"{{{{ '{example.image}' | grant_read_access }}}}"
