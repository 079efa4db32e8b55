"""The octagon baseline, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from model_endpoint.octagon import OctagonNetwork, octagon


def test_the_octagon_of_centred_points_by_hand() -> None:
    # Box 0..16: segments of a quarter of 16 = 4 long, centred at 8: from 6 to 10 on every side.
    points = np.array([[8.0, 0.0], [0.0, 8.0], [8.0, 16.0], [16.0, 8.0]])
    mask = octagon(points, (16, 16))
    # Row 0, centre y = 0.5: the cut corner's side runs from (6, 0) to (0, 6), x >= 6 - y.
    assert np.flatnonzero(mask[0]).tolist() == [5, 6, 7, 8, 9, 10]
    assert mask[8].all()
    assert (mask == mask[::-1]).all()
    assert (mask == mask[:, ::-1]).all()
    # 16 x 16 minus four triangles of side 6, to the pixel.
    assert mask.sum() == pytest.approx(256 - 4 * 18, abs=12)


def test_segments_are_cut_off_at_the_corners_of_the_box() -> None:
    # The top point sits in the left corner: its segment is only half as long.
    points = np.array([[0.0, 0.0], [0.0, 0.0], [16.0, 16.0], [16.0, 16.0]])
    mask = octagon(points, (16, 16))
    assert mask[0, 0]
    assert mask[15, 15]
    assert not mask[0, 15]


def test_the_octagon_stays_in_the_box() -> None:
    points = np.array([[30.0, 10.0], [12.0, 25.0], [28.0, 44.0], [50.0, 20.0]])
    rows, columns = np.nonzero(octagon(points, (60, 60)))
    assert rows.min() >= 10
    assert rows.max() < 44
    assert columns.min() >= 12
    assert columns.max() < 50


def test_the_octagon_backend_never_hears_a_click() -> None:
    network = OctagonNetwork(64)
    colours, covered = np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), np.bool_)
    points = np.array([[32, 8], [8, 32], [32, 56], [56, 32]], np.float32)
    features = network.encode(colours, covered, points)
    logits = network.decode(features, points, (), None)
    assert logits.shape == (64, 64)
    assert ((logits > 0) == octagon(points.astype(np.float64), (64, 64))).all()
    with pytest.raises(ValueError, match="32 x 32"):
        network.decode(features, points, (), np.zeros((3, 3), np.float32))
