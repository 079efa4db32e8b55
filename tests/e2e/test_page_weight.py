"""What goes over the wire for a photo of 12 megapixels with many objects, by the shipped model."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hooks.core.answer import MAX_CHARACTERS
from hooks.core.geometry import Size
from hooks.core.masks import CroppedMask
from hooks.core.wire import SegmentRequest
from model_endpoint.service import build_service, find_model_directory
from tests.e2e.page_bench import BenchHand

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Open = Callable[..., BenchHand]
SIZE = Size(4000, 3000)
LIMIT = 20 * 1024
OBJECTS = 50


def test_a_click_costs_under_20_kb_each_way_whatever_is_drawn(
    open_page: Open, demo_photos: Path
) -> None:
    with Image.open(demo_photos / "images" / "coco_358083.jpg") as small:
        large = small.convert("RGB").resize(SIZE)
    stream = io.BytesIO()
    large.save(stream, "JPEG", quality=70)
    hand = open_page(photo=stream.getvalue(), size=SIZE)
    page = hand.page
    service = hand.bench.service
    for number in range(OBJECTS):
        x, y = 200 + 380 * (number % 10), 250 + 550 * (number // 10)
        for point in ((x + 150, y), (x, y + 180), (x + 150, y + 360), (x + 300, y + 180)):
            hand.click(*point)
        page.keyboard.press("n")
    page.wait_for_function(
        f"document.querySelectorAll('#objects .condition:empty').length === {OBJECTS}"
    )
    few = len(service.sizes)

    predictor = build_service(find_model_directory()).predictor
    pixels = np.asarray(large)

    def draw(request: SegmentRequest) -> tuple[CroppedMask, str]:
        made = predictor.predict(
            pixels, "photo", request.extreme_points, request.clicks, request.previous_mask
        )
        return made.mask, made.previous_mask

    service.draw = draw
    hand.outline((2000, 100), (100, 1500), (2000, 2900), (3900, 1500))
    for step in range(12):
        hand.click(300 + 290 * step, 700 + 120 * step, button="right" if step % 3 else "left")
        hand.wait_for_status("Correct the mask", 30)
    hand.submit()
    answer = hand.wait_until_submitted()

    real = service.sizes[few:]
    assert len(real) == 13
    largest = [max(sizes) for sizes in zip(*service.sizes, strict=True)]
    assert max(largest) < LIMIT, f"bytes of the largest request and answer: {largest}"
    # The last of many objects costs what the first did: only its own clicks travel.
    first, fiftieth = service.sizes[0][0], service.sizes[few - 1][0]
    assert abs(first - fiftieth) < 40
    text = hand.bench.submitted[0]["answerContent"]["crowd-semantic-segmentation"]
    assert len(text) < MAX_CHARACTERS
    assert answer["fewclick"]["left_out"] == []
    assert len(answer["fewclick"]["objects"]) == OBJECTS + 1
    assert len(hand.bench.parsed().object_masks()) == OBJECTS + 1
