"""Directions in which samples differ most."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scripts.active_learning_simulation.principal_directions import (
    PrincipalDirections,
    find_directions,
)

RNG = np.random.default_rng(0)
# Three inputs that follow one another, and one that never changes.
SAMPLES = np.hstack(
    [RNG.normal(5, 2, (400, 1)) * [1, 2, -3] + RNG.normal(0, 0.1, (400, 3)), np.ones((400, 1))]
).astype(np.float32)


def test_directions_have_mean_0_and_spread_1_and_do_not_follow_each_other() -> None:
    found = find_directions(SAMPLES, 2).project(SAMPLES)
    assert np.allclose(found.mean(0), 0, atol=1e-3)
    assert np.allclose(np.cov(found.T), np.eye(2), atol=0.02)
    assert abs(np.corrcoef(found[:, 0], SAMPLES[:, 0])[0, 1]) > 0.99


def test_directions_that_there_are_not_are_zero() -> None:
    found = find_directions(SAMPLES, 6).project(SAMPLES)
    assert found.shape == (400, 6)
    assert np.isfinite(found).all()
    assert not found[:, 4:].any()


def test_directions_survive_their_file(tmp_path: Path) -> None:
    directions = find_directions(SAMPLES, 2)
    directions.write(tmp_path / "directions.npz")
    again = PrincipalDirections.read(tmp_path / "directions.npz")
    assert np.array_equal(again.project(SAMPLES), directions.project(SAMPLES))
