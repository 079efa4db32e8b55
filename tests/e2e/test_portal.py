"""The portal in a real browser, by keyboard, pointer and touch: signing in, the queue, progress."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from scripts.local_ground_truth.local import LocalGroundTruth
from tests.conftest import DEMO_PHOTOS
from tests.e2e.portal_hand import sign_in
from tests.unit.scripts.local_ground_truth.conftest import STACK, Bench

pytestmark = pytest.mark.browser

PAGE = """<!DOCTYPE html><html lang="en"><title>Task</title>
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form><img alt="photo" crossorigin="anonymous"
  src="{{ task.input.taskObject | grant_read_access }}">
<label>What is it? <input name="what"></label></crowd-form>
<script>document.querySelector("input").focus();</script></html>"""
WAIT_MS = 30_000


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, demo_photo: bytes) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("portal")
    with LocalGroundTruth(root, template=STACK, endpoint_name="") as local:
        bench = Bench(local)
        for number in range(4):
            bench.put(f"{number}.jpg", demo_photo)
        yield bench


@pytest.fixture(scope="module")
def demo_photo() -> bytes:
    return (DEMO_PHOTOS / "images" / "coco_73.jpg").read_bytes()


def start(bench: Bench, name: str, objects: int = 3, **task: Any) -> None:
    template = {"UiTemplateS3Uri": bench.put(f"{name}.liquid.html", PAGE)}
    lines = [{"source-ref": f"s3://{bench.local.bucket}/{index}.jpg"} for index in range(objects)]
    request = bench.request(name, lines, UiConfig=template, TaskTitle=f"Name it: {name}", **task)
    bench.local.sagemaker.create_labeling_job(**request)


@pytest.fixture
def window(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    context.set_default_timeout(WAIT_MS)
    yield context
    context.close()


@pytest.fixture
def page(window: BrowserContext) -> Page:
    page = window.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"a script of the portal failed: {error}"))
    return page


def article(page: Page, job: str) -> Any:
    return page.get_by_role("article").filter(has_text=f"Name it: {job}")


def begin(page: Page, bench: Bench, job: str, worker: str) -> FrameLocator:
    """Sign in, start working, and wait for the task in its frame."""
    sign_in(page, bench.local.portal_url, worker)
    article(page, job).get_by_text("waiting for you").wait_for()
    article(page, job).get_by_role("link", name="Start working").click()
    task = page.frame_locator("#task")
    task.get_by_alt_text("photo").wait_for()
    expect(page.locator("#place")).to_have_text("1 / 1", timeout=WAIT_MS)
    return task


def wait_for_place(page: Page, place: str) -> None:
    expect(page.locator("#place")).to_have_text(place, timeout=WAIT_MS)


def test_signing_in_by_keyboard_with_a_pass_code_of_ones_own(page: Page, bench: Bench) -> None:
    page.goto(bench.local.portal_url)
    expect(page.get_by_label("Your name")).to_be_focused()
    page.keyboard.type("Keya")
    page.keyboard.press("Tab")
    page.keyboard.type("keya's code")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Keya").wait_for()
    page.get_by_role("button", name="Sign out").press("Enter")
    sign_in(page, bench.local.portal_url, "keya", "not her code")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("do not go together")
    page.get_by_label("Pass code").fill("keya's code")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Keya").wait_for()


def test_a_queue_is_worked_through_by_keyboard_and_ends_at_the_list(
    page: Page, bench: Bench
) -> None:
    start(bench, "queue", objects=2)
    task = begin(page, bench, "queue", "Lea")
    page.keyboard.type("a cat")  # the task's page has the focus as soon as it is there
    task.get_by_role("button", name="Submit").press("Enter")
    wait_for_place(page, "2 / 2")
    expect(page.locator("#standing")).to_contain_text("1 done · 0 waiting")
    task.get_by_label("What is it?").fill("a dog")
    task.get_by_role("button", name="Submit").press("Enter")
    page.get_by_text("queue has no task for you at the moment").wait_for()
    description = bench.local.wait_for_job("queue")
    lines = bench.lines(description["LabelingJobOutput"]["OutputDatasetS3Uri"])
    answers = [next(iter(line["cats"]["answers"].values())) for line in lines]
    assert answers == [{"what": "a cat"}, {"what": "a dog"}]


def test_looking_back_and_correcting_loses_nothing_of_the_open_task(
    page: Page, bench: Bench
) -> None:
    start(bench, "back", objects=3)
    task = begin(page, bench, "back", "Mia")
    task.get_by_label("What is it?").fill("first")
    task.get_by_role("button", name="Submit").click()
    wait_for_place(page, "2 / 2")
    task.get_by_label("What is it?").fill("half-written")

    page.get_by_role("button", name="Previous").click()
    earlier = page.frame_locator("#earlier")
    earlier.get_by_role("heading", name="Your answer").wait_for()
    expect(earlier.locator("dd")).to_have_text("first")
    expect(page.get_by_role("button", name="Skip")).to_be_disabled()
    earlier.get_by_role("link", name="Correct it").click()
    earlier.get_by_label("What is it?").fill("better")
    earlier.get_by_role("button", name="Submit").click()
    expect(earlier.locator("dd")).to_have_text("better", timeout=WAIT_MS)

    page.get_by_role("button", name="Next").click()
    wait_for_place(page, "2 / 2")
    expect(page.locator("#earlier")).to_be_hidden()
    expect(task.get_by_label("What is it?")).to_have_value("half-written")
    expect(page.get_by_role("button", name="Next")).to_be_disabled()


def test_skipping_by_keyboard_with_a_reason_and_taking_it_again(page: Page, bench: Bench) -> None:
    start(bench, "skip", objects=2)
    begin(page, bench, "skip", "Noa")
    skip = page.get_by_role("button", name="Skip …")
    expect(skip).to_be_enabled(timeout=WAIT_MS)
    skip.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").press("T")  # "The photo cannot be judged"
    page.keyboard.press("Tab")
    page.keyboard.type("it is black")
    dialog.get_by_role("button", name="Skip").press("Enter")
    wait_for_place(page, "2 / 2")

    page.get_by_role("button", name="Previous").press("Enter")
    earlier = page.frame_locator("#earlier")
    earlier.get_by_text("The photo cannot be judged: it is black").wait_for()
    earlier.get_by_role("button", name="Take it again").press("Enter")
    earlier.get_by_label("What is it?").fill("not so black")
    expect(page.get_by_role("button", name="Skip …")).to_be_enabled(timeout=WAIT_MS)
    earlier.get_by_role("button", name="Submit").click()
    # The queue goes on with the task that was open all the while, in its own frame.
    task = page.frame_locator("#task")
    task.get_by_label("What is it?").fill("the other")
    task.get_by_role("button", name="Submit").click()
    page.get_by_text("skip has no task for you at the moment").wait_for()
    assert bench.local.wait_for_job("skip")["LabelCounters"]["HumanLabeled"] == 2


def test_thinking_better_of_skipping_leaves_all_as_it_is(page: Page, bench: Bench) -> None:
    start(bench, "better", objects=1)
    task = begin(page, bench, "better", "Ola")
    task.get_by_label("What is it?").fill("kept")
    page.get_by_role("button", name="Skip …").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(task.get_by_label("What is it?")).to_have_value("kept")
    wait_for_place(page, "1 / 1")


def test_giving_back_by_touch_on_a_phone_leads_to_the_list(browser: Browser, bench: Bench) -> None:
    start(bench, "phone", objects=2)
    context = browser.new_context(viewport={"width": 390, "height": 760}, has_touch=True)
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    sign_in(page, bench.local.portal_url, "Pia")
    article(page, "phone").get_by_text("waiting for you").wait_for()
    article(page, "phone").get_by_role("link", name="Start working").tap()
    page.frame_locator("#task").get_by_alt_text("photo").wait_for()
    release = page.get_by_role("button", name="Give back …")
    expect(release).to_be_enabled(timeout=WAIT_MS)
    expect(release).to_be_in_viewport(ratio=1)
    release.tap()
    page.get_by_label("Reason").select_option("I need a break")
    page.get_by_role("dialog").get_by_role("button", name="Give back").tap()
    article(page, "phone").get_by_text("2 waiting for you").wait_for()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    context.close()


def test_the_next_photo_is_in_the_cache_before_its_task_opens(page: Page, bench: Bench) -> None:
    start(bench, "cached", objects=2)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    from_network: list[str] = []
    from_cache: list[str] = []

    def note(event: dict[str, Any]) -> None:
        response = event["response"]
        if ".jpg?" in response["url"]:
            cached = response.get("fromDiskCache") or response.get("fromPrefetchCache")
            (from_cache if cached else from_network).append(response["url"].partition("?")[0][-5:])

    session.on("Network.responseReceived", note)
    session.on("Network.requestServedFromCache", lambda event: from_cache.append("memory"))
    with page.expect_response(lambda response: "/1.jpg?" in response.url):
        task = begin(page, bench, "cached", "Quy")
    task.get_by_role("button", name="Submit").click()
    wait_for_place(page, "2 / 2")
    task.get_by_alt_text("photo").wait_for()
    assert task.get_by_alt_text("photo").evaluate("photo => photo.decode().then(() => true)")
    assert from_network.count("1.jpg") == 1
    assert from_cache


def test_the_requester_sees_the_figures_move_and_the_worker_their_own(
    page: Page, browser: Browser, bench: Bench
) -> None:
    start(bench, "figures", objects=2, NumberOfHumanWorkersPerDataObject=2)
    watching = browser.new_context()
    watching.set_default_timeout(WAIT_MS)
    requester = watching.new_page()
    requester.goto(f"{bench.local.portal_url}/requester")
    expect(requester.get_by_label("pass code")).to_be_focused()
    requester.keyboard.type(bench.local.accounts.requester_code)
    requester.keyboard.press("Enter")
    requester.get_by_role("link", name="Name it: figures").click()
    requester.get_by_text("Nobody has begun.").wait_for()

    task = begin(page, bench, "figures", "Rui")
    task.get_by_label("What is it?").fill("x")
    task.get_by_role("button", name="Submit").click()
    wait_for_place(page, "2 / 2")
    row = requester.get_by_role("row").filter(has_text="Rui")
    expect(row.get_by_role("cell").first).to_have_text("1", timeout=WAIT_MS)  # with no reload
    expect(requester.get_by_text("1 of 4")).to_be_visible()
    watching.close()

    page.get_by_role("link", name="Tasks").click()
    page.get_by_role("link", name="Rui").click()
    expect(article(page, "figures")).to_contain_text("Answers")
    expect(article(page, "figures")).to_contain_text("known once a round is consolidated")
