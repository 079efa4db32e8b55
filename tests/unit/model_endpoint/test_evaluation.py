"""The evaluation's loop and figures, on shapes whose answers are known."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from hooks.core.clicks import Click, ExtremePoints
from hooks.core.masks import CroppedMask
from model_endpoint.evaluation import (
    DrawnOctagon,
    Evaluation,
    Method,
    read_objects,
    sample_objects,
)
from model_endpoint.evaluation_result import MethodResult, ObjectResult
from model_endpoint.octagon import octagon
from model_endpoint.predictor import Prediction
from model_endpoint.reference_photos import DataSet, ReferencePhoto

OBJECT = octagon(np.array([[50, 20], [20, 40], [50, 60], [80, 22]], np.float64), (80, 100))
THIN = octagon(np.array([[50, 20], [20, 21], [50, 22], [80, 21]], np.float64), (80, 100))


def photo_of(name: str, *masks: npt.NDArray[np.bool_]) -> ReferencePhoto:
    names = tuple(f"{name}_{place}" for place in range(len(masks)))
    return ReferencePhoto(
        name, "s", names, lambda: np.zeros((80, 100, 3), np.uint8), lambda place: masks[place]
    )


class Obedient:
    """Knows the answer: misses a corner at first and gives all of the object after two clicks."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.previous: list[str | None] = []

    def predict(
        self,
        photo: npt.NDArray[np.uint8],
        photo_key: Hashable,
        extreme_points: ExtremePoints,
        clicks: Sequence[Click] = (),
        previous_mask: str | None = None,
    ) -> Prediction:
        self.heard += [click.kind.value for click in clicks[-1:]]
        self.previous.append(previous_mask)
        mask = OBJECT.copy()
        mask[:40, :50] &= len(clicks) >= 1
        mask[40:, :50] &= len(clicks) >= 2
        return Prediction(CroppedMask.from_mask(mask), 0.9, f"after {len(clicks)}", {})


def test_objects_are_spread_evenly_over_a_data_set() -> None:
    data = DataSet("d", tuple(photo_of(f"p/{i}.png", OBJECT, THIN) for i in range(10)))
    sampled = sample_objects(data, 4)
    assert [(photo.stem, place) for photo, place in sampled] == [
        ("0", 0),
        ("2", 1),
        ("5", 0),
        ("7", 1),
    ]
    assert len(sample_objects(data, None)) == len(sample_objects(data, 99)) == 20
    assert len(sample_objects(data, None, excluded={"0", "9"})) == 16


def test_objects_too_thin_to_have_four_points_are_left_out() -> None:
    data = DataSet("d", (photo_of("a.png", THIN, OBJECT, np.zeros((80, 100), np.bool_)),))
    assert [(number, item.name) for number, item in read_objects(sample_objects(data, None))] == [
        (1, "a.png_1")
    ]


@pytest.mark.parametrize("policy", ["region", "boundary"])
def test_methods_stand_side_by_side_on_the_same_object(policy: Any) -> None:
    segmenter = Obedient()
    evaluation = Evaluation(
        [Method("octagon", DrawnOctagon(), None), Method("model", segmenter, policy)], clicks=4
    )
    results = evaluation.start()
    data = DataSet("d", (photo_of("a.png", OBJECT),))
    for _, item in read_objects(sample_objects(data, None)):
        evaluation.measure(item, results)
    drawn, clicked = (result.to_json() for result in results)
    assert drawn["miou"][0] > 90
    assert len(set(drawn["miou"])) == 1
    assert "noc" not in drawn
    assert len(clicked["miou"]) == len(clicked["boundary_iou"]) == 5
    assert clicked["miou"][0] < clicked["miou"][1] < clicked["miou"][2] == 100
    assert clicked["error"] == pytest.approx([100 - value for value in clicked["miou"]])
    assert clicked["clicks_counted"] == 2  # then there was nothing left to correct
    assert (clicked["spoiled"], clicked["error_removed"]) == (0, None)
    assert clicked["noc"]["noc90@20"] == 2
    assert segmenter.heard == (["inside"] * 2 if policy == "region" else ["boundary"] * 2)
    assert segmenter.previous == [None, "after 0", "after 1"]


def test_an_object_that_stays_bad_is_clicked_on_for_the_mean_only() -> None:
    class Deaf(DrawnOctagon):
        """Gives a box's worth of nothing useful."""

        def predict(self, *_: object, **__: object) -> Prediction:
            return Prediction(CroppedMask.from_mask(THIN), 0.5, "", {})

    evaluation = Evaluation([Method("deaf", Deaf(), "region")], clicks=2, most_clicks=6)
    results = evaluation.start()
    data = DataSet("d", (photo_of("a.png", OBJECT),))
    for _, item in read_objects(sample_objects(data, None)):
        evaluation.measure(item, results)
    [item] = results[0].objects
    assert (len(item.ious), len(item.boundary_ious), len(item.honoured)) == (7, 3, 2)
    found = results[0].to_json()
    assert found["noc"] == {"noc85@6": 6, "noc85@20": None, "noc90@6": 6, "noc90@20": None}
    assert (found["honoured"], found["honoured_on_region"]) == (0, 0)


def test_jitter_is_the_same_for_the_same_seed() -> None:
    def run(seed: int, jitter: float) -> list[float]:
        methods = [Method("octagon", DrawnOctagon(), None)]
        evaluation = Evaluation(methods, jitter=jitter, seed=seed)
        results = evaluation.start()
        data = DataSet("d", (photo_of("a.png", OBJECT),))
        for _, item in read_objects(sample_objects(data, None)):
            evaluation.measure(item, results)
        return results[0].curve("ious")

    assert run(1, 3.0) == run(1, 3.0) != run(2, 3.0)
    assert run(1, 0.0) == run(2, 0.0)


def test_figures_are_those_of_the_definitions() -> None:
    result = MethodResult("m", "boundary", clicks=5, most_clicks=20)
    result.objects.append(
        ObjectResult(
            "a",
            [0.8, 0.86, 0.85, 0.8, 0.9, 0.95],
            [0.5] * 6,
            [True] * 5,
            [True] * 3 + [False] * 2,
            [0.6, 0.4, None, 1, 1],
            9.0,
            [5.0] * 5,
        )
    )
    result.objects.append(
        ObjectResult(
            "b",
            [0.6] * 6 + [0.9],
            [0.5] * 6,
            [True] * 4 + [False],
            [True] * 4 + [False],
            [0.0] * 5,
            11.0,
            [7.0] * 5,
        )
    )
    found = result.to_json()
    assert found["noc"] == {"noc85@6": 3.5, "noc85@20": 3.5, "noc90@6": 5.0, "noc90@20": 5.0}
    assert found["miou"][0] == 70
    assert found["error_removed"] == pytest.approx(25.0)  # from 30 to 22.5
    assert (found["spoiled"], found["honoured"], found["heeded"]) == (10.0, 90.0, 70.0)
    assert found["honoured_on_region"] == pytest.approx(100 * 3 / 9, abs=0.01)
    assert found["first_ms"] == [10.0, 10.8]
    assert found["click_ms"] == [6.0, 7.0]
