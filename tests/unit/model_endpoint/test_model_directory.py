"""Which network a model directory holds, and the one that ships."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hooks.core.clicks import ExtremePoints
from hooks.core.geometry import Point, Size
from hooks.core.masks import iou
from hooks.core.photo import open_photo
from model_endpoint.click_simulator import extreme_points
from model_endpoint.model_directory import SHIPPED, load_network
from model_endpoint.octagon import octagon
from model_endpoint.photo_store import PhotoStore
from model_endpoint.predictor import ClickPredictor
from model_endpoint.service import SegmentService


def no_photos(address: str) -> bytes:
    raise AssertionError(address)


def test_the_octagon_is_chosen_by_configuration(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"backend": "octagon", "size": 64}')
    network = load_network(tmp_path)
    assert (network.name, network.size) == ("octagon", 64)


@pytest.mark.parametrize("config", [None, "{", "[]", '{"backend": "guess"}'])
def test_a_directory_without_a_usable_configuration_is_named(
    tmp_path: Path, config: str | None
) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    with pytest.raises(ValueError, match=r"config\.json"):
        load_network(tmp_path)


def test_the_shipped_weights_are_small_and_pass_their_self_test() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 25_000_000
    network = load_network(threads=1)
    assert network.name.startswith("small-")
    SegmentService(ClickPredictor(network), PhotoStore(no_photos)).check_itself()


def test_the_shipped_model_beats_the_octagon_on_the_demo_photos(demo_photos: Path) -> None:
    predictor = ClickPredictor(load_network(threads=1))
    model, geometry = [], []
    for path in sorted((demo_photos / "masks").glob("*.png"))[:12]:
        photo_path = next(
            file
            for file in (demo_photos / "images").iterdir()
            if path.stem.startswith(f"{file.stem}_")
        )
        photo = open_photo(photo_path.read_bytes(), photo_path.name)
        with Image.open(path) as image:
            reference = np.asarray(image.convert("L")) > 0
        if reference.shape != photo.shape[:2] or reference.sum() < 400:
            continue
        points = ExtremePoints.from_points(
            [Point(float(x), float(y)) for x, y in extreme_points(reference)]
        )
        made = predictor.predict(photo, path.name, points)
        height, width = reference.shape
        model.append(iou(made.mask.to_mask(Size(width, height)), reference))
        shape = octagon(np.array(points.points()), reference.shape)
        geometry.append(iou(shape, reference))
    assert len(model) >= 5
    assert np.mean(model) > np.mean(geometry) + 0.05


def test_a_mirrored_look_treats_left_and_right_alike(tmp_path: Path) -> None:
    for file in SHIPPED.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"mirror": True}))
    network = load_network(tmp_path, threads=1)
    assert network.name.endswith("-mirror")
    size = network.size
    rng = np.random.default_rng(0)
    half = rng.integers(0, 255, (size, size // 2, 3)).astype(np.uint8)
    colours = np.concatenate((half, half[:, ::-1]), axis=1)
    points = np.array([[0.5, 0.2], [0.2, 0.5], [0.5, 0.8], [0.8, 0.5]], np.float32) * size
    covered = np.ones((size, size), np.bool_)
    logits = network.decode(network.encode(colours, covered, points), points, (), None)
    assert np.abs(logits - logits[:, ::-1]).max() < 0.05


def test_serving_imports_neither_torch_nor_opencv_nor_scipy() -> None:
    script = (
        "import sys, model_endpoint.server, model_endpoint.click_simulator;"
        "print([m for m in ('torch', 'cv2', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
