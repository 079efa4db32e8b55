"""What the page tells a worker: instructions, examples, warnings, in the job's language."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import pytest
from PIL import Image

from hooks.core.answer import Outcome
from hooks.core.categories import LabelCategories
from hooks.core.job_example import Example, Verdict
from tests.e2e.page_bench import NO_ANSWER, BenchHand

pytestmark = pytest.mark.browser

Open = Callable[..., BenchHand]
CAT = [(330, 120), (200, 260), (300, 380), (430, 250)]
SPECK = [(300.5, 200.5), (300.5, 200.5), (301.5, 201.5), (301.5, 201.5)]
ATTACK = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>{{ task.input }} {% if %}'


def picture(color: str) -> str:
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), color).save(stream, "PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def test_instructions_and_examples_are_read_and_run_nothing(open_page: Open) -> None:
    hand = open_page(
        job={
            "short_instructions": f"Every cat. {ATTACK}",
            "full_instructions": f"One.\n\nTwo. {ATTACK}",
            "examples": (
                Example(picture("green"), Verdict.GOOD, f"To the hair. {ATTACK}"),
                Example("s3://bucket/photo.jpg", Verdict.BAD, "An ear is missing."),
            ),
        }
    )
    page = hand.page
    page.get_by_role("button", name="Instructions").click()
    dialog = page.locator("crowd-instructions dialog")
    dialog.wait_for()
    text = page.locator("crowd-instructions").inner_text()
    for told in ("Every cat.", "Two.", "Drawing an object", "To the hair.", "An ear is missing."):
        assert told in text
    assert ATTACK in text
    for verdict, name in (("positive", "Good example"), ("negative", "Bad example")):
        shown = page.locator(f"{verdict}-example img")
        assert shown.get_attribute("alt") == name
        shown.evaluate("image => image.decode()")
        assert shown.evaluate("image => image.naturalWidth > 0")
    assert page.evaluate("window.hit") is None
    page.get_by_role("button", name="Close").click()
    hand.outline(*CAT)
    assert hand.errors == []


def test_labels_of_any_characters_are_shown_and_arrive(open_page: Open) -> None:
    names = (ATTACK, "قطة سوداء", "Katze 🐈‍⬛ \"'&", "x" * 200)
    labels = LabelCategories.from_names(names)
    hand = open_page(labels=labels)
    page = hand.page
    shown = page.locator("#labels .name")
    assert shown.all_inner_texts() == list(names)
    for index in (0, 3):
        page.keyboard.press(str(index + 1))
        hand.outline(*[(x, y + 20 * index) for x, y in CAT])
        page.keyboard.press("n")
    hand.submit()
    answer = hand.wait_until_submitted()
    assert list(answer["labelMappings"]) == [ATTACK, "x" * 200]
    assert page.evaluate("window.hit") is None
    hand.bench.parsed()


def test_nothing_drawn_needs_to_be_said(open_page: Open) -> None:
    hand = open_page()
    hand.submit()
    hand.wait_for_status("Nothing is drawn")
    hand.page.get_by_label("Nothing to label here").check()
    hand.submit()
    assert hand.wait_until_submitted()["fewclick"]["outcome"] == "nothing-here"


def test_why_a_photo_cannot_be_labeled_is_one_choice(open_page: Open) -> None:
    hand = open_page()
    hand.page.get_by_label("I cannot label this photo").select_option(
        "Too dark, blurred or small to see"
    )
    hand.wait_for_status("You say that this photo cannot be labeled")
    hand.submit()
    block = hand.wait_until_submitted()["fewclick"]
    assert (block["outcome"], block["reason"]) == (
        "cannot-label",
        "Too dark, blurred or small to see",
    )
    assert hand.bench.parsed().outcome is Outcome.CANNOT_LABEL


def test_a_reason_in_ones_own_words_must_have_some(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    page.get_by_label("I cannot label this photo").select_option("other")
    hand.submit()
    hand.wait_for_status("Choose why this photo cannot be labeled, then submit")
    page.keyboard.press("Escape")
    page.get_by_label("Say it in your words").fill("A painting of a cat, n & m <b>")
    hand.submit()
    answer = hand.wait_until_submitted()
    assert answer["fewclick"]["reason"] == "A painting of a cat, n & m <b>"


def test_taking_the_reason_back_labels_the_photo_again(open_page: Open) -> None:
    hand = open_page()
    hand.outline(*CAT)
    choice = hand.page.get_by_label("I cannot label this photo")
    choice.select_option("other")
    choice.select_option("")
    hand.submit()
    block = hand.wait_until_submitted()["fewclick"]
    assert (block["outcome"], block["reason"], len(block["objects"])) == ("labeled", "", 1)


def test_a_mask_of_a_few_pixels_is_asked_about_once(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    hand.outline(*CAT)
    page.keyboard.press("n")
    page.mouse.move(*hand.on_screen(300, 200))
    for _ in range(12):
        page.mouse.wheel(0, -400)
    page.wait_for_function(
        "Number(document.querySelector('#stage').dataset.view.split(' ')[0]) > 15"
    )
    x, y = (round(place) for place in hand.on_photo(*hand.on_screen(300, 200)))
    for point in ((x + 1, y), (x, y + 1), (x + 1, y + 2), (x + 2, y + 1)):
        hand.click(*point)
    hand.wait_for_status("Correct the mask")
    hand.submit()
    told = hand.wait_for_status(r"Object 2 has only \d+ pixel")
    assert page.locator("#status").get_attribute("data-level") == "warning"
    assert "submit again" in told
    hand.submit()
    assert len(hand.wait_until_submitted()["fewclick"]["objects"]) == 2


def test_a_mask_on_its_way_holds_the_answer_back(open_page: Open) -> None:
    hand = open_page()
    hand.bench.service.before = lambda number, request: NO_ANSWER
    for point in CAT:
        hand.click(*point)
    hand.submit()
    hand.wait_for_status("[Oo]bject 1 (waits for its mask|is still on its way)")
    assert hand.bench.submitted == []


def test_without_a_service_masks_are_drawn_by_hand_and_submitted(open_page: Open) -> None:
    hand = open_page(has_service=False, wait=False)
    page = hand.page
    hand.wait_for_status("by hand|brush|Brush")
    page.keyboard.press("p")
    page.mouse.move(*hand.on_screen(200, 200))
    page.mouse.down()
    page.mouse.move(*hand.on_screen(400, 260), steps=8)
    page.mouse.up()
    page.locator("#objects li").wait_for()
    hand.submit()
    answer = hand.wait_until_submitted()
    (found,) = answer["fewclick"]["objects"]
    assert found["made_by"] == "brush"
    assert (hand.bench.parsed().label_map == 1).sum() > 200


def test_while_the_model_is_away_the_object_is_painted_instead(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    hand.bench.service.before = lambda number, request: NO_ANSWER
    for point in CAT:
        hand.click(*point)
    hand.wait_for_status("cannot be reached", 30)
    page.keyboard.press("p")
    page.mouse.move(*hand.on_screen(250, 250))
    page.mouse.down()
    page.mouse.move(*hand.on_screen(380, 260), steps=8)
    page.mouse.up()
    hand.submit()
    hand.wait_for_status("has not answered to the last clicks on object 1")
    hand.submit()
    answer = hand.wait_until_submitted()
    (found,) = answer["fewclick"]["objects"]
    assert (found["made_by"], len(found["extreme_points"])) == ("brush", 4)


def test_the_page_speaks_german_where_the_job_does(open_page: Open) -> None:
    hand = open_page(job={"language": "de"}, wait=False)
    page = hand.page
    hand.wait_for_status("Klicken Sie auf den obersten Punkt")
    assert page.locator("html").get_attribute("lang") == "de"
    for point in CAT:
        hand.click(*point)
    hand.wait_for_status("Verbessern Sie die Maske")
    page.keyboard.press("n")
    page.get_by_label("Ich kann dieses Foto nicht beschriften").select_option(
        label="Die Anleitung passt nicht zu diesem Foto"
    )
    page.get_by_role("button", name="Absenden").click()
    page.get_by_text("Submitted.").wait_for()
    block = hand.bench.answer()["fewclick"]
    assert block["reason"] == "The instructions do not fit this photo"  # for the requester
    assert hand.errors == []


@pytest.mark.parametrize("minified", [False, True])
def test_a_browser_that_is_too_old_is_told_before_the_work(open_page: Open, minified: bool) -> None:
    hand = open_page(minified=minified)
    old = "delete window.CompressionStream; delete window.DecompressionStream;"
    hand.page.add_init_script(old)
    hand.page.reload()
    hand.wait_for_status("This browser is too old")
    assert hand.errors == []
