"""`fewclick preview` in a real browser: a page with the click model that follows its files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from typer.testing import CliRunner

from scripts.__main__ import app
from tests.conftest import DEMO_PHOTOS, REPOSITORY
from tests.e2e.page_bench import Hand

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WAIT_MS = 60_000
PHOTO = DEMO_PHOTOS / "images" / "coco_471.jpg"


@dataclass
class Preview:
    process: subprocess.Popen[str]
    address: str

    def answer(self) -> dict[str, str]:
        """The next answer that is printed."""
        assert self.process.stdout is not None
        answer: dict[str, str] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def previewing(*arguments: str | Path) -> Iterator[Preview]:
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts", "preview", *map(str, arguments)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    told = ""
    while not (found := re.search(r"http://[\d.]+:\d+", told)):
        line = process.stderr.readline()
        assert line, told
        told += line
    yield Preview(process, found[0])
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_page_is_tried_with_the_model_and_follows_its_instructions(
    browser: Browser, tmp_path: Path
) -> None:
    instructions = tmp_path / "how.txt"
    instructions.write_text("Only the bus.")
    options = ("--photo", PHOTO, "--labels", "bus", "--instructions", instructions)
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    page.set_default_timeout(WAIT_MS)
    hand = Hand(page)
    with previewing(*options) as preview:
        page.goto(preview.address)
        hand.wait_for_status("topmost", timeout=60)
        page.get_by_role("button", name="Instructions").click()
        page.get_by_text("Only the bus.").wait_for()

        instructions.write_text("The bus and its shadow.")
        page.get_by_text("The bus and its shadow.").wait_for(state="attached")  # with no reload

        hand.wait_for_status("topmost", timeout=60)
        for x, y in ((250, 110), (150, 200), (250, 300), (350, 200)):
            hand.click(x, y)
        hand.wait_for_status("Correct the mask", timeout=60)
        hand.submit()
        page.get_by_text("Submitted.").wait_for()
        answer = json.loads(preview.answer()["crowd-semantic-segmentation"])
        assert answer["fewclick"]["objects"][0]["label"] == "bus"
        assert hand.errors == []
    page.close()


def test_what_is_wrong_with_a_file_is_shown_until_it_is_mended(
    browser: Browser, tmp_path: Path
) -> None:
    mask = tmp_path / "mask.png"
    mask.write_bytes(b"not yet a mask")
    page = browser.new_page()
    page.set_default_timeout(WAIT_MS)
    kind = ("--kind", "verification", "--mask", mask)
    with previewing("--photo", PHOTO, "--labels", "bus", *kind) as preview:
        page.goto(preview.address)
        expect(page.get_by_role("alert")).to_contain_text("mask.png is not an image")
        mask.write_bytes((DEMO_PHOTOS / "masks" / "coco_471_0_bus.png").read_bytes())
        page.get_by_role("button", name="Submit").wait_for()
        expect(page.locator("#task")).to_have_attribute("data-task", re.compile('"mask"'))
    page.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--photo", "nowhere.jpg", "--labels", "bus"], "there is no file nowhere.jpg"),
        (["--photo", str(PHOTO)], "a page needs --labels"),
        (["--labels", "bus"], "--photo"),
        (
            ["--photo", str(PHOTO), "--labels", "bus", "--mask", str(PHOTO), "--boxes", str(PHOTO)],
            "two kinds of earlier label",
        ),
    ],
    ids=["photo", "labels", "no photo", "both"],
)
def test_what_no_change_of_a_file_will_mend_is_said_at_once(
    arguments: list[str], message: str
) -> None:
    ran = CliRunner().invoke(app, ["preview", *arguments])
    assert ran.exit_code == 2
    assert message in " ".join(ran.stderr.replace("│", "").split())
