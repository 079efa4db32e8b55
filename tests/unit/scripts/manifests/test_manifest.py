"""`fewclick manifest lint` and `repair`, with photos and masks in S3."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hooks.core.masks import write_label_map
from tests.grid import label_grid
from tests.unit.scripts.cloud_bench import CloudBench, fewclick, png

MAP = {
    "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0.9},
    "1": {"class-name": "cat", "hex-color": "#2ca02c", "confidence": 0.9},
    "2": {"class-name": "dog", "hex-color": "#1f77b4", "confidence": 0.9},
}
COLORS = {0: "#ffffff", 1: "#2ca02c", 2: "#1f77b4"}
PICTURE = "..11/.222"


def mask(colors: dict[int, str] = COLORS, picture: str = PICTURE) -> bytes:
    return write_label_map(label_grid(picture), colors)


def built_in(photo: str, address: str, color_map: Any = None) -> dict[str, Any]:
    """A line as Ground Truth's own segmentation job writes it."""
    return {
        "source-ref": photo,
        "pets-ref": address,
        "pets-ref-metadata": {
            "internal-color-map": MAP if color_map is None else color_map,
            "type": "groundtruth/semantic-segmentation",
            "human-annotated": "yes",
            "creation-date": "2026-11-20T10:12:00.833000",
            "job-name": "labeling-job/pets",
        },
    }


def write(folder: Path, *lines: Any) -> Path:
    path = folder / "in.manifest"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(text + "\n" for text in texts), encoding="utf-8")
    return path


def findings(*arguments: object) -> list[dict[str, Any]]:
    result = fewclick("manifest", "lint", *arguments, "--json")
    assert result.exit_code in (0, 1), result.output
    told = json.loads(result.stdout)
    assert result.exit_code == (1 if told["errors"] else 0)
    found: list[dict[str, Any]] = told["findings"]
    return found


def test_a_right_manifest_of_the_built_in_tool_has_no_findings(
    cloud: CloudBench, tmp_path: Path
) -> None:
    photo = cloud.put("right/a.png", png())
    line = built_in(photo, cloud.put("right/a-mask.png", mask()))
    address = cloud.put("right/in.manifest", json.dumps(line) + "\n")
    assert findings(address) == []
    assert findings(write(tmp_path, line)) == []


def test_objects_that_keep_a_job_from_working_are_named(cloud: CloudBench, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {"source-ref": f"s3://{cloud.bucket}/missing.jpg"},
        {"source-ref": cloud.put("bad/text.jpg", b"no photo")},
        {"source-ref": cloud.put("bad/a.tif", png(kind="TIFF"))},
        {"source-ref": cloud.put("bad/empty.jpg", b"")},
        {"source-ref": cloud.put("bad/a.webp", png(kind="WEBP"))},
    )
    told = [(found["line"], found["field"], found["severity"]) for found in findings(path)]
    assert told == [
        (1, "source-ref", "error"),
        (2, "source-ref", "error"),
        (3, "source-ref", "error"),
        (4, "source-ref", "error"),
        (5, "source-ref", "warning"),
    ]


def test_a_bucket_elsewhere_or_closed_to_browsers_is_named(
    cloud: CloudBench, tmp_path: Path
) -> None:
    cloud.local.s3.create_bucket(
        Bucket="far-away", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    path = write(tmp_path, {"source-ref": cloud.put("a.png", png(), "far-away")})
    region, cors = findings(path)
    assert "is in eu-west-1, the job in us-east-1" in region["problem"]
    assert "put-bucket-cors --bucket far-away" in cors["fix"]
    absent = write(tmp_path, {"source-ref": "s3://no-such-bucket-here/a.png"})
    bucket, photo = findings(absent)
    assert "does not exist" in bucket["problem"]
    assert photo["line"] == 1


MASKS = {
    "colours that differ from the map": (mask({0: "#ffffff", 1: "#ff0000", 2: "#1f77b4"}), True),
    "indices that differ from the map": (
        mask({0: "#ffffff", 5: "#2ca02c", 2: "#1f77b4"}, "..55/.222"),
        True,
    ),
    "no palette": (b"rgb", True),
    "colours of no class": (mask({0: "#ffffff", 7: "#123456"}, "..77/...."), False),
    "another size": (mask(picture="..1/..."), False),
    "no PNG": (png(kind="JPEG"), False),
}


@pytest.mark.parametrize("name", MASKS)
def test_masks_that_their_map_does_not_describe_are_mended_where_they_can_be(
    cloud: CloudBench, tmp_path: Path, name: str
) -> None:
    body, repairable = MASKS[name]
    if body == b"rgb":
        stream = io.BytesIO()
        Image.open(io.BytesIO(mask())).convert("RGB").save(stream, "PNG")
        body = stream.getvalue()
    photo, old = cloud.put("m/a.png", png()), cloud.put("m/mask.png", body)
    path = write(tmp_path, built_in(photo, old))
    before = path.read_bytes()
    (found,) = findings(path)
    assert (found["line"], found["field"], found["repairable"]) == (1, "pets-ref", repairable)
    out = tmp_path / "out.manifest"
    masks = f"s3://{cloud.bucket}/mended"
    result = fewclick("manifest", "repair", path, "--out", out, "--masks-to", masks, "--json")
    assert result.exit_code == 0, result.output
    (line,) = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert path.read_bytes() == before
    assert cloud.read(old) == body
    if not repairable:
        assert line["pets-ref"] == old
        return
    assert line["pets-ref"] == f"{masks}/0_mask.png"
    assert findings(out) == []
    image = Image.open(io.BytesIO(cloud.read(line["pets-ref"])))
    assert np.asarray(image).tolist() == label_grid(PICTURE).tolist()
    assert np.asarray(image.convert("RGB"))[0, 2].tolist() == [0x2C, 0xA0, 0x2C]


COLOR_MAPS: dict[str, dict[str, Any]] = {
    "short and bare colours": {**MAP, "1": {"class-name": "cat", "hex-color": "2CA02C"}},
    "numbers for a colour": {**MAP, "1": {"class-name": "cat", "hex-color": "rgb(44, 160, 44)"}},
    "no background": {key: MAP[key] for key in ("1", "2")},
    "a colour that is missing": {**MAP, "1": {"class-name": "cat"}},
    "two classes of one colour": {**MAP, "2": {"class-name": "dog", "hex-color": "#2ca02c"}},
    "keys that are names": {"0": MAP["0"], "cat": MAP["1"], "dog": MAP["2"]},
}


@pytest.mark.parametrize("name", COLOR_MAPS)
def test_colour_maps_are_mended_with_what_the_mask_shows(
    cloud: CloudBench, tmp_path: Path, name: str
) -> None:
    photo, old = cloud.put("c/a.png", png()), cloud.put("c/mask.png", mask())
    path = write(tmp_path, built_in(photo, old, COLOR_MAPS[name]))
    assert [found for found in findings(path) if found["severity"] == "error"]
    out = f"s3://{cloud.bucket}/c/out.manifest"
    result = fewclick("manifest", "repair", path, "--out", out)
    assert result.exit_code == 0, result.output
    assert findings(out) == []
    line = json.loads(cloud.read(out))
    mended = line["pets-ref-metadata"]["internal-color-map"]
    names = {key: entry["class-name"] for key, entry in mended.items()}
    assert names == {"0": "BACKGROUND", "1": "cat", "2": "dog"}
    shown = np.asarray(Image.open(io.BytesIO(cloud.read(line["pets-ref"]))))
    assert shown.tolist() == label_grid(PICTURE).tolist()


def test_repair_never_writes_over_the_manifest_and_says_where_masks_may_go(
    cloud: CloudBench, tmp_path: Path
) -> None:
    photo, old = cloud.put("n/a.png", png()), cloud.put("n/mask.png", MASKS["no PNG"][0])
    path = write(tmp_path, built_in(photo, old))
    result = fewclick("manifest", "repair", path, "--out", path)
    assert result.exit_code == 2
    assert "never changed" in result.stderr
    wrong = cloud.put("n/wrong.png", MASKS["colours that differ from the map"][0])
    result = fewclick("manifest", "repair", write(tmp_path, built_in(photo, wrong)))
    assert result.exit_code == 2
    assert "--masks-to" in result.stderr


def test_lines_are_mended_without_an_account(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {"source-ref": "s3://b/a.jpg", "$pets-object-id": "7"},
        "",
        {"source-ref": "s3://b/a.jpg", "pets": {"mask-ref": "s3://b/m.png"}},
        "nonsense",
    )
    result = fewclick("manifest", "repair", path, "--lines-only", "--json")
    assert result.exit_code == 1  # one line says nothing, the label has no colours
    told = json.loads(result.stdout)
    assert told["manifest"].endswith("in-repaired.manifest")
    assert [(found["line"], found["field"]) for found in told["left"]] == [
        (4, ""),
        (1, "pets.internal-color-map"),
    ]
    (line,) = map(json.loads, Path(told["manifest"]).read_text(encoding="utf-8").splitlines())
    assert line["pets"] == {"mask-ref": "s3://b/m.png"}


def test_a_manifest_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    result = fewclick("manifest", "lint", tmp_path / "no.manifest", "--lines-only")
    assert result.exit_code == 2
    assert "there is no manifest" in result.stderr
