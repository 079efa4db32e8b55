"""The adjustment page in a real browser: an earlier label's masks are corrected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from hooks.core.categories import LabelCategories
from hooks.core.geometry import Size
from hooks.core.job_settings import JobKind
from hooks.core.masks import LabelMap, write_label_map
from tests.e2e.page_bench import BenchHand

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LABELS = LabelCategories.from_names(["cat", "toilet"])
CAT, TOILET = 1, 2
SIZE = Size(640, 522)
Open = Callable[..., BenchHand]

# Colours and indices of another job, which had its own; black is a colour that means nothing.
COLORS = {"#fefefe": "", "#123456": "toilet", "#ff0000": "cat"}
PALETTE = {**dict(enumerate(COLORS)), 3: "#000000"}


def earlier_png() -> bytes:
    drawn = np.zeros(SIZE.shape, dtype=np.uint8)
    drawn[100:300, 100:250] = 2
    drawn[320:450, 100:300] = 1
    drawn[10:20, 10:20] = 3
    return write_label_map(drawn, PALETTE)


def given() -> LabelMap:
    """The same in this job's classes."""
    drawn = np.zeros(SIZE.shape, dtype=np.uint8)
    drawn[100:300, 100:250] = CAT
    drawn[320:450, 100:300] = TOILET
    return drawn


@pytest.fixture
def open_adjustment(open_page: Open) -> Open:
    def opened(status: str = "Is every mask right", **options: Any) -> BenchHand:
        settings = {
            "kind": JobKind.ADJUSTMENT,
            "labels": LABELS,
            "earlier": {"colors": COLORS},
            "earlier_mask": earlier_png(),
        }
        hand = open_page(wait=False, **(settings | options))
        hand.wait_for_status(status, timeout=20)
        return hand

    return opened


def test_masks_that_are_right_are_submitted_as_they_are(open_adjustment: Open) -> None:
    hand = open_adjustment()
    hand.submit()
    answer = hand.wait_until_submitted()
    assert answer["initialValueModified"] is False
    assert answer["fewclick"]["job_kind"] == "adjustment"
    assert [drawn["made_by"] for drawn in answer["fewclick"]["objects"]] == ["given", "given"]
    parsed = hand.bench.parsed()
    assert np.array_equal(parsed.label_map, given())
    assert (parsed.modified, parsed.clicks) == (False, 0)
    assert hand.bench.service.requests == []


def test_a_mask_is_corrected_by_a_click_and_undo_goes_back_to_the_beginning(
    open_adjustment: Open,
) -> None:
    hand = open_adjustment()
    page = hand.page
    expect(page.get_by_role("button", name="Undo (Ctrl+Z)")).to_be_disabled()
    page.locator("#objects .object", has_text="cat").click()
    hand.click(180, 200, button="right")
    hand.wait_for_status("Correct the mask")
    page.keyboard.press("Control+z")
    page.keyboard.press("n")
    hand.wait_for_status("Is every mask right")
    page.keyboard.press("Control+Shift+z")
    hand.submit()
    hand.wait_until_submitted()
    parsed = hand.bench.parsed()
    assert parsed.modified is True
    assert not parsed.label_map[200, 180]
    assert parsed.label_map[105, 105] == CAT  # a corner that the model would not have drawn
    assert np.array_equal(parsed.label_map == TOILET, given() == TOILET)


def test_an_object_gets_another_class_or_goes_by_keyboard_alone(open_adjustment: Open) -> None:
    hand = open_adjustment()
    page = hand.page
    page.keyboard.press("]")
    page.keyboard.press("Shift+Delete")
    page.keyboard.press("]")
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    hand.wait_until_submitted()
    parsed = hand.bench.parsed()
    assert parsed.modified is True
    left, right = (TOILET * (given() == label) for label in (CAT, TOILET))
    assert any(np.array_equal(parsed.label_map, wanted) for wanted in (left, right))


def test_what_is_missing_is_drawn_by_its_extreme_points(open_adjustment: Open) -> None:
    hand = open_adjustment()
    hand.outline((450, 60), (390, 200), (460, 330), (500, 210))
    hand.submit()
    hand.wait_until_submitted()
    parsed = hand.bench.parsed()
    assert parsed.modified is True
    assert parsed.label_map[200, 450] == CAT
    assert np.array_equal(parsed.label_map[:, :300], given()[:, :300])


def test_painting_on_a_given_mask_counts_as_a_change(open_adjustment: Open) -> None:
    hand = open_adjustment()
    page = hand.page
    page.locator("#objects .object", has_text="cat").click()
    page.keyboard.press("e")
    page.mouse.move(*hand.on_screen(120, 200))
    page.mouse.down()
    page.mouse.move(*hand.on_screen(230, 200), steps=6)
    page.mouse.up()
    hand.submit()
    hand.wait_until_submitted()
    parsed = hand.bench.parsed()
    assert parsed.modified is True
    assert not parsed.label_map[200, 180]
    assert hand.bench.service.requests == []


def test_a_label_of_nothing_says_that_there_is_nothing(open_adjustment: Open) -> None:
    empty = write_label_map(np.zeros(SIZE.shape, dtype=np.uint8), PALETTE)
    hand = open_adjustment("nothing to label here", earlier_mask=empty)
    hand.submit()
    answer = hand.wait_until_submitted()
    assert answer["fewclick"]["outcome"] == "nothing-here"
    assert answer["initialValueModified"] is False


def test_a_label_that_cannot_be_loaded_is_reported_and_nothing_else_submitted(
    open_adjustment: Open,
) -> None:
    hand = open_adjustment("could not be loaded", earlier_mask=b"")
    hand.page.get_by_label("Nothing to label here").check()
    hand.submit()
    hand.wait_for_status("could not be loaded")
    assert hand.bench.submitted == []
    hand.page.get_by_role("button", name="Report this as my answer").click()
    block = hand.wait_until_submitted()["fewclick"]
    assert block["outcome"] == "cannot-label"
    assert "its server answered 404" in block["reason"]


def test_a_draft_is_gone_on_with_where_it_was_left(open_adjustment: Open) -> None:
    hand = open_adjustment()
    page = hand.page
    page.keyboard.press("]")
    page.keyboard.press("Shift+Delete")
    page.reload()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#objects li")).to_have_count(1)
    hand.submit()
    hand.wait_until_submitted()
    assert hand.bench.parsed().modified is True


def test_masks_that_were_only_looked_at_are_no_draft(open_adjustment: Open) -> None:
    hand = open_adjustment()
    page = hand.page
    page.locator("#objects button.object").first.click()
    page.reload()
    hand.wait_for_status("Is every mask right", timeout=20)
    assert page.locator("#draft").is_hidden()


def test_a_draft_stays_until_the_worker_has_said_what_to_do_with_it(open_adjustment: Open) -> None:
    hand = open_adjustment()
    page = hand.page
    page.locator("#objects button.object").first.click()
    page.keyboard.press("Shift+Delete")
    for _ in range(2):  # asked, and not answered
        page.reload()
        page.get_by_text("Objects: 1").wait_for()
        # The earlier masks have come meanwhile: a change, which leaving the page would write down.
        expect(page.locator("#objects li")).to_have_count(2)
    page.get_by_role("button", name="Go on with it").click()
    expect(page.locator("#objects li")).to_have_count(1)
