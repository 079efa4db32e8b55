"""`fewclick render`: a page for a label set, on standard output or in a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hooks.core.categories import LabelCategories
from hooks.core.job_settings import JobKind, JobSettings
from scripts.__main__ import app
from scripts.pages.render_template import PAGES, check


def render(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["render", *map(str, arguments)])


@pytest.mark.parametrize("kind", PAGES)
def test_every_kind_of_page_is_written_for_a_label_set(kind: JobKind) -> None:
    ran = render("--labels", "cat,dog", "--kind", kind.value)
    assert ran.exit_code == 0
    assert check(ran.stdout, kind) == []
    assert '"name":"dog"' in ran.stdout
    assert "of 128,000 characters" in ran.stderr


def test_instructions_come_from_a_file_and_the_page_goes_to_one(tmp_path: Path) -> None:
    instructions, out = tmp_path / "how.txt", tmp_path / "pages" / "page.liquid.html"
    instructions.write_text("Cats only.\n\nNo <b>dogs</b>.", encoding="utf-8")
    short = "Every cat."
    ran = render(
        "--labels",
        "cat",
        "--instructions",
        instructions,
        "--short-instructions",
        short,
        "--out",
        out,
    )
    assert (ran.exit_code, ran.stdout) == (0, "")
    page = out.read_text(encoding="utf-8")
    assert "<p>Cats only.</p><p>No &lt;b&gt;dogs&lt;/b&gt;.</p>" in page
    assert short in page


def test_settings_of_a_job_say_it_all(tmp_path: Path) -> None:
    settings = tmp_path / "settings.json"
    labels = LabelCategories.from_names(["Katze"])
    job = JobSettings("pets", JobKind.SEGMENTATION, "pets", labels, language="de")
    settings.write_text(job.to_json(), encoding="utf-8")
    assert '<html lang="de"' in render("--settings", settings).stdout
    both = render("--settings", settings, "--labels", "cat")
    assert (both.exit_code, "goes with neither --labels" in both.stderr) == (2, True)


def test_a_minified_page_is_much_smaller() -> None:
    pytest.importorskip("minify", reason="the extra minify is not installed")
    assert len(render("--labels", "cat", "--minify").stdout) < 65_535


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "a page needs --labels"),
        (["--labels", "cat,cat"], "--labels"),
        (["--labels", "cat", "--instructions", "nowhere.txt"], "nowhere.txt cannot be read"),
        (["--settings", "nowhere.json"], "nowhere.json cannot be read"),
        (["--labels", "cat", "--language", "xx"], "xx"),
    ],
    ids=["nothing", "labels", "instructions", "settings", "language"],
)
def test_what_is_wrong_is_named(arguments: list[str], message: str) -> None:
    ran = render(*arguments)
    assert ran.exit_code == 2
    assert message in " ".join(ran.stderr.replace("│", "").split())


def test_a_field_of_the_settings_is_named_with_its_file(tmp_path: Path) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text('{"schema_version": 1, "kind": "pets"}')
    ran = render("--settings", settings)
    assert ran.exit_code == 2
    assert "settings.kind" in ran.stderr
