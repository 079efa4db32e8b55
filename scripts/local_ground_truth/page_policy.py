"""The Content-Security-Policy of a task's page: its own scripts, its photos, its click API.

The scripts that stand in the template are allowed by their hashes, so that nothing a manifest line
or a label smuggles in can run. A template that Liquid writes into a script of, or that has scripts
in attributes, cannot be had so strictly: there any inline script may run.
"""

from __future__ import annotations

import base64
import hashlib
import re

from scripts.local_ground_truth.liquid import CROWD_SCRIPT
from scripts.pages.page_minifier import packed_script

_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[a-z][^>]*>", re.IGNORECASE)
_HANDLER = re.compile(r"""\son[a-z]+\s*=|=\s*["']?\s*javascript:""", re.IGNORECASE)
_ELSEWHERE = re.compile(r"""(?:src|href)\s*=\s*["'](https?://[^"'/\s]+)""", re.IGNORECASE)
_NO_SCRIPT = re.compile(r"""type\s*=\s*["']?application/(ld\+)?json""", re.IGNORECASE)


def page_policy(template: str, *, links_url: str, click_api_url: str) -> str:
    """The policy for pages of a template.

    Args:
        template: before Liquid has filled it.
        links_url, click_api_url: where photos are and where clicks go.
    """
    inline = [
        script
        for attributes, script in _SCRIPT.findall(template)
        if script.strip() and not _NO_SCRIPT.search(attributes)
    ]
    markup = _SCRIPT.sub(lambda found: f"<script{found[1]}>", template)
    filled = any("{{" in script or "{%" in script for script in inline)
    handlers = any(_HANDLER.search(tag) for tag in _TAG.findall(markup))
    run = [each for script in inline for each in (script, packed_script(script)) if each]
    allowed = ["'unsafe-inline'"] if filled or handlers else [_hash_of(each) for each in run]
    # What the template itself names: icons, say, or a library.
    named = sorted(set(_ELSEWHERE.findall(markup.replace(CROWD_SCRIPT, ""))))
    elsewhere = " ".join(named)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {' '.join(allowed)} {elsewhere}".rstrip(),
            f"style-src 'self' 'unsafe-inline' {elsewhere}".rstrip(),
            f"img-src 'self' data: blob: {links_url} {elsewhere}".rstrip(),
            f"font-src data: {elsewhere}".rstrip(),
            f"connect-src 'self' data: blob: {links_url} {click_api_url}",
            "worker-src blob:",
            "form-action 'self'",
            "frame-ancestors 'self'",
            "base-uri 'none'",
        )
    )


def _hash_of(script: str) -> str:
    """As browsers compute it: of the element's text, whose line ends a parser has made plain."""
    text = script.replace("\r\n", "\n").replace("\r", "\n")
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
