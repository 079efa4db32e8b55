"""Brush, eraser and polygon in a real browser, with the model, without it, and on its masks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import expect

from hooks.core.masks import Mask
from tests.e2e.page_bench import DISC_RADIUS, BenchHand, class_mask, octagon

pytestmark = pytest.mark.browser

CAT = [(330, 120), (200, 260), (300, 380), (430, 250)]
SQUARE = [(60, 60), (160, 60), (160, 160), (60, 160)]
Open = Callable[..., BenchHand]


def drag(hand: BenchHand, *points: tuple[float, float], button: str = "left") -> None:
    """Press at the first image point, move through the others, let go."""
    mouse = hand.page.mouse
    mouse.move(*hand.on_screen(*points[0]))
    mouse.down(button=button)  # type: ignore[arg-type]
    for point in points[1:]:
        mouse.move(*hand.on_screen(*point), steps=5)
    mouse.up(button=button)  # type: ignore[arg-type]


def answered(hand: BenchHand, label: str = "cat") -> Mask:
    """Submit, and where the answer has the label."""
    hand.submit()
    return class_mask(hand.wait_until_submitted(), label)


def made_by(hand: BenchHand) -> list[str]:
    return [drawn["made_by"] for drawn in hand.bench.answer()["fewclick"]["objects"]]


def test_an_object_is_painted_and_wiped_without_the_model(open_page: Open) -> None:
    hand = open_page()
    hand.page.get_by_role("button", name="Brush").click()
    hand.wait_for_status("Paint an object")
    drag(hand, (100, 100), (200, 100))
    hand.wait_for_status("Paint what belongs")
    drag(hand, (150, 80), (150, 120), button="right")
    hand.page.keyboard.press("e")
    drag(hand, (190, 100), (230, 100))
    mask = answered(hand)
    assert mask[100, 105]
    assert mask[100, 125]
    assert not mask[100, 150]
    assert mask[100, 170]
    assert not mask[100, 195]
    assert made_by(hand) == ["brush"]
    assert hand.bench.service.requests == []


def test_a_polygon_is_drawn_and_cut_with_the_pointer(open_page: Open) -> None:
    hand = open_page()
    hand.page.get_by_role("button", name="Polygon").click()
    for corner in [*SQUARE, SQUARE[0]]:
        hand.click(*corner)
    hand.wait_for_status("Click the corners of what belongs")
    for corner in [(100, 60), (160, 110), (160, 60)]:
        hand.click(*corner, button="right")
    hand.page.mouse.dblclick(*hand.on_screen(130, 60), button="right")
    mask = answered(hand)
    assert mask[70:150, 65:95].all()
    assert not mask[:58].any()
    assert not mask[65, 140]
    assert mask[150, 150]
    assert made_by(hand) == ["polygon"]


def test_a_polygon_is_drawn_with_the_keyboard_alone(open_page: Open) -> None:
    hand = open_page()
    keys = hand.page.keyboard
    keys.press("g")
    keys.press("ArrowLeft")
    corners = [(300, 250), (340, 250), (340, 290)]
    for corner in corners:
        hand.move_cursor(*corner)
        keys.press("Enter")
    keys.press("Control+z")  # the corner that was placed last
    hand.wait_for_status("Click the next corner")
    keys.press("Control+Shift+z")
    hand.move_cursor(*corners[0])
    keys.press("Enter")
    hand.wait_for_status("corners of what belongs")
    keys.press("Enter")
    keys.press("Escape")
    hand.wait_for_status("corners of what belongs")
    keys.press("Control+Enter")
    mask = class_mask(hand.wait_until_submitted(), "cat")
    assert mask[255, 335]
    assert not mask[285, 305]
    assert 600 < mask.sum() < 1000


def test_a_stroke_is_painted_with_the_keyboard_alone(open_page: Open) -> None:
    hand = open_page()
    keys = hand.page.keyboard
    keys.press("p")
    keys.press("ArrowLeft")
    hand.move_cursor(300, 250)
    keys.press("Enter")
    hand.move_cursor(360, 250)
    keys.press("Enter")
    hand.wait_for_status("Paint what belongs")
    keys.press("Control+Enter")
    mask = class_mask(hand.wait_until_submitted(), "cat")
    assert mask[250, 300:360].all()
    assert not mask[250, 380]


def test_without_a_click_service_masks_are_drawn_by_hand(open_page: Open) -> None:
    hand = open_page(wait=False, has_service=False)
    hand.wait_for_status("no click service: draw the masks")
    expect(hand.page.get_by_role("button", name="Inside")).to_be_disabled()
    for corner in [*SQUARE, SQUARE[0]]:
        hand.click(*corner)
    hand.wait_for_status("Click the corners of what belongs")
    assert answered(hand)[100, 100]


def test_the_brush_changes_the_models_mask_and_a_click_goes_on_from_there(
    open_page: Open,
) -> None:
    hand = open_page()
    hand.outline(*CAT)
    before = octagon(hand.bench.service.requests[0], hand.bench.size)
    hand.page.keyboard.press("e")
    drag(hand, (210, 200), (420, 200), (420, 150), (250, 150))
    hand.page.keyboard.press("i")
    hand.click(470, 300)
    hand.wait_for_status("Correct the mask")
    request = hand.bench.service.requests[1]
    assert request.previous_mask is None
    # The crop is measured anew; the wiped part is not to come back with the model's answer.
    assert request.extreme_points.bounds()[:3] != (200, 120, 430)
    mask = answered(hand)
    assert before[200, 300]
    assert not mask[200, 300]
    assert not mask[150, 330]
    assert mask[300, 300]
    rows, columns = np.mgrid[: mask.shape[0], : mask.shape[1]] + 0.5
    disc = np.hypot(columns - 470, rows - 300) < DISC_RADIUS - 1
    assert mask[disc].all() or not mask[disc].any()
    assert made_by(hand) == ["mixed"]


def test_strokes_are_undone_with_everything_else(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    hand.outline(*CAT)
    page.keyboard.press("p")
    drag(hand, (450, 250), (520, 250))
    page.keyboard.press("n")
    drag(hand, (100, 100), (150, 100))
    rows = page.locator("#objects li")
    assert rows.count() == 2
    page.keyboard.press("Control+z")
    assert rows.count() == 1
    page.keyboard.press("Control+z")  # the stroke on the cat
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+z")
    mask = answered(hand)
    assert np.array_equal(mask, octagon(hand.bench.service.requests[0], hand.bench.size))
    assert made_by(hand) == ["model"]


def test_the_brush_stays_in_hand_and_has_its_size(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    page.keyboard.press("p")
    for _ in range(6):
        page.keyboard.press("<")
    hand.click(100, 100)
    page.keyboard.press("n")
    page.mouse.move(*hand.on_screen(200, 100))
    page.keyboard.down("Shift")
    for _ in range(6):
        page.mouse.wheel(0, -100)
    page.keyboard.up("Shift")
    hand.click(200, 100)
    page.keyboard.press("n")
    page.get_by_label("Size").fill("6")
    hand.click(350, 250)
    mask = answered(hand)
    small, middle, large = (mask[y].sum() for y in (100, 100, 250))
    assert small == middle  # both in one row
    counts = [mask[90:110, 80:120].sum(), mask[60:140, 160:240].sum(), mask[180:320, 280:420].sum()]
    assert counts[0] < counts[1] < counts[2]
    assert large > 50
    assert len(hand.bench.answer()["fewclick"]["objects"]) == 3


def test_painting_goes_on_while_the_service_is_away(open_page: Open) -> None:
    hand = open_page()
    hand.bench.service.before = lambda number, request: hand.bench.service.refuse(
        400, "bad-photo", "The photo cannot be read.", retryable=False
    )
    for point in CAT:
        hand.click(*point)
    hand.wait_for_status("The photo cannot be read")
    hand.page.keyboard.press("g")
    for corner in [*SQUARE, SQUARE[0]]:
        hand.click(*corner)
    hand.wait_for_status("Click the corners of what belongs")
    hand.submit()
    hand.wait_for_status("has not answered to the last clicks on object 1")
    mask = answered(hand)
    assert mask[100, 100]
    assert not mask[250, 300]
    (drawn,) = hand.bench.answer()["fewclick"]["objects"]
    assert (drawn["made_by"], len(drawn["extreme_points"])) == ("polygon", 4)
