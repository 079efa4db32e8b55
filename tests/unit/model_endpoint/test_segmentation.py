"""The segmentation network: measures, loss, crops, and a run that is interrupted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_endpoint.segmentation_metrics import Confusion
from tests.grid import label_grid

torch = pytest.importorskip("torch")
pytest.importorskip("cv2")

from model_endpoint.epoch_loop import EpochReport  # noqa: E402
from model_endpoint.model_directory import SHIPPED  # noqa: E402
from model_endpoint.network import NetworkConfig  # noqa: E402
from model_endpoint.segmentation_network import (  # noqa: E402
    SegmentationConfig,
    SegmentationModel,
    SegmentationModelError,
    new_network,
)
from model_endpoint.segmentation_sampling import random_crop, segmentation_loss  # noqa: E402
from model_endpoint.segmentation_trainer import (  # noqa: E402
    SegmentationRecipe,
    SegmentationTrainer,
    TrainingImage,
)

pytestmark = pytest.mark.torch
SMALL = NetworkConfig(
    stem=8,
    widths=(8, 8, 8, 8),
    depths=(1, 1, 1, 1),
    necks=(8, 8, 8, 8),
    prompts=(8, 8, 8, 8),
    decoder=(8, 8, 8, 8),
)
CONFIG = SegmentationConfig(("BACKGROUND", "cat"), 64, SMALL)


def test_measures_are_those_of_the_definition() -> None:
    confusion = Confusion(3)
    confusion.add(label_grid("0112/2..1".replace("0", ".")), label_grid("..12/2x.1"))
    # Seven known pixels, six right; background 2 of 3, class 1 2 of 3, class 2 2 of 2.
    assert confusion.pixel_accuracy == pytest.approx(6 / 7)
    assert confusion.ious() == {
        0: pytest.approx(2 / 3),
        1: pytest.approx(2 / 3),
        2: pytest.approx(1.0),
    }
    assert confusion.mean_iou == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)


def test_a_class_that_no_reference_has_is_not_in_the_mean() -> None:
    confusion = Confusion(3)
    confusion.add(label_grid("12"), label_grid("1."))
    assert set(confusion.ious()) == {0, 1}


def test_a_class_past_the_last_is_refused() -> None:
    with pytest.raises(ValueError, match="past the last, 1"):
        Confusion(2).add(label_grid("2"), label_grid("1"))


@given(st.integers(0, 2**32 - 1))
def test_the_sums_of_photos_are_those_of_one_large_photo(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = [rng.integers(0, 4, (2, 5, 7)).astype(np.uint8) for _ in range(3)]
    apart, whole = Confusion(4), Confusion(4)
    for found, reference in pairs:
        apart.add(found, reference)
    whole.add(*np.concatenate(pairs, axis=1))
    assert (apart.counts == whole.counts).all()


def test_void_pixels_cost_nothing() -> None:
    logits = torch.zeros(1, 2, 1, 2)
    logits[0, 1, 0, 0] = 20.0
    right = torch.tensor([[[1, 255]]])
    assert float(segmentation_loss(logits, right)) < 1e-3
    wrong = torch.tensor([[[0, 255]]])
    assert float(segmentation_loss(logits, wrong)) > 10


@given(st.integers(0, 2**32 - 1))
def test_photo_and_label_map_are_cropped_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    label_map = np.zeros((60, 80), np.uint8)
    label_map[20:50, 10:60] = 1
    photo = np.stack([label_map * 255] * 3, axis=-1)
    colours, labels = random_crop(photo, label_map, 32, rng)
    assert colours.shape == (32, 32, 3)
    assert labels.shape == (32, 32)
    assert set(np.unique(labels)) <= {0, 1, 255}
    inside, outside = colours[labels == 1], colours[labels == 0]
    if len(inside) > 100 and len(outside) > 100:
        assert inside.mean() > outside.mean() + 20


def test_the_encoder_starts_from_the_click_weights() -> None:
    import json

    shipped = NetworkConfig.from_json(json.loads((SHIPPED / "config.json").read_text())["network"])
    config = SegmentationConfig(("BACKGROUND", "cat"), 64, shipped)
    with_clicks, without = new_network(config, SHIPPED, 1), new_network(config, None, 1)
    name = "stages.0.0.first.conv.weight"
    assert (with_clicks.encoder.state_dict()[name] != without.encoder.state_dict()[name]).any()


def photos(count: int) -> list[TrainingImage]:
    """Bright squares on dark ground."""

    def image(number: int) -> TrainingImage:
        label_map = np.zeros((48, 64), np.uint8)
        label_map[8:40, 4 * number : 4 * number + 32] = 1
        photo = np.stack([label_map * 180 + 30] * 3, axis=-1).astype(np.uint8)
        return TrainingImage(f"p{number}", lambda: (photo, label_map))

    return [image(number) for number in range(count)]


def trainer(out: Path, epochs: int = 3) -> SegmentationTrainer:
    recipe = SegmentationRecipe(CONFIG.classes, epochs=epochs, batch=4, size=64, crop=32, seed=5)
    return SegmentationTrainer(recipe, CONFIG, out, click_weights=None)


@pytest.mark.slow
def test_training_learns_and_leaves_a_model(tmp_path: Path) -> None:
    reports: list[EpochReport] = []
    model = trainer(tmp_path, 40).train(photos(8), photos(2), reports.append)
    assert [report.epoch for report in reports] == list(range(1, 41))
    assert reports[-1].loss < reports[0].loss
    assert reports[-1].mean_iou > 0.6
    read = SegmentationModel.read(tmp_path / "model")
    photo, _ = photos(1)[0].read()
    assert (read.label_map(photo) == model.label_map(photo)).all()
    assert read.label_map(photo).shape == (48, 64)
    assert read.probabilities(photo).sum(0) == pytest.approx(1.0, abs=1e-4)


def test_an_interrupted_run_ends_as_one_that_was_not(tmp_path: Path) -> None:
    def stop(report: EpochReport) -> None:
        if report.epoch == 2:
            raise KeyboardInterrupt

    whole = trainer(tmp_path / "whole").train(photos(6), photos(1), lambda report: None)
    with pytest.raises(KeyboardInterrupt):
        trainer(tmp_path / "cut").train(photos(6), photos(1), stop)
    resumed = trainer(tmp_path / "cut")
    assert resumed.epoch == 2
    again = resumed.train(photos(6), photos(1), lambda report: None)
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, again.network.state_dict()[name]), name
    assert len((tmp_path / "cut" / "log.jsonl").read_text().splitlines()) == 3


def test_a_run_of_another_recipe_is_not_gone_on_with(tmp_path: Path) -> None:
    trainer(tmp_path, 1).train(photos(4), [], lambda report: None)
    with pytest.raises(ValueError, match="another recipe"):
        trainer(tmp_path, 2)


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(SegmentationModelError, match=r"config\.json"):
        SegmentationModel.read(tmp_path)
    with pytest.raises(SegmentationModelError, match="kind"):
        SegmentationModel.read(SHIPPED)
