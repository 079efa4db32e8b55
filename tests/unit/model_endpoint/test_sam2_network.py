"""SAM 2.1 behind the network protocol, as a tiny model with random weights."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from hooks.core.clicks import Click, ClickKind, ExtremePoints
from hooks.core.geometry import Point
from hooks.core.wire import PrewarmResponse, SegmentResponse
from model_endpoint.guidance import CropClick
from model_endpoint.model_directory import load_network
from model_endpoint.photo_store import PhotoStore
from model_endpoint.predictor import ClickPredictor
from model_endpoint.service import SegmentService

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers", reason="needs the sam2 extra")
pytestmark = pytest.mark.torch

SIZE = 128
EXTREMES = np.array([[60, 20], [20, 50], [64, 100], [110, 60]], np.float32)
POINTS = ExtremePoints(Point(100, 30), Point(40, 80), Point(100, 130), Point(160, 80))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model directory as a user makes one."""
    torch.manual_seed(1)
    config = transformers.Sam2Config(
        vision_config={
            "backbone_config": {
                "model_type": "sam2_hiera_det_model",
                "hidden_size": 12,
                "image_size": [SIZE, SIZE],
                "embed_dim_per_stage": [12, 24, 48, 96],
                "num_attention_heads_per_stage": [1, 2, 4, 8],
                "blocks_per_stage": [1, 1, 2, 1],
                "window_size_per_stage": [8, 4, 8, 4],
                "global_attention_blocks": [3],
                "window_positional_embedding_background_size": [4, 4],
            },
            "backbone_channel_list": [96, 48, 24, 12],
            "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
            "fpn_hidden_size": 32,
        },
        prompt_encoder_config={"hidden_size": 32, "image_size": SIZE, "mask_input_channels": 8},
        mask_decoder_config={
            "hidden_size": 32,
            "num_attention_heads": 4,
            "mlp_dim": 64,
            "iou_head_hidden_dim": 32,
        },
    )
    made = tmp_path_factory.mktemp("sam2")
    transformers.Sam2Model(config).save_pretrained(made / "sam2")
    (made / "config.json").write_text(json.dumps({"backend": "sam2", "label": "sam2.1-test"}))
    return made


@pytest.fixture(scope="module")
def network(directory: Path) -> Any:
    return load_network(directory)


def crop(seed: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 255, (SIZE, SIZE, 3)).astype(np.uint8)


def photo() -> npt.NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 255, (160, 200, 3)).astype(np.uint8)


COVERED = np.ones((SIZE, SIZE), np.bool_)


def prompt(clicks: Sequence[CropClick], previous: Any = None) -> Any:
    from model_endpoint.sam2_network import make_prompt

    return make_prompt(EXTREMES, clicks, previous)


def test_a_model_directory_chooses_it(network: Any) -> None:
    assert network.name.startswith("sam2.1-test-")
    assert (network.size, network.whole_photo) == (SIZE, True)


def test_features_are_computed_once_and_every_click_counts(network: Any) -> None:
    features = network.encode(crop(2), COVERED, EXTREMES)
    assert all(part.nbytes > 0 for part in features)
    again = network.encode(crop(2), COVERED, EXTREMES + 9)
    assert all(torch.equal(a, b) for a, b in zip(features, again, strict=True))
    first = network.decode(features, EXTREMES, (), None)
    assert (first.shape, first.dtype) == ((SIZE, SIZE), np.float32)
    previous = np.zeros((SIZE // 2, SIZE // 2), np.float32)
    previous[20:40, 20:40] = 1
    inside = network.decode(features, EXTREMES, [CropClick(50, 50, "inside")], previous)
    outside = network.decode(features, EXTREMES, [CropClick(50, 50, "outside")], previous)
    assert not np.allclose(first, inside)
    assert not np.allclose(inside, outside)


def test_requests_of_all_shapes_are_answered_together_as_alone(network: Any) -> None:
    features = network.encode(crop(3), COVERED, EXTREMES)
    previous = np.full((SIZE // 2, SIZE // 2), 0.7, np.float32)
    asked = [
        (features, prompt(clicks, mask))
        for clicks in ((), (CropClick(50, 50, "inside"),))
        for mask in (None, previous)
    ] * 2
    together = network._decode_batch(asked)
    for one, answer in zip(asked, together, strict=True):
        np.testing.assert_allclose(network._decode_batch([one])[0], answer, atol=1e-4)
    with ThreadPoolExecutor(4) as callers:
        calls = [callers.submit(network.decode, features, EXTREMES, (), None) for _ in range(8)]
        for call in calls:
            np.testing.assert_allclose(call.result(30), together[0], atol=1e-4)


def test_the_extreme_points_become_a_box_and_clicks_points() -> None:
    asked = prompt([CropClick(50, 40, "inside"), CropClick(90, 30, "outside")])
    assert asked.box.tolist() == [19.5, 19.5, 109.5, 99.5]  # SAM 2 adds the half pixel itself
    assert asked.points.tolist() == [[49.5, 39.5], [89.5, 29.5]]
    assert asked.labels.tolist() == [1, 0]
    assert asked.previous is None


@pytest.mark.parametrize(("x", "label"), [(60, 1), (40, 0)])
def test_a_boundary_click_grows_or_shrinks_the_mask(x: float, label: int) -> None:
    """Beyond the mask's edge, at x = 50, it becomes an inside point; within it, an outside one."""
    previous = np.zeros((SIZE // 2, SIZE // 2), np.float32)
    previous[10:50, 10:25] = 1
    asked = prompt([CropClick(x, 60, "boundary")], previous)
    assert asked.labels.tolist() == [label]
    moved = asked.points[0, 0] + 0.5
    assert 40 < moved < 60
    assert abs(moved - x) == pytest.approx(SIZE / 100, rel=0.15)
    assert np.isfinite(asked.previous).all()


def test_a_boundary_click_with_nothing_to_move_is_left_out() -> None:
    click = [CropClick(30, 30, "boundary")]
    assert len(prompt(click).labels) == 0
    assert len(prompt(click, np.zeros((SIZE // 2, SIZE // 2), np.float32)).labels) == 0


def test_a_prewarm_encodes_the_photo_for_every_object_in_it(network: Any) -> None:
    stream = io.BytesIO()
    Image.fromarray(photo()).save(stream, "PNG")
    image = base64.b64encode(stream.getvalue()).decode()
    service = SegmentService(ClickPredictor(network), PhotoStore(lambda _: b""))
    common = {"schema_version": 1, "image_bytes": image}
    warmed = service.answer(json.dumps(common | {"action": "prewarm"}).encode())
    assert isinstance(warmed, PrewarmResponse)
    assert warmed.timings_ms["encode"] > 0
    for shift in (0, 10):
        points = [[point.x + shift, point.y] for point in POINTS.points()]
        answer = service.answer(json.dumps(common | {"extreme_points": points}).encode())
        assert isinstance(answer, SegmentResponse)
        assert answer.timings_ms["encode"] == 0


def test_a_lost_previous_mask_is_made_again(network: Any) -> None:
    predictor = ClickPredictor(network)
    click = Click(Point(100, 80), ClickKind.INSIDE)
    first = predictor.predict(photo(), "photo", POINTS)
    known = predictor.predict(photo(), "photo", POINTS, [click], first.previous_mask)
    assert ClickPredictor(network).predict(photo(), "photo", POINTS, [click]).mask == known.mask


def test_nothing_is_downloaded(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"backend": "sam2", "label": "sam2"}')
    with pytest.raises(OSError, match="sam2"):
        load_network(tmp_path)
