"""The worker page in the portal's frame, with the click model: drafts and corrections."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from scripts.demo import DemoOptions, plan, start_job
from scripts.local_ground_truth.local import LocalGroundTruth
from tests.conftest import DEMO_PHOTOS
from tests.e2e.page_bench import Hand
from tests.e2e.portal_hand import hand_in, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WAIT_MS = 60_000
FOUR = ((150, 80), (100, 200), (200, 300), (300, 200))


@pytest.fixture(scope="module")
def local(
    tmp_path_factory: pytest.TempPathFactory, demo_folder: Path
) -> Iterator[LocalGroundTruth]:
    folder = tmp_path_factory.mktemp("portal-page")
    with LocalGroundTruth(folder / "out") as local:
        start_job(local, plan(DemoOptions(images=demo_folder, labels="bus,cat", workers=5)))
        yield local


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for name in ("coco_358083.jpg", "coco_471.jpg", "coco_72.jpg"):
        (folder / name).write_bytes((DEMO_PHOTOS / "images" / name).read_bytes())
    return folder


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    context.set_default_timeout(WAIT_MS)
    yield context.new_page()
    context.close()


def outline(hand: Hand) -> None:
    """Four points, and the mask when it comes: the first one waits for functions to start."""
    for x, y in FOUR:
        hand.click(x, y)
    hand.wait_for_status("Correct the mask", timeout=60)


def test_correcting_begins_with_what_was_drawn_in_this_window(
    page: Page, local: LocalGroundTruth
) -> None:
    sign_in(page, local.portal_url, "Ada")
    page.get_by_role("link", name="Start working").click()
    hand = hand_in(page)
    hand.wait_for_status("topmost", timeout=60)
    outline(hand)
    hand.submit()
    expect(page.locator("#place")).to_have_text("2 / 2", timeout=WAIT_MS)

    page.get_by_role("button", name="Previous").click()
    earlier = page.frame_locator("#earlier")
    earlier.get_by_alt_text("What you drew").wait_for()
    earlier.get_by_role("link", name="Correct it").click()
    again = hand_in(page, "#earlier")
    earlier.locator("#draft-yes").click()  # go on with what was drawn
    again.wait_for_status("Correct the mask", timeout=60)
    again.click(300, 300)
    again.wait_for_status("Correct the mask", timeout=60)
    again.submit()
    earlier.get_by_role("heading", name="Your answer").wait_for()
    assert hand.errors == []


def test_another_worker_at_the_same_browser_is_not_offered_the_draft(
    page: Page, local: LocalGroundTruth
) -> None:
    sign_in(page, local.portal_url, "Bea")
    page.get_by_role("link", name="Start working").click()
    hand = hand_in(page)
    hand.wait_for_status("topmost", timeout=60)
    outline(hand)
    page.get_by_role("link", name="Tasks").click()
    page.get_by_role("link", name="Go on").click()
    offered = page.frame_locator("#task").get_by_role("dialog")
    offered.wait_for()
    page.get_by_role("link", name="Tasks").click()
    page.get_by_role("button", name="Sign out").click()

    sign_in(page, local.portal_url, "Cleo")
    page.get_by_role("link", name="Start working").click()
    hand.wait_for_status("topmost", timeout=60)
    expect(offered).to_be_hidden()
    assert hand.errors == []


def test_the_model_and_the_browser_have_the_next_photo_ahead(
    page: Page, local: LocalGroundTruth
) -> None:
    sign_in(page, local.portal_url, "Dora")
    with page.expect_response(
        lambda response: (
            response.url == f"{local.click_api_url}/prewarm"
            and response.request.method == "POST"
            and response.frame == page.main_frame
        )
    ) as warmed:
        page.get_by_role("link", name="Start working").click()
    assert warmed.value.status == 200
    assert warmed.value.json()["schema_version"] == 1
