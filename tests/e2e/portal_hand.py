"""A worker in the portal: the task's page lies in a frame of it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import FrameLocator, Locator, Page

from tests.e2e.page_bench import Hand


class FramedPage:
    """What a `Hand` needs of a page, of one that lies in a frame."""

    def __init__(self, page: Page, frame: str) -> None:
        self._frame: FrameLocator = page.frame_locator(frame)
        self.mouse, self.keyboard, self.on = page.mouse, page.keyboard, page.on
        self.wait_for_timeout = page.wait_for_timeout

    def locator(self, selector: str, **options: Any) -> Locator:
        return self._frame.locator(selector, **options)

    def get_by_role(self, role: Any, **options: Any) -> Locator:
        return self._frame.get_by_role(role, **options)

    def get_by_label(self, text: Any, **options: Any) -> Locator:
        return self._frame.get_by_label(text, **options)

    def get_by_text(self, text: Any, **options: Any) -> Locator:
        return self._frame.get_by_text(text, **options)


def hand_in(page: Page, frame: str = "#task") -> Hand:
    """A hand on the task's page in the portal's frame."""
    framed: Any = FramedPage(page, frame)
    return Hand(framed)


def sign_in(page: Page, portal_url: str, name: str, pass_code: str = "") -> None:
    page.goto(portal_url)
    page.get_by_label("Your name").fill(name)
    if pass_code:
        page.get_by_label("Pass code").fill(pass_code)
    page.keyboard.press("Enter")
