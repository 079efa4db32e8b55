"""Principal components, scaled to a spread of one each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
SMALLEST_SPREAD = 1e-3
"""Relative to the largest; directions of less are noise, and are not blown up."""


@dataclass(frozen=True, slots=True)
class PrincipalDirections:
    """An affine map of features (…, inputs) to (…, directions).

    Attributes:
        weight: (inputs, directions).
        offset: (directions,).
    """

    weight: Floats
    offset: Floats

    def project(self, features: Floats) -> Floats:
        # One product: numpy multiplies a stack of matrices one by one.
        flat = features.reshape(-1, features.shape[-1]) @ self.weight + self.offset
        return flat.reshape(*features.shape[:-1], -1)

    def write(self, path: Path) -> None:
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, weight=self.weight, offset=self.offset)
        partial.replace(path)

    @classmethod
    def read(cls, path: Path) -> PrincipalDirections:
        with np.load(path) as found:
            return cls(found["weight"], found["offset"])


def find_directions(samples: Floats, count: int) -> PrincipalDirections:
    """The `count` directions in which samples (n, inputs) differ most, each input first scaled to
    a spread of one; with zeros for those that there are too few samples or inputs for."""
    mean = samples.mean(0)
    spread = samples.std(0)
    spread = np.where(spread > SMALLEST_SPREAD * max(float(spread.max()), 1e-9), spread, np.inf)
    scaled = ((samples - mean) / spread).astype(np.float64)
    variances, vectors = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    order = np.argsort(variances)[::-1][:count]
    sizes = np.sqrt(np.maximum(variances[order], 0))
    sizes = np.where(sizes > SMALLEST_SPREAD * max(float(sizes.max()), 1e-9), sizes, np.inf)
    weight = np.zeros((samples.shape[1], count), np.float32)
    weight[:, : len(order)] = vectors[:, order] / sizes / spread[:, None]
    return PrincipalDirections(weight, -(mean @ weight).astype(np.float32))
