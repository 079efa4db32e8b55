"""The portal as a browser or a program uses it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.unit.scripts.local_ground_truth.conftest import Bench


@pytest.fixture
def browser(bench: Bench) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=bench.local.portal_url, follow_redirects=True, headers={"Accept": "text/html"}
    ) as client:
        yield client


def start(bench: Bench, name: str, objects: int = 2, **task: int) -> None:
    lines = [{"source-ref": f"s3://{bench.local.bucket}/{index}.jpg"} for index in range(objects)]
    bench.local.sagemaker.create_labeling_job(**bench.request(name, lines, **task))


def open_task(browser: httpx.Client, job: str, worker: str) -> httpx.Response:
    browser.post("/sign-in", data={"name": worker})
    page = browser.get(f"/jobs/{job}/next?wait=10")
    assert page.url.path.startswith("/tasks/"), "there is a task"
    return page


def test_a_person_signs_in_works_and_is_led_on(bench: Bench, browser: httpx.Client) -> None:
    start(bench, "led-on")
    assert "Sign in" in browser.get("/").text
    page = open_task(browser, "led-on", "Ann  Lee")
    assert 'src="/static/crowd-html-elements.js"' in page.text
    submitted = browser.post(f"{page.url.path}/submit", json={"answerContent": {"x": 1}})
    assert submitted.json() == {"next": "/jobs/led-on/next?wait=5"}
    second = browser.get(submitted.json()["next"])
    assert second.url.path not in (page.url.path, "/")
    browser.post(f"{second.url.path}/submit", json={"answerContent": {"x": 2}})
    description = bench.local.wait_for_job("led-on")
    assert description["LabelCounters"]["HumanLabeled"] == 2
    home = browser.get("/jobs/led-on/next")
    assert home.url.path == "/"
    assert "led-on has no task for you" in home.text
    assert "Ann Lee" in home.text


def test_the_pages_photo_is_a_link_that_works(bench: Bench, browser: httpx.Client) -> None:
    bench.put("0.jpg", b"meow")
    start(bench, "photo", objects=1)
    page = open_task(browser, "photo", "ann")
    link = page.text.partition('<img src="')[2].partition('"')[0].replace("&amp;", "&")
    photo = httpx.get(link, headers={"Origin": bench.local.portal_url})
    assert photo.content == b"meow"
    assert photo.headers["access-control-allow-origin"] in ("*", bench.local.portal_url)


def test_a_task_can_be_given_back_and_declined(bench: Bench, browser: httpx.Client) -> None:
    start(bench, "back", objects=2)
    first = open_task(browser, "back", "ann").url.path
    assert "You have a task of back open" in browser.get("/").text
    assert browser.post(f"{first}/release").url.path == "/"
    assert "You have a task of back open" not in browser.get("/").text
    assert browser.get(first).status_code == 410
    second = browser.get("/jobs/back/next?wait=10").url.path
    assert browser.post(f"{second}/decline").url.path == "/"
    assert browser.get("/jobs/back/next?wait=10").url.path not in (first, second, "/")


def test_an_answer_is_taken_once_and_acknowledged_again(
    bench: Bench, browser: httpx.Client
) -> None:
    start(bench, "once", objects=1)
    path = open_task(browser, "once", "ann").url.path
    answer = {"answerContent": {"x": 1}}
    assert browser.post(f"{path}/submit", json=answer).status_code == 200
    assert browser.post(f"{path}/submit", json=answer).status_code == 200
    refused = browser.post(f"{path}/submit", json={"answerContent": {"x": 2}})
    assert refused.status_code == 409
    assert refused.json()["message"] == "Another answer was submitted for this task already."


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"not json", 400, "The answer is not JSON."),
        (b'{"answerContent": {"x": NaN}}', 400, "The answer is not JSON."),
        (b'{"answer": {}}', 400, 'The answer needs an object "answerContent".'),
        (b'{"answerContent": "text"}', 400, 'The answer needs an object "answerContent".'),
        (b" " * (8 * 1024 * 1024 + 1), 413, "The answer is larger than 8 MB."),
    ],
    ids=["no-json", "no-number", "no-content", "text", "large"],
)
def test_what_is_no_answer_is_refused_with_a_sentence(
    bench: Bench, browser: httpx.Client, body: bytes, status: int, message: str
) -> None:
    if not any(job["name"] == "refusing" for job in browser.get("/progress").json()["jobs"]):
        start(bench, "refusing", objects=1)
    path = open_task(browser, "refusing", "ann").url.path
    refused = browser.post(f"{path}/submit", content=body)
    assert (refused.status_code, refused.json()) == (status, {"message": message})


def test_another_worker_cannot_see_or_submit_a_task(bench: Bench, browser: httpx.Client) -> None:
    start(bench, "private", objects=1)
    path = open_task(browser, "private", "ann").url.path
    browser.post("/sign-in", data={"name": "bob"})
    assert browser.get(path).status_code == 404
    assert browser.post(f"{path}/submit", json={"answerContent": {}}).status_code == 404


def test_nobody_works_without_a_name(browser: httpx.Client) -> None:
    assert browser.get("/jobs/any/next").status_code == 401
    assert browser.post("/sign-in", data={"name": "   "}).status_code == 400
    assert browser.post("/sign-in", data={"name": "x" * 65}).status_code == 400


def test_a_job_that_is_not_there_is_named(browser: httpx.Client) -> None:
    browser.post("/sign-in", data={"name": "ann"})
    missing = browser.get("/jobs/nobody/next")
    assert (missing.status_code, "no labeling job named nobody" in missing.text) == (404, True)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_another_web_page_can_post_nothing(browser: httpx.Client, origin: str) -> None:
    refused = browser.post("/sign-in", data={"name": "ann"}, headers={"Origin": origin})
    assert refused.status_code == 403
    assert "set-cookie" not in refused.headers


def test_the_cookie_stays_with_this_site(browser: httpx.Client) -> None:
    signed_in = browser.post("/sign-in", data={"name": "Ännchen; x=1"}, follow_redirects=False)
    cookie = signed_in.headers["set-cookie"]
    assert "SameSite=Strict" in cookie
    assert "HttpOnly" in cookie
    assert "Ännchen; x=1" in browser.get("/").text


def test_progress_is_there_for_programs(bench: Bench, browser: httpx.Client) -> None:
    start(bench, "counted", objects=2, NumberOfHumanWorkersPerDataObject=2)
    path = open_task(browser, "counted", "ann").url.path
    browser.post(f"{path}/submit", json={"answerContent": {}})
    jobs = {job["name"]: job for job in browser.get("/progress").json()["jobs"]}
    seen = jobs["counted"]
    assert (seen["answers"], seen["needed"], seen["mine"], seen["waiting"]) == (1, 4, 1, True)
    assert (seen["status"], seen["counters"]["Unlabeled"]) == ("InProgress", 2)


def test_asking_for_a_task_can_wait_for_one(bench: Bench, browser: httpx.Client) -> None:
    browser.post("/sign-in", data={"name": "ann"})
    start(bench, "waiting", objects=1, NumberOfHumanWorkersPerDataObject=2)
    path = open_task(browser, "waiting", "ann").url.path
    browser.post(f"{path}/submit", json={"answerContent": {}})
    started = time.monotonic()
    assert browser.get("/jobs/waiting/next?wait=0.5").url.path == "/"
    assert time.monotonic() - started >= 0.5
