"""The worker page in a real browser, with a click service that draws octagons."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hooks.core.geometry import Size
from tests.e2e.page_bench import LABELS, Bench, BenchHand, class_mask, instances, octagon

pytestmark = pytest.mark.browser

CAT = [(330, 120), (200, 260), (300, 380), (430, 250)]
DOG = [(450, 100), (380, 220), (470, 330), (560, 200)]


Open = Callable[..., BenchHand]


def near(bench: Bench, *wanted: tuple[float, float]) -> None:
    """The last request's extreme points are these, to a screen pixel."""
    points = bench.service.requests[-1].extreme_points.points()
    assert np.allclose(sorted(points), sorted(wanted), atol=1.0)


def test_a_photo_is_labeled_with_the_pointer_alone(open_page: Open) -> None:
    hand = open_page()
    hand.outline(*CAT)
    hand.wait_for_status("Correct the mask")
    hand.click(230, 150)
    hand.wait_for_status("Correct the mask")  # a faster click goes on from an older mask
    hand.click(430, 350, button="right")
    hand.wait_for_status("Correct the mask")
    hand.submit()
    answer = hand.wait_until_submitted()

    near(hand.bench, *CAT)
    service = hand.bench.service
    assert [len(sent.clicks) for sent in service.requests] == [0, 1, 2]
    assert [click.kind for click in service.requests[-1].clicks] == ["inside", "outside"]
    assert [sent.previous_mask for sent in service.requests] == [None, "mask-1", "mask-2"]
    assert set(service.tokens) == {"Bearer v1.token-1.signature"}

    drawn = octagon(service.requests[-1], hand.bench.size)
    assert np.array_equal(class_mask(answer, "cat"), drawn)
    assert np.array_equal(instances(answer) == 1, drawn)
    assert answer["labelMappings"] == {"cat": {"color": "#e69f00"}}
    block = answer["fewclick"]
    assert (block["outcome"], block["model"], block["left_out"]) == ("labeled", "octagon-1", [])
    (found,) = block["objects"]
    assert found["made_by"] == "model"
    assert 0 < found["seconds"] <= block["seconds"]
    assert np.array_equal(hand.bench.parsed().label_map == 1, drawn)


def test_a_photo_is_labeled_with_the_keyboard_alone(open_page: Open) -> None:
    hand = open_page()
    keys = hand.page.keyboard

    keys.press("2")
    keys.press("ArrowLeft")  # the cursor appears in the middle
    for point in CAT:
        hand.move_cursor(*point)
        keys.press("Enter")
    hand.wait_for_status("Correct the mask")
    keys.press("b")
    hand.move_cursor(220, 200)
    keys.press(" ")
    keys.press("o")
    hand.move_cursor(400, 340)
    keys.press("Enter")
    hand.wait_for_status("Correct the mask")
    keys.press("Control+Enter")
    answer = hand.wait_until_submitted()

    near(hand.bench, *((x + 0.5, y + 0.5) for x, y in CAT))
    last = hand.bench.service.requests[-1]
    assert [(*click.point, click.kind) for click in last.clicks] == [
        (220.5, 200.5, "boundary"),
        (400.5, 340.5, "outside"),
    ]
    label = LABELS.names[1]
    assert np.array_equal(class_mask(answer, label), octagon(last, hand.bench.size))


def test_tab_reaches_everything_in_order(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    page.evaluate("document.activeElement.blur()")
    reached: list[str] = []
    for _ in range(50):  # round the page at least once, from wherever it begins
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => { const at = document.activeElement;
                return at.id || at.dataset.action || at.dataset.label || at.localName; }"""
            )
        )
    order = ["inside", "outside", "boundary", "keys", "crowd-instructions", "zoom-out", "stage"]
    order += ["0", "nothing-here", "cannot-label", "submit"]
    reached = reached[reached.index(order[0]) :]
    places = [reached.index(stop) for stop in order]
    assert places == sorted(places)


def test_where_two_objects_overlap_the_later_one_owns_the_pixels(open_page: Open) -> None:
    hand = open_page()
    hand.outline(*CAT)
    hand.page.keyboard.press("n")
    hand.page.get_by_role("radio", name="dog").click()
    hand.outline(*DOG)
    cat, dog = (octagon(sent, hand.bench.size) for sent in hand.bench.service.requests)
    assert (cat & dog).any()
    hand.submit()
    answer = hand.wait_until_submitted()

    label = LABELS.names[1]
    assert np.array_equal(class_mask(answer, label), dog)
    assert np.array_equal(class_mask(answer, "cat"), cat & ~dog)
    assert np.array_equal(instances(answer), np.where(dog, 2, np.where(cat, 1, 0)))
    masks = hand.bench.parsed().object_masks()
    assert np.array_equal(masks[1].to_mask(hand.bench.size), cat)
    assert np.array_equal(masks[2].to_mask(hand.bench.size), dog)


def test_an_object_is_moved_up_and_chosen_again(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    hand.outline(*CAT)
    page.keyboard.press("n")
    page.keyboard.press("3")
    hand.outline(*DOG)
    rows = page.locator("#objects li")
    assert [row.split("\n")[0] for row in rows.all_inner_texts()] == ["2", "1"]
    rows.nth(1).locator("button.object").click()
    page.get_by_role("button", name="Move object 1 up").click()
    assert [row.split("\n")[0] for row in rows.all_inner_texts()] == ["1", "2"]
    hand.click(230, 150)  # a corrective click of the object chosen again
    hand.wait_for_status("Correct the mask")
    page.get_by_role("radio", name="dog").click()
    hand.submit()
    answer = hand.wait_until_submitted()

    last = hand.bench.service.requests[-1]
    assert (last.object_id, len(last.clicks)) == ("1", 1)
    assert np.array_equal(class_mask(answer, LABELS.names[1]), octagon(last, hand.bench.size))
    assert [found["label"] for found in answer["fewclick"]["objects"]] == ["قطة", LABELS.names[1]]


def test_undo_and_redo_go_through_everything(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    rows = page.locator("#objects li")
    hand.outline(*CAT)
    hand.click(230, 150)
    hand.wait_for_status("Correct the mask")
    page.keyboard.press("n")
    hand.outline(*DOG)
    page.get_by_role("button", name="Clear all").click()
    assert rows.count() == 0
    page.keyboard.press("Control+z")
    assert rows.count() == 2
    for _ in range(4):
        page.keyboard.press("Control+z")
    assert rows.count() == 1
    page.get_by_role("button", name="Undo").click()
    hand.wait_for_status("Correct the mask")
    asked = len(hand.bench.service.requests)
    for _ in range(4):
        page.keyboard.press("Control+z")
    assert rows.count() == 0
    assert page.get_by_role("button", name="Undo").is_disabled()
    for _ in range(5):
        page.keyboard.press("Control+Shift+z")
    hand.wait_for_status("of the next object")  # as it was before the dog's first point
    assert len(hand.bench.service.requests) == asked  # masks were kept
    hand.submit()
    answer = hand.wait_until_submitted()

    expected = octagon(hand.bench.service.requests[1], hand.bench.size)
    assert np.array_equal(class_mask(answer, "cat"), expected)


def test_delete_takes_the_point_under_the_cursor_or_else_the_last(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    hand.outline(*CAT)
    hand.click(230, 150)
    hand.click(250, 160)
    hand.wait_for_status("Correct the mask")
    page.mouse.move(*hand.on_screen(230, 150))
    page.keyboard.press("Delete")
    hand.wait_for_status("Correct the mask")
    (left,) = hand.bench.service.requests[-1].clicks
    assert np.allclose(left.point, (250, 160), atol=1)
    page.mouse.move(*hand.on_screen(20, 20))
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    hand.wait_for_status("rightmost")
    page.keyboard.press("Shift+Delete")
    assert page.get_by_text("Nothing drawn yet.").is_visible()


def test_the_next_extreme_point_is_hinted_in_any_order(open_page: Open) -> None:
    hand = open_page()
    top, left, bottom, right = CAT
    hand.click(*bottom)
    hand.click(*right)
    hand.click(*top)
    hand.wait_for_status("leftmost")
    hand.click(*left)
    hand.wait_for_status("Correct the mask")
    near(hand.bench, *CAT)


def test_points_land_where_they_are_clicked_when_zoomed_and_moved(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    # Wheel events carry whole pixels, so the point that stays put must lie on one.
    anchor = (500.0, 400.0)
    held = hand.on_photo(*anchor)
    page.mouse.move(*anchor)
    for _ in range(6):
        page.mouse.wheel(0, -200)
    page.wait_for_function(
        "Number(document.querySelector('#stage').dataset.view.split(' ')[0]) > 3"
    )
    assert np.allclose(hand.on_screen(*held), anchor, atol=1.0)
    page.mouse.down()
    page.mouse.move(anchor[0] + 60, anchor[1] + 40, steps=4)
    page.mouse.up()
    assert page.locator("#objects li").count() == 0  # a drag places nothing
    assert np.allclose(hand.on_screen(*held), (anchor[0] + 60, anchor[1] + 40), atol=1.0)
    x, y = map(round, held)
    small = [(x, y - 20.0), (x - 20.0, y), (x, y + 20.0), (x + 20.0, y)]
    hand.outline(*small)
    points = hand.bench.service.requests[-1].extreme_points.points()
    assert np.allclose(sorted(points), sorted(small), atol=0.35)
    page.keyboard.press("f")
    hand.click(250, 200)
    hand.wait_for_status("Correct the mask")
    assert np.allclose(hand.bench.service.requests[-1].clicks[0].point, (250, 200), atol=1)


def test_a_turned_photo_is_labeled_upright(open_page: Open, demo_photos: Path) -> None:
    with Image.open(demo_photos / "images" / "coco_358083.jpg") as photo:
        upright = Size(*photo.size)
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned clockwise: the file lies on its left side
        stream = io.BytesIO()
        photo.rotate(90, expand=True).save(stream, "JPEG", exif=exif)
    hand = open_page(photo=stream.getvalue(), size=upright)
    hand.outline(*CAT)
    hand.submit()
    answer = hand.wait_until_submitted()
    assert answer["inputImageProperties"] == {"width": upright.width, "height": upright.height}
    near(hand.bench, *CAT)


def test_the_page_works_in_a_sandboxed_frame(open_page: Open) -> None:
    hand = open_page(path="/frame", wait=False)
    frame = hand.page.frame_locator("iframe")
    frame.locator("#status", has_text="Click the topmost").wait_for()
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
    drawn = octagon(hand.bench.service.requests[0], hand.bench.size)
    assert np.array_equal(class_mask(hand.bench.answer(), "cat"), drawn)


def test_the_page_for_the_public_workforce_works_like_the_other(open_page: Open) -> None:
    hand = open_page(minified=True)
    hand.outline(*CAT)
    hand.submit()
    answer = hand.wait_until_submitted()
    drawn = octagon(hand.bench.service.requests[0], hand.bench.size)
    assert np.array_equal(class_mask(answer, "cat"), drawn)
