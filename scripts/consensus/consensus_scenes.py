"""What the simulated workers of `fewclick evaluate-consensus` label: true label maps.

Synthetic scenes are wavy closed shapes, one or two of a single class or one of each of twelve.
Real ones are object masks from a folder of the user's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from hooks.core.errors import FewclickError
from hooks.core.geometry import Size
from hooks.core.masks import LabelMap
from scripts.consensus.worker_simulator import SimulatedWorkers, simulate_workers

SIDE = 512
MOST_SHAPES = 2
"""Of a single class; with several classes there is one of each."""
CENTRE = (0.2, 0.8)
RADIUS = (0.1, 0.28)
"""Of the shorter side."""
SEVERAL_CLASSES_RADIUS = 0.6
HARMONICS = range(1, 8)
WAVINESS = 0.22
SQUEEZE = (0.6, 1.2)
OUTLINE_POINTS = 256

LEAST_OBJECT_SHARE, LARGEST_OBJECT_SHARE = 0.03, 0.9
"""Objects smaller or larger than these shares of their photo are not used."""

SCENE_STREAM, WORKER_STREAM = 1, 2
"""Second words of the seeds, so that scenes and workers are drawn independently."""


@dataclass(frozen=True, slots=True)
class SimulatedSet:
    """Scenes of one kind and the workers simulated on them.

    Attributes:
        number: tells the streams of random numbers of different sets apart.
        masks: files of real objects; synthetic shapes where there are none.
    """

    name: str
    number: int
    classes: int
    scenes: int
    seed: int
    masks: tuple[Path, ...] = ()

    def truth(self, scene: int) -> LabelMap:
        """The true label map of a scene, uint8 (height, width)."""
        if self.masks:
            return read_object(self.masks[scene])
        rng = np.random.default_rng((self.seed, SCENE_STREAM, self.number, scene))
        return synthetic_scene(rng, self.classes, Size(SIDE, SIDE))

    def workers(self, truth: LabelMap, scene: int, count: int, bad: int) -> SimulatedWorkers:
        """`count` workers' answers for a scene, `bad` of them bad."""
        words = (self.seed, WORKER_STREAM, self.number, scene, count, bad)
        return simulate_workers(np.random.default_rng(words), truth, self.classes, count, bad)


def synthetic_scene(rng: np.random.Generator, classes: int, size: Size) -> LabelMap:
    """Shapes whose radius is a random sum of harmonics; later classes lie on top of earlier."""
    scene = np.zeros(size.shape, np.uint8)
    shorter = min(size.shape)
    angles = np.linspace(0, 2 * np.pi, OUTLINE_POINTS, endpoint=False)
    for index in range(1, classes + 1):
        for _ in range(int(rng.integers(1, MOST_SHAPES + 1)) if classes == 1 else 1):
            centre = rng.uniform(*CENTRE, size=2) * (size.width, size.height)
            radius = rng.uniform(*RADIUS) * shorter
            if classes > 1:
                radius *= SEVERAL_CLASSES_RADIUS
            waves = sum(
                rng.normal(0, WAVINESS / harmonic)
                * np.cos(harmonic * angles + rng.uniform(0, 2 * np.pi))
                for harmonic in HARMONICS
            )
            radii = radius * np.maximum(1 + waves, 0)
            squeeze = rng.uniform(*SQUEEZE)
            x = centre[0] + squeeze * radii * np.cos(angles)
            y = centre[1] + radii * np.sin(angles)
            outline = np.stack([x, y], axis=1).round().astype(np.int32)
            cv2.fillPoly(scene, [outline], index)
    return scene


def find_objects(folder: Path, count: int) -> tuple[Path, ...]:
    """`count` mask files of a folder and its subfolders, evenly spread, of objects that fit.

    Raises:
        FewclickError: no folder, or no usable mask in it.
    """
    if not folder.is_dir():
        raise FewclickError(f"{folder} is not a folder.")
    files = sorted(folder.rglob("*.png"))
    found: list[Path] = []
    for place in range(count):
        share = files[len(files) * place // count : len(files) * (place + 1) // count]
        found += next(([path] for path in share if _fits(path)), [])
    if not found:
        raise FewclickError(
            f"{folder} holds no PNG mask of an object that covers "
            f"{LEAST_OBJECT_SHARE:.0%} to {LARGEST_OBJECT_SHARE:.0%} of its photo."
        )
    return tuple(found)


def read_object(path: Path) -> LabelMap:
    """A mask file as a label map of one class: 1 where the file is not zero.

    Raises:
        FewclickError: the file is not an image.
    """
    try:
        with Image.open(path) as image:
            values = np.asarray(image if image.mode == "P" else image.convert("L"))
    except (UnidentifiedImageError, OSError) as error:
        raise FewclickError(f"{path} is not an image that can be read ({error}).") from error
    return (values > 0).astype(np.uint8)


def _fits(path: Path) -> bool:
    return LEAST_OBJECT_SHARE <= float(read_object(path).mean()) <= LARGEST_OBJECT_SHARE
