"""What a reload, a crash or a closed window leaves of a worker's work."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from playwright.sync_api import Error, expect

from hooks.core.wire import SegmentRequest
from tests.e2e.page_bench import (
    GRANT,
    NO_ANSWER,
    BenchHand,
    ClickService,
    Reply,
    class_mask,
    octagon,
)

pytestmark = pytest.mark.browser

Open = Callable[..., BenchHand]
CAT = [(330, 120), (200, 260), (300, 380), (430, 250)]
DOG = [(450, 100), (380, 220), (470, 330), (560, 200)]
KEPT = "Object.entries(localStorage).filter(([name]) => name.startsWith('fewclick-draft:'))"


def kept(hand: BenchHand) -> list[list[str]]:
    found: list[list[str]] = hand.page.evaluate(KEPT)
    return found


def half_done(hand: BenchHand) -> None:
    """A cat with a corrective click, and two points of a dog."""
    hand.outline(*CAT)
    hand.click(230, 150)
    hand.wait_for_status("Correct the mask")
    hand.page.keyboard.press("n")
    hand.page.keyboard.press("2")
    for point in DOG[:2]:
        hand.click(*point)


@pytest.mark.parametrize("minified", [False, True])
def test_after_a_reload_halfway_the_work_goes_on(open_page: Open, minified: bool) -> None:
    hand = open_page(minified=minified)
    page = hand.page
    half_done(hand)
    asked = len(hand.bench.service.requests)
    page.reload()  # at once: the last click is not lost
    page.get_by_text("Objects: 2").wait_for()
    page.keyboard.press("Enter")  # "Go on with it" has the focus
    hand.wait_for_status("3 of 4")
    for point in DOG[2:]:
        hand.click(*point)
    hand.wait_for_status("Correct the mask")
    assert len(hand.bench.service.requests) == asked + 1  # what was there was not asked for again
    page.keyboard.press("[")
    hand.click(430, 350, button="right")
    hand.wait_for_status("Correct the mask")
    hand.submit()
    answer = hand.wait_until_submitted()
    service = hand.bench.service
    dog, cat = (octagon(sent, hand.bench.size) for sent in service.requests[-2:])
    assert [click.kind for click in service.requests[-1].clicks] == ["inside", "outside"]
    assert service.requests[-1].previous_mask == "mask-2"
    assert np.array_equal(class_mask(answer, hand.bench.labels.names[1]), dog)
    assert np.array_equal(class_mask(answer, "cat"), cat & ~dog)


def test_a_crash_leaves_what_was_drawn_a_moment_before(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    half_done(hand)
    page.wait_for_function(f"{KEPT}[0]?.[1].includes('\"clicks\":[{{')")
    context = page.context
    with page.expect_event("crash"), suppress(Error):  # the renderer dies without a last word
        page.goto("chrome://crash")
    again = BenchHand(context.new_page(), hand.bench)
    again.open()
    again.page.get_by_role("button", name="Go on with it").click()
    expect(again.page.locator("#objects li")).to_have_count(2)


def test_a_draft_that_is_not_wanted_is_gone_for_good(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    half_done(hand)
    page.reload()
    page.get_by_role("button", name="Begin anew").click()
    page.wait_for_function(f"{KEPT}.length === 0")
    hand.wait_for_status("Click the topmost")
    assert page.locator("#objects li").count() == 0
    page.reload()
    hand.wait_for_status("Click the topmost")
    assert page.locator("#draft").is_hidden()


def test_a_submitted_answer_leaves_no_draft(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    half_done(hand)
    page.keyboard.press("Shift+Delete")
    page.wait_for_function(f"{KEPT}.length === 1")
    hand.submit()
    hand.wait_until_submitted()
    page.reload()
    hand.wait_for_status("Click the topmost")
    assert page.locator("#draft").is_hidden()
    assert kept(hand) == []


def test_an_answer_that_was_not_taken_keeps_its_draft(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    hand.bench.submit_statuses = [500]
    hand.outline(*CAT)
    hand.submit()
    page.get_by_text("The answer was not taken").wait_for()
    page.reload()
    page.get_by_role("button", name="Go on with it").click()
    hand.wait_for_status("Correct the mask")
    hand.submit()
    hand.wait_until_submitted()


def test_a_mask_that_was_on_its_way_is_asked_for_again(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    service = hand.bench.service
    hand.outline(*CAT)
    service.before = lambda number, request: NO_ANSWER
    hand.click(230, 150)
    hand.wait_for_status("cannot be reached")
    page.reload()
    service.before = lambda number, request: None
    page.get_by_role("button", name="Go on with it").click()
    hand.wait_for_status("Correct the mask")
    hand.submit()
    answer = hand.wait_until_submitted()
    last = service.requests[-1]
    assert len(last.clicks) == 1
    assert np.array_equal(class_mask(answer, "cat"), octagon(last, hand.bench.size))


def test_a_draft_tells_nothing_that_opens_anything(open_page: Open) -> None:
    hand = open_page()
    half_done(hand)
    hand.page.wait_for_function(f"{KEPT}.length === 1")
    ((name, text),) = kept(hand)
    assert "photo" not in name + text
    assert "http" not in text
    assert not any(secret in text for secret in [GRANT, *hand.bench.service.given])
    json.loads(text.split("\n", 1)[1])


def test_another_task_is_not_offered_this_ones_draft(open_page: Open) -> None:
    hand = open_page()
    half_done(hand)
    hand.page.wait_for_function(f"{KEPT}.length === 1")
    ((name, text),) = kept(hand)
    other = open_page(job={"labeling_job_name": "other-pets"})
    other.page.evaluate("([name, text]) => localStorage.setItem(name, text)", [name, text])
    other.page.reload()
    other.wait_for_status("Click the topmost")
    assert other.page.locator("#draft").is_hidden()


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("{now}\n{{broken", False),
        ('{now}\n{{"version": 9, "objects": [], "outcome": "labeled"}}', True),
    ],
)
def test_a_draft_that_cannot_be_read_does_no_harm(
    open_page: Open, text: str, offered: bool
) -> None:
    hand = open_page()
    page = hand.page
    half_done(hand)
    page.wait_for_function(f"{KEPT}.length === 1")
    ((name, _),) = kept(hand)
    page.goto(hand.bench.address + "/frame")
    now = page.evaluate("Date.now()")
    page.evaluate(
        "([name, text]) => localStorage.setItem(name, text)", [name, text.format(now=now)]
    )
    page.goto(hand.bench.address + "/task/1")
    if offered:
        page.get_by_role("button", name="Go on with it").click()
        hand.wait_for_status("does not fit this task")
    else:
        hand.wait_for_status("Click the topmost")
    hand.outline(*CAT)
    assert hand.errors == []


def test_where_nothing_may_be_kept_the_page_says_so_and_works(open_page: Open) -> None:
    hand = open_page(path="/frame", wait=False)
    frame = hand.page.frame_locator("iframe")
    frame.locator("#status", has_text="Click the topmost").wait_for()
    badge = frame.locator("#draft-badge")
    assert "This window keeps no drafts" in badge.inner_text()
    stage = frame.locator("#stage")
    scale, left, top = map(float, (stage.get_attribute("data-view") or "").split())
    bounds = stage.bounding_box()
    assert bounds is not None
    for x, y in CAT:
        hand.page.mouse.click(bounds["x"] + left + x * scale, bounds["y"] + top + y * scale)
    frame.locator("#status", has_text="Correct the mask").wait_for()
    frame.get_by_role("button", name="Submit").click()
    frame.get_by_text("Submitted.").wait_for()
    assert hand.errors == []
    hand.bench.parsed()


def test_a_new_pass_for_the_service_and_the_draft_bring_all_back(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    hand.outline(*CAT)
    service = hand.bench.service

    def over(number: int, request: SegmentRequest) -> Reply:
        return ClickService.refuse(403, "token-expired", "Reload the page.", retryable=False)

    service.before = over
    hand.click(230, 150)
    hand.wait_for_status("Reload the page")
    service.before = lambda number, request: None
    page.reload()
    page.get_by_role("button", name="Go on with it").click()
    hand.wait_for_status("Correct the mask")
    hand.submit()
    answer = hand.wait_until_submitted()
    drawn = octagon(service.requests[-1], hand.bench.size)
    assert np.array_equal(class_mask(answer, "cat"), drawn)
