"""How long the page takes from a hand's movement to the picture: `python -m tests.e2e.bench_page`.

A photo of 12 megapixels is opened in Chromium and filled with objects, by clicks alone. In between,
each thing a worker does all the time is done some dozens of times, and timed inside the page: from
the moment at which the browser says that the pointer or key moved to the end of the frame that
shows it. Nothing is asserted: the figures depend on the machine.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from hooks.core.categories import LabelCategories
from hooks.core.geometry import Size
from tests.conftest import REPOSITORY
from tests.e2e.page_bench import BenchHand, chromium_options, serve

PHOTO = REPOSITORY / "scripts/demo_photos/images/coco_358083.jpg"
WINDOW = {"width": 1280, "height": 800}
TIMER = """
window.frameTimes = [];
for (const kind of ["pointermove", "pointerdown", "wheel", "keydown"]) {
  window.addEventListener(kind, (event) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => window.frameTimes.push(performance.now() - event.timeStamp);
    // A message that is sent in a frame arrives when the frame is done.
    requestAnimationFrame(() => channel.port2.postMessage(0));
  }, { capture: true, passive: true });
}
"""


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one gesture while so many objects were on the photo."""

    gesture: str
    objects: int
    count: int
    median: float
    p90: float
    longest: float


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.bench_page", description=__doc__)
    parser.add_argument("--objects", type=int, nargs="+", default=[0, 10, 50])
    parser.add_argument("--width", type=int, default=4000, help="of the photo, in pixels")
    parser.add_argument("--repeats", type=int, default=40, help="of each gesture")
    parser.add_argument("--screenshot", type=Path, help="where to put a picture of the full page")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    options = parser.parse_args(arguments)

    photo, size = enlarged(options.width)
    labels = LabelCategories.from_names([f"thing {number}" for number in range(1, 8)])
    timings: list[Timing] = []
    with sync_playwright() as playwright, serve(photo=photo, size=size, labels=labels) as bench:
        chromium = playwright.chromium.launch(**chromium_options())
        hand = BenchHand(chromium.new_page(viewport=WINDOW), bench)  # type: ignore[arg-type]
        hand.page.add_init_script(TIMER)
        hand.open()
        hand.wait_for_status("Click the topmost", timeout=60)
        drawn = 0
        for wanted in sorted(options.objects):
            while drawn < wanted:
                draw_object(hand, drawn, size)
                drawn += 1
                sys.stderr.write(f"\r{drawn} objects")
            timings += measure(hand, drawn, size, options.repeats)
        sys.stderr.write("\n")
        if options.screenshot:
            hand.page.screenshot(path=options.screenshot)
        assert hand.errors == []
        chromium.close()
    figures = json.dumps([as_json(one) for one in timings]) if options.json else table(timings)
    sys.stdout.write(figures + "\n")
    return 0


def enlarged(width: int) -> tuple[bytes, Size]:
    """The demo's photo as a JPEG of this width and three quarters of it."""
    size = Size(width, width * 3 // 4)
    stream = io.BytesIO()
    with Image.open(PHOTO) as image:
        image.resize(size, Image.Resampling.BICUBIC).save(stream, "JPEG", quality=90)
    return stream.getvalue(), size


def draw_object(hand: BenchHand, number: int, size: Size) -> None:
    """One object of a grid of ten by five, large enough to lie over its neighbours."""
    x = size.width * (number % 10 + 0.5) / 10
    y = size.height * (number // 10 % 5 + 0.5) / 5
    across, down = size.width / 14, size.height / 8
    hand.page.keyboard.press("n")
    hand.page.keyboard.press(str(number % 7 + 1))
    for point in [(x, y - down), (x - across, y), (x, y + down), (x + across, y)]:
        hand.click(min(max(point[0], 1), size.width - 1), min(max(point[1], 1), size.height - 1))
    hand.wait_for_status("Correct the mask", timeout=60)


def measure(hand: BenchHand, objects: int, size: Size, repeats: int) -> Iterator[Timing]:
    """What a worker does all the time, each so many times."""
    page = hand.page
    middle = hand.on_screen(size.width / 2, size.height / 2)

    def along(step: int) -> tuple[float, float]:
        return middle[0] - 200 + 10 * (step % 40), middle[1] + 5 * (step % 7)

    def timed(gesture: str, act: Callable[[int], object]) -> Timing:
        page.evaluate("window.frameTimes.length = 0")
        for step in range(repeats):
            act(step)
            page.wait_for_function("count => frameTimes.length >= count", arg=step + 1)
        times: list[float] = page.evaluate("window.frameTimes")
        deciles = quantiles(times, n=10)
        return Timing(gesture, objects, len(times), median(times), deciles[8], max(times))

    keys, mouse = page.keyboard, page.mouse
    yield timed("move the pointer", lambda step: mouse.move(*along(step)))
    if objects:
        yield timed("choose the next object", lambda step: keys.press("]"))
        yield timed("move an object in the stack", lambda step: keys.press("PageUp"))
    keys.press("p")
    mouse.move(*along(0))
    mouse.down()
    yield timed("paint", lambda step: mouse.move(*along(step)))
    mouse.up()
    keys.press("Control+z")
    yield timed("one dab of the brush", lambda step: dab(page, *along(step)))
    for _ in range(repeats):
        keys.press("Control+z")
    keys.press("i")
    yield timed("zoom", lambda step: mouse.wheel(0, -120 if step % 20 < 10 else 120))
    keys.press("f")


def dab(page: Page, x: float, y: float) -> None:
    page.mouse.click(x, y)


def as_json(timing: Timing) -> dict[str, Any]:
    return {name: getattr(timing, name) for name in Timing.__slots__}


def table(timings: list[Timing]) -> str:
    head = f"{'milliseconds to the picture':<30}{'objects':>8}{'median':>8}{'p90':>8}{'max':>8}"
    rows = [
        f"{one.gesture:<30}{one.objects:>8}{one.median:>8.1f}{one.p90:>8.1f}{one.longest:>8.1f}"
        for one in timings
    ]
    return "\n".join([head, *rows])


if __name__ == "__main__":
    sys.exit(main())
