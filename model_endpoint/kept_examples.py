"""Photos at the size at which they are trained on, kept as long as there is room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import cv2
import numpy as np

from model_endpoint.segmentation_network import Colours

KEPT_BYTES = 1_000_000_000
"""What is kept of decoded photos; the rest is read again for every use."""

Target = TypeVar("Target")


@dataclass
class KeptExamples(Generic[Target]):
    """Small photos with what is to be learned of them, by name."""

    _kept: dict[str, tuple[Colours, Target]] = field(default_factory=dict)
    _bytes: int = 0

    def get(
        self,
        name: str,
        read: Callable[[], tuple[Colours, Target]],
        bytes_of: Callable[[Target], int],
    ) -> tuple[Colours, Target]:
        """What `read` gives, from memory if it is there."""
        if name in self._kept:
            return self._kept[name]
        pair = read()
        size = pair[0].nbytes + bytes_of(pair[1])
        if self._bytes + size <= KEPT_BYTES:
            self._kept[name] = pair
            self._bytes += size
        return pair


def shrunk(photo: Colours, size: int) -> Colours:
    """The photo, uint8 (height, width, 3), with its longer side at `size`."""
    width, height = shrunk_shape(photo.shape, size)
    way = cv2.INTER_AREA if size < max(photo.shape[:2]) else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(photo, (width, height), interpolation=way), np.uint8)


def shrunk_shape(shape: tuple[int, ...], size: int) -> tuple[int, int]:
    """Width and height of an array (height, width, ...) whose longer side is brought to `size`."""
    scale = size / max(shape[:2])
    return max(round(shape[1] * scale), 1), max(round(shape[0] * scale), 1)
