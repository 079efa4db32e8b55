"""The worker page with a click service that is slow, late, away, or says no."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hooks.core.wire import SegmentRequest
from tests.e2e.page_bench import (
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
LONG = 30.0


def starting() -> Reply:
    """What a gateway says whose model is not there yet: a page of its own."""
    return 503, {"retry-after": "1"}, b"<html>"


def points(hand: BenchHand, where: list[tuple[float, float]]) -> None:
    for x, y in where:
        hand.click(x, y)


def test_answers_out_of_order_leave_the_mask_of_the_last_click(open_page: Open) -> None:
    hand = open_page()
    hand.outline(*CAT)
    service = hand.bench.service
    third_is_answered = threading.Event()

    def before(number: int, request: SegmentRequest) -> Reply | None:
        if number == 2:  # the first corrective click is answered last
            assert third_is_answered.wait(LONG)
        return None

    service.before = before
    hand.click(230, 150)
    hand.click(430, 350)
    hand.wait_for_status("Correct the mask", LONG)
    with hand.page.expect_response(lambda response: response.url.endswith("/segment")):
        third_is_answered.set()  # and the late answer comes
    hand.submit()
    answer = hand.wait_until_submitted()
    assert [len(sent.clicks) for sent in service.requests] == [0, 1, 2]
    drawn = octagon(service.requests[2], hand.bench.size)
    assert np.array_equal(class_mask(answer, "cat"), drawn)


def test_of_clicks_that_come_faster_than_answers_the_newest_counts(open_page: Open) -> None:
    hand = open_page()
    hand.outline(*CAT)
    service = hand.bench.service
    gate = threading.Event()
    flying: list[int] = []
    most: list[int] = []

    def before(number: int, request: SegmentRequest) -> Reply | None:
        flying.append(number)
        most.append(len(flying))
        assert gate.wait(LONG)
        flying.remove(number)
        return None

    service.before = before
    for x in range(220, 420, 20):
        hand.click(x, 150)
    gate.set()
    hand.wait_for_status("Correct the mask", LONG)
    hand.submit()
    answer = hand.wait_until_submitted()
    clicks = [len(sent.clicks) for sent in service.requests]
    assert clicks == [0, 1, 2, 10]
    assert max(most) == 2
    drawn = octagon(service.requests[-1], hand.bench.size)
    assert np.array_equal(class_mask(answer, "cat"), drawn)


@pytest.mark.parametrize("minified", [False, True])
def test_a_service_that_dies_halfway_and_comes_back_loses_nothing(
    open_page: Open, minified: bool
) -> None:
    hand = open_page(minified=minified)
    page = hand.page
    hand.outline(*CAT)
    service = hand.bench.service
    service.before = lambda number, request: NO_ANSWER
    hand.click(230, 150)
    hand.wait_for_status("cannot be reached", LONG)
    page.keyboard.press("n")
    page.keyboard.press("2")
    points(hand, DOG)
    badge = page.locator("#service-badge")
    page.locator("#service-badge", has_text="Masks that wait: 2").wait_for()
    hand.submit()
    hand.wait_for_status("Object 1 waits for its mask")
    service.before = lambda number, request: None
    # No button is pressed: the page asks again by itself, and one answer wakes the other object.
    badge.wait_for(state="hidden", timeout=LONG * 1000)
    hand.submit()
    answer = hand.wait_until_submitted()
    last = {sent.object_id: sent for sent in service.requests}
    assert (len(last["1"].clicks), len(last["2"].clicks)) == (1, 0)
    dog = octagon(last["2"], hand.bench.size)
    cat = octagon(last["1"], hand.bench.size)
    assert np.array_equal(class_mask(answer, hand.bench.labels.names[1]), dog)
    assert np.array_equal(class_mask(answer, "cat"), cat & ~dog)


def test_a_model_that_starts_is_waited_for_as_long_as_it_asks(open_page: Open) -> None:
    hand = open_page()
    replies = [starting(), starting()]
    hand.bench.service.before = lambda number, request: replies.pop() if replies else None
    points(hand, CAT)
    hand.wait_for_status("The model is starting", LONG)
    hand.wait_for_status("Correct the mask", LONG)
    assert len(hand.bench.service.requests) == 3
    assert hand.errors == []


def test_a_slow_answer_is_said_to_be_and_the_worker_goes_on(open_page: Open) -> None:
    hand = open_page()
    gate = threading.Event()
    waited: list[bool] = []

    def before(number: int, request: SegmentRequest) -> None:
        if request.object_id == "1":
            waited.append(gate.wait(LONG))

    hand.bench.service.before = before
    points(hand, CAT)
    hand.wait_for_status("longer than usual", LONG)
    hand.page.keyboard.press("n")
    hand.outline(*DOG)
    gate.set()
    hand.page.locator('#objects li[data-object="1"] .condition:empty').wait_for(state="attached")
    hand.submit()
    hand.wait_until_submitted()
    assert waited == [True]


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (ClickService.refuse(400, "bad-request", "No such points.", retryable=False), "No such"),
        (ClickService.refuse(413, "too-large", "Too large.", retryable=False), "Too large"),
        ((404, {}, b"<html>"), r"error \(404\)"),
        ((200, {}, b"<html>"), "could not be used"),
        (ClickService.refuse(403, "token-expired", "Time is over.", retryable=False), "is over"),
    ],
    ids=["bad request", "too large", "not found", "not JSON", "token"],
)
def test_a_refusal_is_told_and_can_be_tried_again(open_page: Open, reply: Any, told: str) -> None:
    hand = open_page()
    hand.bench.service.before = lambda number, request: reply
    points(hand, CAT)
    hand.wait_for_status(told)
    hand.submit()
    hand.wait_for_status("has no mask for its last click")
    hand.bench.service.before = lambda number, request: None
    hand.page.keyboard.press("Escape")
    hand.click(230, 150)  # whatever the worker does next, the notice goes
    hand.wait_for_status("Correct the mask")
    assert hand.errors == []


def test_without_a_network_all_is_kept_and_comes_when_it_is_back(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    page.context.set_offline(True)
    points(hand, CAT)
    hand.wait_for_status("There is no network")
    page.locator("#service-badge", has_text="Masks that wait: 1").wait_for()
    page.context.set_offline(False)
    hand.wait_for_status("Correct the mask", LONG)
    hand.submit()
    answer = hand.wait_until_submitted()
    (sent,) = hand.bench.service.requests
    assert np.array_equal(class_mask(answer, "cat"), octagon(sent, hand.bench.size))


def test_the_latency_badge_says_where_the_time_goes(open_page: Open) -> None:
    hand = open_page()
    service = hand.bench.service
    service.timings_ms = {"queue": 0, "fetch": 0, "encode": 20.2, "decode": 9, "total": 29.3}
    badge = hand.page.locator("#latency-badge")
    assert badge.is_hidden()
    hand.page.keyboard.press("t")
    assert badge.inner_text() == "No mask yet"
    hand.outline(*CAT)
    hand.click(230, 150)
    hand.wait_for_status("Correct the mask")
    text = badge.inner_text()
    assert "network" in text
    assert "encode 20, decode 9" in text
    assert "median" in text
    assert "masks: 2" in text
    hand.page.get_by_role("button", name="Show how long masks take").click()
    assert badge.is_hidden()
