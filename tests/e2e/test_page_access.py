"""The page's way into the click service: a grant behind a link, tokens that end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.page_bench import GRANT, BenchHand, ClickService

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Open = Callable[..., BenchHand]
CAT = ((240, 60), (90, 180), (240, 290), (400, 180))


def test_no_page_carries_what_opens_the_service(open_page: Open) -> None:
    hand = open_page()
    hand.outline(*CAT)
    content = hand.page.content()
    assert GRANT not in content
    assert not any(token in content for token in hand.bench.service.given)


def test_tokens_are_renewed_while_the_worker_works(open_page: Open) -> None:
    hand = open_page()
    hand.outline(*CAT)
    service = hand.bench.service
    assert len(service.given) == 1
    refused = [ClickService.refuse(403, "token-expired", "The time is over.", retryable=False)]
    service.before = lambda number, request: refused.pop() if refused else None
    service.token_seconds = 0  # the next one is over as soon as it is there
    for x in (230, 260):
        hand.click(x, 150)
        hand.wait_for_status("Correct the mask")
    assert refused == []
    assert len(service.given) == 3
    used = [f"Bearer {token}" for token in service.given]
    assert service.tokens == [used[0], used[0], used[1], used[2]]
    assert hand.errors == []


def test_a_link_that_has_ended_asks_for_a_reload_and_a_reload_helps(open_page: Open) -> None:
    hand = open_page()
    page = hand.page
    denied = {"status": 403, "body": "<Error/>", "headers": {"access-control-allow-origin": "*"}}
    page.route("**/grant.json", lambda route: route.fulfill(**denied))
    page.reload()
    hand.wait_for_status("Click the topmost")
    for x, y in CAT:
        hand.click(x, y)
    hand.wait_for_status("time is over for the click service. Reload the page")
    page.unroute("**/grant.json")
    page.reload()
    page.get_by_role("button", name="Go on with it").click()
    hand.wait_for_status("Correct the mask")
    assert hand.errors == []
