"""Our own segmentation model's answer, and the container that gives it."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from model_endpoint.segmentation_answer import expected_iou, segmentation_answer
from tests.grid import grid


def shares(*classes: list[list[float]]) -> np.ndarray[tuple[int, int, int], np.dtype[np.float32]]:
    return np.asarray(classes, np.float32)


def test_an_answer_has_the_likeliest_class_and_the_iou_to_be_expected() -> None:
    cat = [[1.0, 0.8, 0.0], [0.6, 0.2, 0.0]]
    background = [[0.0, 0.2, 1.0], [0.4, 0.8, 1.0]]
    answer = json.loads(segmentation_answer(shares(background, cat), ("BACKGROUND", "cat")))
    assert answer["image_size"] == [3, 2]
    png = base64.b64decode(answer["label_map"])
    with Image.open(io.BytesIO(png)) as image:
        assert np.asarray(image).tolist() == grid("##./#..").astype(int).tolist()
    # Inside the mask 1 + .8 + .6, outside it .2 of a pixel: 2.4 / (3 + .2).
    assert answer["class_confidence"]["cat"] == pytest.approx(0.75)
    assert answer["confidence"] == answer["class_confidence"]["cat"]


def test_where_nothing_is_seen_it_is_as_sure_as_of_the_background() -> None:
    background = np.full((2, 2), 0.9, np.float32)
    answer = json.loads(
        segmentation_answer(np.stack([background, 1 - background]), ("BACKGROUND", "cat"))
    )
    assert answer["class_confidence"] == {"BACKGROUND": 0.9}
    assert answer["confidence"] == 0.9


def test_a_certain_model_expects_to_be_right() -> None:
    mask = grid("##./..#")
    assert expected_iou(mask.astype(np.float32), mask) == 1.0


torch = pytest.importorskip("torch")


@pytest.mark.torch
def test_the_container_answers_photos_and_refuses_what_is_none(tmp_path: Path) -> None:
    from model_endpoint.model_directory import SHIPPED
    from model_endpoint.network import NetworkConfig
    from model_endpoint.segmentation_network import (
        SegmentationConfig,
        SegmentationModel,
        new_network,
    )
    from model_endpoint.segmentation_server import create_app

    config = json.loads((SHIPPED / "config.json").read_text(encoding="utf-8"))
    wanted = SegmentationConfig(
        ("BACKGROUND", "cat"), 64, NetworkConfig.from_json(config["network"])
    )
    network = new_network(wanted, None, seed=1).eval()
    client = TestClient(create_app(SegmentationModel(wanted, network, torch.device("cpu"))))
    assert client.get("/ping").status_code == 200
    photo = io.BytesIO()
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (30, 20)).save(photo, "JPEG", exif=turned)
    answer = client.post("/invocations", content=photo.getvalue())
    assert answer.status_code == 200
    assert answer.json()["image_size"] == [20, 30]
    refused = client.post("/invocations", content=b"no photo")
    assert refused.status_code == 400
    assert "not a photo" in refused.text
