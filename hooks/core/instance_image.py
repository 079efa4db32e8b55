"""Consolidated objects as one image: a greyscale PNG whose value is the object's number."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from hooks.core.instances import FusedInstance
from hooks.core.photo import PhotoHeader, orientation_exif, to_file_grid

_EIGHT_BITS = 255


def write_instance_image(instances: Sequence[FusedInstance], photo: PhotoHeader) -> bytes:
    """Numbers from 1 in the order of `instances`, later ones on top, 0 where there is none.

    8 bits, 16 for more than 255 objects. In the photo file's own pixel grid and with its EXIF
    orientation, as label maps are written.
    """
    wide = np.uint16 if len(instances) > _EIGHT_BITS else np.uint8
    numbers = np.zeros(photo.size.shape, wide)
    for number, found in enumerate(instances, start=1):
        numbers[found.placed.box.slices()][found.placed.mask] = number
    image = Image.fromarray(to_file_grid(numbers, photo.orientation))
    stream = io.BytesIO()
    if photo.orientation == 1:
        image.save(stream, format="PNG")
    else:
        image.save(stream, format="PNG", exif=orientation_exif(photo.orientation))
    return stream.getvalue()
