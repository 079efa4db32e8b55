"""Simulated workers answer as their kind says, and the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from hooks.core.geometry import Size
from hooks.core.masks import LabelMap

pytest.importorskip("cv2", reason="needs the benchmark or training extra")

from scripts.consensus.consensus_scenes import synthetic_scene
from scripts.consensus.consensus_scores import mean_iou
from scripts.consensus.worker_simulator import (
    BAD_KINDS,
    WorkerKind,
    draw,
    simulate_workers,
    smooth_field,
)


@pytest.fixture(scope="module")
def one_class() -> LabelMap:
    return synthetic_scene(np.random.default_rng(5), 1, Size(320, 256))


@pytest.fixture(scope="module")
def twelve_classes() -> LabelMap:
    return synthetic_scene(np.random.default_rng(5), 12, Size(320, 256))


def drawn(truth: LabelMap, classes: int, kind: WorkerKind, seed: int = 1) -> LabelMap:
    return draw(np.random.default_rng(seed), truth, classes, kind)


def test_a_careful_worker_is_closer_than_a_sloppy_one(one_class: LabelMap) -> None:
    careful = [mean_iou(drawn(one_class, 1, WorkerKind.CAREFUL, n), one_class, 1) for n in range(8)]
    sloppy = [mean_iou(drawn(one_class, 1, WorkerKind.SLOPPY, n), one_class, 1) for n in range(8)]
    assert 0.85 < np.mean(careful) < 0.99
    assert 0.5 < np.mean(sloppy) < np.mean(careful) - 0.05


def test_empty_and_full_workers_use_one_label(twelve_classes: LabelMap) -> None:
    assert not drawn(twelve_classes, 12, WorkerKind.EMPTY).any()
    [label] = np.unique(drawn(twelve_classes, 12, WorkerKind.FULL))
    assert 1 <= label <= 12


@pytest.mark.parametrize("kind", BAD_KINDS, ids=[kind.name for kind in BAD_KINDS])
@pytest.mark.parametrize("classes", [1, 2, 12])
def test_bad_workers_are_bad_and_stay_within_the_classes(kind: WorkerKind, classes: int) -> None:
    truth = synthetic_scene(np.random.default_rng(3), classes, Size(256, 256))
    before = truth.copy()
    answers = [drawn(truth, classes, kind, seed) for seed in range(4)]
    assert np.mean([mean_iou(answer, truth, classes) for answer in answers]) < 0.85
    assert all(answer.shape == truth.shape and answer.dtype == np.uint8 for answer in answers)
    assert max(int(answer.max()) for answer in answers) <= classes
    assert (truth == before).all()


def test_a_swapping_worker_has_the_outlines_right(twelve_classes: LabelMap) -> None:
    answer = drawn(twelve_classes, 12, WorkerKind.SWAPPED)
    assert mean_iou((answer > 0).astype(np.uint8), (twelve_classes > 0).astype(np.uint8), 1) > 0.85
    assert mean_iou(answer, twelve_classes, 12) < 0.85


def test_with_one_class_a_swapping_worker_labels_half_of_it(one_class: LabelMap) -> None:
    assert 0.2 < drawn(one_class, 1, WorkerKind.SWAPPED).sum() / one_class.sum() < 0.8
    assert not drawn(np.zeros_like(one_class), 1, WorkerKind.SWAPPED).any()


def test_so_many_workers_are_bad(one_class: LabelMap) -> None:
    found = simulate_workers(np.random.default_rng(2), one_class, 1, 9, 3)
    assert len(found.label_maps) == 9
    assert sum(not kind.honest for kind in found.kinds) == 3


def test_a_seed_fixes_all_answers(twelve_classes: LabelMap) -> None:
    first, again, other = (
        simulate_workers(np.random.default_rng(seed), twelve_classes, 12, 5, 2)
        for seed in (4, 4, 5)
    )
    assert first.kinds == again.kinds
    for one, same in zip(first.label_maps, again.label_maps, strict=True):
        assert (one == same).all()
    assert any(
        (one != different).any()
        for one, different in zip(first.label_maps, other.label_maps, strict=True)
    )


def test_a_smooth_field_has_its_size_and_its_correlation_length() -> None:
    field = smooth_field(np.random.default_rng(1), (600, 800), rms=3.0, correlation=20.0)
    assert field.shape == (600, 800)
    assert field.std() == pytest.approx(3.0, rel=1e-3)

    def correlation(distance: int) -> float:
        return float(np.corrcoef(field[:, :-distance].ravel(), field[:, distance:].ravel())[0, 1])

    # A Gaussian blur of white noise correlates as exp(-d^2 / 4 sigma^2).
    assert correlation(20) == pytest.approx(np.exp(-1 / 4), abs=0.1)
    assert abs(correlation(80)) < 0.3


def test_a_tiny_photo_can_be_labeled() -> None:
    truth = np.ones((1, 3), np.uint8)
    for kind in WorkerKind:
        assert drawn(truth, 1, kind).shape == (1, 3)
