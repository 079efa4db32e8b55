"""Other photos with known objects, from which a head learns what objects are before a replay.

A model for a new set of photos seldom starts from nothing. These are never photos of the replay;
what is computed of them is kept beside its features, in the same directions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hooks.core.geometry import Size
from model_endpoint.reference_photos import ReferencePhoto
from scripts.active_learning_simulation.cell_maps import SIDE, together
from scripts.active_learning_simulation.fixed_encoder import FixedEncoder
from scripts.active_learning_simulation.labeled_photos import References, read_references
from scripts.active_learning_simulation.photo_features import (
    CANVAS,
    DIRECTIONS,
    DIRECTIONS_FILE,
    GRID,
    SCALES,
    array_file,
    on_canvas,
)
from scripts.active_learning_simulation.principal_directions import PrincipalDirections
from scripts.progress import counting


@dataclass(frozen=True, slots=True)
class PriorPhotos:
    """What a prior head learns from.

    Attributes:
        sizes: of every photo on the canvas, in pixels.
        cells: float16 (photos, DIRECTIONS, SIDE, SIDE), as `cell_maps.together` gives them.
    """

    sizes: tuple[Size, ...]
    cells: npt.NDArray[np.float16]
    references: References


def prior_folder(photos: Sequence[ReferencePhoto], features: Path) -> Path:
    """Where what is computed of prior photos is kept, below the folder of the replay's features."""
    names = json.dumps([photo.name for photo in photos]).encode()
    return features / f"prior-{hashlib.sha256(names).hexdigest()[:8]}"


def read_prior(
    photos: Sequence[ReferencePhoto], encoder_directory: Path, features: Path
) -> PriorPhotos:
    """The prior photos, computed as far as they are not there; interrupted, it goes on.

    Args:
        features: the folder of the replay's features, whose directions are used.
    """
    folder = prior_folder(photos, features)
    folder.mkdir(parents=True, exist_ok=True)
    count = len(photos)
    cells = array_file(folder / "cells.npy", (count, DIRECTIONS, SIDE, SIDE), np.float16)
    sizes = array_file(folder / "sizes.npy", (count, 2), np.int32)
    done = array_file(folder / "done.npy", (count,), np.bool_)
    missing = np.flatnonzero(~done).tolist()
    if missing:
        encoder = FixedEncoder.read(encoder_directory, CANVAS, GRID, SCALES)
        directions = PrincipalDirections.read(features / DIRECTIONS_FILE)
        with counting("looking at other photos", len(missing)) as advance:
            for place in missing:
                pixels = on_canvas(photos[place].read_photo())
                seen = directions.project(encoder.look(pixels).cells[:1])
                cells[place] = together(seen)[0].numpy()
                sizes[place] = pixels.shape[1], pixels.shape[0]
                done[place] = True
                advance()
    found = tuple(Size(int(width), int(height)) for width, height in sizes)
    return PriorPhotos(found, cells, read_references(photos))
