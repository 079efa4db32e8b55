"""The browser that the end-to-end tests share, and the worker page opened in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from hooks.core.geometry import Size
from tests.e2e.page_bench import BenchHand, chromium_options, serve


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser on a busy machine may miss a moment: its tests get a second try, and it is told."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**chromium_options())
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, demo_photos: Path) -> Iterator[Callable[..., BenchHand]]:
    """Opens the page on a photo, in a window of its own; keyword arguments go to `serve`."""
    with ExitStack() as stack:

        def opened(
            path: str = "/task/1", *, wait: bool = True, has_touch: bool = False, **options: Any
        ) -> BenchHand:
            photo = demo_photos / "images" / "coco_358083.jpg"
            with Image.open(photo) as image:
                size = Size(*image.size)
            served = {"photo": photo.read_bytes(), "size": size} | options
            bench = stack.enter_context(serve(**served))
            window = {"width": 1280, "height": 800}
            context = stack.enter_context(browser.new_context(viewport=window, has_touch=has_touch))
            hand = BenchHand(context.new_page(), bench)
            hand.open(path)
            if wait:
                hand.wait_for_status("Click the topmost")
            return hand

        yield opened
