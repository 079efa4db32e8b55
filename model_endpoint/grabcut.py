"""OpenCV's GrabCut behind the predictor's interface: a baseline that learns from one photo only.

Needs the `train` extra (OpenCV).
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from hooks.core.clicks import Click, ClickKind, ExtremePoints
from hooks.core.geometry import Box, Size
from hooks.core.masks import CroppedMask, bounding_box, encode_rle
from model_endpoint.octagon import octagon
from model_endpoint.predictor import Prediction

CONTEXT = 0.25
"""Of the object's width and height, how much photo round it GrabCut may learn background from."""
CONTEXT_PIXELS = 8
MAX_SIDE = 384
FIRST_ITERATIONS = 5
CLICK_ITERATIONS = 2
CLICK_RADIUS = 0.05
"""Radius of the disk that a click makes certain, of the box's diagonal."""
REACH_PIXELS = 2
RANDOM_SEED = 0
SURE_BACKGROUND, SURE_OBJECT = int(cv2.GC_BGD), int(cv2.GC_FGD)
PROBABLE_BACKGROUND, PROBABLE_OBJECT = int(cv2.GC_PR_BGD), int(cv2.GC_PR_FGD)


class GrabCut:
    """GrabCut (Rother, Kolmogorov and Blake 2004) seeded by four extreme points.

    Seeding: the box through the points, a quarter of its sides larger each way (and 8 px), is
    cut out of the photo and scaled down until its longer side is at most 384 px. Farther than
    2 px outside the box through the points lies certain background; the octagon through the points
    (see `octagon`) is probable object, the rest of the box probable background. Five iterations
    give the first mask. Every inside or outside click makes a disk certain, of a radius of 5 % of
    the box's diagonal, and two further iterations from the last state give the next mask. The
    mask is scaled back smoothly. Boundary clicks say nothing that GrabCut understands, so it
    refuses them: a worker who has it must use region clicks.

    Scale and radius are the better ones of those tried (256 and 384 px, 3 and 5 %).

    Not safe to call from several threads: it keeps the state of the last object.
    """

    def __init__(self) -> None:
        self._key: Hashable = None
        self._heard: tuple[Click, ...] = ()
        self._shape = (1, 1)
        self._crop = np.zeros((1, 1, 3), np.uint8)
        self._labels = np.zeros((1, 1), np.uint8)
        self._models = _no_models()
        self._origin = (0, 0)
        self._scale = 1.0

    def predict(
        self,
        photo: npt.NDArray[np.uint8],
        photo_key: Hashable,
        extreme_points: ExtremePoints,
        clicks: Sequence[Click] = (),
        previous_mask: str | None = None,
    ) -> Prediction:
        """As `ClickPredictor.predict`; the previous mask is remembered, not read.

        Raises:
            ValueError: a boundary click.
        """
        if any(click.kind is ClickKind.BOUNDARY for click in clicks):
            raise ValueError("GrabCut understands inside and outside clicks only")
        started = time.perf_counter()
        key = (photo_key, extreme_points)
        if key != self._key or self._heard != tuple(clicks[: len(self._heard)]):
            self._start(photo, extreme_points)
            self._key, self._heard = key, ()
        radius = CLICK_RADIUS * _diagonal(extreme_points) * self._scale
        for click in clicks[len(self._heard) :]:
            sure = SURE_OBJECT if click.kind is ClickKind.INSIDE else SURE_BACKGROUND
            x = (click.point.x - self._origin[0]) * self._scale
            y = (click.point.y - self._origin[1]) * self._scale
            rows, columns = np.ogrid[: self._labels.shape[0], : self._labels.shape[1]]
            near = np.hypot(columns + 0.5 - x, rows + 0.5 - y) <= max(radius, 1.0)
            self._labels[near] = sure
            self._cut(CLICK_ITERATIONS, cv2.GC_EVAL)
        self._heard = tuple(clicks)
        mask = self._paste(Size(photo.shape[1], photo.shape[0]))
        elapsed = (time.perf_counter() - started) * 1000
        return Prediction(mask, 0.0, "", {"decode": elapsed})

    def _start(self, photo: npt.NDArray[np.uint8], points: ExtremePoints) -> None:
        left, top, right, bottom = points.bounds()
        wide = CONTEXT * (right - left) + CONTEXT_PIXELS
        tall = CONTEXT * (bottom - top) + CONTEXT_PIXELS
        first_column, first_row = max(int(left - wide), 0), max(int(top - tall), 0)
        crop = photo[first_row : int(bottom + tall) + 1, first_column : int(right + wide) + 1]
        self._shape = crop.shape[:2]
        self._origin = (first_column, first_row)
        self._scale = min(MAX_SIDE / max(self._shape), 1.0)
        if self._scale < 1:
            size = (
                max(round(self._shape[1] * self._scale), 1),
                max(round(self._shape[0] * self._scale), 1),
            )
            crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
        self._crop = np.ascontiguousarray(crop)
        height, width = crop.shape[:2]
        seeds = (np.array(points.points(), np.float64) - self._origin) * self._scale
        reach = REACH_PIXELS * self._scale
        xs, ys = np.arange(width) + 0.5, np.arange(height) + 0.5
        low, high = seeds.min(0) - reach, seeds.max(0) + reach
        in_box = ((ys >= low[1]) & (ys <= high[1]))[:, None] & ((xs >= low[0]) & (xs <= high[0]))
        self._labels = np.full((height, width), SURE_BACKGROUND, np.uint8)
        self._labels[in_box] = PROBABLE_BACKGROUND
        self._labels[octagon(seeds, (height, width))] = PROBABLE_OBJECT
        self._models = _no_models()
        self._cut(FIRST_ITERATIONS, cv2.GC_INIT_WITH_MASK)

    def _cut(self, iterations: int, mode: int) -> None:
        labels = self._labels
        is_object = (labels == SURE_OBJECT) | (labels == PROBABLE_OBJECT)
        if is_object.all() or not is_object.any():
            return  # nothing to learn one of the two colour models from
        cv2.setRNGSeed(RANDOM_SEED)  # GrabCut starts its colour models by k-means
        whole = (0, 0, labels.shape[1], labels.shape[0])  # not read in these modes
        cv2.grabCut(self._crop, labels, whole, *self._models, iterations, mode)

    def _paste(self, size: Size) -> CroppedMask:
        labels = self._labels
        mask = ((labels == SURE_OBJECT) | (labels == PROBABLE_OBJECT)).astype(np.uint8)
        if self._scale < 1:
            smooth = cv2.resize(
                mask.astype(np.float32), self._shape[::-1], interpolation=cv2.INTER_LINEAR
            )
            found = np.asarray(smooth) >= 0.5
        else:
            found = mask > 0
        inner = bounding_box(found)
        box = Box(
            self._origin[0] + inner.left, self._origin[1] + inner.top, inner.width, inner.height
        )
        if inner.is_empty or not box.lies_in(size):
            return CroppedMask(inner, "")
        return CroppedMask(box, encode_rle(found[inner.slices()]))


def _no_models() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Room for OpenCV's two colour models: background, object."""
    return np.zeros((1, 65), np.float64), np.zeros((1, 65), np.float64)


def _diagonal(points: ExtremePoints) -> float:
    left, top, right, bottom = points.bounds()
    return float(np.hypot(right - left, bottom - top))
