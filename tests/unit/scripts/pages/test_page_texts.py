"""The pages' words in every language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hooks.core.errors import ContractError
from scripts.pages import page_texts as module
from scripts.pages.page_texts import in_english, languages, missing_texts, page_texts
from scripts.pages.render_template import PAGES

FOLDERS = sorted({page.folder for page in PAGES.values()})
TRANSLATIONS = [language for language in languages() if language != "en"]


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page of its own words in the folder `judge`, half of them translated."""
    (tmp_path / "judge").mkdir()
    for name, table in {
        "texts.en.json": {"title": "Draw", "photo.gone": "Gone", "done": "Done"},
        "texts.de.json": {"title": "Zeichnen", "photo.gone": "Weg"},
        "judge/texts.en.json": {"title": "Judge", "yes": "Yes"},
        "judge/texts.de.json": {"yes": "Ja"},
    }.items():
        (tmp_path / name).write_text(json.dumps(table))
    monkeypatch.setattr(module, "TEMPLATES", tmp_path)
    return tmp_path


def test_a_page_has_its_own_words_over_everybodys(tables: Path) -> None:
    assert page_texts("judge") == {
        "title": "Judge",
        "photo.gone": "Gone",
        "done": "Done",
        "yes": "Yes",
    }


def test_what_a_language_lacks_is_said_in_english(tables: Path) -> None:
    # Not "Zeichnen": that is another page's title.
    assert page_texts("judge", "de") == {
        "title": "Judge",
        "photo.gone": "Weg",
        "done": "Done",
        "yes": "Ja",
    }
    assert [entry.split("/", 1)[1] for entry in missing_texts("judge", "de")] == [
        "texts.de.json: done",
        "texts.de.json: title",
    ]


def test_the_english_of_what_may_be_answered_is_kept(tables: Path) -> None:
    texts = page_texts("judge", "de")
    assert in_english(texts, "judge", ("photo.",)) == {"photo.gone": "Gone"}
    assert in_english(page_texts("judge"), "judge", ("photo.",)) == {}


def test_a_language_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(ContractError, match=r"'tlh'; there are: .*de, en"):
        page_texts("", "tlh")


@pytest.mark.parametrize("language", TRANSLATIONS)
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_translation_is_complete(folder: str, language: str) -> None:
    assert missing_texts(folder, language) == []


@pytest.mark.parametrize("language", TRANSLATIONS)
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_translation_has_the_same_places_for_values(folder: str, language: str) -> None:
    english, translated = page_texts(folder), page_texts(folder, language)
    assert english.keys() == translated.keys()
    differing = [
        key
        for key, text in english.items()
        if set(re.findall(r"\{\w+\}", text)) != set(re.findall(r"\{\w+\}", translated[key]))
    ]
    assert differing == []
