"""The verification page in a real browser: an earlier label is looked at and judged."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from hooks.core.categories import LabelCategories
from hooks.core.geometry import Size
from hooks.core.job_settings import DEFAULT_REASONS, DEFAULT_VERDICTS, JobKind
from hooks.core.masks import write_label_map
from hooks.core.verification_answer import VerificationAnswer
from tests.e2e.page_bench import BenchHand

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LABELS = LabelCategories.from_names(["cat", "toilet"])
SIZE = Size(640, 522)
Open = Callable[..., BenchHand]

# Colours and indices of another job, which had its own.
COLORS = {"#fefefe": "", "#123456": "toilet", "#ff0000": "cat"}
CAT, TOILET = (180, 200), (200, 400)
NOWHERE = (500, 100)


def mask_png(mode: str = "P") -> bytes:
    drawn = np.zeros(SIZE.shape, dtype=np.uint8)
    drawn[100:300, 100:250] = 2
    drawn[320:450, 100:300] = 1
    png = write_label_map(drawn, dict(enumerate(COLORS)))
    if mode == "P":
        return png
    stream = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.convert(mode).save(stream, format="PNG")
    return stream.getvalue()


BOXES = {
    "boxes": [
        {"label": "cat", "left": 100, "top": 100, "width": 150, "height": 200},
        {"label": "toilet", "left": 100, "top": 320, "width": 200, "height": 130},
    ]
}


@pytest.fixture
def open_verification(open_page: Open) -> Open:
    def opened(status: str = "Look at the label", **options: Any) -> BenchHand:
        given = {
            "kind": JobKind.VERIFICATION,
            "labels": LABELS,
            "earlier": {"colors": COLORS},
            "earlier_mask": mask_png(),
        }
        hand = open_page(wait=False, **(given | options))
        hand.wait_for_status(status, timeout=20)
        return hand

    return opened


def color_at(page: Page, hand: BenchHand, x: float, y: float) -> tuple[int, int, int]:
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    left, top = hand.on_screen(x, y)
    clip = {"x": left, "y": top, "width": 1, "height": 1}
    with Image.open(io.BytesIO(page.screenshot(clip=clip))) as image:  # type: ignore[arg-type]
        red, green, blue = image.convert("RGB").getpixel((0, 0))  # type: ignore[misc]
    return red, green, blue


def parsed(hand: BenchHand) -> VerificationAnswer:
    """The answer as the consolidation hook reads it."""
    answer = hand.wait_until_submitted()
    return VerificationAnswer.from_fields(answer, DEFAULT_VERDICTS, DEFAULT_REASONS)


def test_a_good_label_takes_two_keys(open_verification: Open) -> None:
    hand = open_verification()
    hand.page.keyboard.press("1")
    hand.wait_for_status("Submit your verdict")
    hand.page.keyboard.press("Enter")
    answer = parsed(hand)
    assert (answer.verdict, answer.reasons, answer.comment) == ("good", (), "")
    assert answer.seconds > 0
    assert hand.bench.answer()["fewclick"]["job_kind"] == "verification"
    assert hand.bench.service.prewarmed == 0  # nobody clicks here


def test_a_bad_label_needs_a_reason(open_verification: Open) -> None:
    hand = open_verification()
    page = hand.page
    page.get_by_role("radio", name="wrong").click()
    hand.submit()
    hand.wait_for_status("Tick what is wrong")
    page.get_by_label("A class is wrong").check()
    page.get_by_label("Comment").fill(" that is no cat ")
    hand.submit()
    answer = parsed(hand)
    assert (answer.verdict, answer.reasons) == ("wrong", ("A class is wrong",))
    assert answer.comment == "that is no cat"


def test_a_comment_is_reason_enough_and_typing_it_presses_no_keys(open_verification: Open) -> None:
    hand = open_verification()
    hand.page.keyboard.press("2")
    hand.page.get_by_label("Comment").focus()
    hand.page.keyboard.type("3 cats, h l 1")
    hand.page.keyboard.press("Control+Enter")
    expect(hand.page.get_by_label("Comment")).to_have_value("3 cats, h l 1")
    hand.submit()
    answer = parsed(hand)
    assert (answer.verdict, answer.comment) == ("needs fixing", "3 cats, h l 1")


def test_reasons_given_for_another_verdict_do_not_go_with_the_answer(
    open_verification: Open,
) -> None:
    hand = open_verification()
    hand.page.keyboard.press("2")
    hand.page.get_by_label("An object is missing").check()
    hand.page.keyboard.press("1")
    expect(hand.page.get_by_label("An object is missing")).to_be_hidden()
    hand.submit()
    assert parsed(hand).reasons == ()


def test_verdicts_are_chosen_with_tab_and_arrow_keys(open_verification: Open) -> None:
    hand = open_verification()
    good = hand.page.get_by_role("radio", name="good")
    good.focus()
    hand.page.keyboard.press("ArrowDown")
    expect(hand.page.get_by_role("radio", name="needs fixing")).to_be_checked()
    expect(good).not_to_be_checked()
    hand.page.keyboard.press("ArrowUp")
    expect(good).to_be_checked()


def test_without_a_verdict_nothing_is_submitted(open_verification: Open) -> None:
    hand = open_verification()
    hand.submit()
    hand.page.keyboard.press("Enter")
    hand.wait_for_status("choose your verdict")
    assert hand.bench.submitted == []


def test_who_cannot_tell_says_why(open_verification: Open) -> None:
    hand = open_verification()
    hand.page.keyboard.press("1")
    hand.page.get_by_label("I cannot tell").select_option("Something else…")
    hand.submit()
    hand.wait_for_status("Choose why you cannot tell")
    expect(hand.page.get_by_role("radio", name="good")).not_to_be_checked()
    hand.page.get_by_label("Say it in your words").fill("a photo of a photo")
    hand.submit()
    answer = parsed(hand)
    assert (answer.outcome, answer.reason) == ("cannot-label", "a photo of a photo")
    assert "label" not in hand.bench.answer()


def test_a_verdict_takes_back_that_it_cannot_be_told(open_verification: Open) -> None:
    hand = open_verification()
    cannot = hand.page.get_by_label("I cannot tell")
    cannot.select_option("Too dark, blurred or small to see")
    hand.wait_for_status("You say that you cannot tell")
    hand.page.get_by_role("radio", name="good").click()
    expect(cannot).to_have_value("")
    hand.submit()
    assert parsed(hand).verdict == "good"


@pytest.mark.parametrize("mode", ["P", "RGB", "RGBA"])
def test_the_label_lies_over_the_photo_in_the_jobs_colours(
    open_verification: Open, mode: str
) -> None:
    hand = open_verification(earlier_mask=mask_png(mode))
    page = hand.page
    page.keyboard.press("h")
    plain = {place: color_at(page, hand, *place) for place in (CAT, TOILET, NOWHERE)}
    page.keyboard.press("h")
    page.get_by_label("Opacity").fill("1")
    assert color_at(page, hand, *CAT) == (0xE6, 0x9F, 0x00)
    assert color_at(page, hand, *TOILET) == (0x56, 0xB4, 0xE9)
    assert color_at(page, hand, *NOWHERE) == plain[NOWHERE]
    page.keyboard.press("l")
    assert color_at(page, hand, *CAT) == plain[CAT]
    assert color_at(page, hand, 100.5, 200.5) != plain[CAT]  # the outline is there
    page.get_by_role("button", name="Outlines only").click()
    page.get_by_role("button", name="cat × 1").click()
    assert color_at(page, hand, *CAT) == plain[CAT]
    assert color_at(page, hand, *TOILET) == (0x56, 0xB4, 0xE9)


def test_boxes_are_judged_as_masks_are(open_verification: Open) -> None:
    hand = open_verification(earlier=BOXES)
    page = hand.page
    page.get_by_label("Opacity").fill("1")
    assert color_at(page, hand, *CAT) == (0xE6, 0x9F, 0x00)
    assert color_at(page, hand, *TOILET) == (0x56, 0xB4, 0xE9)
    assert page.locator("#classes li").all_inner_texts() == ["cat\n× 1", "toilet\n× 1"]
    page.get_by_role("radio", name="good").click()
    page.keyboard.press("Enter")
    assert parsed(hand).verdict == "good"


def test_a_label_of_nothing_says_so(open_verification: Open) -> None:
    hand = open_verification(earlier={"boxes": []})
    expect(hand.page.get_by_text("The label has no box here.")).to_be_visible()


def test_the_wheel_zooms_and_dragging_moves_the_photo(open_verification: Open) -> None:
    hand = open_verification()
    page = hand.page
    before = hand.on_screen(*CAT)
    page.mouse.move(*before)
    page.mouse.wheel(0, -500)
    assert hand.on_screen(*CAT) == pytest.approx(before, abs=1)
    page.mouse.down()
    page.mouse.move(before[0] + 60, before[1] + 30, steps=4)
    page.mouse.up()
    x, y = hand.on_screen(*CAT)
    assert (x, y) == pytest.approx((before[0] + 60, before[1] + 30), abs=1)
    page.keyboard.press("f")
    assert hand.on_screen(*CAT) == pytest.approx(before, abs=1)


@pytest.mark.parametrize(
    ("png", "reason"),
    [
        pytest.param(b"", "its server answered 404", id="missing"),
        pytest.param(b"no PNG", "It is no PNG", id="no PNG"),
    ],
)
def test_a_label_that_cannot_be_shown_is_reported_instead(
    open_verification: Open, png: bytes, reason: str
) -> None:
    hand = open_verification("could not be loaded", earlier_mask=png)
    hand.page.keyboard.press("1")
    hand.page.keyboard.press("Enter")
    hand.wait_for_status("could not be loaded|nothing to judge")
    assert hand.bench.submitted == []
    hand.page.get_by_role("button", name="Report this as my answer").click()
    answer = parsed(hand)
    assert answer.outcome == "cannot-label"
    assert reason in answer.reason


def test_verdicts_of_any_characters_come_back_as_they_are(open_verification: Open) -> None:
    verdicts = ('fine "<b>🐕</b>" {{ x }}', "سيئ", "x" * 200)
    hand = open_verification(job={"verdicts": verdicts, "reasons": ()})
    hand.page.keyboard.press("2")
    hand.page.keyboard.press("Enter")
    assert hand.wait_until_submitted()["label"] == "سيئ"


def test_a_finger_is_enough(open_page: Open, open_verification: Open) -> None:
    hand = open_verification(has_touch=True)
    hand.page.get_by_role("radio", name="good").tap()
    hand.page.locator("#submit").tap()
    assert parsed(hand).verdict == "good"


def test_the_page_works_in_a_sandboxed_frame(open_page: Open) -> None:
    hand = open_page(
        "/frame",
        wait=False,
        kind=JobKind.VERIFICATION,
        labels=LABELS,
        earlier={"colors": COLORS},
        earlier_mask=mask_png(),
    )
    frame = hand.page.frame_locator("iframe")
    frame.get_by_role("radio", name="good").click()
    frame.get_by_role("button", name="Submit").click()
    expect(frame.get_by_text("Submitted.")).to_be_visible()
    (submitted,) = hand.bench.submitted
    assert json.loads(submitted["answerContent"]["crowd-image-classifier"])["label"] == "good"
