"""SAM 2.1 behind the same interface, tiny and with random weights: shapes and prompts, not masks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hooks.core.clicks import Click, ClickKind, ExtremePoints
from hooks.core.geometry import Point
from model_endpoint.guidance import CropClick
from model_endpoint.model_directory import load_network
from model_endpoint.predictor import ClickPredictor

pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.torch

SIZE = 128
PHOTO = np.random.default_rng(0).integers(0, 255, (120, 160, 3)).astype(np.uint8)
POINTS = ExtremePoints(Point(80, 20), Point(30, 60), Point(80, 100), Point(130, 60))
CORNERS = np.array([[64, 16], [24, 64], [64, 112], [104, 64]], np.float32)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    torch.manual_seed(0)
    config = transformers.Sam2Config(
        vision_config={
            "backbone_config": {
                "model_type": "sam2_hiera_det_model",
                "hidden_size": 8,
                "image_size": [SIZE, SIZE],
                "blocks_per_stage": [1, 1, 1, 1],
                "embed_dim_per_stage": [8, 16, 32, 64],
                "num_attention_heads_per_stage": [1, 1, 2, 2],
                "global_attention_blocks": [],
            },
            "backbone_channel_list": [64, 32, 16, 8],
            "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
            "fpn_hidden_size": 32,
        },
        prompt_encoder_config={"hidden_size": 32, "image_size": SIZE, "mask_input_channels": 4},
        mask_decoder_config={
            "hidden_size": 32,
            "mlp_dim": 32,
            "num_attention_heads": 2,
            "iou_head_hidden_dim": 32,
        },
    )
    folder = tmp_path_factory.mktemp("sam2")
    transformers.Sam2Model(config).save_pretrained(folder)
    fields = json.loads((folder / "config.json").read_text())
    fields |= {"backend": "sam2", "label": "sam2-tiny"}
    (folder / "config.json").write_text(json.dumps(fields))
    return folder


def test_it_is_chosen_by_configuration_and_answers_clicks(directory: Path) -> None:
    network = load_network(directory)
    assert (network.name, network.size, network.whole_photo) == ("sam2-tiny", SIZE, True)
    predictor = ClickPredictor(network)
    assert predictor.prewarm(PHOTO, "photo") > 0
    first = predictor.predict(PHOTO, "photo", POINTS)
    clicks = [
        Click(Point(80, 60), ClickKind.INSIDE),
        Click(Point(40, 30), ClickKind.OUTSIDE),
        Click(Point(60, 40), ClickKind.BOUNDARY),
    ]
    second = predictor.predict(PHOTO, "photo", POINTS, clicks, first.previous_mask)
    assert first.timings_ms["encode"] == second.timings_ms["encode"] == 0
    assert 0 <= second.score <= 1


def test_the_same_request_gets_the_same_logits(directory: Path) -> None:
    network = load_network(directory)
    colours = np.zeros((SIZE, SIZE, 3), np.uint8)
    features = network.encode(colours, np.ones((SIZE, SIZE), np.bool_), CORNERS)
    previous = np.full((SIZE // 2, SIZE // 2), 0.25, np.float32)
    clicks = [CropClick(64.0, 64.0, "inside")]
    first = network.decode(features, CORNERS, clicks, previous)
    assert first.shape == (SIZE, SIZE)
    assert (first == network.decode(features, CORNERS, clicks, previous)).all()
    assert (first != network.decode(features, CORNERS, (), None)).any()


class Prompts:
    """Stands before the model and keeps what it is asked."""

    def __init__(self, network: Any) -> None:
        self._model = network._model
        self.asked: dict[str, Any] = {}

    def __call__(self, **asked: Any) -> Any:
        self.asked = asked
        return self._model(**asked)

    def get_image_embeddings(self, pixels: Any) -> Any:
        return self._model.get_image_embeddings(pixels)


def prompts(directory: Path, clicks: Sequence[CropClick], previous: Any) -> dict[str, Any]:
    network: Any = load_network(directory)
    network._model = spy = Prompts(network)
    colours = np.zeros((SIZE, SIZE, 3), np.uint8)
    features = network.encode(colours, np.ones((SIZE, SIZE), np.bool_), CORNERS)
    network.decode(features, CORNERS, clicks, previous)
    return spy.asked


def test_extreme_points_become_the_box(directory: Path) -> None:
    asked = prompts(directory, (), None)
    assert asked["input_boxes"].tolist() == [[[24, 16, 104, 112]]]
    assert asked["input_points"] is None
    assert asked["input_masks"] is None


def test_the_previous_mask_gives_a_boundary_click_its_side(directory: Path) -> None:
    previous = np.zeros((SIZE // 2, SIZE // 2), np.float32)
    previous[:, :32] = 1  # the mask is the left half, up to x = 64
    short = prompts(directory, [CropClick(90.0, 50.0, "boundary")], previous)
    assert short["input_labels"].tolist() == [[[1]]]
    (x, y) = short["input_points"].tolist()[0][0]
    assert x == pytest.approx(90 - SIZE / 100, abs=0.2)
    assert y == pytest.approx(50, abs=0.2)
    far = prompts(directory, [CropClick(40.0, 50.0, "boundary")], previous)
    assert far["input_labels"].tolist() == [[[0]]]
    assert far["input_points"].tolist()[0][0][0] == pytest.approx(40 + SIZE / 100, abs=0.2)
    nowhere = prompts(directory, [CropClick(40.0, 50.0, "boundary")], np.zeros_like(previous))
    assert nowhere["input_points"] is None


def test_nothing_is_downloaded(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"backend": "sam2", "label": "sam2"}')
    with pytest.raises((OSError, ValueError)):
        load_network(tmp_path)
