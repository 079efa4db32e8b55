"""`fewclick import`: what was exported comes back, what others wrote is read, and bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from hooks.core.earlier_label import EarlierMask, read_earlier_label
from hooks.core.geometry import Size
from hooks.core.label_reader import MaskLabel, read_labels
from hooks.core.mask_reader import decode_mask
from hooks.core.masks import LabelMap, iou
from hooks.core.photo import read_header
from scripts.__main__ import app
from scripts.object_store import FolderObjects
from tests.grid import label_grid
from tests.unit.scripts.label_bench import LabelBench, photo_of, saved
from tests.unit.scripts.training_sets.exporters.test_foreign_readers import LABELS, scene

OUT = "s3://labels/imported"


def run(tmp_path: Path, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
    where = ["--s3-folder", str(tmp_path / "s3"), "--out", OUT, "--json"]
    done = CliRunner().invoke(app, ["import", *arguments, *where])
    assert done.exit_code == exit_code, f"{done.output} {done.exception}"
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def label_maps(tmp_path: Path, labels: tuple[str, ...]) -> dict[str, LabelMap]:
    """The imported masks by the name of their photo, classes in the order of `labels`."""
    store = FolderObjects(tmp_path / "s3")
    found = {}
    for label in read_labels(store.read(f"{OUT}/input.manifest").decode()):
        assert isinstance(label, MaskLabel)
        header = read_header(store.read(label.source_ref), label.source_ref)
        decoded = decode_mask(store.read(label.mask_ref), label.color_map, header, labels)
        assert decoded.warnings == ()
        found[label.source_ref.rsplit("/", 1)[-1].partition(".")[0]] = decoded.label_map
    return found


@pytest.mark.parametrize("kind", ["coco", "voc", "png", "yolo"])
def test_what_was_exported_comes_back(tmp_path: Path, kind: str) -> None:
    bench = LabelBench(tmp_path)
    scenes = {f"p{seed}": scene(seed) for seed in range(6)}
    for place in scenes:
        scenes[place][:3, :5] = 255
        bench.add(f"{place}.jpg", scenes[place], LABELS)
    folder = tmp_path / "set"
    arguments = ["export", bench.manifest(), "--s3-folder", str(bench.s3_folder)]
    done = CliRunner().invoke(app, [*arguments, "--out", str(folder), "--format", kind])
    assert done.exit_code == 0, done.output
    result = run(tmp_path, str(folder), "--format", kind)
    assert result["images"] == 6
    assert list(result["classes"]) == ["bird", "cat", "dog"]
    found = label_maps(tmp_path, LABELS)
    for name, label_map in scenes.items():
        if kind == "yolo":
            # It knows no void, and one polygon an object.
            for index in (1, 2, 3):
                assert iou(found[name] == index, label_map == index) > 0.97
        else:
            assert (found[name] == label_map).all()


def test_the_manifest_is_one_that_export_reads(tmp_path: Path) -> None:
    bench = LabelBench(tmp_path)
    bench.add("a.jpg", "12./...")
    arguments = ["--s3-folder", str(bench.s3_folder), "--validation", "0"]
    first = str(tmp_path / "first")
    CliRunner().invoke(
        app, ["export", bench.manifest(), *arguments, "--out", first, "--format", "png"]
    )
    result = run(tmp_path, first, "--format", "png", "--machine")
    again = str(tmp_path / "again")
    done = CliRunner().invoke(
        app, ["export", result["manifest"], *arguments, "--out", again, "--json"]
    )
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert (summary["machine"], summary["human"]) == (1, 0)
    with Image.open(tmp_path / "again" / "train_annotation" / "a.png") as image:
        assert np.asarray(image).tolist() == [[1, 2, 0], [0, 0, 0]]


def test_a_job_can_begin_with_an_imported_label(tmp_path: Path) -> None:
    folder = tmp_path / "png"
    (folder / "masks").mkdir(parents=True)
    photo_at(folder / "images" / "a.jpg", 2, 1)
    Image.fromarray(label_grid("1.")).save(folder / "masks" / "a.png")
    (folder / "classes.json").write_text(json.dumps({"1": "cat"}))
    result = run(tmp_path, str(folder), "--format", "png")
    line = json.loads(FolderObjects(tmp_path / "s3").read(result["manifest"]))
    earlier = read_earlier_label(line, result["attribute"], Size(2, 1))
    assert isinstance(earlier, EarlierMask)
    assert earlier.names == {"cat"}
    assert earlier.mask_ref == f"{OUT}/masks/a.png"


def photo_at(path: Path, width: int = 8, height: int = 6, orientation: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    label_map = np.zeros((height, width), np.uint8)
    path.write_bytes(photo_of(label_map, "JPEG", orientation))


def test_cvats_shapes_are_drawn(tmp_path: Path) -> None:
    photo_at(tmp_path / "cvat" / "images" / "a.jpg")
    (tmp_path / "cvat" / "annotations.xml").write_text(
        """<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version>
  <meta><job><labels>
    <label><name>cat</name></label><label><name>dog</name></label>
    <label><name>background</name></label>
  </labels></job></meta>
  <image id="0" name="a.jpg" width="8" height="6">
    <polygon label="cat" z_order="0" points="1.00,1.00;5.00,1.00;5.00,4.00;1.00,4.00"/>
    <box label="dog" z_order="1" xtl="4.0" ytl="3.0" xbr="7.0" ybr="5.0"/>
    <mask label="background" z_order="2" rle="1,2,1" left="1" top="1" width="2" height="2"/>
    <points label="cat" z_order="3" points="7.0,5.0"/>
  </image>
</annotations>""",
        encoding="utf-8",
    )
    result = run(tmp_path, str(tmp_path / "cvat"), "--format", "cvat")
    assert result["classes"] == {"cat": 1, "dog": 1}
    expected = """
        ........
        .1.11...
        ..111...
        .111222.
        ....222.
        ........
        """
    assert (label_maps(tmp_path, ("cat", "dog"))["a"] == label_grid(expected)).all()


def coco_file(folder: Path, annotations: list[dict[str, Any]], **image: Any) -> Path:
    photo_at(folder / "images" / "a.jpg", 40, 30)
    document = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 40, "height": 30} | image],
        "categories": [{"id": 7, "name": "cat"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 7} | item for item in annotations],
    }
    (folder / "annotations").mkdir(exist_ok=True)
    file = folder / "annotations" / "instances.json"
    file.write_text(json.dumps(document))
    return file


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_polygons_are_drawn_nearly_as_pycocotools_draws_them(tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    polygon = [3.2, 2.1, 30.7, 4.4, 35.0, 25.5, 15.3, 28.9, 5.5, 20.0]
    hole = [33.0, 2.0, 38.0, 2.0, 38.0, 8.0, 33.0, 8.0]
    file = coco_file(tmp_path / "coco", [{"segmentation": [polygon, hole], "iscrowd": 0}])
    run(tmp_path, str(tmp_path / "coco"), "--format", "coco")
    found = label_maps(tmp_path, ("cat",))["a"] == 1
    theirs = coco.COCO(file)
    expected = theirs.annToMask(theirs.loadAnns([1])[0]).astype(bool)
    assert iou(found, expected) > 0.96
    assert found[2:8, 33:38].all()
    assert found[:, 31:33].sum() < 60


def test_plain_run_lengths_are_read(tmp_path: Path) -> None:
    runs = {"size": [30, 40], "counts": [2, 3, 30 * 40 - 5]}
    coco_file(tmp_path / "coco", [{"segmentation": runs, "iscrowd": 1}])
    run(tmp_path, str(tmp_path / "coco"), "--format", "coco")
    found = label_maps(tmp_path, ("cat",))["a"]
    assert found[:, 0].tolist() == [0, 0, 1, 1, 1, *[0] * 25]
    assert found[:, 1:].sum() == 0


@pytest.mark.parametrize(
    ("annotation", "image", "said"),
    [
        ({"segmentation": [[1, 1, 2, 2]]}, {}, "three points or more"),
        ({"bbox": [1, 1, 2, 2]}, {}, "no segmentation"),
        ({"segmentation": [[1, 1, 2, 2, 3, 1]], "category_id": 9}, {}, "unknown category 9"),
        ({"segmentation": {"size": [30, 40], "counts": [5]}}, {}, "do not fill"),
        ({"segmentation": {"size": [30, 40], "counts": "é"}}, {}, "run lengths"),
        ({}, {"width": 41}, "the labels are 41 x 30 pixels"),
        ({}, {"file_name": "b.jpg"}, "the photo b.jpg is not in"),
    ],
)
def test_an_image_that_cannot_be_used_is_named(
    tmp_path: Path, annotation: dict[str, Any], image: dict[str, Any], said: str
) -> None:
    coco_file(tmp_path / "coco", [annotation], **image)
    result = run(tmp_path, str(tmp_path / "coco"), "--format", "coco", exit_code=1)
    (problem,) = result["problems"]
    assert problem.startswith("instances.json, image 1")
    assert said in problem


def test_the_rest_is_imported(tmp_path: Path) -> None:
    folder = tmp_path / "png"
    for name, picture in (("a", "1."), ("b", "9."), ("c", "1./..")):
        (folder / "masks").mkdir(parents=True, exist_ok=True)
        photo_at(folder / "images" / f"{name}.jpg", 2, 1)
        mask = Image.fromarray(label_grid(picture))
        mask.save(folder / "masks" / f"{name}.png")
    (folder / "images" / "d.jpg").write_bytes(b"no photo")
    Image.fromarray(label_grid("1.")).save(folder / "masks" / "d.png")
    (folder / "classes.json").write_text(json.dumps({"0": "background", "1": "cat"}))
    result = run(tmp_path, str(folder), "--format", "png", exit_code=1)
    assert result["images"] == 1
    assert [problem.partition(":")[0] for problem in result["problems"]] == [
        "b.png",
        "c.png",
        "d.png",
    ]
    assert "the value 9 is not in classes.json" in result["problems"][0]


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_masks_of_turned_photos_are_taken_upright_or_in_the_files_grid(
    tmp_path: Path, orientation: int
) -> None:
    folder = tmp_path / "png"
    (folder / "masks").mkdir(parents=True)
    photo_at(folder / "images" / "a.jpg", 3, 2, orientation)
    Image.fromarray(label_grid("11./...")).save(folder / "masks" / "a.png")
    run(tmp_path, str(folder), "--format", "png")
    assert (label_maps(tmp_path, ("class 1",))["a"] == label_grid("11./...")).all()


def test_vocs_own_colours_are_known(tmp_path: Path) -> None:
    folder = tmp_path / "voc"
    photo_at(folder / "JPEGImages" / "a.jpg", 2, 1)
    (folder / "SegmentationClass").mkdir()
    pixels = np.array([[[64, 0, 0], [224, 224, 192]]], np.uint8)  # cat, void
    (folder / "SegmentationClass" / "a.png").write_bytes(saved(pixels, "PNG"))
    result = run(tmp_path, str(folder), "--format", "voc")
    assert result["classes"]["cat"] == 1
    assert label_maps(tmp_path, ("cat",))["a"].tolist() == [[1, 255]]


@pytest.mark.parametrize(
    "names",
    [
        "names: [cat, 'big, dog']",
        'names: {0: cat, 1: "big, dog"}',
        'names:\n  0: cat\n  1: "big, dog"',
        "names:\n- cat\n- big, dog\nnc: 2",
        "names:\n  - cat\n  - 'big, dog'",
    ],
)
def test_yolos_classes_are_read_however_they_are_written(tmp_path: Path, names: str) -> None:
    folder = tmp_path / "yolo"
    photo_at(folder / "images" / "train" / "a.jpg")
    (folder / "labels" / "train").mkdir(parents=True)
    (folder / "labels" / "train" / "a.txt").write_text("1 0.1 0.1 0.9 0.1 0.9 0.9\n")
    (folder / "data.yaml").write_text(f"train: images/train\n{names}\n")
    assert run(tmp_path, str(folder), "--format", "yolo")["classes"] == {"cat": 0, "big, dog": 1}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0 0.5 0.5 0.2 0.2", "is a box"),
        ("7 0.1 0.1 0.9 0.1 0.9 0.9", "class 7 of 1"),
        ("0 1.5 0.1 0.9 0.1 0.9 0.9", "shares from 0 to 1"),
        ("cat 1 2 3", "not a class and numbers"),
    ],
)
def test_yolo_lines_that_are_wrong_are_named(tmp_path: Path, line: str, said: str) -> None:
    folder = tmp_path / "yolo"
    photo_at(folder / "images" / "a.jpg")
    (folder / "labels").mkdir()
    (folder / "labels" / "a.txt").write_text(line)
    (folder / "classes.txt").write_text("cat\n")
    result = run(tmp_path, str(folder), "--format", "yolo", exit_code=1)
    assert result["problems"][0].startswith("labels/a.txt: line 1")
    assert said in result["problems"][0]


@pytest.mark.parametrize("kind", ["coco", "voc", "yolo", "cvat", "png"])
def test_another_format_is_told(tmp_path: Path, kind: str) -> None:
    (tmp_path / "empty").mkdir()
    arguments = ["import", str(tmp_path / "empty"), "--format", kind, "--out", OUT]
    done = CliRunner().invoke(app, [*arguments, "--s3-folder", str(tmp_path / "s3")])
    assert done.exit_code == 1
    assert str(tmp_path / "empty") in str(done.exception)


def test_xml_with_entities_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "annotations.xml"
    file.write_text('<!DOCTYPE a [<!ENTITY x "y">]><annotations>&x;</annotations>')
    arguments = ["import", str(file), "--format", "cvat", "--out", OUT]
    done = CliRunner().invoke(app, [*arguments, "--s3-folder", str(tmp_path / "s3")])
    assert done.exit_code == 1
    assert "declares entities" in str(done.exception)


def test_photos_that_are_in_s3_stay_there(tmp_path: Path) -> None:
    folder = tmp_path / "png"
    (folder / "masks").mkdir(parents=True)
    photo_at(folder / "images" / "a.jpg", 2, 1)
    Image.fromarray(label_grid("1.")).save(folder / "masks" / "a.png")
    run(tmp_path, str(folder), "--format", "png", "--photos", "s3://labels/photos/")
    store = FolderObjects(tmp_path / "s3")
    line = json.loads(store.read(f"{OUT}/input.manifest"))
    assert line["source-ref"] == "s3://labels/photos/a.jpg"
    assert store.list(f"{OUT}/photos/") == []


def test_formats_have_one_list() -> None:
    from scripts.commands.import_labels import Source
    from scripts.training_sets.import_labels import IMPORTERS, ImportFormat

    assert [item.value for item in Source] == [item.value for item in ImportFormat]
    assert set(IMPORTERS) == set(ImportFormat)
