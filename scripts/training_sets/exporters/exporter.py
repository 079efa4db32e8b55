"""What a training-set format must say of itself."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from PIL import Image

from hooks.core.categories import LabelCategories
from hooks.core.masks import LabelMap
from scripts.training_sets.export_target import Target
from scripts.training_sets.labeled_pixels import LabeledPixels

JSON = "application/json"
PNG = "image/png"
TEXT = "text/plain"

Records = Callable[[], Iterator[dict[str, Any]]]
"""Starts over with the records of all exported images, in their order, one at a time.

A record has `name`, `side`, `index`, `width`, `height` and what the exporter added.
"""


@dataclass(frozen=True, slots=True)
class OutFile:
    """A file of an export; `name` is relative, with slashes."""

    name: str
    body: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class ExportedImage:
    """What one image becomes.

    Attributes:
        files: to write.
        record: JSON that the files about the whole set are made of in the end; small.
    """

    files: tuple[OutFile, ...]
    record: Mapping[str, Any]


class Exporter(Protocol):
    """A training-set format.

    Attributes:
        needs_jpeg: photos of other kinds must become JPEG.
        needs_instances: it knows objects, not just classes.
    """

    @property
    def needs_jpeg(self) -> bool: ...
    @property
    def needs_instances(self) -> bool: ...

    def export(self, image: LabeledPixels) -> ExportedImage:
        """One image's files. Called from many threads."""

    def finish(self, records: Records, target: Target) -> None:
        """Write the files about the whole set, without holding it."""


def index_png(label_map: LabelMap, categories: LabelCategories) -> bytes:
    """A single-channel 8-bit PNG whose value is the class, 255 void, with the classes' colours."""
    palette = bytearray(3 * 256)
    for index, color in categories.colors().items():
        palette[3 * index : 3 * index + 3] = bytes.fromhex(color[1:])
    return palette_png(label_map, bytes(palette))


def palette_png(values: LabelMap, palette: bytes) -> bytes:
    """A PNG of these values with a palette of 256 colours of three bytes each."""
    image = Image.fromarray(np.ascontiguousarray(values))
    image.putpalette(palette)
    stream = io.BytesIO()
    # Label maps are flat: more effort makes them a tenth smaller and takes twice the time.
    image.save(stream, "PNG", compress_level=1)
    return stream.getvalue()
