"""The portal at an address of the local network: all that a page needs is there, and nothing else.

The address is a name that leads to this machine, in the browser and here alone.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from scripts.demo import DemoOptions, plan, start_job
from scripts.local_ground_truth import http_server
from scripts.local_ground_truth.local import LocalGroundTruth
from tests.e2e.page_bench import chromium_options
from tests.e2e.portal_hand import hand_in, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOST = "labels.test"
WAIT_MS = 60_000


@pytest.fixture
def local(
    tmp_path: Path, demo_photos: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LocalGroundTruth]:
    here, resolve = (socket.AF_INET, "127.0.0.1"), http_server._resolve
    monkeypatch.setattr(
        http_server, "_resolve", lambda host: here if host == HOST else resolve(host)
    )
    images = tmp_path / "images"
    images.mkdir()
    for name in ("coco_358083.jpg", "coco_471.jpg"):
        (images / name).write_bytes((demo_photos / "images" / name).read_bytes())
    with LocalGroundTruth(tmp_path / "out", host=HOST) as local:
        start_job(local, plan(DemoOptions(images=images, labels="cat,bus")))
        yield local


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    options = chromium_options()
    options["args"].append(f"--host-resolver-rules=MAP {HOST} 127.0.0.1")
    chromium = browser.browser_type.launch(**options)
    page = chromium.new_page(viewport={"width": 1280, "height": 860})
    page.set_default_timeout(WAIT_MS)
    yield page
    chromium.close()


def test_a_worker_elsewhere_in_the_network_is_invited_and_draws(
    page: Page, local: LocalGroundTruth
) -> None:
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    hand = hand_in(page)
    page.goto(local.portal_url)
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Pass code").fill("ada's code")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("the invitation is needed")
    page.get_by_label("Pass code").fill("ada's code")
    page.get_by_label("Invitation").fill(local.accounts.invitation)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Start working").click()
    hand.wait_for_status("topmost", timeout=60)
    for x, y in ((150, 80), (100, 200), (200, 300), (300, 200)):
        hand.click(x, y)
    hand.wait_for_status("Correct the mask", timeout=60)
    hand.submit()
    expect(page.locator("#place")).to_have_text("2 / 2", timeout=WAIT_MS)
    assert hand.errors == []
    servers = (local.portal_url, local.click_api_url, local.links_url)
    assert asked == {urlsplit(url).netloc for url in servers}
    assert {name.partition(":")[0] for name in asked} == {HOST}


def test_what_speaks_aws_is_not_there(local: LocalGroundTruth) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"):
        address = local.environment[name]
        assert urlsplit(address).hostname == "127.0.0.1"
        refused = httpx.get(address, headers={"Host": f"{HOST}:{urlsplit(address).port}"})
        assert refused.status_code == 421
    assert httpx.get(local.links_url.replace(HOST, "127.0.0.1")).status_code == 421
    unsigned = httpx.get(
        local.links_url.replace(HOST, "127.0.0.1") + f"/{local.bucket}?list-type=2",
        headers={"Host": urlsplit(local.links_url).netloc},
    )
    assert unsigned.status_code == 403


def test_the_requesters_invitation_is_on_the_team_page(page: Page, local: LocalGroundTruth) -> None:
    page.goto(f"{local.portal_url}/requester")
    page.get_by_label("pass code").fill(local.accounts.requester_code)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Team").click()
    expect(page.get_by_text(local.accounts.invitation)).to_be_visible()
    page.get_by_label("Name").fill("Bob")
    page.keyboard.press("Enter")
    code = page.get_by_role("status").locator("code").inner_text()
    sign_in(page, local.portal_url, "Bob", code)
    page.get_by_role("link", name="Bob").wait_for()
