"""The portal goes away and comes back under an open page: nothing written there is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from scripts.local_ground_truth.local import LocalGroundTruth
from tests.conftest import DEMO_PHOTOS
from tests.e2e.portal_hand import sign_in
from tests.e2e.test_portal import PAGE, WAIT_MS
from tests.unit.scripts.local_ground_truth.conftest import STACK, Bench

pytestmark = pytest.mark.browser


def test_an_open_page_submits_to_the_portal_that_came_back(
    browser: Browser, tmp_path: Path
) -> None:
    page = browser.new_page()
    page.set_default_timeout(WAIT_MS)
    with LocalGroundTruth(tmp_path, template=STACK, endpoint_name="") as local:
        bench = Bench(local)
        bench.put("0.jpg", (DEMO_PHOTOS / "images" / "coco_73.jpg").read_bytes())
        lines = [{"source-ref": f"s3://{local.bucket}/0.jpg"} for _ in range(2)]
        template = {"UiTemplateS3Uri": bench.put("away.liquid.html", PAGE)}
        local.sagemaker.create_labeling_job(**bench.request("away", lines, UiConfig=template))
        sign_in(page, local.portal_url, "Ada", "ada's code")
        page.get_by_role("link", name="Start working").click()
        task = page.frame_locator("#task")
        task.get_by_label("What is it?").fill("kept")
        expect(page.locator("#place")).to_have_text("1 / 1", timeout=WAIT_MS)
    task.get_by_role("button", name="Submit").click()
    expect(task.get_by_role("alert")).to_contain_text("Nothing is lost; submit again.")
    page.get_by_role("button", name="Skip …").click()
    page.get_by_role("dialog").get_by_role("button", name="Skip").click()
    expect(page.get_by_role("alert")).to_contain_text("The portal does not answer")

    with LocalGroundTruth(tmp_path, template=STACK, endpoint_name="") as local:
        task.get_by_role("button", name="Submit").click()
        expect(page.locator("#place")).to_have_text("2 / 2", timeout=WAIT_MS)
        page.get_by_role("button", name="Previous").click()
        expect(page.frame_locator("#earlier").locator("dd")).to_have_text("kept")
    page.close()
