from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.pages.page_minifier import minify
from scripts.pages.render_template import PAGES, script_order
from tests.conftest import REPOSITORY


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_minified_scripts_pass_the_tests_of_the_sources(tmp_path: Path) -> None:
    pytest.importorskip("minify")
    names = [name for page in PAGES.values() for name in script_order(page.folder)]
    sources = [
        (REPOSITORY / "templates" / name).read_text(encoding="utf-8")
        for name in dict.fromkeys(names)
    ]
    page = minify("<script>" + "\n".join(sources) + "</script>")
    script = tmp_path / "page.js"
    body = page.removeprefix("<script>").removesuffix("</script>")
    script.write_text(body + ";", encoding="utf-8")
    assert len(body) < 0.6 * sum(map(len, sources))
    done = subprocess.run(
        ["node", "--test", "--test-reporter=dot", REPOSITORY / "tests" / "js"],
        env=os.environ | {"FEWCLICK_PAGE_SCRIPT": str(script)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
