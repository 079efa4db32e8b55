"""From a model's coordinates to the upright photo's.

Models answer in pixels of what they looked at, in fractions of it, or at a size of their own. Most
looked at the upright photo; some ignore the photo's EXIF orientation and looked at the file's own
pixel grid. A map of pixels shows by its shape which it was, unless the photo is square or upside
down; boxes do not. So `file_grid` says it for all answers of a model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.errors import MaskError
from hooks.core.geometry import Size
from hooks.core.masks import LabelMap, Mask
from hooks.core.photo import PhotoHeader, upright

ASPECT_SLACK = 0.03
"""By which an answer's proportions may differ from the photo's, which rounding to multiples of a
network's stride explains."""

# Where a point of the file's grid, in fractions of it, lies in the upright photo (Exif 2.32,
# section 4.6.4); the same turns as `hooks.core.photo` makes with arrays.
_UPRIGHT: dict[int, Callable[[float, float], tuple[float, float]]] = {
    1: lambda x, y: (x, y),
    2: lambda x, y: (1 - x, y),
    3: lambda x, y: (1 - x, 1 - y),
    4: lambda x, y: (x, 1 - y),
    5: lambda x, y: (y, x),
    6: lambda x, y: (1 - y, x),
    7: lambda x, y: (1 - y, 1 - x),
    8: lambda x, y: (y, 1 - x),
}


@dataclass(frozen=True, slots=True)
class PhotoFrame:
    """One photo, and how its model looked at it.

    Attributes:
        file_grid: the model ignores EXIF orientations.
    """

    photo: PhotoHeader
    file_grid: bool = False

    @property
    def size(self) -> Size:
        """Of the upright photo."""
        return self.photo.size

    @property
    def seen(self) -> Size:
        """Of what the model looked at."""
        return self.photo.file_size if self.file_grid else self.photo.size

    def box(
        self, left: float, top: float, right: float, bottom: float
    ) -> tuple[float, float, float, float] | None:
        """Edges in fractions of what the model saw, as left, top, right, bottom in the photo's
        pixels, cut to the photo; None if nothing is left of the box."""
        corners = [(left, top), (right, bottom)]
        if self.file_grid:
            corners = [_UPRIGHT[self.photo.orientation](x, y) for x, y in corners]
        xs = sorted(min(max(x, 0.0), 1.0) * self.size.width for x, _ in corners)
        ys = sorted(min(max(y, 0.0), 1.0) * self.size.height for _, y in corners)
        if xs[1] - xs[0] < 0.01 or ys[1] - ys[0] < 0.01:
            return None
        return xs[0], ys[0], xs[1], ys[1]

    def label_map(self, label_map: LabelMap) -> LabelMap:
        """A map of all pixels that the model saw, of the upright photo's size.

        Raises:
            MaskError: its proportions are those of another photo.
        """
        height, width = label_map.shape
        for size, orientation in self._grids():
            if (height, width) == size.shape:
                return upright(label_map, orientation)
        for size, orientation in self._grids():
            if abs((width / height) / (size.width / size.height) - 1) <= ASPECT_SLACK:
                image = Image.fromarray(label_map).resize(size, Image.Resampling.NEAREST)
                return upright(np.asarray(image), orientation)
        raise MaskError(
            f"it is {width} x {height} pixels, the photo {self.size.width} x {self.size.height}."
        )

    def mask(self, mask: npt.NDArray[np.bool_]) -> Mask:
        """As `label_map`, of one object's pixels."""
        return self.label_map(mask.view(np.uint8)).astype(bool)

    def _grids(self) -> list[tuple[Size, int]]:
        """What the model may have looked at, the likelier first, each with what turns it."""
        grids = [(self.photo.size, 1), (self.photo.file_size, self.photo.orientation)]
        return grids[::-1] if self.file_grid else grids
