"""A whole job on the local Ground Truth, labeled in a real browser."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from hooks.core.masks import Mask, iou, write_label_map
from hooks.core.photo import orientation_exif, to_file_grid
from scripts.demo import DemoOptions, plan, start_job
from scripts.local_ground_truth.local import LocalGroundTruth
from scripts.photo_set import read_references
from tests.e2e.portal_hand import hand_in, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@dataclass
class ServedJob:
    local: LocalGroundTruth
    name: str
    photos: tuple[Path, ...]

    def label_map(self, number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        """The consolidated mask that line `number` of the output manifest refers to."""
        job = self.local.wait_for_job(self.name)
        assert job["LabelingJobStatus"] == "Completed"
        manifest = self.local.path_of(job["LabelingJobOutput"]["OutputDatasetS3Uri"])
        line = json.loads(manifest.read_text().splitlines()[number])
        mask = self.local.path_of(line[self.name]["mask-ref"])
        with Image.open(io.BytesIO(mask.read_bytes())) as image:
            return np.asarray(image)


@pytest.fixture
def served(tmp_path: Path, demo_photos: Path) -> Iterator[ServedJob]:
    """Two photos, one worker each, label `bus` and `giraffe`."""
    images = tmp_path / "images"
    images.mkdir()
    for name in ("coco_471.jpg", "coco_72.jpg"):
        (images / name).write_bytes((demo_photos / "images" / name).read_bytes())
    demo = plan(DemoOptions(images=images, labels="bus,giraffe"))
    with LocalGroundTruth(tmp_path / "out") as local:
        yield ServedJob(local, start_job(local, demo), demo.photos)


def extreme_points(mask: Mask) -> list[tuple[float, float]]:
    rows, columns = np.nonzero(mask)
    places = (rows.argmin(), columns.argmin(), rows.argmax(), columns.argmax())
    return [(columns[place] + 0.5, rows[place] + 0.5) for place in places]


def test_two_photos_by_pointer_and_by_keyboard_reach_the_output_manifest(
    browser: Browser, served: ServedJob, demo_photos: Path
) -> None:
    bus, *_ = read_references(demo_photos / "masks", served.photos[0])
    giraffe, *_ = read_references(demo_photos / "masks", served.photos[1])
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    hand = hand_in(page)
    sign_in(page, served.local.portal_url, "Ada")
    page.get_by_role("link", name="Start working").click()

    # The first photo by pointer alone.
    hand.wait_for_status("topmost", timeout=20)
    hand.page.get_by_role("radio", name="bus").click()
    for x, y in extreme_points(bus.mask):
        hand.click(x, y)
    hand.wait_for_status("Correct the mask", timeout=20)
    rows, columns = np.nonzero(bus.mask)
    hand.click(columns.mean(), rows.mean())
    hand.wait_for_status("Correct the mask", timeout=20)
    hand.submit()

    # The second by keyboard alone: arrows move the cursor, Enter places a point.
    hand.wait_for_status("topmost", timeout=20)
    page.keyboard.press("2")
    hand.page.locator("#stage").focus()
    page.keyboard.press("ArrowLeft")
    for x, y in extreme_points(giraffe.mask):
        hand.move_cursor(int(x), int(y))
        page.keyboard.press("Enter")
    hand.wait_for_status("Correct the mask", timeout=20)
    page.keyboard.press("Control+Enter")

    for number, (reference, index) in enumerate([(bus, 1), (giraffe, 2)]):
        assert iou(served.label_map(number) == index, reference.mask) > 0.7
    assert hand.errors == []
    page.close()


def test_a_browser_turns_a_mask_as_it_turns_its_photo(
    browser: Browser, tmp_path: Path, demo_photos: Path
) -> None:
    """The promise of the consolidated mask: whoever honours the tag does so on both files."""
    label_map = np.zeros((20, 30), dtype=np.uint8)
    label_map[:5] = 1
    photo = Image.fromarray(to_file_grid(label_map * 255, 6)).convert("RGB")
    photo.save(tmp_path / "photo.jpg", exif=orientation_exif(6))
    (tmp_path / "mask.png").write_bytes(
        write_label_map(label_map, {0: "#ffffff", 1: "#e69f00"}, orientation=6)
    )
    (tmp_path / "both.html").write_text('<img src="photo.jpg"><img src="mask.png">')
    page = browser.new_page()
    page.goto((tmp_path / "both.html").as_uri())
    sizes = page.evaluate("[...document.images].map(i => [i.naturalWidth, i.naturalHeight])")
    assert sizes == [[30, 20], [30, 20]]
    page.close()
