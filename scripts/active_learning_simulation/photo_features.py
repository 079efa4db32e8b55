"""What the fixed encoder sees in every photo and in its mirror image, computed once and kept.

Photos are brought to one canvas: their longer side to CANVAS pixels, both sides to multiples of
ALIGNED, and the rest of the canvas, right and below, is grey. The encoder looks at it at each of
SCALES: what is small on the canvas is of the size it knows at the full scale, what fills it at a
smaller one. Features of all strides are brought to the cells of one grid and reduced to the
DIRECTIONS in which the cells of all photos differ most (no label is looked at for that), so a round
of a simulation reads a tenth of what the encoder gave.

The files are memory-mapped arrays; `done.npy` says which photos are in them, so an interrupted
computation goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.geometry import Size
from model_endpoint.network import WEIGHTS_FILE
from model_endpoint.reference_photos import ReferencePhoto
from scripts.active_learning_simulation.fixed_encoder import FixedEncoder
from scripts.active_learning_simulation.principal_directions import (
    PrincipalDirections,
    find_directions,
)
from scripts.progress import counting

CANVAS = 384
CELL = 8
"""Pixels of the canvas that a cell's side covers."""
GRID = CANVAS // CELL
ALIGNED = 32
"""So the mirror image's cells are those of the photo, mirrored."""
SCALES = (1.0, 0.5)
DIRECTIONS = 160
EMBEDDING = 32
"""Numbers of a photo's own embedding."""
SAMPLED_PHOTOS, SAMPLED_CELLS = 150, 150
"""Of which the directions are found."""
VERSION = 2
DIRECTIONS_FILE = "directions.npz"

Cells = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class PhotoFeatures:
    """Features of all photos.

    Attributes:
        sizes: of every photo on the canvas, in pixels.
        cells: float16 (photos, 2, GRID, GRID, DIRECTIONS), each direction of mean 0 and spread 1;
            the second of each pair is of the mirror image, mirrored as it is. Cells beside the
            photo mean nothing.
        embeddings: float32 (photos, EMBEDDING), of the coarsest features' mean.
        folder: where they are kept.
    """

    sizes: tuple[Size, ...]
    cells: Cells
    embeddings: npt.NDArray[np.float32]
    folder: Path

    def grid_size(self, place: int) -> Size:
        """A photo's size in cells."""
        size = self.sizes[place]
        return Size(size.width // CELL, size.height // CELL)


def canvas_size(width: int, height: int) -> Size:
    """A photo's size on the canvas."""
    scale = CANVAS / max(width, height)
    sides = (round(side * scale / ALIGNED) * ALIGNED for side in (width, height))
    return Size(*(min(max(side, ALIGNED), CANVAS) for side in sides))


def on_canvas(photo: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The photo at its canvas size, uint8 (height, width, 3); the grey beside it is left out."""
    size = canvas_size(photo.shape[1], photo.shape[0])
    return np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.BILINEAR))


def read_features(
    photos: Sequence[ReferencePhoto], encoder_directory: Path, cache: Path
) -> PhotoFeatures:
    """The features of photos, from the cache as far as they are there."""
    folder = cache / _key(photos, encoder_directory)
    folder.mkdir(parents=True, exist_ok=True)
    count = len(photos)
    cells = array_file(folder / "cells.npy", (count, 2, GRID, GRID, DIRECTIONS), np.float16)
    means = array_file(folder / "embeddings.npy", (count, EMBEDDING), np.float32)
    sizes = array_file(folder / "sizes.npy", (count, 2), np.int32)
    done = array_file(folder / "done.npy", (count,), np.bool_)
    missing = np.flatnonzero(~done).tolist()
    if missing:
        encoder = FixedEncoder.read(encoder_directory, CANVAS, GRID, SCALES)
        directions, coarsest = _directions(photos, encoder, folder)
        with counting("looking at photos", len(missing)) as advance:
            for place in missing:
                pixels = on_canvas(photos[place].read_photo())
                seen = encoder.look(pixels)
                cells[place] = directions.project(seen.cells)
                means[place] = coarsest.project(seen.mean)
                sizes[place] = pixels.shape[1], pixels.shape[0]
                done[place] = True
                advance()
    return PhotoFeatures(
        tuple(Size(int(width), int(height)) for width, height in sizes), cells, means, folder
    )


def _directions(
    photos: Sequence[ReferencePhoto], encoder: FixedEncoder, folder: Path
) -> tuple[PrincipalDirections, PrincipalDirections]:
    """Of cells, and of photos' means; found once and kept."""
    paths = folder / DIRECTIONS_FILE, folder / "coarsest.npz"
    if not all(path.exists() for path in paths):
        rng = np.random.default_rng(0)
        sampled = rng.permutation(len(photos))[:SAMPLED_PHOTOS].tolist()
        cells, means = [], []
        with counting("finding directions", len(sampled)) as advance:
            for place in sampled:
                pixels = on_canvas(photos[place].read_photo())
                seen = encoder.look(pixels)
                rows = rng.integers(pixels.shape[0] // CELL, size=SAMPLED_CELLS)
                columns = rng.integers(pixels.shape[1] // CELL, size=SAMPLED_CELLS)
                cells.append(seen.cells[0, rows, columns])
                means.append(seen.mean)
                advance()
        found = find_directions(np.concatenate(cells), DIRECTIONS)
        find_directions(np.stack(means), EMBEDDING).write(paths[1])
        found.write(paths[0])
    return PrincipalDirections.read(paths[0]), PrincipalDirections.read(paths[1])


def _key(photos: Sequence[ReferencePhoto], encoder_directory: Path) -> str:
    """The folder's name: other photos or other weights have other features."""
    digest = hashlib.sha256((encoder_directory / WEIGHTS_FILE).read_bytes())
    settings = [VERSION, CANVAS, CELL, *SCALES, DIRECTIONS, EMBEDDING]
    digest.update(json.dumps([*settings, *(photo.name for photo in photos)]).encode())
    return digest.hexdigest()[:16]


def array_file(path: Path, shape: tuple[int, ...], kind: Any) -> npt.NDArray[Any]:
    """The array of a file, made of zeros if there is none."""
    if not path.exists():
        partial = path.with_suffix(".partial")
        np.lib.format.open_memmap(partial, "w+", kind, shape).flush()
        partial.replace(path)
    return np.lib.format.open_memmap(path, "r+")
