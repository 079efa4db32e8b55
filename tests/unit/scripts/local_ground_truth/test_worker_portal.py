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
    browser.post("/sign-in", data={"name": "ann"})
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
    deadline = time.monotonic() + 20  # the second object is on its way
    while True:
        jobs = {job["name"]: job for job in browser.get("/progress").json()["jobs"]}
        seen = jobs["counted"]
        if seen["waiting"] or time.monotonic() > deadline:
            break
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


def test_the_frame_begins_with_the_next_task_or_the_one_that_is_named(
    bench: Bench, browser: httpx.Client
) -> None:
    start(bench, "framed")
    browser.post("/sign-in", data={"name": "ann"})
    assert 'src="/jobs/framed/next"' in browser.get("/jobs/framed/work").text
    task = open_task(browser, "framed", "ann").url.path
    named = browser.get(f"/jobs/framed/work?task={task.removeprefix('/tasks/')}")
    assert f'src="{task}"' in named.text
    browser.post("/sign-in", data={"name": "bob"})
    assert browser.get(named.url.raw_path.decode()).status_code == 404


def test_a_submitted_answer_can_be_seen_again_and_corrected(
    bench: Bench, browser: httpx.Client
) -> None:
    start(bench, "corrected", objects=2)
    path = open_task(browser, "corrected", "ann").url.path
    browser.post(f"{path}/submit", json={"answerContent": {"x": "first"}})
    assert "first" in browser.get(path).text
    page = browser.get(f"{path}/correction")
    assert "crowd-form" in page.text
    corrected = browser.post(f"{page.url.path}/submit", json={"answerContent": {"x": "second"}})
    assert corrected.json() == {"next": path}
    assert "second" in browser.get(path).text
    last = browser.get("/jobs/corrected/next?wait=10").url.path
    browser.post(f"{last}/submit", json={"answerContent": {}})
    description = bench.local.wait_for_job("corrected")
    assert "cannot be changed any more" in browser.get(path).text
    assert browser.get(f"{path}/correction").url.path == path
    late = browser.post(f"{path}/correction/submit", json={"answerContent": {"x": "third"}})
    assert (late.status_code, "consolidation" in late.json()["message"]) == (410, True)
    lines = bench.lines(description["LabelingJobOutput"]["OutputDatasetS3Uri"])
    answers = [answer for line in lines for answer in line["cats"]["answers"].values()]
    assert {"x": "second"} in answers
    assert {"x": "first"} not in answers


def test_a_task_that_was_given_back_can_be_taken_again(bench: Bench, browser: httpx.Client) -> None:
    start(bench, "retaken", objects=1)
    path = open_task(browser, "retaken", "ann").url.path
    browser.post(f"{path}/release", data={"reason": "I need a break"})
    page = browser.get(path)
    assert page.status_code == 410
    assert "Your reason: I need a break" in page.text
    taken = browser.post(f"{path}/retake")
    assert taken.url.path not in (path, "/")
    assert taken.status_code == 200


def test_the_place_of_a_task_has_its_neighbours(bench: Bench, browser: httpx.Client) -> None:
    start(bench, "placed", objects=2)
    first = open_task(browser, "placed", "ann").url.path
    browser.post(f"{first}/submit", json={"answerContent": {}})
    second = browser.get("/jobs/placed/next?wait=10").url.path
    place = browser.get(f"{second}/place").json()
    assert f"/tasks/{place['previous']}" == first
    assert (place["state"], place["number"], place["count"], place["next"]) == ("open", 2, 2, None)
    assert 0 < place["seconds_left"] <= 600
    assert (place["mine"], place["waiting"]) == (1, 0)


def test_what_the_next_page_reads_is_told_ahead_by_the_same_links(
    bench: Bench, browser: httpx.Client
) -> None:
    bench.put("0.jpg", b"zero")
    bench.put("1.jpg", b"one")
    start(bench, "ahead", objects=2)
    path = open_task(browser, "ahead", "ann").url.path
    ahead = browser.get("/jobs/ahead/ahead").json()
    (link,) = ahead["links"]
    fetched = httpx.get(link)
    assert fetched.content == b"one"
    assert "max-age" in fetched.headers["cache-control"]
    browser.post(f"{path}/submit", json={"answerContent": {}})
    page = browser.get("/jobs/ahead/next?wait=10")
    assert link.replace("&", "&amp;") in page.text
    assert browser.get("/jobs/ahead/ahead").json() == {"links": [], "prewarm": None}


def test_a_worker_sees_only_their_own_pace(bench: Bench, browser: httpx.Client) -> None:
    start(bench, "paced", objects=2, NumberOfHumanWorkersPerDataObject=2)
    for worker in ("pat", "quinn"):
        path = open_task(browser, "paced", worker).url.path
        browser.post(f"{path}/submit", json={"answerContent": {}})
    page = browser.get("/me").text
    assert "quinn" in page
    assert "pat" not in page.replace("pattern", "")
    assert "paced" in page


def test_the_requester_sees_how_far_and_how_fast(bench: Bench, browser: httpx.Client) -> None:
    start(bench, "watched", objects=2)
    path = open_task(browser, "watched", "rita").url.path
    browser.post(f"{path}/submit", json={"answerContent": {}})
    path = browser.get("/jobs/watched/next?wait=10").url.path
    browser.post(f"{path}/release", data={"reason": "The photo cannot be judged"})
    assert browser.post("/requester/sign-in", data={"pass_code": "guess"}).status_code == 403
    code = bench.local.accounts.requester_code
    assert "watched" in browser.post("/requester/sign-in", data={"pass_code": code}).text
    jobs = {job["name"]: job for job in browser.get("/requester/progress").json()["jobs"]}
    watched = jobs["watched"]
    assert (watched["answers"], watched["needed"], watched["open"]) == (1, 2, 0)
    assert watched["per_hour"] > 0
    assert 0 < watched["seconds_left"] <= 3600
    (rita,) = watched["workers"]
    assert rita["given_back"] == {"The photo cannot be judged": 1}
    page = browser.get("/requester/jobs/watched").text
    assert "1 × The photo cannot be judged" in page
    assert browser.get("/requester/jobs/nobody").status_code == 404


def test_the_requester_gives_pass_codes(bench: Bench, browser: httpx.Client) -> None:
    code = bench.local.accounts.requester_code
    browser.post("/requester/sign-in", data={"pass_code": code})
    page = browser.post("/requester/team", data={"name": "Sybil"}).text
    given = page.partition("<code>")[2].partition("</code>")[0]
    assert given not in browser.get("/requester/team").text
    assert browser.post("/sign-in", data={"name": "Sybil"}).status_code == 403
    signed_in = browser.post("/sign-in", data={"name": "sybil", "pass_code": given})
    assert "Sybil" in signed_in.text
    assert browser.post("/requester/team", data={"name": " "}).status_code == 400
