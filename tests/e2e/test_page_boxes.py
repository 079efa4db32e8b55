"""The page of bounding boxes in a real browser: by pointer, by keyboard and by finger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from hooks.core.box_answer import BoxAnswer
from hooks.core.categories import LabelCategories
from hooks.core.job_settings import JobKind
from hooks.core.labeled_box import LabeledBox
from tests.e2e.page_bench import BenchHand

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LABELS = LabelCategories.from_names(["cat", "toilet"])
CAT, TOILET = 1, 2
Open = Callable[..., BenchHand]
GIVEN = {
    "boxes": [
        {"label": "cat", "left": 100, "top": 100, "width": 150, "height": 200},
        {"label": "toilet", "left": 100, "top": 320, "width": 200, "height": 130},
    ]
}
EXTREMES = ((200, 60), (100, 200), (210, 330), (300, 210))


@pytest.fixture
def open_boxes(open_page: Open) -> Open:
    def opened(status: str = "Click the topmost", **options: Any) -> BenchHand:
        given = {"kind": JobKind.BOUNDING_BOX, "labels": LABELS}
        hand = open_page(wait=False, **(given | options))
        hand.wait_for_status(status, timeout=20)
        return hand

    return opened


def parsed(hand: BenchHand) -> BoxAnswer:
    """The answer as the consolidation hook reads it."""
    answer = hand.wait_until_submitted()
    return BoxAnswer.from_fields(answer, hand.bench.size, LABELS)


def drag(hand: BenchHand, start: tuple[float, float], end: tuple[float, float]) -> None:
    mouse = hand.page.mouse
    mouse.move(*hand.on_screen(*start))
    mouse.down()
    mouse.move(*hand.on_screen(*end), steps=5)
    mouse.up()


def edges(box: LabeledBox) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom


def near(*values: float) -> Any:
    """Within a pixel of the screen, which is less than one of the photo here."""
    return pytest.approx(values, abs=1)


def test_four_clicks_make_a_box_at_once(open_boxes: Open) -> None:
    hand = open_boxes()
    hand.page.get_by_role("radio", name="toilet").click()
    for x, y in EXTREMES[:3]:
        hand.click(x, y)
    hand.wait_for_status("Now the rightmost point .4 of 4.")
    hand.click(*EXTREMES[3])
    hand.wait_for_status("Drag an edge or a corner")
    hand.submit()
    answer = parsed(hand)
    (box,) = answer.boxes
    assert (box.label, edges(box)) == (TOILET, near(100, 60, 300, 330))
    assert (answer.clicks, answer.modified) == (4, None)
    assert hand.bench.service.requests == []


def test_edges_and_corners_are_dragged_and_undo_takes_it_back(open_boxes: Open) -> None:
    hand = open_boxes()
    for x, y in EXTREMES:
        hand.click(x, y)
    drag(hand, (100, 150), (80, 180))  # the left edge
    drag(hand, (300, 330), (320, 300))  # the lower right corner
    drag(hand, (200, 60), (200, 30))  # the upper edge
    hand.page.keyboard.press("Control+z")
    hand.submit()
    (box,) = parsed(hand).boxes
    assert edges(box) == near(80, 60, 320, 300)
    assert hand.bench.answer()["fewclick"]["objects"][0]["made_by"] == "mixed"


def test_a_drag_beside_the_edges_moves_the_photo(open_boxes: Open) -> None:
    hand = open_boxes()
    for x, y in EXTREMES:
        hand.click(x, y)
    before = hand.on_screen(200, 200)
    drag(hand, (200, 200), (240, 230))
    assert hand.on_screen(200, 200) != before
    hand.submit()
    (box,) = parsed(hand).boxes
    assert edges(box) == near(100, 60, 300, 330)


def test_boxes_are_drawn_and_changed_with_the_keyboard_alone(open_boxes: Open) -> None:
    hand = open_boxes()
    page = hand.page
    page.keyboard.press("2")
    page.keyboard.press("ArrowLeft")
    for x, y in EXTREMES:
        hand.move_cursor(x, y)
        page.keyboard.press("Enter")
    hand.wait_for_status("Drag an edge")
    page.keyboard.press("e")
    hand.wait_for_status("The left edge")
    page.keyboard.press(",")
    page.keyboard.press(">")
    page.keyboard.press(">")
    for _ in range(3):
        page.keyboard.press("e")
    hand.wait_for_status("The lower edge")
    page.keyboard.press(".")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    (box,) = parsed(hand).boxes
    assert box.label == CAT
    assert edges(box) == (100.5 + 19, 60.5, 300.5, 331.5)


def test_points_and_boxes_are_deleted(open_boxes: Open) -> None:
    hand = open_boxes()
    for x, y in (*EXTREMES, (400, 100), (350, 200)):
        hand.click(x, y)
    hand.page.keyboard.press("Delete")
    hand.wait_for_status("Now the .* point .2 of 4.")
    hand.submit()
    hand.wait_for_status("Object 2 has 1 of 4 points")
    hand.page.keyboard.press("Delete")
    hand.submit()
    assert len(parsed(hand).boxes) == 1


def test_given_boxes_that_are_right_are_submitted_as_they_are(open_boxes: Open) -> None:
    hand = open_boxes("Is every box right", earlier=GIVEN)
    hand.submit()
    answer = parsed(hand)
    assert answer.boxes == (
        LabeledBox(CAT, 100, 100, 150, 200),
        LabeledBox(TOILET, 100, 320, 200, 130),
    )
    assert answer.modified is False
    assert [item.made_by for item in answer.objects] == ["given", "given"]


def test_given_boxes_are_corrected(open_boxes: Open) -> None:
    hand = open_boxes("Is every box right", earlier=GIVEN)
    page = hand.page
    page.mouse.move(*hand.on_screen(250, 200))
    expect(page.locator("#stage")).to_have_css("cursor", "ew-resize")
    drag(hand, (250, 200), (280, 210))
    hand.click(200, 400, button="right")  # chooses the other one
    page.keyboard.press("Shift+Delete")
    page.keyboard.press("n")
    page.get_by_role("radio", name="toilet").click()
    for x, y in ((400, 100), (350, 200), (400, 300), (450, 200)):
        hand.click(x, y)
    hand.submit()
    answer = parsed(hand)
    cat, toilet = answer.boxes
    assert edges(cat) == near(100, 100, 280, 300)
    assert (toilet.label, edges(toilet)) == (TOILET, near(350, 100, 450, 300))
    assert answer.modified is True
    assert [item.made_by for item in answer.objects] == ["mixed", "extreme-points"]


def test_a_given_label_of_no_boxes_is_nothing_here(open_boxes: Open) -> None:
    hand = open_boxes("nothing to label here", earlier={"boxes": []})
    hand.submit()
    answer = parsed(hand)
    assert (answer.outcome, answer.modified) == ("nothing-here", False)


def test_four_points_that_enclose_nothing_are_said_to(open_boxes: Open) -> None:
    hand = open_boxes()
    for _ in range(4):
        hand.click(200, 200)
    hand.wait_for_status("enclose nothing")
    hand.click(220, 230)
    hand.wait_for_status("Drag an edge")


def test_a_photo_that_cannot_be_labeled_gives_a_reason(open_boxes: Open) -> None:
    hand = open_boxes()
    hand.page.get_by_label("I cannot label this photo").select_option(index=1)
    hand.submit()
    answer = parsed(hand)
    assert answer.outcome == "cannot-label"
    assert answer.reason


def test_a_photo_that_is_not_shown_is_reported(open_boxes: Open) -> None:
    hand = open_boxes("not there any more", photo=b"", photo_status=404)
    hand.page.get_by_role("button", name="Report this as my answer").click()
    answer = parsed(hand)
    assert (answer.outcome, answer.reason) == (
        "cannot-label",
        "The photo is not there any more.",
    )


def test_a_finger_is_enough(open_boxes: Open) -> None:
    hand = open_boxes(has_touch=True)
    for x, y in EXTREMES:
        hand.page.touchscreen.tap(*hand.on_screen(x, y))
    hand.wait_for_status("Drag an edge")
    touch = hand.page.context.new_cdp_session(hand.page)

    def send(kind: str, *at: float) -> None:
        points = [{"x": at[0], "y": at[1]}] if at else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    start, end = hand.on_screen(308, 200), hand.on_screen(358, 210)
    send("touchStart", *start)
    for step in range(1, 6):
        place = [a + (b - a) * step / 5 for a, b in zip(start, end, strict=True)]
        send("touchMove", *place)
    send("touchEnd")
    # A tap right after a drag only stops the fling that the browser sees in it.
    rested = hand.page.evaluate("performance.now() + 500")
    hand.page.wait_for_function("time => performance.now() > time", arg=rested)
    hand.page.locator("#submit").tap()
    (box,) = parsed(hand).boxes
    # Held eight pixels beside it, the edge follows without a jump.
    assert edges(box) == near(100, 60, 350, 330)


def test_boxes_are_offered_again_after_a_reload(open_boxes: Open) -> None:
    hand = open_boxes()
    page = hand.page
    for point in EXTREMES:
        hand.click(*point)
    hand.click(400, 100)
    page.reload()
    page.get_by_text("Objects: 2").wait_for()
    page.get_by_role("button", name="Go on with it").click()
    for point in ((350, 150), (400, 200), (450, 150)):
        hand.click(*point)
    hand.submit()
    first, second = parsed(hand).boxes
    assert edges(first) == near(100, 60, 300, 330)
    assert edges(second) == near(350, 100, 450, 200)
    page.reload()
    hand.wait_for_status("Click the topmost", timeout=20)
    assert page.locator("#draft").is_hidden()
