"""What the portal refuses: guesses, forged cookies, other web pages, other names, other paths."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import httpx
import pytest

from tests.unit.scripts.local_ground_truth.conftest import Bench
from tests.unit.scripts.local_ground_truth.test_worker_portal import open_task, start


@pytest.fixture
def browser(bench: Bench) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=bench.local.portal_url, follow_redirects=True, headers={"Accept": "text/html"}
    ) as client:
        yield client


def sign_in(browser: httpx.Client, name: str, pass_code: str = "") -> httpx.Response:
    return browser.post("/sign-in", data={"name": name, "pass_code": pass_code})


def port_of(bench: Bench) -> str:
    return bench.local.portal_url.rpartition(":")[2]


def test_a_wrong_pass_code_opens_nothing_and_guessing_is_slowed(
    bench: Bench, browser: httpx.Client
) -> None:
    sign_in(browser, "Grace", "right code")
    browser.cookies.clear()
    for _ in range(5):
        refused = sign_in(browser, "Grace", "wrong code")
        assert refused.status_code == 403
        assert "do not go together" in refused.text
        assert "set-cookie" not in refused.headers
        assert 'value="Grace"' in refused.text  # need not be typed again
    assert sign_in(browser, "Grace", "right code").status_code == 429
    assert browser.get("/me").status_code == 401


@pytest.mark.parametrize("value", ["ann", "x" * 43, "", "%00", "../../state"])
def test_a_forged_cookie_is_nobodys(bench: Bench, browser: httpx.Client, value: str) -> None:
    for role in ("worker", "requester"):
        browser.cookies.set(f"{role}-{port_of(bench)}", value, domain="127.0.0.1")
    assert "Sign in" in browser.get("/").text
    assert browser.get("/progress").status_code == 401
    assert "pass code" in browser.get("/requester").text
    assert browser.get("/requester/progress").status_code == 401


def test_a_workers_session_is_not_the_requesters(bench: Bench, browser: httpx.Client) -> None:
    sign_in(browser, "Heidi")
    token = browser.cookies[f"worker-{port_of(bench)}"]
    browser.cookies.set(f"requester-{port_of(bench)}", token, domain="127.0.0.1")
    for path in ("/requester/progress", "/requester/team", "/requester/jobs/any"):
        assert browser.get(path).status_code == 401
    assert browser.post("/requester/team", data={"name": "Heidi"}).status_code == 401


def test_signing_out_ends_the_session_on_the_server(bench: Bench, browser: httpx.Client) -> None:
    sign_in(browser, "Ivan")
    kept = dict(browser.cookies)
    assert "Sign in" in browser.post("/sign-out").text
    stolen = httpx.get(f"{bench.local.portal_url}/progress", cookies=kept)
    assert stolen.status_code == 401


def test_the_cookie_cannot_be_read_by_scripts_or_guessed(browser: httpx.Client) -> None:
    cookies = [
        browser.post("/sign-in", data={"name": "Judy"}, follow_redirects=False).headers[
            "set-cookie"
        ]
        for _ in range(2)
    ]
    values = {cookie.partition(";")[0].partition("=")[2] for cookie in cookies}
    assert len(values) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Judy" not in cookie


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_no_form_of_another_web_page_is_taken(
    bench: Bench, browser: httpx.Client, origin: str
) -> None:
    name = f"forms-{abs(hash(origin))}"
    start(bench, name, objects=1)
    path = open_task(browser, name, "Mallory").url.path
    headers = {"Origin": origin}
    for form in ("release", "decline", "retake", "submit", "correction/submit"):
        assert browser.post(f"{path}/{form}", headers=headers).status_code == 403
    for form in ("/sign-out", "/requester/sign-in", "/requester/team"):
        assert browser.post(form, headers=headers).status_code == 403
    assert browser.get(path).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "192.168.1.5"])
def test_another_host_name_gets_nothing(bench: Bench, browser: httpx.Client, host: str) -> None:
    refused = browser.get("/", headers={"Host": host})
    assert refused.status_code == 421
    assert "Sign in" not in refused.text


@pytest.mark.parametrize(
    "path",
    [
        "/static/../worker_portal.py",
        "/static/..%2fworker_portal.py",
        "/static/%2e%2e/%2e%2e/state.sqlite",
        "/static//etc/passwd",
        "/static/crowd-html-elements.js%00.css",
        "/tasks/../credentials.json",
    ],
)
def test_no_path_leads_out_of_the_portal(bench: Bench, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(port_of(bench)))
    connection.request("GET", path)  # as it is: httpx would make it tidy
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.status in (301, 308, 401, 404)
    assert b"SQLite" not in body
    assert b"root:" not in body
    assert b"import" not in body


@pytest.mark.parametrize("path", ["/", "/requester", "/no such page", "/static/portal.css"])
def test_every_answer_has_the_headers_that_keep_it_to_itself(
    browser: httpx.Client, path: str
) -> None:
    headers = browser.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_the_portals_own_pages_run_no_inline_script(browser: httpx.Client) -> None:
    policy = browser.get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy
    assert "default-src 'none'" in policy


def test_a_name_is_text_wherever_it_is_shown(bench: Bench, browser: httpx.Client) -> None:
    name = "<script>alert(1)</script>"
    assert name not in sign_in(browser, name).text
    refused = sign_in(browser, name, "xx")
    assert "&lt;script&gt;" in refused.text
    assert name not in refused.text
    browser.post("/requester/sign-in", data={"pass_code": bench.local.accounts.requester_code})
    assert name not in browser.get("/requester/team").text


def test_a_reason_is_text_where_the_requester_reads_it(bench: Bench, browser: httpx.Client) -> None:
    start(bench, "reasons", objects=1)
    path = open_task(browser, "reasons", "Niaj").url.path
    browser.post(f"{path}/release", data={"reason": "Other", "words": "<img src=x onerror=y>"})
    browser.post("/requester/sign-in", data={"pass_code": bench.local.accounts.requester_code})
    page = browser.get("/requester/jobs/reasons").text
    assert "Other: &lt;img src=x onerror=y&gt;" in page


def test_a_form_without_end_is_refused(browser: httpx.Client) -> None:
    assert sign_in(browser, "x" * 100_000).status_code == 413
