"""The adjudication page in a real browser: workers' masks to compare, choose from and correct."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from hooks.core.adjudication import picked_candidate
from hooks.core.answer import DrawnObject, MadeBy, build_answer
from hooks.core.categories import LabelCategories
from hooks.core.geometry import Size
from hooks.core.job_settings import JobKind, JobSettings, settings_key
from hooks.core.masks import LabelMap, Mask, write_label_map
from hooks.core.photo import orientation_exif
from scripts.jobs.labeling_job_request import JobParts, labeling_job_request
from scripts.local_ground_truth.local import LocalGroundTruth
from scripts.pages.render_template import render
from scripts.pages.task_page import read_page
from tests.e2e.page_bench import DISC_RADIUS, BenchHand
from tests.e2e.portal_hand import hand_in, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LABELS = LabelCategories.from_names(["cat", "toilet"])
CAT, TOILET = 1, 2
SIZE = Size(640, 522)
Open = Callable[..., BenchHand]


def label_map(*boxes: tuple[int, int, int, int, int], size: Size = SIZE) -> LabelMap:
    """Rectangles (label, left, top, right, bottom), later ones on top."""
    drawn = np.zeros(size.shape, dtype=np.uint8)
    for label, left, top, right, bottom in boxes:
        drawn[top:bottom, left:right] = label
    return drawn


CONSENSUS = label_map((CAT, 100, 100, 250, 300), (TOILET, 100, 320, 300, 450))
BY_A = label_map((CAT, 110, 90, 260, 300), (TOILET, 100, 320, 300, 450))
BY_B = label_map((CAT, 100, 100, 250, 300))
MAPS = {"consensus": CONSENSUS, "A": BY_A, "B": BY_B}


def png(drawn: LabelMap) -> bytes:
    return write_label_map(drawn, LABELS.colors())


@pytest.fixture
def open_adjudication(open_page: Open) -> Open:
    """Opens the page with the masks of MAPS, and waits until they are there."""

    def opened(maps: dict[str, LabelMap] = MAPS, **options: Any) -> BenchHand:
        candidates = {name: png(drawn) for name, drawn in maps.items()}
        candidates = options.pop("candidates", candidates)
        given = {"kind": JobKind.ADJUDICATION, "labels": LABELS, "candidates": candidates}
        hand = open_page(wait=False, **given, **options)
        settled = hand.page.locator(".candidate:is([data-status=ready], [data-status=failed])")
        expect(settled).to_have_count(len(candidates))
        return hand

    return opened


def shown(hand: BenchHand) -> list[str]:
    """The candidates that lie over the photo."""
    cards = hand.page.locator('.candidate:has(.look[aria-pressed="true"])')
    return [str(card.get_attribute("data-candidate")) for card in cards.all()]


def color_at(hand: BenchHand, x: float, y: float) -> tuple[int, int, int]:
    """What the reviewer sees at a place of the photo."""
    hand.page.wait_for_timeout(60)  # canvases are drawn at the next frame
    left, top = hand.on_screen(x, y)
    clip = {"x": left, "y": top, "width": 1, "height": 1}
    with Image.open(io.BytesIO(hand.page.screenshot(clip=clip))) as image:  # type: ignore[arg-type]
        red, green, blue = image.convert("RGB").getpixel((0, 0))  # type: ignore[misc]
    return red, green, blue


def card(hand: BenchHand, name: str) -> Any:
    return hand.page.locator(f'.candidate[data-candidate="{name}"]')


def test_a_workers_mask_is_chosen_with_the_pointer_alone(open_adjudication: Open) -> None:
    hand = open_adjudication()
    hand.wait_for_status("Compare the masks")
    assert shown(hand) == ["consensus"]
    card(hand, "B").locator(".look").click()
    assert shown(hand) == ["consensus", "B"]
    card(hand, "A").get_by_role("button", name="Worker A: Use").click()
    hand.wait_for_status("In use: Worker A")
    assert shown(hand) == []  # it is the answer now, and drawn as such
    hand.submit()
    answer = hand.wait_until_submitted()

    block = answer["fewclick"]
    assert block["job_kind"] == "adjudication"
    assert block["adjudication"] == {"picked": "A", "changed": False}
    assert picked_candidate(answer) == "A"
    assert np.array_equal(hand.bench.parsed().label_map, BY_A)
    assert [drawn["made_by"] for drawn in block["objects"]] == ["given", "given"]
    assert hand.bench.parsed().clicks == 0
    assert hand.bench.service.requests == []


def test_a_mask_is_chosen_and_corrected_with_the_keyboard_alone(open_adjudication: Open) -> None:
    hand = open_adjudication()
    page = hand.page
    hand.wait_for_status("Compare the masks")
    page.keyboard.press(".")
    assert shown(hand) == ["A"]
    page.keyboard.press(",")
    page.keyboard.press(",")
    assert shown(hand) == ["B"]
    page.keyboard.press("d")
    expect(page.get_by_role("button", name="Disagreement")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.keyboard.press(",")
    page.keyboard.press(",")
    assert shown(hand) == ["consensus"]
    page.keyboard.press("u")
    hand.wait_for_status("In use: Consensus")
    page.keyboard.press("]")
    page.keyboard.press("Shift+Delete")
    page.keyboard.press("]")
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    answer = hand.wait_until_submitted()
    assert answer["fewclick"]["adjudication"] == {"picked": "consensus", "changed": True}
    left = TOILET * (CONSENSUS == CAT).astype(np.uint8)
    right = TOILET * (CONSENSUS == TOILET).astype(np.uint8)
    got = hand.bench.parsed().label_map
    assert np.array_equal(got, left) or np.array_equal(got, right)
    assert got.any()


def test_a_chosen_mask_is_corrected_by_clicks_and_undo_takes_all_back(
    open_adjudication: Open,
) -> None:
    hand = open_adjudication()
    page = hand.page
    card(hand, "A").locator(".use").click()
    page.locator("#objects .object", has_text="cat").click()
    hand.click(180, 200, button="right")
    hand.wait_for_status("Correct the mask")
    (request,) = hand.bench.service.requests
    assert request.previous_mask is None
    assert request.extreme_points.bounds() == (110, 90, 260, 300)
    expect(card(hand, "A").locator(".use")).to_have_text("In use, corrected")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(card(hand, "A").locator(".use")).to_have_text("Use")
    expect(page.locator("#objects li")).to_have_count(0)
    for _ in range(2):
        page.keyboard.press("Control+Shift+z")
    hand.submit()
    answer = hand.wait_until_submitted()
    block = answer["fewclick"]
    assert block["adjudication"] == {"picked": "A", "changed": True}
    made_by = {drawn["label"]: drawn["made_by"] for drawn in block["objects"]}
    assert made_by == {"cat": "mixed", "toilet": "given"}
    # The model would have drawn an octagon without the disc at the click; only the disc changes.
    (click,) = request.clicks
    rows, columns = np.mgrid[: SIZE.height, : SIZE.width] + 0.5
    away = np.hypot(columns - click.point.x, rows - click.point.y)
    got = hand.bench.parsed().label_map
    assert not got[away < DISC_RADIUS - 1].any()
    kept = away > DISC_RADIUS + 1
    assert np.array_equal(got[kept], BY_A[kept])


def test_a_click_that_changes_nothing_is_said_to(open_adjudication: Open) -> None:
    hand = open_adjudication()
    card(hand, "A").locator(".use").click()
    hand.page.locator("#objects .object", has_text="cat").click()
    hand.click(500, 100, button="right")
    hand.wait_for_status("That click changed nothing")
    hand.click(180, 200, button="right")
    hand.wait_for_status("Correct the mask")
    hand.submit()
    hand.wait_until_submitted()
    got = hand.bench.parsed().label_map
    assert not got[200, 180]
    assert got[95, 115] == CAT  # a corner, which the model's octagon would not have


def test_a_missing_object_is_drawn_on_top_of_a_chosen_mask(open_adjudication: Open) -> None:
    hand = open_adjudication()
    card(hand, "B").locator(".use").click()
    hand.page.get_by_role("radio", name="toilet").click()
    hand.outline((200, 320), (100, 400), (200, 450), (300, 400))
    hand.submit()
    answer = hand.wait_until_submitted()
    assert [drawn["made_by"] for drawn in answer["fewclick"]["objects"]] == ["given", "model"]
    got = hand.bench.parsed().label_map
    assert np.array_equal(got == CAT, BY_B == CAT)
    assert got[400, 200] == TOILET


def test_masks_lie_over_the_photo_and_each_other(open_adjudication: Open) -> None:
    hand = open_adjudication()
    page = hand.page
    only_consensus, in_both, nowhere = (200, 400), (180, 200), (500, 100)
    card(hand, "consensus").locator(".look").click()
    assert shown(hand) == []
    plain = {place: color_at(hand, *place) for place in (only_consensus, in_both, nowhere)}
    card(hand, "consensus").locator(".look").click()
    assert color_at(hand, *only_consensus) != plain[only_consensus]
    assert color_at(hand, *nowhere) == plain[nowhere]
    page.get_by_label("Opacity on the photo").fill("1")
    assert color_at(hand, *in_both) == (0xE6, 0x9F, 0x00)
    page.keyboard.press("h")
    assert color_at(hand, *in_both) == plain[in_both]
    page.keyboard.press("h")
    page.get_by_label("Opacity on the photo").fill("0")
    assert color_at(hand, *in_both) == plain[in_both]


def test_disagreement_shows_where_workers_differ(open_adjudication: Open) -> None:
    hand = open_adjudication()
    card(hand, "consensus").locator(".look").click()
    toggle = hand.page.get_by_role("button", name="Disagreement")
    hand.page.get_by_label("Opacity on the photo").fill("1")
    plain = {place: color_at(hand, *place) for place in [(200, 400), (180, 200)]}
    toggle.click()
    assert hand.page.get_by_text("one differs").is_visible()
    assert color_at(hand, 200, 400) == (0xFF, 0xB3, 0xEC)  # only A drew a toilet
    assert color_at(hand, 180, 200) == plain[180, 200]
    toggle.click()
    assert color_at(hand, 200, 400) == plain[200, 400]


def test_a_mask_that_is_not_there_is_named_and_the_others_can_be_used(
    open_adjudication: Open,
) -> None:
    files = {"consensus": b"", "A": png(BY_A), "B": b"no PNG"}
    hand = open_adjudication(candidates=files)
    hand.wait_for_status("“Consensus” could not be loaded: its server answered 404")
    expect(card(hand, "B").locator(".use")).to_be_disabled()
    expect(hand.page.get_by_role("button", name="Disagreement")).to_be_disabled()
    card(hand, "A").locator(".use").click()
    hand.submit()
    assert hand.wait_until_submitted()["fewclick"]["adjudication"]["picked"] == "A"


def test_a_mask_of_nothing_says_that_there_is_nothing(open_adjudication: Open) -> None:
    hand = open_adjudication({"consensus": CONSENSUS, "A": label_map()})
    card(hand, "A").locator(".use").click()
    hand.wait_for_status("nothing to label here")
    hand.submit()
    block = hand.wait_until_submitted()["fewclick"]
    assert (block["outcome"], block["adjudication"]["picked"]) == ("nothing-here", "A")


def test_without_any_mask_the_reviewer_draws(open_adjudication: Open) -> None:
    hand = open_adjudication({})
    hand.wait_for_status("no mask to choose from")
    hand.outline((330, 120), (200, 260), (300, 380), (430, 250))
    hand.submit()
    block = hand.wait_until_submitted()["fewclick"]
    assert block["adjudication"] == {"picked": None, "changed": False}


def test_masks_of_a_turned_photo_are_turned_as_it_is(
    open_adjudication: Open, demo_photos: Path
) -> None:
    with Image.open(demo_photos / "images" / "coco_358083.jpg") as photo:
        stream = io.BytesIO()
        photo.rotate(90, expand=True).save(stream, "JPEG", exif=orientation_exif(6))
    mask = write_label_map(BY_A, LABELS.colors(), orientation=6)
    hand = open_adjudication(photo=stream.getvalue(), size=SIZE, candidates={"A": mask})
    card(hand, "A").locator(".use").click()
    hand.submit()
    hand.wait_until_submitted()
    assert np.array_equal(hand.bench.parsed().label_map, BY_A)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalGroundTruth]:
    with LocalGroundTruth(tmp_path / "out", endpoint_name="") as started:
        yield started


def start_job(
    local: LocalGroundTruth, name: str, kind: JobKind, line: dict[str, Any], workers: int
) -> None:
    settings = JobSettings(name, kind, name, LABELS)

    def put(key: str, body: str) -> str:
        local.s3.put_object(Bucket=local.bucket, Key=key, Body=body.encode())
        return f"s3://{local.bucket}/{key}"

    put(settings_key(name), settings.to_json())
    parts = JobParts(
        manifest=put(f"jobs/{name}/input.manifest", json.dumps(line) + "\n"),
        template=put(f"jobs/{name}/page.liquid.html", render(settings)),
        label_categories=put(f"jobs/{name}/l.json", json.dumps(LABELS.to_category_file())),
        output=f"s3://{local.bucket}/output/",
        role_arn=local.role_arn,
        workteam_arn=local.workteam_arn,
        pre_annotation_arn=local.pre_annotation_arn,
        consolidation_arn=local.consolidation_arn,
    )
    local.sagemaker.create_labeling_job(
        **labeling_job_request(name, parts, workers_per_object=workers)
    )


def result_of(local: LocalGroundTruth, name: str) -> dict[str, Any]:
    """The label value of a finished job's only line."""
    job = local.wait_for_job(name)
    assert job["LabelingJobStatus"] == "Completed"
    manifest = local.path_of(job["LabelingJobOutput"]["OutputDatasetS3Uri"])
    value: dict[str, Any] = json.loads(manifest.read_text())[name]
    return value


def answer_as(local: LocalGroundTruth, job: str, worker: str, mask: Mask) -> None:
    """Sign in and answer the worker's one task."""
    drawn = DrawnObject("cat", mask, None, (), MadeBy.BRUSH, 1.0)
    with httpx.Client(base_url=local.portal_url, follow_redirects=True, timeout=60) as http:
        http.post("/sign-in", data={"name": worker}).raise_for_status()
        response = http.get(f"/jobs/{job}/next?wait=20").raise_for_status()
        task = read_page(str(response.url), response.text)
        content = {
            "crowd-semantic-segmentation": build_answer(task.size, LABELS, [drawn], seconds=1)
        }
        url = task.url.rstrip("/") + "/submit"
        http.post(url, json={"answerContent": content}).raise_for_status()


def test_a_photo_that_workers_disagree_on_is_decided_in_a_job_of_its_own(
    browser: Browser, local: LocalGroundTruth, demo_photos: Path
) -> None:
    photo = (demo_photos / "images" / "coco_358083.jpg").read_bytes()
    local.s3.put_object(Bucket=local.bucket, Key="photos/1.jpg", Body=photo)
    line = {"source-ref": f"s3://{local.bucket}/photos/1.jpg"}
    masks = {"Ada": BY_B == CAT, "Bob": label_map((CAT, 400, 100, 550, 300)) == CAT}
    start_job(local, "first", JobKind.SEGMENTATION, line, workers=2)
    for worker, mask in masks.items():
        answer_as(local, "first", worker, mask)
    label = result_of(local, "first")
    assert label["status"] == "needs-adjudication"

    again = {"details-ref": label["details-ref"], "mask-ref": label["mask-ref"]}
    start_job(local, "decided", JobKind.ADJUDICATION, line | {"adjudication": again}, workers=1)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    hand = hand_in(page)
    sign_in(page, local.portal_url, "Rita")
    page.get_by_role("link", name="Start working").click()
    hand.wait_for_status("Compare the masks", timeout=20)
    candidates = hand.page.locator(".candidate")
    names = [str(one.get_attribute("data-candidate")) for one in candidates.all()]
    assert names == ["consensus", "A", "B"]
    for shown in page.frames:
        assert "Ada" not in shown.content()
        assert local.worker_id("Ada") not in shown.content()
    hand.page.locator('.candidate[data-candidate="A"] .use').click()
    page.keyboard.press("Control+Enter")
    decided = result_of(local, "decided")
    assert hand.errors == []
    page.close()

    with Image.open(local.path_of(decided["mask-ref"])) as image:
        got = np.asarray(image) == CAT
    assert any(np.array_equal(got, mask) for mask in masks.values())
