"""What `fewclick doctor` looks at on this machine: tools, template, pages.

Each check gives name, what was found, and the fix; no fix where all is well.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError
from hooks.core.job_settings import JobSettings
from scripts.pages.page_minifier import MAX_PUBLIC_PAGE_BYTES
from scripts.pages.render_template import MAX_PAGE_CHARACTERS, PAGES, render

TEMPLATE = Path(__file__).parent.parent.parent / "template.yaml"
MAX_TEMPLATE_BYTES = 1_000_000
"""CloudFormation takes a template from S3, where `sam deploy` puts it, up to one megabyte."""
MOST_LABELS = 40

Found = tuple[str, str, str]


def check_tools() -> Iterator[Found]:
    """What a deployment calls."""
    for tool, purpose, fix in (
        ("sam", "builds and deploys the stack", "pip install aws-sam-cli"),
        ("docker", "builds the endpoint's image", "install Docker, or deploy without endpoint"),
    ):
        where = shutil.which(tool)
        if where is None:
            yield tool, f"is not installed; it {purpose}.", f"{fix[0].upper()}{fix[1:]}."
        else:
            yield tool, f"is installed; it {purpose}.", ""


def check_template() -> Iterator[Found]:
    """The template's size."""
    if not TEMPLATE.is_file():
        yield (
            "template",
            "there is no template.yaml here.",
            "Deploy from a checkout of the repository.",
        )
        return
    size = TEMPLATE.stat().st_size
    fix = "" if size <= MAX_TEMPLATE_BYTES else "Split it: CloudFormation takes no more."
    yield "template", f"{size:,} of {MAX_TEMPLATE_BYTES:,} bytes.", fix


def check_pages() -> Iterator[Found]:
    """The size of each kind's page with many labels, for private and for public workers."""
    labels = LabelCategories.from_names([f"label {number}" for number in range(MOST_LABELS)])
    for kind in PAGES:
        settings = JobSettings("doctor", kind, "doctor", labels, earlier_label="earlier")
        try:
            private, public = len(render(settings)), len(render(settings, minified=True).encode())
        except ContractError as error:
            yield "page", f"{kind}: {error}", "Shorten the page."
            continue
        yield (
            "page",
            f"{kind}: {private:,} of {MAX_PAGE_CHARACTERS:,} characters, for the public "
            f"{public:,} of {MAX_PUBLIC_PAGE_BYTES:,} bytes.",
            "",
        )
