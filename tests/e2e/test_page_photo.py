"""A photo that does not load: told apart, tried again, or reported as the answer."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Route

from hooks.core.answer import Outcome
from hooks.core.geometry import Size
from tests.e2e.page_bench import BenchHand

pytestmark = pytest.mark.browser

Open = Callable[..., BenchHand]
CAT = [(330, 120), (200, 260), (300, 380), (430, 250)]
CASES = [
    pytest.param({"photo_status": 403}, "The link to the photo has expired", id="expired"),
    pytest.param({"photo_status": 404}, "not there any more", id="gone"),
    pytest.param({"photo_status": 500}, "answered with an error", id="server"),
    pytest.param({"photo": b"no photo at all"}, "cannot show it as a photo", id="not an image"),
    pytest.param({"photo_cors": False}, "CORS rule is missing", id="CORS"),
    pytest.param({"expected_size": Size(10, 20)}, "expects 10 × 20", id="another size"),
]


@pytest.mark.parametrize(("trouble", "told"), CASES)
def test_why_the_photo_is_not_shown_is_told_and_reported(
    open_page: Open, trouble: dict[str, Any], told: str
) -> None:
    hand = open_page(wait=False, **trouble)
    message = hand.page.locator("#photo-problem-text", has_text=told)
    message.wait_for()
    hand.wait_for_status(told)
    hand.submit()
    hand.wait_for_status("there is nothing to submit. Report it")
    hand.page.get_by_role("button", name="Report this as my answer").click()
    answer = hand.wait_until_submitted()
    block = answer["fewclick"]
    assert (block["outcome"], block["reason"]) == ("cannot-label", message.inner_text())
    assert block["objects"] == []
    if "expected_size" not in trouble:
        assert hand.bench.parsed().outcome is Outcome.CANNOT_LABEL


def test_the_report_is_made_by_keyboard_alone(open_page: Open) -> None:
    hand = open_page(wait=False, photo_status=403)
    hand.wait_for_status("expired")
    keys = hand.page.keyboard
    report = hand.page.get_by_role("button", name="Report this as my answer")
    for _ in range(60):
        if report.evaluate("button => button === document.activeElement"):
            break
        keys.press("Tab")
    keys.press("Enter")
    assert hand.wait_until_submitted()["fewclick"]["outcome"] == "cannot-label"


def test_a_server_that_cannot_be_reached_is_told_and_tried_again(open_page: Open) -> None:
    hand = open_page()
    page = hand.page

    def away(route: Route) -> None:
        route.abort()

    page.route("**/photo.jpg", away)
    page.reload()
    hand.wait_for_status("server cannot be reached")
    page.unroute("**/photo.jpg", away)
    page.get_by_role("button", name="Try again").last.click()
    hand.wait_for_status("Click the topmost")
    hand.outline(*CAT)
    hand.submit()
    hand.wait_until_submitted()


def test_a_photo_without_a_network_comes_when_it_is_back(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    context = page.context

    def go_offline(route: Route) -> None:
        context.set_offline(True)
        route.abort()

    page.route("**/photo.jpg", go_offline)
    page.reload()
    hand.wait_for_status("no network, so the photo cannot be loaded")
    page.unroute("**/photo.jpg", go_offline)
    context.set_offline(False)
    hand.wait_for_status("Click the topmost", 30)
    hand.outline(*CAT)


def test_the_requester_reads_english_whatever_the_worker_reads(open_page: Open) -> None:
    hand = open_page(wait=False, photo_status=404, job={"language": "de"})
    hand.wait_for_status("Das Foto ist nicht mehr da")
    hand.page.get_by_role("button", name="Dies als meine Antwort melden").click()
    hand.page.get_by_text("Submitted.").wait_for()
    assert hand.bench.answer()["fewclick"]["reason"] == "The photo is not there any more."


def test_a_truncated_photo_is_shown_as_far_as_it_goes(open_page: Open) -> None:
    stream = io.BytesIO()
    Image.effect_noise((640, 480), 90).convert("RGB").save(stream, "JPEG")
    whole = stream.getvalue()
    hand = open_page(photo=whole[: len(whole) // 2], size=Size(640, 480))
    hand.outline(*CAT)
    hand.submit()
    hand.wait_until_submitted()
