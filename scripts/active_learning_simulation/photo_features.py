"""What the fixed encoder sees in every photo and in its mirror image, computed once and kept.

Photos are brought to one canvas: their longer side to CANVAS pixels, both sides to multiples of the
coarsest stride that is kept, and the rest of the canvas, right and below, is grey. The files are
memory-mapped arrays of float16, one per stride; `done.npy` says which photos are in them, so an
interrupted computation goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.geometry import Size
from model_endpoint.guidance import COLOUR_MEAN, COLOUR_SCALE
from model_endpoint.network import WEIGHTS_FILE, Encoder, read_weights
from model_endpoint.reference_photos import ReferencePhoto
from scripts.progress import counting

CANVAS = 384
"""Pixels of the canvas's sides. Reference masks and human labels are made at this scale."""
STRIDES = (4, 8, 16, 32)
MIRRORED = 1
"""Place of the mirror image beside the photo."""
VERSION = 1
DONE_FILE = "done.npy"

Features = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class PhotoFeatures:
    """Features of all photos.

    Attributes:
        sizes: of every photo on the canvas.
        by_stride: float16 (photos, 2, channels, CANVAS / stride, CANVAS / stride); the second of
            each pair is of the photo's mirror image, mirrored as it is.
    """

    sizes: tuple[Size, ...]
    by_stride: dict[int, Features]


def canvas_size(width: int, height: int) -> Size:
    """A photo's size on the canvas."""
    scale = CANVAS / max(width, height)
    sides = (round(side * scale / 32) * 32 for side in (width, height))
    return Size(*(min(max(side, 32), CANVAS) for side in sides))


def on_canvas(photo: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The photo at its canvas size, uint8 (height, width, 3); the grey beside it is left out."""
    size = canvas_size(photo.shape[1], photo.shape[0])
    return np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.BILINEAR))


def read_features(
    photos: Sequence[ReferencePhoto], encoder_directory: Path, cache: Path
) -> PhotoFeatures:
    """The features of photos, from the cache as far as they are there."""
    import torch

    network = read_weights(encoder_directory)
    folder = cache / _key(photos, encoder_directory)
    folder.mkdir(parents=True, exist_ok=True)
    with torch.inference_mode():
        example = _encode(network.encoder, np.zeros((CANVAS, CANVAS, 3), np.uint8))
    by_stride = {
        stride: _array(folder / f"stride{stride}.npy", (len(photos), *values.shape))
        for stride, values in zip(STRIDES, example, strict=True)
    }
    sizes = _array(folder / "sizes.npy", (len(photos), 2), np.int32)
    done = _array(folder / DONE_FILE, (len(photos),), np.bool_)
    missing = np.flatnonzero(~done).tolist()
    with counting("looking at photos", len(missing)) as advance, torch.inference_mode():
        for place in missing:
            pixels = on_canvas(photos[place].read_photo())
            for stride, values in zip(STRIDES, _encode(network.encoder, pixels), strict=True):
                by_stride[stride][place] = values
            sizes[place] = pixels.shape[1], pixels.shape[0]
            done[place] = True
            advance()
    return PhotoFeatures(tuple(Size(int(width), int(height)) for width, height in sizes), by_stride)


def _key(photos: Sequence[ReferencePhoto], encoder_directory: Path) -> str:
    """The folder's name: other photos or other weights have other features."""
    digest = hashlib.sha256((encoder_directory / WEIGHTS_FILE).read_bytes())
    digest.update(json.dumps([VERSION, CANVAS, *(photo.name for photo in photos)]).encode())
    return digest.hexdigest()[:16]


def _array(path: Path, shape: tuple[int, ...], kind: Any = np.float16) -> npt.NDArray[Any]:
    """The array of a file, made of zeros if there is none."""
    if not path.exists():
        made = np.lib.format.open_memmap(path, "w+", kind, shape)
        made.flush()
    return np.lib.format.open_memmap(path, "r+")


def _encode(encoder: Encoder, pixels: npt.NDArray[np.uint8]) -> list[Features]:
    """(2, channels, height, width) per stride: the photo, and its mirror image."""
    import torch

    height, width = pixels.shape[:2]
    colours = np.zeros((2, 3, CANVAS, CANVAS), np.float32)
    for place, seen in enumerate((pixels, pixels[:, ::-1])):
        colours[place, :, :height, :width] = (
            seen.transpose(2, 0, 1).astype(np.float32) - COLOUR_MEAN
        ) / COLOUR_SCALE
    # As a click on the whole photo: no extreme points, a box round everything.
    points = np.zeros((2, 1, CANVAS, CANVAS), np.float32)
    box = np.ones_like(points)
    context: list[torch.Tensor] = []
    hook: Callable[..., None] = lambda module, given, result: context.append(result)  # noqa: E731
    # The coarsest features never leave the encoder by themselves: clicks need no finer words for
    # what a thing is, labels do.
    handle = encoder.stages[3].register_forward_hook(hook)
    try:
        _, f4, f8, f16 = encoder(torch.from_numpy(np.concatenate((colours, points, box), 1)))
    finally:
        handle.remove()
    return [values.numpy().astype(np.float16) for values in (f4, f8, f16, context[0])]
