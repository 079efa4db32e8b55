"""Verification, adjustment and bounding-box jobs on the local Ground Truth, whole: from a manifest
with earlier labels, through page, portal and hooks, to the output manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser

from hooks.core.categories import LabelCategories
from hooks.core.earlier_label import EarlierBoxes, read_earlier_label
from hooks.core.geometry import Size
from hooks.core.job_settings import JobKind, JobSettings, settings_key
from hooks.core.label_reader import MaskLabel, read_label
from hooks.core.manifest import ManifestLine, read_lines
from hooks.core.mask_reader import decode_mask
from hooks.core.masks import LabelMap, iou, write_label_map
from hooks.core.photo import read_header
from scripts.jobs.labeling_job_request import JobParts, labeling_job_request
from scripts.local_ground_truth.local import LocalGroundTruth
from scripts.pages.render_template import render
from scripts.photo_set import References, reference_label_map
from scripts.results.job_output import open_job_output
from scripts.results.job_quality import JobQuality, follow_up_manifest, job_quality
from scripts.simulation.simulated_looking import masks_worth
from scripts.simulation.simulated_workers import SimulatedWorker
from scripts.simulation.worker_habits import CAREFUL, Habits
from tests.e2e.portal_hand import hand_in, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LABELS = LabelCategories.from_names(["bus", "giraffe"])
BUS, GIRAFFE = 1, 2
NAMES = ("coco_471.jpg", "coco_72.jpg")
EARLIER_COLORS = {0: "#ffffff", 5: "#00aa11", 6: "#aa0011"}
"""The earlier job had other indices and colours; 5 was its bus."""


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalGroundTruth]:
    with LocalGroundTruth(tmp_path / "out") as started:
        yield started


@pytest.fixture
def references(demo_photos: Path) -> References:
    photos = [demo_photos / "images" / name for name in NAMES]
    return References(demo_photos / "masks", photos)


def put(local: LocalGroundTruth, key: str, body: bytes) -> str:
    local.s3.put_object(Bucket=local.bucket, Key=key, Body=body)
    return f"s3://{local.bucket}/{key}"


def truth(references: References, name: str) -> LabelMap:
    return reference_label_map(references.of_uri(f"s3://x/{name}"), LABELS)


def earlier_png(label_map: LabelMap) -> bytes:
    return write_label_map(np.where(label_map, label_map + 4, 0).astype("u1"), EARLIER_COLORS)


def start_job(
    local: LocalGroundTruth,
    name: str,
    kind: JobKind,
    lines: Sequence[dict[str, Any]],
    *,
    workers: int,
    earlier_label: str = "",
) -> None:
    settings = JobSettings(name, kind, name, LABELS, earlier_label=earlier_label)
    manifest = "".join(json.dumps(line) + "\n" for line in lines)
    put(local, settings_key(name), settings.to_json().encode())
    folder = f"jobs/{name}"
    categories = json.dumps(LABELS.to_category_file()).encode()
    parts = JobParts(
        manifest=put(local, f"{folder}/input.manifest", manifest.encode()),
        template=put(local, f"{folder}/page.liquid.html", render(settings).encode()),
        label_categories=put(local, f"{folder}/labels.json", categories),
        output=f"s3://{local.bucket}/output/",
        role_arn=local.role_arn,
        workteam_arn=local.workteam_arn,
        pre_annotation_arn=local.pre_annotation_arn,
        consolidation_arn=local.consolidation_arn,
    )
    local.sagemaker.create_labeling_job(
        **labeling_job_request(name, parts, workers_per_object=workers)
    )


def work(
    local: LocalGroundTruth, job: str, references: References, *workers: Habits
) -> list[ManifestLine]:
    """Let simulated workers finish the job; the lines of its output manifest."""
    with ExitStack() as closing, ThreadPoolExecutor(len(workers)) as pool:
        running = []
        for habits in workers:
            worker = SimulatedWorker(
                habits, local.portal_url, references.of_uri, 7, on_task=lambda: None
            )
            closing.callback(worker.close)
            running.append(pool.submit(worker.work, job))
        for future in running:
            future.result()
    return output_of(local, job)


def output_of(local: LocalGroundTruth, job: str) -> list[ManifestLine]:
    described = local.wait_for_job(job)
    assert described["LabelingJobStatus"] == "Completed"
    text = local.path_of(described["LabelingJobOutput"]["OutputDatasetS3Uri"]).read_text()
    lines = list(read_lines(text))
    assert all(isinstance(line, ManifestLine) for line in lines)
    return [line for line in lines if isinstance(line, ManifestLine)]


def mask_of(local: LocalGroundTruth, line: ManifestLine, attribute: str) -> LabelMap:
    """The label's mask as a reader of either form reads it."""
    label = read_label(line, attribute)
    assert isinstance(label, MaskLabel), label
    photo = read_header(local.path_of(line.source_ref or "").read_bytes(), "")
    png = local.path_of(label.mask_ref).read_bytes()
    return decode_mask(png, label.color_map, photo, tuple(LABELS)).label_map


def quality_of(local: LocalGroundTruth, job: str) -> JobQuality:
    """What `fewclick quality` tells of the job; every photo is in doubt."""
    address = f"s3://{local.bucket}/output/{job}"
    folder = local.path_of(address).parents[2]
    output = open_job_output(address, folder)
    quality = job_quality(output, below=2.0)
    follow_up = [json.loads(text) for text in follow_up_manifest(output, quality).splitlines()]
    assert [line[job] for line in follow_up] == [line.fields[job] for line in output.lines]
    return quality


@pytest.fixture
def mask_lines(local: LocalGroundTruth, references: References, demo_photos: Path) -> list[Any]:
    """A right label in this tool's form, and a wrong one in that of a built-in job."""
    photos = [
        put(local, f"photos/{name}", (demo_photos / "images" / name).read_bytes()) for name in NAMES
    ]
    good, bad = (truth(references, name) for name in NAMES)
    bad = np.roll(bad, bad.shape[1] // 2, axis=1)
    color_map = {
        "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"},
        "1": {"class-name": "bus", "hex-color": EARLIER_COLORS[5]},
        "2": {"class-name": "giraffe", "hex-color": EARLIER_COLORS[6]},
    }
    masks = [
        put(local, f"m/{place}.png", earlier_png(mask)) for place, mask in enumerate((good, bad))
    ]
    return [
        {"source-ref": photos[0], "old": {"mask-ref": masks[0], "internal-color-map": color_map}},
        {
            "source-ref": photos[1],
            "old-ref": masks[1],
            "old-ref-metadata": {
                "internal-color-map": color_map,
                "type": "groundtruth/semantic-segmentation",
                "human-annotated": "yes",
            },
        },
    ]


def test_labels_are_verified_and_then_adjusted(
    local: LocalGroundTruth, references: References, mask_lines: list[dict[str, Any]]
) -> None:
    start_job(local, "check", JobKind.VERIFICATION, mask_lines, workers=3, earlier_label="old")
    team = [replace(CAREFUL, name=name) for name in ("Ada", "Bob", "Cy")]
    checked = work(local, "check", references, *team)
    verdicts = [line.fields["check"]["class-name"] for line in checked]
    assert verdicts == ["good", "wrong"]
    assert [line.fields["check"]["status"] for line in checked] == ["consensus", "consensus"]
    for line, before in zip(checked, mask_lines, strict=True):
        assert {name: line.fields[name] for name in before} == before  # the rest of the line stays
        metadata = line.fields["check-metadata"]
        assert metadata["type"] == "groundtruth/label-verification"
        assert metadata["confidence"] > 0.5

    quality = quality_of(local, "check")
    assert [worker.photos for worker in quality.workers] == [2, 2, 2]
    assert [found.name for found in quality.classes] == ["good", "wrong"]

    again = [json.loads(line.to_text()) for line in checked]
    start_job(local, "mend", JobKind.ADJUSTMENT, again, workers=1, earlier_label="old")
    kept, mended = work(local, "mend", references, CAREFUL)
    statuses = [line.fields["mend"]["adjustment-status"] for line in (kept, mended)]
    assert statuses == ["unadjusted", "adjusted"]
    assert mended.fields["mend-metadata"]["adjustment-status"] == "adjusted"
    assert np.array_equal(mask_of(local, kept, "mend"), truth(references, NAMES[0]))
    got = mask_of(local, mended, "mend")
    assert masks_worth(got, references.of_uri(f"s3://x/{NAMES[1]}"), LABELS) > 0.6


def test_boxes_are_drawn_and_then_corrected(
    local: LocalGroundTruth,
    references: References,
    mask_lines: list[dict[str, Any]],
    browser: Browser,
) -> None:
    photos = [{"source-ref": line["source-ref"]} for line in mask_lines]
    start_job(local, "boxes", JobKind.BOUNDING_BOX, photos, workers=3)
    team = [replace(CAREFUL, name=name) for name in ("Ada", "Bob", "Cy")]
    drawn = work(local, "boxes", references, *team)
    for line, name in zip(drawn, NAMES, strict=True):
        assert line.fields["boxes"]["status"] == "consensus"
        assert line.fields["boxes-metadata"]["type"] == "groundtruth/object-detection"
        rows, columns = np.nonzero(truth(references, name))
        label = read_earlier_label(line.fields, "boxes", size_of(local, line))
        assert isinstance(label, EarlierBoxes)
        edges = np.array([[box.left, box.top] for box in label.boxes]).min(axis=0)
        assert edges == pytest.approx([columns.min(), rows.min()], abs=8)

    quality = quality_of(local, "boxes")
    assert {found.name for found in quality.classes} == {"bus", "giraffe"}
    assert all(result.status == "consensus" for result in quality.results)
    assert [view.clicks > 0 for view in quality.results[0].workers] == [True] * 3

    # A person corrects one photo's boxes in a browser: drags an edge and submits.
    line = json.loads(drawn[0].to_text())
    start_job(local, "better", JobKind.BOUNDING_BOX, [line], workers=1, earlier_label="boxes")
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    hand = hand_in(page)
    sign_in(page, local.portal_url, "Rita")
    page.get_by_role("link", name="Start working").click()
    hand.wait_for_status("Is every box right", timeout=60)
    first = line["boxes"]["annotations"][0]
    middle = (first["left"], first["top"] + first["height"] / 2)
    page.mouse.move(*hand.on_screen(*middle))
    page.mouse.down()
    page.mouse.move(*hand.on_screen(middle[0] + 12, middle[1]), steps=4)
    page.mouse.up()
    page.keyboard.press("Control+Enter")
    (better,) = output_of(local, "better")
    assert hand.errors == []
    page.close()
    label = better.fields["better"]
    assert (label["adjustment-status"], label["status"]) == ("adjusted", "single-annotator")
    changed = {name: label["annotations"][0][name] - first[name] for name in ("left", "width")}
    assert changed["left"] == pytest.approx(12, abs=2)
    assert changed["left"] == -changed["width"]
    assert label["annotations"][1:] == line["boxes"]["annotations"][1:]


def size_of(local: LocalGroundTruth, line: ManifestLine) -> Size:
    return read_header(local.path_of(line.source_ref or "").read_bytes(), "").size


def test_a_person_judges_and_mends_in_a_browser(
    local: LocalGroundTruth,
    references: References,
    mask_lines: list[dict[str, Any]],
    browser: Browser,
) -> None:
    start_job(local, "check", JobKind.VERIFICATION, mask_lines, workers=1, earlier_label="old")
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    hand = hand_in(page)
    sign_in(page, local.portal_url, "Rita")
    page.get_by_role("link", name="Start working").click()
    hand.wait_for_status("choose your verdict", timeout=60)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    hand.wait_for_status("choose your verdict", timeout=60)
    page.keyboard.press("3")
    hand.page.get_by_label("Something else is marked").check()
    hand.page.get_by_label("Comment").fill("beside the giraffe")
    hand.page.get_by_role("button", name="Submit").click()
    good, wrong = (line.fields["check"] for line in output_of(local, "check"))
    assert (good["class-name"], wrong["class-name"]) == ("good", "wrong")
    assert wrong["worker-feedback"] == [{"comment": "beside the giraffe"}]
    assert wrong["reasons"] == {"Something else is marked": 1}
    assert (good["confidence"], good["status"]) == (0, "single-annotator")

    start_job(local, "mend", JobKind.ADJUSTMENT, mask_lines[:1], workers=1, earlier_label="old")
    page.goto(local.portal_url)
    page.get_by_role("link", name="Start working").click()
    hand.wait_for_status("Is every mask right", timeout=60)
    page.keyboard.press("]")
    page.keyboard.press("2")  # the bus becomes a giraffe
    page.keyboard.press("Control+Enter")
    (line,) = output_of(local, "mend")
    assert hand.errors == []
    page.close()
    assert line.fields["mend"]["adjustment-status"] == "adjusted"
    before, after = truth(references, NAMES[0]), mask_of(local, line, "mend")
    assert iou(after == GIRAFFE, before == BUS) > 0.5
    assert np.array_equal(after > 0, before > 0)
