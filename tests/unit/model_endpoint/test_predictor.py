"""Encode once, decode per click, and the same answer whatever was kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from hooks.core.clicks import Click, ClickKind, ExtremePoints
from hooks.core.errors import ClickRequestError
from hooks.core.geometry import Point, Size
from model_endpoint.guidance import CropClick, FloatMap
from model_endpoint.network_protocol import Features
from model_endpoint.octagon import OctagonNetwork, octagon
from model_endpoint.predictor import (
    ClickPredictor,
    decode_previous,
    encode_previous,
    expected_iou,
)

PHOTO = np.zeros((120, 160, 3), np.uint8)
POINTS = ExtremePoints(Point(80, 20), Point(30, 60), Point(80, 100), Point(130, 60))
INSIDE = Click(Point(80, 60), ClickKind.INSIDE)
OUTSIDE = Click(Point(40, 30), ClickKind.OUTSIDE)


class CountingNetwork:
    """The octagon plus a running sum, so that every decode depends on the one before it."""

    def __init__(self) -> None:
        self._octagon = OctagonNetwork(64)
        self.encoded = 0
        self.decoded: list[tuple[int, bool]] = []

    name = "counting"
    size = 64
    whole_photo = False
    hears_clicks = True

    def encode(
        self,
        colours: npt.NDArray[np.uint8],
        covered: npt.NDArray[np.bool_],
        extreme_points: npt.NDArray[np.float32],
    ) -> Features:
        self.encoded += 1
        return self._octagon.encode(colours, covered, extreme_points)

    def decode(
        self,
        features: Features,
        extreme_points: npt.NDArray[np.float32],
        clicks: Sequence[CropClick],
        previous: FloatMap | None,
    ) -> FloatMap:
        self.decoded.append((len(clicks), previous is not None))
        logits = self._octagon.decode(features, extreme_points, clicks, previous)
        if previous is not None:
            logits = logits * 0.5 + float(previous.mean())
        return logits


def test_the_octagon_comes_back_in_image_pixels() -> None:
    made = ClickPredictor(OctagonNetwork(256)).predict(PHOTO, "photo", POINTS)
    mask = made.mask.to_mask(Size(160, 120))
    expected = octagon(np.array(POINTS.points()), (120, 160))
    assert np.count_nonzero(mask != expected) < 0.02 * expected.sum()
    assert 0.95 < made.score <= 1


def test_a_click_never_encodes_again() -> None:
    network = CountingNetwork()
    predictor = ClickPredictor(network)
    first = predictor.predict(PHOTO, "photo", POINTS)
    predictor.predict(PHOTO, "photo", POINTS, [INSIDE], first.previous_mask)
    assert network.encoded == 1
    assert network.decoded == [(0, False), (1, True)]


def test_other_photos_and_other_points_are_encoded_of_their_own() -> None:
    network = CountingNetwork()
    predictor = ClickPredictor(network)
    predictor.predict(PHOTO, "photo", POINTS)
    predictor.predict(PHOTO, "other photo", POINTS)
    moved = ExtremePoints(Point(81, 20), Point(30, 60), Point(80, 100), Point(130, 60))
    predictor.predict(PHOTO, "photo", moved)
    assert network.encoded == 3


def test_an_instance_that_kept_nothing_answers_the_same() -> None:
    warm = ClickPredictor(CountingNetwork())
    first = warm.predict(PHOTO, "photo", POINTS)
    second = warm.predict(PHOTO, "photo", POINTS, [INSIDE], first.previous_mask)
    third = warm.predict(PHOTO, "photo", POINTS, [INSIDE, OUTSIDE], second.previous_mask)
    cold = ClickPredictor(CountingNetwork(), cache_bytes=0)
    by_mask = cold.predict(PHOTO, "photo", POINTS, [INSIDE, OUTSIDE], second.previous_mask)
    replayed = cold.predict(PHOTO, "photo", POINTS, [INSIDE, OUTSIDE])
    for other in (by_mask, replayed):
        assert (other.mask, other.previous_mask) == (third.mask, third.previous_mask)


def test_a_previous_mask_without_clicks_changes_nothing() -> None:
    predictor = ClickPredictor(CountingNetwork())
    first = predictor.predict(PHOTO, "photo", POINTS)
    assert predictor.predict(PHOTO, "photo", POINTS, [], first.previous_mask).mask == first.mask


@pytest.mark.parametrize("previous", ["", "not base64!", "aGVsbG8="])
def test_a_previous_mask_that_is_none_is_refused(previous: str) -> None:
    with pytest.raises(ClickRequestError, match="previous mask") as raised:
        ClickPredictor(CountingNetwork()).predict(PHOTO, "photo", POINTS, [INSIDE], previous)
    assert raised.value.status == 422


def test_a_previous_mask_of_another_size_is_refused() -> None:
    previous = encode_previous(np.zeros((31, 32), np.float32))
    with pytest.raises(ClickRequestError, match="previous mask"):
        ClickPredictor(CountingNetwork()).predict(PHOTO, "photo", POINTS, [INSIDE], previous)


def test_points_and_clicks_outside_the_photo_are_refused() -> None:
    predictor = ClickPredictor(CountingNetwork())
    far = ExtremePoints(Point(80, 20), Point(30, 60), Point(80, 100), Point(161, 60))
    with pytest.raises(ClickRequestError, match="outside the photo"):
        predictor.predict(PHOTO, "photo", far)
    with pytest.raises(ClickRequestError, match="outside the photo"):
        predictor.predict(PHOTO, "photo", POINTS, [Click(Point(-1, 5), ClickKind.INSIDE)])


def test_a_click_far_outside_the_crop_is_taken() -> None:
    photo = np.zeros((1000, 1000, 3), np.uint8)
    made = ClickPredictor(CountingNetwork()).predict(
        photo, "large", POINTS, [Click(Point(990, 990), ClickKind.OUTSIDE)]
    )
    assert not made.mask.box.is_empty


class FloodingNetwork(CountingNetwork):
    """Says that all of the crop is object, whatever one clicks."""

    hears_clicks = False

    def decode(
        self,
        features: Features,
        extreme_points: npt.NDArray[np.float32],
        clicks: Sequence[CropClick],
        previous: FloatMap | None,
    ) -> FloatMap:
        return np.full((64, 64), 9, np.float32)


@pytest.mark.parametrize(
    ("kind", "heard"),
    [(ClickKind.INSIDE, True), (ClickKind.BOUNDARY, True), (ClickKind.OUTSIDE, False)],
)
def test_a_click_past_a_misplaced_extreme_point_is_heard(kind: ClickKind, heard: bool) -> None:
    click = Click(Point(143, 60), kind)  # the rightmost point was placed at 130
    predictor = ClickPredictor(FloodingNetwork())
    plain = predictor.predict(PHOTO, "photo", POINTS).mask.to_mask(Size(160, 120))
    mask = predictor.predict(PHOTO, "photo", POINTS, [click]).mask.to_mask(Size(160, 120))
    assert not plain[60, 143]
    assert mask[60, 143] == heard


def test_the_previous_mask_survives_the_wire_to_8_bits() -> None:
    probability = np.linspace(0, 1, 32 * 32, dtype=np.float32).reshape(32, 32)
    back = decode_previous(encode_previous(probability), 32)
    assert np.abs(back - probability).max() <= 0.5 / 255 + 1e-6


def test_the_score_is_the_expected_overlap() -> None:
    assert expected_iou(np.array([[1.0, 0.0]], np.float32)) == 1.0
    assert expected_iou(np.array([[0.75, 0.25]], np.float32)) == pytest.approx(0.75 / 1.25)
    assert expected_iou(np.zeros((2, 2), np.float32)) == 0.0


class WholePhotoNetwork(CountingNetwork):
    """Looks at the whole photo once, whatever the object."""

    whole_photo = True

    def decode(
        self,
        features: Features,
        extreme_points: npt.NDArray[np.float32],
        clicks: Sequence[CropClick],
        previous: FloatMap | None,
    ) -> FloatMap:
        drawn: FloatMap = octagon(extreme_points.astype(np.float64), (64, 64)) * np.float32(12) - 6
        return drawn


def test_a_network_that_sees_the_whole_photo_encodes_it_once_and_before_the_first_click() -> None:
    network = WholePhotoNetwork()
    predictor = ClickPredictor(network)
    assert predictor.prewarm(PHOTO, "photo") > 0
    first = predictor.predict(PHOTO, "photo", POINTS)
    other = ExtremePoints(Point(40, 10), Point(10, 40), Point(40, 70), Point(70, 40))
    second = predictor.predict(PHOTO, "photo", other)
    assert network.encoded == 1
    assert first.timings_ms["encode"] == second.timings_ms["encode"] == 0
    for made, points in ((first, POINTS), (second, other)):
        expected = octagon(np.array(points.points()), (120, 160))
        mask = made.mask.to_mask(Size(160, 120))
        assert (mask & expected).sum() / (mask | expected).sum() > 0.9


def test_a_network_that_looks_at_crops_has_nothing_to_do_before_the_first_click() -> None:
    network = CountingNetwork()
    assert ClickPredictor(network).prewarm(PHOTO, "photo") == 0
    assert network.encoded == 0
