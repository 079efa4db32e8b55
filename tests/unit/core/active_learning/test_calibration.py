"""The smallest confidence that can be trusted, and the guarantee that goes with it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hooks.core.active_learning.calibration import Calibration, Judged, calibrate


def draw(
    rng: np.random.Generator, validation: int, pool: int, kind: str
) -> tuple[list[Judged], list[float], list[float]]:
    """Validation photos, the pool's confidences and the pool's IoUs, of one imagined model."""
    confidence = rng.random(validation + pool)
    noise = rng.normal(0, 0.1, validation + pool)
    iou = {
        "informative": np.clip(0.4 + 0.55 * confidence + noise, 0, 1),
        # Confidence says nothing, and the mean is just below 0.6.
        "uninformative": (rng.random(validation + pool) < 0.59).astype(float),
        # The most confident labels are the worst.
        "inverted": np.clip(0.75 - 0.4 * confidence + noise, 0, 1),
    }[kind]
    judged = [
        Judged(float(sure), float(value))
        for sure, value in zip(confidence[:validation], iou[:validation], strict=True)
    ]
    return judged, confidence[validation:].tolist(), iou[validation:].tolist()


@pytest.mark.parametrize("kind", ["informative", "uninformative", "inverted"])
@pytest.mark.parametrize("target", [0.6, 0.7])
def test_machine_labels_miss_the_target_no_more_often_than_the_error_says(
    kind: str, target: float
) -> None:
    rng = np.random.default_rng(3)
    error, trials, missed = 0.1, 200, 0
    for _ in range(trials):
        judged, pool, ious = draw(rng, 60, 150, kind)
        threshold = calibrate(judged, pool, target, error).threshold
        if threshold is not None:
            taken = [iou for sure, iou in zip(pool, ious, strict=True) if sure >= threshold]
            missed += bool(taken) and np.mean(taken) < target
    assert missed / trials <= error


def test_confidence_that_tells_good_from_bad_lets_most_good_labels_through() -> None:
    judged, pool, _ = draw(np.random.default_rng(1), 150, 500, "informative")
    found = calibrate(judged, pool, 0.6, 0.01)
    assert found.threshold is not None
    assert found.machine > 350
    assert found.bound is not None
    assert found.mean_iou is not None
    assert 0.6 <= found.bound <= found.mean_iou
    assert f"{found.machine} photos" in found.reason


def test_labels_that_are_all_good_are_all_taken() -> None:
    judged = [Judged(0.9, 0.95)] * 60
    found = calibrate(judged, [0.9] * 200, 0.6, 0.01)
    assert (found.threshold, found.machine) == (0.9, 200)
    assert found.reason.startswith("All 200")


def test_too_few_validation_photos_are_told_how_many_more_it_takes() -> None:
    found = calibrate([Judged(0.9, 1.0)] * 10, [0.9] * 100, 0.8, 0.01)
    assert found.threshold is None
    assert found.needed_more is not None
    assert f"{found.needed_more} more" in found.reason
    enough = 10 + found.needed_more
    again = calibrate([Judged(0.9, 1.0)] * enough, [0.9] * 10 * enough, 0.8, 0.01)
    assert again.threshold == 0.9


def test_good_labels_of_which_too_few_were_seen_ask_for_more_of_them() -> None:
    rng = np.random.default_rng(0)
    judged = [Judged(0.9, value) for value in rng.uniform(0.5, 0.9, 60).tolist()]
    found = calibrate(judged, [0.9] * 300, 0.65, 0.01)
    assert found.threshold is None
    assert found.needed_more is not None
    assert "validation photos are needed" in found.reason


def test_bad_labels_ask_for_training_rather_than_for_validation() -> None:
    found = calibrate([Judged(0.9, 0.3)] * 60, [0.9] * 300, 0.6, 0.01)
    assert (found.threshold, found.needed_more) == (None, None)
    assert "training photos may help" in found.reason


def test_without_photos_to_judge_by_or_to_label_nothing_is_taken() -> None:
    assert calibrate([], [0.9], 0.6, 0.05).threshold is None
    assert calibrate([Judged(0.9, 1.0)], [], 0.6, 0.05).threshold is None


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9, 1.0]), st.floats(0, 1)), max_size=40),
    st.lists(st.sampled_from([0.1, 0.5, 0.9, 1.0]), max_size=40),
)
@settings(max_examples=40, deadline=None)
def test_a_threshold_keeps_its_own_promise_and_survives_its_record(
    validation: list[tuple[float, float]], pool: list[float]
) -> None:
    found = calibrate([Judged(*pair) for pair in validation], pool, 0.3, 0.2)
    if found.threshold is not None:
        assert found.machine == sum(confidence >= found.threshold for confidence in pool)
        assert found.bound is None or found.bound >= 0.3 - 1e-5
    assert Calibration.from_json(found.to_json()) == found
