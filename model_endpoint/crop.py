"""Where the network looks: a square crop round the four extreme points.

The crop is a box of the photo stretched to `size` x `size` pixels. It may reach past the photo;
what lies beyond is not covered and reads as mean grey.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.geometry import Box, Size

MARGIN = 0.15
"""Of the object's width and height, on each side."""
MARGIN_PIXELS = 4.0
MAX_DISTORTION = 2.0
"""The crop is stretched at most this much more along one side than along the other."""

REACH_PIXELS = 6.0
REACH_SHARE = 0.02
"""An object ends at its extreme points; people are off by this much. The network keeps to the
points by itself: half of this costs no IoU, but leaves clicks on the outline unheard."""

LOGIT_STEPS = 16.0
"""Steps of an 8-bit grey value per unit of logit when a mask is stretched back."""


@dataclass(frozen=True, slots=True)
class CropBox:
    """The photo's rectangle that is stretched to the crop, in image pixels (floats)."""

    left: float
    top: float
    width: float
    height: float
    size: int
    """Side of the stretched crop in pixels."""

    @classmethod
    def around(
        cls,
        bounds: tuple[float, float, float, float],
        size: int,
        margin: float = MARGIN,
        margin_pixels: float = MARGIN_PIXELS,
    ) -> CropBox:
        """Crop for an object whose extreme points span (left, top, right, bottom)."""
        left, top, right, bottom = bounds
        width = (right - left) * (1 + 2 * margin) + 2 * margin_pixels
        height = (bottom - top) * (1 + 2 * margin) + 2 * margin_pixels
        wide = max(width, height / MAX_DISTORTION)
        tall = max(height, width / MAX_DISTORTION)
        centre_x, centre_y = (left + right) / 2, (top + bottom) / 2
        return cls(centre_x - wide / 2, centre_y - tall / 2, wide, tall, size)

    @classmethod
    def whole(cls, photo_size: Size, size: int) -> CropBox:
        """All of a photo, each side stretched on its own, as SAM 2 was trained."""
        return cls(0.0, 0.0, float(photo_size.width), float(photo_size.height), size)

    def to_crop(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(n, 2) image points -> crop pixels."""
        return (points - (self.left, self.top)) * (self.size / self.width, self.size / self.height)

    def to_image(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(n, 2) crop points -> image pixels."""
        scale = (self.width / self.size, self.height / self.size)
        return points * scale + (self.left, self.top)

    def cut(
        self, photo: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        """Stretch the crop out of a (height, width, 3) photo.

        Returns the (size, size, 3) colours and where they are covered by the photo. The crop
        pixels that lie wholly in the photo are computed from exactly their own part of it, so
        nothing shifts at the photo's edge.
        """
        height, width = photo.shape[:2]
        scale_x, scale_y = self.width / self.size, self.height / self.size
        first_column = max(math.ceil(-self.left / scale_x - 1e-6), 0)
        last_column = min(math.floor((width - self.left) / scale_x + 1e-6), self.size)
        first_row = max(math.ceil(-self.top / scale_y - 1e-6), 0)
        last_row = min(math.floor((height - self.top) / scale_y + 1e-6), self.size)
        colours = np.zeros((self.size, self.size, 3), np.uint8)
        covered = np.zeros((self.size, self.size), np.bool_)
        if first_column >= last_column or first_row >= last_row:
            return colours, covered
        box = np.array(
            [
                self.left + first_column * scale_x,
                self.top + first_row * scale_y,
                self.left + last_column * scale_x,
                self.top + last_row * scale_y,
            ]
        ).clip(0, (width, height, width, height))
        # Only the needed part of a large photo is handed over, a pixel more on each side.
        left, top = max(int(box[0]) - 1, 0), max(int(box[1]) - 1, 0)
        right, bottom = min(math.ceil(box[2]) + 1, width), min(math.ceil(box[3]) + 1, height)
        part = Image.fromarray(np.ascontiguousarray(photo[top:bottom, left:right]))
        inner = (box - (left, top, left, top)).clip(0, (*part.size, *part.size))
        stretched = part.resize(
            (last_column - first_column, last_row - first_row),
            Image.Resampling.BILINEAR,
            box=tuple(inner.tolist()),
            reducing_gap=2.0,
        )
        colours[first_row:last_row, first_column:last_column] = np.asarray(stretched)
        covered[first_row:last_row, first_column:last_column] = True
        return colours, covered

    def paste(
        self,
        logits: npt.NDArray[np.float32],
        bounds: tuple[float, float, float, float],
        photo_size: Size,
    ) -> tuple[Box, npt.NDArray[np.bool_]]:
        """Stretch (size, size) logits back onto the photo's pixels.

        Args:
            bounds: (left, top, right, bottom) of the points that the object is known to reach,
                image pixels. The mask cannot reach past them by more than REACH_PIXELS and
                REACH_SHARE.

        Returns:
            A box of the photo and the mask inside it, bool (box height, box width), stored
            column by column (as run lengths want it).
        """
        left, top, right, bottom = bounds
        reach_x = REACH_PIXELS + REACH_SHARE * (right - left)
        reach_y = REACH_PIXELS + REACH_SHARE * (bottom - top)
        first_column = max(math.floor(left - reach_x), 0, math.ceil(self.left))
        last_column = min(
            math.ceil(right + reach_x), photo_size.width, math.floor(self.left + self.width)
        )
        first_row = max(math.floor(top - reach_y), 0, math.ceil(self.top))
        last_row = min(
            math.ceil(bottom + reach_y), photo_size.height, math.floor(self.top + self.height)
        )
        box = Box(first_column, first_row, last_column - first_column, last_row - first_row)
        scale_x, scale_y = self.size / self.width, self.size / self.height
        source = np.array(
            [
                (first_row - self.top) * scale_y,
                (first_column - self.left) * scale_x,
                (last_row - self.top) * scale_y,
                (last_column - self.left) * scale_x,
            ]
        ).clip(0, self.size)
        # Turned on its side, so that the result lies column by column in memory.
        grey = (logits.T * LOGIT_STEPS + 128).clip(0, 255).astype(np.uint8)
        stretched = Image.fromarray(grey).resize(
            (box.height, box.width), Image.Resampling.BILINEAR, box=tuple(source.tolist())
        )
        mask: npt.NDArray[np.bool_] = np.asarray(stretched).T >= 128
        return box, mask
