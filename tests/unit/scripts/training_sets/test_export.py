"""`fewclick export` as people call it, on manifests good and bad."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from hooks.core.masks import LabelMap
from scripts.__main__ import app
from scripts.training_sets import export_run
from scripts.training_sets.export_plan import DONE_FOLDER
from scripts.training_sets.export_target import FolderTarget
from scripts.training_sets.labeled_pixels import LabeledPixels
from tests.grid import label_grid
from tests.unit.scripts.label_bench import LabelBench, photo_of, saved


@pytest.fixture
def bench(tmp_path: Path) -> LabelBench:
    return LabelBench(tmp_path)


def export(
    bench: LabelBench, *arguments: str, exit_code: int = 0, out: str = "set"
) -> tuple[Path, dict[str, Any]]:
    folder = bench.folder / out
    done = CliRunner().invoke(
        app,
        ["export", *arguments, "--s3-folder", str(bench.s3_folder), "--out", str(folder), "--json"],
    )
    assert done.exit_code == exit_code, done.output
    return folder, json.loads(done.stdout)


def annotation(folder: Path, name: str) -> LabelMap:
    (path,) = [*folder.glob(f"*_annotation/{name}.png"), *folder.glob(f"masks/{name}.png")]
    with Image.open(path) as image:
        assert image.mode in ("P", "L")
        return np.asarray(image)


def test_the_channels_pair_up_by_name(bench: LabelBench) -> None:
    for number in range(10):
        bench.add(f"photos/p{number}.jpg", "1./..", (("cat",), ("dog",))[number % 2])
    folder, summary = export(bench, bench.manifest(), "--seed", "3")
    assert summary["images"] == {"train": 8, "validation": 2}
    assert (summary["num_classes"], summary["num_training_samples"]) == (3, 8)
    for side, count in (("train", 8), ("validation", 2)):
        images = {path.stem for path in (folder / side).iterdir()}
        masks = {path.stem for path in (folder / f"{side}_annotation").iterdir()}
        assert images == masks
        assert len(images) == count
        assert (folder / "label_map" / f"{side}_label_map.json").exists()
    cats = summary["classes"][1]
    assert (cats["name"], cats["images"]) == ("cat", {"train": 4, "validation": 1})
    assert cats["pixels"] == {"train": 4, "validation": 1}
    with Image.open(folder / "contact-sheet.png") as sheet:
        assert sheet.width > 1000


def test_an_upright_jpeg_is_passed_on_as_it_is(bench: LabelBench) -> None:
    bench.add("a.jpg", "1.")
    folder, _ = export(bench, bench.manifest(), "--validation", "0")
    assert (folder / "train" / "a.jpg").read_bytes() == bench.store.read("s3://labels/a.jpg")


def test_other_photos_become_jpeg(bench: LabelBench) -> None:
    bench.add("a.png", "1.", kind="PNG")
    bench.add("b.webp", "1.", kind="WEBP")
    cmyk = Image.new("CMYK", (2, 1))
    stream = io.BytesIO()
    cmyk.save(stream, "JPEG")
    bench.add("c.jpg", "1.", photo=stream.getvalue())
    folder, _ = export(bench, bench.manifest(), "--validation", "0")
    for name in "abc":
        with Image.open(folder / "train" / f"{name}.jpg") as image:
            assert (image.format, image.mode) == ("JPEG", "RGB")


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_photo_and_its_mask_come_out_upright(bench: LabelBench, orientation: int) -> None:
    label_map = np.kron(label_grid("1../.2."), np.ones((16, 16), np.uint8))
    bench.add("a.jpg", label_map, orientation=orientation)
    folder, _ = export(bench, bench.manifest(), "--validation", "0")
    assert (annotation(folder, "a") == label_map).all()
    with Image.open(folder / "train" / "a.jpg") as image:
        assert 274 not in image.getexif()
        bright = np.asarray(image.convert("L")) > 130
    assert ((label_map > 0) == bright).mean() > 0.97


def test_each_line_is_read_by_its_own_colours(bench: LabelBench) -> None:
    swapped = {"cat": "#56b4e9", "dog": "#e69f00"}
    bench.add("a.jpg", "12")
    bench.add("b.jpg", "21", ("dog", "cat"), colors=swapped)
    folder, _ = export(bench, bench.manifest(), "--validation", "0")
    for name in "ab":
        assert annotation(folder, name).tolist() == [[1, 2]]


def test_labels_are_merged_dropped_and_voided(bench: LabelBench) -> None:
    bench.add("a.jpg", "123.", ("cat", "dog", "bird"))
    options = ("--merge", "cat=animal", "--drop", "dog", "--void", "bird")
    folder, summary = export(bench, bench.manifest(), *options, "--validation", "0")
    assert annotation(folder, "a").tolist() == [[1, 0, 255, 0]]
    assert [item["name"] for item in summary["classes"]] == ["BACKGROUND", "animal", "(void)"]


def test_the_order_of_the_classes_can_be_given(bench: LabelBench) -> None:
    bench.add("a.jpg", "12")
    folder, _ = export(bench, bench.manifest(), "--labels", "dog,cat", "--validation", "0")
    assert annotation(folder, "a").tolist() == [[2, 1]]


def test_names_that_are_taken_get_a_number(bench: LabelBench) -> None:
    for key in ("x/a.jpg", "y/a.jpg", "z/a.png"):
        bench.add(key, "1.", kind="PNG" if key.endswith("png") else "JPEG")
    folder, summary = export(bench, bench.manifest(), "--validation", "0")
    names = sorted(path.name for path in (folder / "train").iterdir())
    assert names == ["a.jpg", "a_2.jpg", "a_3.jpg"]
    assert summary["renamed"] == 2


def test_groups_stay_together(bench: LabelBench) -> None:
    for video in range(10):
        for frame in range(3):
            key = f"clips/v{video}_frame{frame}.jpg"
            bench.add(key, "1.", video=f"v{video}")
    manifest = bench.manifest()
    for number, option in enumerate(
        (("--group-field", "video"), ("--group-pattern", r"(v\d+)_frame"))
    ):
        folder, summary = export(bench, manifest, *option, out=f"set{number}")
        assert summary["images"] == {"train": 24, "validation": 6}
        sides = [
            {path.name.split("_")[0] for path in (folder / side).iterdir()}
            for side in ("train", "validation")
        ]
        assert not sides[0] & sides[1]


def test_what_was_not_asked_for_is_left_out_without_complaint(bench: LabelBench) -> None:
    check = {"check": 0, "check-metadata": {"type": "groundtruth/label-verification"}}
    for word in ("good", "bad"):
        check["check-metadata"] |= {"class-name": word, "creation-date": "2026-11-21"}
        bench.add(f"{word}.jpg", "1.", **check)
    bench.add("unsure.jpg", "1.", confidence=0.3)
    bench.add_built_in("machine.jpg", "1.", ("cat",))
    manifest = bench.manifest()

    def names(out: str, *options: str) -> list[str]:
        folder, summary = export(bench, manifest, *options, "--validation", "0", out=out)
        assert {item["state"] for item in summary["left_out"]} <= {"filtered"}
        return sorted(path.stem for path in (folder / "train").iterdir())

    assert names("1", "--verdict", "good") == ["good"]
    assert names("2", "--confidence", "0.5") == ["bad", "good", "machine"]
    assert names("3", "--origin", "machine") == ["machine"]


def test_of_two_labels_of_a_photo_the_last_counts(bench: LabelBench) -> None:
    bench.add("a.jpg", "1.")
    first = bench.manifest("first.manifest")
    bench.add("a.jpg", ".1", attribute="again")
    second = bench.manifest("second.manifest")
    folder, summary = export(bench, first, second, "--validation", "0")
    assert annotation(folder, "a").tolist() == [[0, 1]]
    assert [item["state"] for item in summary["left_out"]] == ["superseded"]


def bad_lines(bench: LabelBench) -> None:
    """One good line and then one of every kind that cannot be used."""
    bench.add("good.jpg", "1.")
    noise = saved(np.random.default_rng(1).integers(0, 255, (64, 64, 3)).astype(np.uint8))
    failed = {"source-ref": "s3://labels/f.jpg", "pets-metadata": {"failure-reason": "expired"}}
    bench.lines.append(json.dumps(failed))
    bench.lines.append("{not json")
    bench.lines.append(json.dumps({"source-ref": "s3://labels/u.jpg"}))
    bench.add("no-mask.jpg", "1.")
    (bench.s3_folder / "labels" / "masks" / "pets" / "4.png").unlink()
    bench.add("no-photo.jpg", "1.")
    (bench.s3_folder / "labels" / "no-photo.jpg").unlink()
    bench.add("other-size.jpg", "1.", photo=photo_of(label_grid("1../...")))
    bench.add("broken.jpg", "1.", photo=noise[: len(noise) // 2])
    bench.add("broken-mask.jpg", "1.", mask=b"\x89PNG\r\n\x1a\nnothing")
    bench.add("text.jpg", "1.", photo=b"no photo at all")
    rgb = saved(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8), "PNG")
    bench.add("no-colours.jpg", "1.", mask=rgb)


def test_bad_lines_are_named_and_the_rest_is_exported(bench: LabelBench) -> None:
    bad_lines(bench)
    folder, summary = export(bench, bench.manifest(), "--validation", "0", exit_code=1)
    assert [path.name for path in (folder / "train").iterdir()] == ["good.jpg"]
    left_out = {item["line"]: (item["state"], item["reason"]) for item in summary["left_out"]}
    expected = {
        2: ("failed", "expired"),
        3: ("unreadable", "not JSON"),
        4: ("unlabeled", "no segmentation label"),
        5: ("not-there", "4.png does not exist"),
        6: ("not-there", "no-photo.jpg does not exist"),
        7: ("unusable", "the mask is 2 x 1 pixels upright, the photo 3 x 2"),
        8: ("unusable", "cannot be read"),
        9: ("unusable", "the mask cannot be read"),
        10: ("unusable", "not a photo"),
        11: ("unusable", "no pixel has a class"),
    }
    assert left_out.keys() == expected.keys()
    for line, (state, reason) in expected.items():
        assert left_out[line][0] == state
        assert reason in left_out[line][1]
    text = (folder / "summary.txt").read_text()
    assert "output.manifest, line 2 (f.jpg): expired" in text


def test_colours_outside_the_map_are_void_and_named(bench: LabelBench) -> None:
    pixels = np.array([[[0xE6, 0x9F, 0], [1, 2, 3]]], np.uint8)
    bench.add("a.jpg", "1.", mask=saved(pixels, "PNG"))
    folder, summary = export(bench, bench.manifest(), "--validation", "0", exit_code=1)
    assert annotation(folder, "a").tolist() == [[1, 255]]
    (remark,) = summary["remarks"]
    assert remark.startswith("output.manifest, line 1 (a.jpg): 1 pixels have a colour")


def test_jobs_that_disagree_on_the_map_are_named_until_the_classes_are_confirmed(
    bench: LabelBench,
) -> None:
    bench.add("a.jpg", "1.", ("cat",))
    first = bench.manifest("first.manifest")
    bench.add("b.jpg", "1.", ("dog",), colors={"dog": "#e69f00"})
    second = bench.manifest("second.manifest")
    folder, summary = export(bench, first, second, "--validation", "0", exit_code=1)
    (remark,) = summary["remarks"]
    assert "'cat' in first.manifest, 'dog' in second.manifest" in remark
    assert annotation(folder, "a").tolist() == [[1, 0]]
    assert annotation(folder, "b").tolist() == [[2, 0]]
    options = ("--labels", "cat,dog", "--validation", "0")
    _, confirmed = export(bench, first, second, *options, out="confirmed")
    assert confirmed["remarks"] == []


def test_labels_that_differ_in_case_only_are_asked_about(bench: LabelBench) -> None:
    bench.add("a.jpg", "1.", ("cat",))
    bench.add("b.jpg", "1.", ("Cat",), colors={"Cat": "#e69f00"})
    manifest = bench.manifest()
    _, summary = export(bench, manifest, exit_code=1)
    (left_out,) = summary["left_out"]
    assert (left_out["line"], left_out["state"]) == (2, "label-unknown")
    assert "--merge 'Cat=cat'" in left_out["reason"]
    _, merged = export(bench, manifest, "--merge", "Cat=cat", out="merged")
    assert sum(merged["images"].values()) == 2


def test_file_names_that_differ_in_case_only_are_two_files(bench: LabelBench) -> None:
    bench.add("x/photo.jpg", "1.")
    bench.add("y/Photo.jpg", "1.")
    folder, summary = export(bench, bench.manifest(), "--validation", "0", exit_code=1)
    names = sorted(path.name for path in (folder / "train").iterdir())
    assert names == ["Photo_2.jpg", "photo.jpg"]
    assert "differs only in case" in summary["remarks"][0]


def test_an_interrupted_export_goes_on_where_it_stopped(
    bench: LabelBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(250):
        bench.add(f"p{number}.jpg", "1.")
    manifest = bench.manifest()
    read: list[str] = []

    def reading(planned: Any, *arguments: Any, **options: Any) -> LabeledPixels:
        read.append(planned.name)
        if len(read) == 170:
            raise KeyboardInterrupt
        return original(planned, *arguments, **options)

    original = export_run.read_pixels
    monkeypatch.setattr(export_run, "read_pixels", reading)
    arguments = ["export", manifest, "--s3-folder", str(bench.s3_folder)]
    arguments += ["--out", str(bench.folder / "set")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 130
    folder = bench.folder / "set"
    assert not (folder / "summary.json").exists()
    assert FolderTarget(folder).names(DONE_FOLDER) == ["000000.jsonl"]
    read.clear()
    _, summary = export(bench, manifest)
    assert len(read) == 150  # the piece that was done is not done again
    assert sum(summary["images"].values()) == 250
    assert not list(folder.rglob("*.partial"))
    read.clear()
    export(bench, manifest)
    assert read == []


def test_another_export_is_not_written_over(bench: LabelBench) -> None:
    bench.add("a.jpg", "1.")
    manifest = bench.manifest()
    export(bench, manifest)
    arguments = ["export", manifest, "--s3-folder", str(bench.s3_folder)]
    arguments += ["--out", str(bench.folder / "set"), "--seed", "5"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1
    assert "holds an export of other manifests or options" in str(done.exception)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param(["--merge", "cat"], "is not <label>=<class>", id="merge"),
        pytest.param(["--merge", "a=b", "--drop", "a"], "more than once", id="two fates"),
        pytest.param(["--labels", "cat,cat"], "stands twice", id="twice"),
        pytest.param(["--format", "tfrecord"], "tfrecord", id="format"),
    ],
)
def test_wrong_usage_is_told(bench: LabelBench, arguments: list[str], problem: str) -> None:
    bench.add("a.jpg", "1.")
    done = CliRunner().invoke(app, ["export", bench.manifest(), "--out", "x", *arguments])
    assert done.exit_code == 2
    assert problem in " ".join(done.output.replace("│", " ").split())


def test_s3_gets_whole_objects(bench: LabelBench) -> None:
    bench.add("a.jpg", "1.")
    arguments = ["export", bench.manifest(), "--s3-folder", str(bench.s3_folder)]
    done = CliRunner().invoke(app, [*arguments, "--out", "s3://labels/set/", "--validation", "0"])
    assert done.exit_code == 0, done.output
    names = [uri.removeprefix("s3://labels/set/") for uri in bench.store.list("s3://labels/set/")]
    assert {"train/a.jpg", "train_annotation/a.png", "summary.json"} <= set(names)


def test_formats_have_one_list() -> None:
    from scripts.commands.export import ExportFormat
    from scripts.training_sets.exporters.formats import Format

    values: list[Mapping[str, str]] = [
        {item.name: item.value for item in kind} for kind in (ExportFormat, Format)
    ]
    assert values[0] == values[1]
