"""The words of the worker pages, in the languages that there are.

Every page's words lie in `templates/texts.<language>.json`, a page's own in its folder's file of
that name. English is the original: what another language's table lacks is said in English.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from hooks.core.errors import ContractError

TEMPLATES = Path(__file__).parent.parent.parent / "templates"
ORIGINAL = "en"
DIRECTION = "page.direction"
"""The key of the way in which the language runs: `ltr` or `rtl`."""


def languages() -> list[str]:
    """The languages that pages can be written in."""
    return sorted(path.name.split(".")[1] for path in TEMPLATES.glob("texts.*.json"))


def page_texts(folder: str = "", language: str = ORIGINAL) -> dict[str, str]:
    """The words of a page by their keys.

    Args:
        folder: of the page's own words, below `templates`.

    Raises:
        ContractError: there is no table of that language.
    """
    if language not in languages():
        known = ", ".join(languages())
        raise ContractError("language", f"no texts in {language!r}; there are: {known}.")
    texts: dict[str, str] = {}
    for place in _places(folder):
        texts |= _table(place, ORIGINAL) | _table(place, language)
    return texts


def missing_texts(folder: str, language: str) -> list[str]:
    """The files and keys of a page's words that `language` does not have of its own."""
    return [
        f"{place.name}/texts.{language}.json: {key}"
        for place in _places(folder)
        for key in sorted(_table(place, ORIGINAL).keys() - _table(place, language).keys())
    ]


def in_english(texts: Mapping[str, str], folder: str, prefixes: tuple[str, ...]) -> dict[str, str]:
    """The English of those texts under `prefixes` that `texts` says in another language."""
    english = page_texts(folder)
    return {
        key: english[key]
        for key, text in texts.items()
        if key.startswith(prefixes) and text != english[key]
    }


def _places(folder: str) -> list[Path]:
    """Where a page's words lie; later ones replace earlier ones of the same key."""
    return list(dict.fromkeys((TEMPLATES, TEMPLATES / folder)))


def _table(place: Path, language: str) -> dict[str, str]:
    path = place / f"texts.{language}.json"
    texts: dict[str, str] = {}
    if path.exists():
        texts = json.loads(path.read_text(encoding="utf-8"))
    return texts
