"""The detection network: targets, loss, crops, peaks, and what it learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.labeled_box import LabeledBox
from hooks.core.masks import bounding_box
from tests.unit.scripts.active_learning.round_bench import blob

torch = pytest.importorskip("torch")
pytest.importorskip("cv2")

from model_endpoint.detection_network import (  # noqa: E402
    DetectionConfig,
    DetectionModel,
    new_detection_network,
    peaks,
)
from model_endpoint.detection_targets import (  # noqa: E402
    detection_loss,
    random_box_crop,
    targets_of,
)
from model_endpoint.detection_trainer import BoxedImage, DetectionTrainer  # noqa: E402
from model_endpoint.segmentation_network import SegmentationModelError  # noqa: E402
from model_endpoint.segmentation_trainer import SegmentationRecipe  # noqa: E402
from tests.unit.model_endpoint.test_segmentation import SMALL  # noqa: E402

pytestmark = pytest.mark.torch
CLASSES = ("BACKGROUND", "cat", "dog")
CONFIG = DetectionConfig(CLASSES, 64, SMALL)


def test_targets_bring_back_the_boxes_they_were_made_of() -> None:
    boxes = [LabeledBox(1, 4, 8, 24, 16), LabeledBox(2, 36, 30, 20, 30)]
    targets = targets_of(boxes, 2, 64)
    found = peaks(torch.from_numpy(targets.middles), torch.from_numpy(targets.edges))
    assert sorted(item.box for item in found) == boxes
    assert {item.confidence for item in found} == {1.0}


def test_of_objects_that_lie_over_each_other_both_are_learned() -> None:
    large, small = LabeledBox(1, 0, 0, 64, 64), LabeledBox(1, 40, 40, 12, 12)
    targets = targets_of([small, large], 2, 64)
    found = peaks(torch.from_numpy(targets.middles), torch.from_numpy(targets.edges))
    assert {item.box for item in found} == {large, small}


def test_the_loss_is_least_where_the_answer_is_right() -> None:
    targets = targets_of([LabeledBox(1, 4, 8, 24, 16)], 2, 64)
    middles = torch.from_numpy(targets.middles)[None]
    edges = torch.from_numpy(targets.edges)[None]
    sure = torch.where(middles >= 1, 9.0, -9.0)
    right = detection_loss(sure, edges, [targets])
    assert 0 <= float(right) < 0.05
    assert float(detection_loss(-sure, edges, [targets])) > 1
    assert float(detection_loss(sure, edges * 2, [targets])) > float(right) + 1


def test_a_crop_without_objects_has_a_loss_too() -> None:
    targets = targets_of([], 2, 64)
    middles = torch.zeros(1, 2, 16, 16, requires_grad=True)
    loss = detection_loss(middles, torch.ones(1, 4, 16, 16), [targets])
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(middles.grad).all()


@given(st.integers(0, 2**32 - 1))
def test_boxes_of_a_crop_lie_in_it_round_their_objects(seed: int) -> None:
    rng = np.random.default_rng(seed)
    photo = np.full((48, 64, 3), 90, np.uint8)
    photo[20:30, 24:40] = 255
    crop, boxes = random_box_crop(photo, [LabeledBox(2, 24, 20, 16, 10)], 64, rng)
    assert crop.shape == (64, 64, 3)
    for box in boxes:
        assert box.label == 2
        assert min(box.left, box.top) >= 0
        assert max(box.right, box.bottom) <= 64
        middle = crop[int(box.top + box.height / 2), int(box.left + box.width / 2)]
        assert middle.mean() > crop.reshape(-1, 3).mean()


def test_a_model_that_was_written_sees_the_same(tmp_path: Path) -> None:
    network = new_detection_network(CONFIG, None, 3).eval()
    model = DetectionModel(CONFIG, network, torch.device("cpu"))
    model.write(tmp_path)
    photo = np.random.default_rng(0).integers(0, 255, (48, 70, 3)).astype(np.uint8)
    again = DetectionModel.read(tmp_path).look(photo, 0.75)
    assert again.scores == model.look(photo, 0.75).scores
    (tmp_path / "config.json").write_text('{"kind": "segmentation"}')
    with pytest.raises(SegmentationModelError, match="kind is 'segmentation', not 'detection'"):
        DetectionModel.read(tmp_path)


@pytest.mark.slow
def test_it_learns_where_objects_are(tmp_path: Path) -> None:
    def image(seed: int) -> BoxedImage:
        label = seed % 2 + 1
        mask = blob(seed, label)
        box = bounding_box(mask > 0)
        photo = np.zeros((*mask.shape, 3), np.uint8)
        photo[...] = 60
        photo[mask > 0] = (220, 60, 60) if label == 1 else (60, 60, 220)
        boxes = (LabeledBox(label, *map(float, box.to_list())),)
        return BoxedImage(str(seed), lambda: (photo, boxes))

    recipe = SegmentationRecipe(CLASSES, epochs=60, batch=8, size=64, crop=64)
    trainer = DetectionTrainer(recipe, CONFIG, tmp_path, click_weights=None)
    model = trainer.train([image(seed) for seed in range(16)], lambda report: None)
    ious = []
    for seed in (100, 101, 102, 103):
        photo, (truth,) = image(seed).read()
        best = model.look(photo, 0.75).boxes[0].box
        ious.append(best.iou(truth) * (best.label == truth.label))
    assert np.mean(ious) > 0.6
