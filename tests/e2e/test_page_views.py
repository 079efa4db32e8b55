"""Fingers, pen and mouse on the photo, and how it is shown."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import CDPSession, expect

from tests.e2e.page_bench import BenchHand, class_mask, instances, octagon

pytestmark = pytest.mark.browser

CAT = [(330, 120), (200, 260), (300, 380), (430, 250)]
Open = Callable[..., BenchHand]
Place = tuple[float, float]


class Fingers:
    """Fingers and a pen, as the browser hears of them from the system."""

    def __init__(self, hand: BenchHand) -> None:
        self.hand = hand
        self.wire: CDPSession = hand.page.context.new_cdp_session(hand.page)

    def touch(self, kind: str, *places: Place) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        self.wire.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

    def tap(self, place: Place) -> None:
        self.touch("Start", place)
        self.touch("End")

    def drag(self, *places: Place) -> None:
        self.touch("Start", places[0])
        for (x, y), (to_x, to_y) in pairwise(places):
            for step in range(1, 7):
                self.touch("Move", (x + (to_x - x) * step / 6, y + (to_y - y) * step / 6))
        self.touch("End")
        # A tap right after a drag only stops the fling that the browser sees in it.
        page = self.hand.page
        rested = page.evaluate("performance.now() + 500")
        page.wait_for_function("time => performance.now() > time", arg=rested)

    def pen(self, kind: str, place: Place, **more: Any) -> None:
        event = {"type": f"mouse{kind}", "x": place[0], "y": place[1], "pointerType": "pen"}
        pressed = {"button": "left", "buttons": 1, "clickCount": 1}
        self.wire.send("Input.dispatchMouseEvent", event | pressed | more)


def scale(hand: BenchHand) -> float:
    view = hand.page.locator("#stage").get_attribute("data-view") or ""
    return float(view.split()[0])


def wait_until(hand: BenchHand, holds: Callable[[], bool]) -> None:
    """Touches are handled with the next frame, not when they are sent."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        hand.page.wait_for_timeout(20)


def color_at(hand: BenchHand, x: float, y: float) -> tuple[int, ...]:
    """What is seen at a place of the photo, once two frames have been drawn."""
    frames = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    hand.page.evaluate(frames)
    left, top = hand.on_screen(x, y)
    clip: Any = {"x": left, "y": top, "width": 1, "height": 1}
    with Image.open(io.BytesIO(hand.page.screenshot(clip=clip))) as image:
        return tuple(np.asarray(image.convert("RGB"))[0, 0].tolist())


def test_a_photo_is_labeled_with_fingers_alone(open_page: Open) -> None:
    hand = open_page(has_touch=True)
    fingers = Fingers(hand)
    page = hand.page
    for point in CAT:
        fingers.tap(hand.on_screen(*point))
    hand.wait_for_status("Correct the mask")
    page.get_by_role("button", name="Outside").tap()
    fingers.tap(hand.on_screen(300, 250))
    wait_until(hand, lambda: len(hand.bench.service.requests) == 2)
    page.get_by_role("button", name="Brush").tap()
    fingers.drag(hand.on_screen(450, 250), hand.on_screen(520, 250))
    expect(page.locator("#objects li")).not_to_contain_text("waiting")
    page.get_by_role("button", name="Submit").tap()
    answer = hand.wait_until_submitted()
    mask = class_mask(answer, "cat")
    drawn = octagon(hand.bench.service.requests[-1], hand.bench.size)
    assert [click.kind for click in hand.bench.service.requests[-1].clicks] == ["outside"]
    assert mask[drawn].all()
    assert mask[250, 500]


def test_a_polygon_is_drawn_with_fingers_and_a_point_is_dragged(open_page: Open) -> None:
    hand = open_page(has_touch=True)
    fingers = Fingers(hand)
    rows = hand.page.locator("#objects li")
    for point in CAT:
        fingers.tap(hand.on_screen(*point))
    hand.wait_for_status("Correct the mask")
    fingers.drag(hand.on_screen(204, 262), hand.on_screen(150, 240))  # near enough for a finger
    wait_until(hand, lambda: len(hand.bench.service.requests) == 2)
    moved = hand.bench.service.requests[1].extreme_points.left
    assert np.allclose(moved, (150, 240), atol=5)
    hand.page.get_by_role("button", name="New object").tap()
    hand.page.get_by_role("button", name="Polygon").tap()
    for corner in [(60, 60), (160, 60), (160, 160), (160, 160)]:  # the last one twice
        fingers.tap(hand.on_screen(*corner))
    expect(rows).to_have_count(2)
    expect(hand.page.locator("#objects")).not_to_contain_text("waiting")
    hand.submit()
    assert instances(hand.wait_until_submitted())[70, 140] == 2


def test_two_fingers_zoom_and_move_the_photo_whatever_the_tool(open_page: Open) -> None:
    hand = open_page(has_touch=True)
    fingers = Fingers(hand)
    hand.page.get_by_role("button", name="Brush").tap()
    before = scale(hand)
    middle = hand.on_screen(300, 250)
    x, y = middle
    fingers.touch("Start", (x - 40, y))
    fingers.touch("Start", (x - 40, y), (x + 40, y))
    for step in range(1, 9):
        fingers.touch("Move", (x - 40 - 5 * step, y), (x + 40 + 5 * step, y))
    wait_until(hand, lambda: scale(hand) == pytest.approx(2 * before, rel=0.02))
    assert np.allclose(hand.on_screen(300, 250), middle, atol=2)
    for step in range(1, 5):
        fingers.touch("Move", (x - 80 + 10 * step, y), (x + 80 + 10 * step, y))
    fingers.touch("End", (x - 40, y))
    fingers.touch("Move", (x - 80, y + 50))  # one finger is left: it does nothing
    fingers.touch("End")
    wait_until(hand, lambda: np.allclose(hand.on_screen(300, 250), (x + 40, y), atol=2))
    expect(hand.page.locator("#objects li")).to_have_count(0)


def test_with_a_pen_fingers_only_move_the_photo(open_page: Open) -> None:
    hand = open_page(has_touch=True)
    fingers = Fingers(hand)
    for point in CAT:
        fingers.pen("Pressed", hand.on_screen(*point))
        fingers.pen("Released", hand.on_screen(*point), buttons=0)
    hand.wait_for_status("Correct the mask")
    hand.page.get_by_role("button", name="Brush").tap()
    fingers.pen("Pressed", hand.on_screen(460, 250))
    fingers.pen("Moved", hand.on_screen(500, 250))
    fingers.pen("Released", hand.on_screen(500, 250), buttons=0)
    x, y = hand.on_screen(300, 250)
    fingers.tap((x, y))
    fingers.drag((x, y), (x + 60, y + 30))
    wait_until(hand, lambda: np.allclose(hand.on_screen(300, 250), (x + 60, y + 30), atol=2))
    hand.submit()
    answer = hand.wait_until_submitted()
    (drawn,) = answer["fewclick"]["objects"]
    assert (drawn["made_by"], drawn["clicks"]) == ("mixed", [])
    assert class_mask(answer, "cat")[250, 490]


def test_what_fingers_press_is_large_enough(open_page: Open) -> None:
    hand = open_page(has_touch=True)
    hand.page.get_by_role("button", name="Brush").tap()
    small = hand.page.evaluate(
        """() => [...document.querySelectorAll('#fewclick :is(button, input, label)')]
            .map((part) => [part.outerHTML.slice(0, 90), part.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.height < 40 || box.width < 40))
            .filter(([html]) => !html.includes('type="checkbox"'))
            .map(([html, box]) => `${html} ${box.width} x ${box.height}`)"""
    )
    assert small == []


@pytest.mark.parametrize("tool", ["i", "p", "g"])
def test_space_and_the_middle_button_move_the_photo(open_page: Open, tool: str) -> None:
    hand = open_page()
    page = hand.page
    page.keyboard.press("+")
    page.keyboard.press(tool)
    x, y = hand.on_screen(300, 250)
    page.mouse.move(x, y)
    page.locator("#stage").focus()
    page.keyboard.down(" ")
    page.mouse.down()
    page.mouse.move(x + 50, y + 20, steps=4)
    page.mouse.up()
    page.keyboard.up(" ")
    assert np.allclose(hand.on_screen(300, 250), (x + 50, y + 20), atol=1)
    page.mouse.down(button="middle")
    page.mouse.move(x, y, steps=4)
    page.mouse.up(button="middle")
    assert np.allclose(hand.on_screen(300, 250), (x, y), atol=1)
    expect(page.locator("#objects li")).to_have_count(0)
    expect(page.locator("#status")).not_to_contain_text("corner.")


def test_photo_and_masks_are_shown_as_the_worker_likes(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    inside, outside = (300, 250), (20, 480)
    plain = color_at(hand, *inside), color_at(hand, *outside)
    hand.outline(*CAT)
    page.mouse.move(5, 5)
    masked = color_at(hand, *inside)
    assert masked != plain[0]
    page.keyboard.press("l")
    assert color_at(hand, *inside) == plain[0]
    page.keyboard.press("l")
    assert color_at(hand, *inside) == masked
    page.keyboard.press("h")
    assert color_at(hand, *inside) == plain[0]
    page.keyboard.press("h")
    page.get_by_role("button", name="Brightness, contrast").click()
    page.get_by_label("Opacity of the masks").fill("1")
    assert color_at(hand, *inside) == (0xE6, 0x9F, 0x00)
    page.get_by_label("Brightness of the photo").fill("2")
    assert sum(color_at(hand, *outside)) > sum(plain[1])
    page.get_by_role("button", name="As usual").click()
    assert (color_at(hand, *inside), color_at(hand, *outside)) == (masked, plain[1])


def test_light_and_dark_follow_the_system_until_they_are_chosen(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    background = "getComputedStyle(document.querySelector('#toolbar')).backgroundColor"
    light = page.evaluate(background)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(background)
    assert dark != light
    page.keyboard.press("k")
    assert page.evaluate(background) == light
    page.reload()
    hand.wait_for_status("Click the topmost")
    assert page.evaluate(background) == light  # kept in the browser
    page.keyboard.press("k")
    assert page.evaluate(background) == dark


def test_nothing_moves_for_those_who_want_no_motion(open_page: Open) -> None:
    hand = open_page()
    hand.page.emulate_media(reduced_motion="reduce")
    hand.bench.service.before = lambda number, request: hand.bench.service.refuse(
        503, "busy", "Busy.", retryable=True
    )
    for point in CAT:
        hand.click(*point)
    assert hand.page.evaluate("document.getAnimations({subtree: true}).length") == 0


def test_an_octagon_stands_for_the_mask_that_is_on_its_way(open_page: Open) -> None:
    hand = open_page()
    plain = color_at(hand, 300, 250)
    hand.bench.service.before = lambda number, request: hand.bench.service.refuse(
        503, "busy", "Busy.", retryable=True
    )
    for point in CAT:
        hand.click(*point)
    hand.wait_for_status("Busy")
    hand.page.mouse.move(5, 5)
    assert color_at(hand, 300, 250) != plain
