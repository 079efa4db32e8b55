"""Moving points, choosing and stacking objects, labels, and what keys and names there are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import expect

from hooks.core.categories import LabelCategories
from tests.e2e.page_bench import BenchHand, class_mask, instances, octagon

pytestmark = pytest.mark.browser

CAT = [(330, 120), (200, 260), (300, 380), (430, 250)]
DOG = [(450, 100), (380, 220), (470, 330), (560, 200)]
Open = Callable[..., BenchHand]


def drag(hand: BenchHand, begin: tuple[float, float], end: tuple[float, float]) -> None:
    mouse = hand.page.mouse
    mouse.move(*hand.on_screen(*begin))
    mouse.down()
    mouse.move(*hand.on_screen(*end), steps=6)
    mouse.up()


def order(hand: BenchHand) -> list[str]:
    """The numbers in the list of objects, the uppermost first."""
    rows = hand.page.locator("#objects li").all_inner_texts()
    return [row.split("\n")[0] for row in rows]


def test_a_placed_point_is_dragged_and_the_model_asked_again(open_page: Open) -> None:
    hand = open_page()
    hand.outline(*CAT)
    drag(hand, CAT[1], (150, 240))
    hand.wait_for_status("Correct the mask")
    second = hand.bench.service.requests[1]
    assert np.allclose(second.extreme_points.left, (150, 240), atol=1)
    assert (len(hand.bench.service.requests), len(second.clicks)) == (2, 0)
    hand.click(230, 150)
    hand.wait_for_status("Correct the mask")
    drag(hand, (230, 150), (260, 130))
    hand.wait_for_status("Correct the mask")
    (moved,) = hand.bench.service.requests[-1].clicks
    assert np.allclose(moved.point, (260, 130), atol=1)
    assert moved.kind == "inside"
    hand.page.keyboard.press("Control+z")
    hand.page.keyboard.press("Control+z")
    hand.page.keyboard.press("Control+z")
    hand.submit()
    answer = hand.wait_until_submitted()
    first = octagon(hand.bench.service.requests[0], hand.bench.size)
    assert np.array_equal(class_mask(answer, "cat"), first)


def test_a_point_is_moved_with_the_keyboard_alone(open_page: Open) -> None:
    hand = open_page()
    keys = hand.page.keyboard
    keys.press("ArrowLeft")
    for point in CAT:
        hand.move_cursor(*point)
        keys.press("Enter")
    hand.wait_for_status("Correct the mask")
    keys.press("m")  # the last one, on which the cursor still is
    hand.move_cursor(470, 250)
    keys.press("Enter")
    hand.wait_for_status("Correct the mask")
    assert hand.bench.service.requests[-1].extreme_points.right == (470.5, 250.5)
    keys.press("m")
    keys.press("ArrowLeft")
    keys.press("Escape")
    assert len(hand.bench.service.requests) == 2


def test_an_object_is_chosen_by_a_click_on_it(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    hand.outline(*CAT)
    page.keyboard.press("n")
    hand.outline(*DOG)
    current = page.locator('#objects .object[aria-pressed="true"] .number')
    expect(current).to_have_text("2")
    page.keyboard.down("Alt")
    hand.click(300, 250)
    page.keyboard.up("Alt")
    expect(current).to_have_text("1")
    page.get_by_role("button", name="Choose", exact=False).first.click()
    hand.click(405, 230)  # both lie here, and 2 is above
    expect(current).to_have_text("2")
    hand.click(20, 20)
    expect(current).to_have_text("2")
    assert len(hand.bench.service.requests) == 2


def test_objects_are_stacked_by_dragging_and_by_key(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    hand.outline(*CAT)
    page.keyboard.press("n")
    hand.outline(*DOG)
    page.keyboard.press("n")
    hand.outline((100, 60), (60, 100), (100, 140), (140, 100))
    assert order(hand) == ["3", "2", "1"]
    rows = page.locator("#objects li")
    rows.nth(2).drag_to(rows.nth(0))
    assert order(hand) == ["1", "3", "2"]
    page.keyboard.press("Control+z")
    assert order(hand) == ["3", "2", "1"]
    rows.nth(1).locator(".object").click()
    page.keyboard.press("PageDown")
    assert order(hand) == ["3", "1", "2"]
    hand.submit()
    answer = hand.wait_until_submitted()
    cat, dog = (octagon(sent, hand.bench.size) for sent in hand.bench.service.requests[:2])
    assert (instances(answer)[cat & dog] == 2).all()  # the cat is second from below now


def test_labels_have_numbers_of_several_digits_and_are_found_by_name(open_page: Open) -> None:
    names = [f"thing {number}" for number in range(1, 130)] + ['Größe "<i>" 🐈', "قطة سوداء"]
    names.append("x" * 200)
    hand = open_page(labels=LabelCategories.from_names(names))
    page = hand.page
    chosen = page.get_by_role("radio", checked=True)
    page.keyboard.type("12")
    expect(chosen).to_have_attribute("title", "thing 12")
    page.wait_for_timeout(750)  # what is typed after a pause is another number
    page.keyboard.type("3")
    expect(chosen).to_have_attribute("title", "thing 3")
    page.keyboard.press("/")
    field = page.get_by_role("searchbox", name="Find a class")
    expect(field).to_be_focused()
    page.keyboard.type("grüße")
    expect(page.get_by_role("radio")).to_have_count(0)
    field.fill("GRÖ")
    expect(page.get_by_role("radio")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(chosen).to_have_attribute("title", 'Größe "<i>" 🐈')
    expect(page.locator("#stage")).to_be_focused()
    hand.outline(*CAT)
    assert page.locator("#objects").evaluate("list => list.scrollWidth <= list.clientWidth + 1")
    hand.submit()
    answer = hand.wait_until_submitted()
    assert list(answer["labelMappings"]) == ['Größe "<i>" 🐈']


def test_254_labels_do_not_break_the_panel(open_page: Open) -> None:
    names = [f"{number} قطة <b>{'long ' * 20}" for number in range(254)]
    hand = open_page(labels=LabelCategories.from_names(names))
    page = hand.page
    assert page.get_by_role("radio").count() == 254
    panel = page.locator("#panel").bounding_box()
    submit = page.get_by_role("button", name="Submit").bounding_box()
    assert panel is not None
    assert submit is not None
    assert submit["y"] + submit["height"] <= 800
    assert panel["x"] + panel["width"] <= 1280
    page.keyboard.type("254")
    expect(page.get_by_role("radio", checked=True)).to_have_attribute("title", names[253].strip())
    hand.outline(*CAT)
    hand.submit()
    assert hand.wait_until_submitted()["fewclick"]["objects"][0]["label"] == names[253].strip()


def test_roles_names_and_live_status_are_there_for_screen_readers(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    hand.outline(*CAT)
    expect(page.locator("[role=status]").first).to_contain_text("Correct the mask")
    objects = page.get_by_role("list", name="Objects")
    expect(objects.get_by_role("listitem")).to_have_count(1)
    group = page.get_by_role("group", name="Tools for the mask")
    for name in ("Inside", "Outside", "Boundary", "Brush", "Eraser", "Polygon", "Choose"):
        expect(group.get_by_role("button", name=name)).to_have_count(1)
    expect(group.get_by_role("button", pressed=True)).to_have_count(1)
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('button, input:not([type=hidden]), select')]
            .filter((part) => !(part.ariaLabel || part.textContent.trim() || part.labels?.length))
            .map((part) => part.outerHTML)"""
    )
    assert unnamed == []


def test_the_cheat_sheet_names_every_key_and_closes(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Mouse and keys")
    expect(sheet).to_be_visible()
    for key in ("P, E, G, V", "Double click; Escape", "Page Up, Page Down"):
        expect(sheet.get_by_text(key)).to_be_visible()
    page.keyboard.press("p")  # means nothing here
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(page.get_by_role("button", name="Brush")).to_have_attribute("aria-pressed", "false")
