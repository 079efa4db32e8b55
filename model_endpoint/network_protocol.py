"""What a segmentation backend must do, so that the predictor does not care which one it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from model_endpoint.guidance import CropClick, FloatMap

Features: TypeAlias = tuple[Any, ...]
"""What is computed once per crop and kept: arrays of the network's own kind (numpy's, or tensors
that stay on a graphics card). Each has `nbytes`, which the cache counts."""


class Network(Protocol):
    """Slow once per crop, fast per click. Implementations are safe to call from many threads."""

    @property
    def name(self) -> str:
        """Size and a hash of the weights, e.g. `small-1a2b3c4d`; answers carry it."""

    @property
    def size(self) -> int:
        """Side of the square crop in pixels, a multiple of 32."""

    @property
    def concurrency(self) -> int:
        """How many calls at a time are worth making: those that it computes at once."""

    @property
    def whole_photo(self) -> bool:
        """Whether a crop is the whole photo, and its features serve every object in it.

        Such a network ignores the points in `encode`, which can then be done before the first
        click.
        """

    @property
    def hears_clicks(self) -> bool:
        """Whether its masks follow clicks, so that one it did not heed is to be honoured."""

    def encode(
        self,
        colours: npt.NDArray[np.uint8],
        covered: npt.NDArray[np.bool_],
        extreme_points: npt.NDArray[np.float32],
    ) -> Features:
        """Features of one crop.

        Args:
            colours: (size, size, 3) RGB.
            covered: (size, size), False where the crop reaches past the photo.
            extreme_points: (4, 2) x, y of top, left, bottom, right in crop pixels.
        """

    def decode(
        self,
        features: Features,
        extreme_points: npt.NDArray[np.float32],
        clicks: Sequence[CropClick],
        previous: FloatMap | None,
    ) -> FloatMap:
        """(size, size) logits of the mask after `clicks`.

        Args:
            extreme_points: as in `encode`.
            clicks: corrective clicks in crop pixels, in the order placed.
            previous: (size/2, size/2) probability of the mask that the last click corrects.
        """
