"""Simulated workers who draw label maps from a known one: careful, sloppy and six kinds of bad.

Nothing but the true label map goes in; a generator decides the rest, so a seed fixes all answers.
All lengths are pixels of a photo whose shorter side is 512, and grow with it.

careful       the outline displaced by a smooth random field, 2 to 4 px root mean square along each
              axis, correlated over 12 to 24 px; then grown or shrunk by N(0, 1) px
sloppy        the same with 8 to 12 px over 24 to 40 px; then grown or shrunk by 2 to 6 px
empty         background everywhere
full          one random class everywhere
blobs         3 to 7 random ellipses, half axes 15 to 70 px, of random classes
wrong object  the true map mirrored and rolled by 25 to 75 % along both axes, then drawn carefully
swapped       drawn carefully, two pairs of classes swapped; with one class, half of the object
shifted       drawn carefully, then moved by 15 to 30 px
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

from hooks.core.masks import BACKGROUND, LabelMap

REFERENCE_SIDE = 512
SLOPPY_SHARE = 0.3
"""Of the workers who are not bad."""
LATTICE_CORRELATION = 5.0
"""Smooth fields are made on a lattice on which their correlation length is this many points."""

BLOB_COUNTS = (3, 8)
BLOB_HALF_AXES = (15.0, 70.0)
ROLL = (0.25, 0.75)
SHIFT = (15.0, 30.0)

Range = tuple[float, float]


class WorkerKind(StrEnum):
    """How a simulated worker answers; the module's description gives the parameters."""

    CAREFUL = "careful"
    SLOPPY = "sloppy"
    EMPTY = "empty"
    FULL = "full"
    BLOBS = "blobs"
    WRONG_OBJECT = "wrong object"
    SWAPPED = "swapped"
    SHIFTED = "shifted"

    @property
    def honest(self) -> bool:
        """Whether such a worker labels the right thing, however badly."""
        return self in (WorkerKind.CAREFUL, WorkerKind.SLOPPY)


BAD_KINDS = tuple(kind for kind in WorkerKind if not kind.honest)


@dataclass(frozen=True, slots=True)
class Hand:
    """How unsteadily an outline is drawn, in pixels at REFERENCE_SIDE, as ranges."""

    displacement: Range
    correlation: Range


CAREFUL_HAND = Hand((2, 4), (12, 24))
SLOPPY_HAND = Hand((8, 12), (24, 40))
CAREFUL_GROWTH = 1.0
SLOPPY_GROWTH = (2.0, 6.0)


@dataclass(frozen=True, slots=True)
class SimulatedWorkers:
    """The label maps of one photo's workers, uint8 (height, width), and who drew them."""

    label_maps: tuple[LabelMap, ...]
    kinds: tuple[WorkerKind, ...]


def simulate_workers(
    rng: np.random.Generator, truth: LabelMap, classes: int, count: int, bad: int
) -> SimulatedWorkers:
    """`count` workers in random order, `bad` of them of random bad kinds.

    Args:
        truth: uint8 (height, width), 0 background, 1 to `classes`.
    """
    kinds = [BAD_KINDS[rng.integers(len(BAD_KINDS))] for _ in range(bad)]
    kinds += [
        WorkerKind.SLOPPY if rng.random() < SLOPPY_SHARE else WorkerKind.CAREFUL
        for _ in range(count - bad)
    ]
    order = rng.permutation(count)
    return draw_all(rng, truth, classes, [kinds[place] for place in order])


def draw_all(
    rng: np.random.Generator, truth: LabelMap, classes: int, kinds: Sequence[WorkerKind]
) -> SimulatedWorkers:
    """One answer for each of `kinds`."""
    label_maps = tuple(draw(rng, truth, classes, kind) for kind in kinds)
    return SimulatedWorkers(label_maps, tuple(kinds))


def draw(rng: np.random.Generator, truth: LabelMap, classes: int, kind: WorkerKind) -> LabelMap:
    """What a worker of `kind` answers, uint8 of the true map's shape."""
    scale = min(truth.shape) / REFERENCE_SIDE
    match kind:
        case WorkerKind.CAREFUL:
            return _draw_carefully(rng, truth, scale)
        case WorkerKind.SLOPPY:
            wavy = _displace(rng, truth, SLOPPY_HAND, scale)
            return _grow(wavy, rng.choice((-1, 1)) * rng.uniform(*SLOPPY_GROWTH) * scale)
        case WorkerKind.EMPTY:
            return np.zeros_like(truth)
        case WorkerKind.FULL:
            return np.full_like(truth, rng.integers(1, classes + 1))
        case WorkerKind.BLOBS:
            return _draw_blobs(rng, truth.shape, classes, scale)
        case WorkerKind.WRONG_OBJECT:
            rolls = [int(side * rng.uniform(*ROLL)) for side in truth.shape]
            moved = np.roll(truth[:, ::-1], rolls, axis=(0, 1))
            return _draw_carefully(rng, np.ascontiguousarray(moved), scale)
        case WorkerKind.SWAPPED:
            return _swap(rng, _draw_carefully(rng, truth, scale), classes)
        case WorkerKind.SHIFTED:
            return _shift(rng, _draw_carefully(rng, truth, scale), scale)


def smooth_field(
    rng: np.random.Generator, shape: tuple[int, ...], rms: float, correlation: float
) -> npt.NDArray[np.float32]:
    """Gaussian noise blurred with sigma `correlation` px and scaled to `rms`, float32 `shape`.

    Blurring is done on a coarse lattice, where it costs nothing, and the rest is interpolation:
    the field has no detail below its correlation length.
    """
    height, width = shape
    step = max(correlation / LATTICE_CORRELATION, 1.0)
    lattice = (max(round(height / step), 2), max(round(width / step), 2))
    noise = rng.standard_normal(lattice).astype(np.float32)
    smooth = cv2.GaussianBlur(
        noise, (0, 0), sigmaX=correlation / step, borderType=cv2.BORDER_REFLECT
    )
    field = np.asarray(
        cv2.resize(smooth, (width, height), interpolation=cv2.INTER_CUBIC), np.float32
    )
    spread = float(field.std())
    return field * np.float32(rms / spread) if spread > 0 else field


def _draw_carefully(rng: np.random.Generator, truth: LabelMap, scale: float) -> LabelMap:
    wavy = _displace(rng, truth, CAREFUL_HAND, scale)
    return _grow(wavy, rng.normal(0, CAREFUL_GROWTH) * scale)


def _displace(rng: np.random.Generator, label_map: LabelMap, hand: Hand, scale: float) -> LabelMap:
    rms = rng.uniform(*hand.displacement) * scale
    correlation = rng.uniform(*hand.correlation) * scale
    height, width = label_map.shape
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)[None]
    x = smooth_field(rng, label_map.shape, rms, correlation) + columns
    y = smooth_field(rng, label_map.shape, rms, correlation) + rows
    moved = cv2.remap(label_map, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _grow(label_map: LabelMap, pixels: float) -> LabelMap:
    """Move the outline to the background outwards, or inwards where `pixels` is negative."""
    radius = round(abs(pixels))
    if radius == 0:
        return label_map
    side = 2 * radius + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    if pixels > 0:
        grown = np.asarray(cv2.dilate(label_map, disc), np.uint8)
        return np.where(label_map == BACKGROUND, grown, label_map)
    core = cv2.erode((label_map != BACKGROUND).astype(np.uint8), disc)
    return np.where(core > 0, label_map, np.uint8(BACKGROUND))


def _draw_blobs(
    rng: np.random.Generator, shape: tuple[int, ...], classes: int, scale: float
) -> LabelMap:
    blobs = np.zeros(shape, np.uint8)
    height, width = shape
    for _ in range(rng.integers(*BLOB_COUNTS)):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        half_axes = [max(round(rng.uniform(*BLOB_HALF_AXES) * scale), 1) for _ in range(2)]
        angle = float(rng.uniform(0, 180))
        index = int(rng.integers(1, classes + 1))
        cv2.ellipse(blobs, centre, half_axes, angle, 0, 360, index, cv2.FILLED)
    return blobs


def _swap(rng: np.random.Generator, label_map: LabelMap, classes: int) -> LabelMap:
    if classes == 1:
        columns = np.flatnonzero(label_map.any(axis=0))
        half = label_map.copy()
        if columns.size:
            half[:, : (columns[0] + columns[-1]) // 2] = BACKGROUND
        return half
    table = np.arange(256, dtype=np.uint8)
    indices = rng.permutation(np.arange(1, classes + 1, dtype=np.uint8))
    pairs = min(classes // 2, 2)
    for first, second in indices[: 2 * pairs].reshape(pairs, 2):
        table[first], table[second] = second, first
    return table[label_map]


def _shift(rng: np.random.Generator, label_map: LabelMap, scale: float) -> LabelMap:
    distance, angle = rng.uniform(*SHIFT) * scale, rng.uniform(0, 2 * np.pi)
    right, down = round(distance * np.cos(angle)), round(distance * np.sin(angle))
    move = np.array([[1, 0, right], [0, 1, down]], np.float32)
    height, width = label_map.shape
    return np.asarray(
        cv2.warpAffine(label_map, move, (width, height), flags=cv2.INTER_NEAREST), np.uint8
    )
