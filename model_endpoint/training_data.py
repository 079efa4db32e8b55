"""Training objects in memory, and the crops cut and painted out of their photos."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from hooks.core.masks import Mask
from model_endpoint import augmentation
from model_endpoint.crop import CropBox
from model_endpoint.guidance import FloatMap, encoder_input
from model_endpoint.reference_photos import DataSetError, ReferencePhoto

Colours = npt.NDArray[np.uint8]

UNSTEADY_SHARE = 0.5
"""Share of samples with a hand noise, if there is any."""
MIN_AREA_PIXELS = 150
"""Smaller objects teach nothing but noise at this crop size."""


@dataclass(frozen=True, slots=True)
class TrainingObject:
    """One mask of one photo, cut to its box to save memory."""

    photo: int
    left: int
    top: int
    mask: npt.NDArray[np.uint8]  # (h, w) of the box, 0 or 255
    outline: npt.NDArray[np.float32]  # (n, 2) x, y of outline pixel centres, image pixels


@dataclass(frozen=True, slots=True)
class TrainingSample:
    """One augmented crop."""

    maps: FloatMap  # (5, s, s), the encoder's input
    reference: npt.NDArray[np.uint8]  # (s, s), 0 or 1
    hand_noise: float  # sigma of the noise on clicks in crop pixels, 0 for a careful hand


class TrainingPool:
    """Photos and objects in memory, drawn by source weight."""

    def __init__(
        self,
        photos: Iterable[ReferencePhoto],
        source_weights: Mapping[str, float],
        excluded: Collection[str] = (),
        hand_noise: float = 0.0,
    ) -> None:
        """Load every photo but those whose file's stem is excluded.

        Args:
            source_weights: share of every source, 1 for those not named. Photos of a source of
                weight 0 are not loaded: not even as a background are they seen.
            hand_noise: in UNSTEADY_SHARE of the samples, all points and clicks are off by a noise
                whose sigma lies between 0 and this, in photo pixels.

        Raises:
            DataSetError: a file cannot be read, or no object is large enough.
        """
        self.photos: list[Colours] = []
        self.objects: dict[str, list[list[TrainingObject]]] = {}
        self._hand_noise = hand_noise
        wanted = [
            photo
            for photo in photos
            if photo.stem not in excluded and source_weights.get(photo.source, 1.0) > 0
        ]
        with ThreadPoolExecutor(2) as readers:
            for photo, (colours, masks) in zip(wanted, readers.map(_load, wanted), strict=True):
                self._add(photo.source, colours, masks)
        if not self.objects:
            raise DataSetError(f"no object has {MIN_AREA_PIXELS} pixels or more: nothing to learn.")
        self.sources = sorted(self.objects)
        weights = np.array([source_weights.get(source, 1.0) for source in self.sources])
        self.weights = weights / weights.sum()

    def _add(self, source: str, photo: Colours, masks: list[Mask]) -> None:
        objects = []
        for mask in masks:
            binary = mask.astype(np.uint8) * 255
            left, top, width, height = cv2.boundingRect(binary)
            if cv2.countNonZero(binary) < MIN_AREA_PIXELS:
                continue
            contours, _ = cv2.findContours(binary, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            outline = np.concatenate(contours)[:, 0].astype(np.float32) + 0.5
            cut = binary[top : top + height, left : left + width].copy()
            objects.append(TrainingObject(len(self.photos), left, top, cut, outline))
        if objects:
            self.photos.append(photo)
            self.objects.setdefault(source, []).append(objects)

    def __len__(self) -> int:
        return sum(len(group) for groups in self.objects.values() for group in groups)

    def draw(self, rng: np.random.Generator) -> TrainingObject:
        """A source by weight, a photo of it, an object of that photo."""
        groups = self.objects[self.sources[int(rng.choice(len(self.sources), p=self.weights))]]
        group = groups[int(rng.integers(len(groups)))]
        return group[int(rng.integers(len(group)))]

    def sample(self, rng: np.random.Generator, size: int) -> TrainingSample:
        """One augmented crop of one object, its extreme points placed as a person would."""
        while True:
            made = self._try_sample(rng, size)
            if made is not None:
                return made

    def _try_sample(self, rng: np.random.Generator, size: int) -> TrainingSample | None:
        target = self.draw(rng)
        photo = self.photos[target.photo]
        turn = augmentation.random_turn(rng)
        outline = target.outline @ turn.T
        points = augmentation.place_extreme_points(outline, rng)
        noise = 0.0
        if self._hand_noise > 0 and rng.random() < UNSTEADY_SHARE:
            noise = float(rng.uniform(0, self._hand_noise))
            points += rng.normal(0, noise, points.shape)
        span = points.max(0) - points.min(0)
        if span.min() < 4:
            return None
        bounds = (*points.min(0).tolist(), *points.max(0).tolist())
        crop = CropBox.around(bounds, size, margin=rng.uniform(0.1, 0.22))
        to_crop = np.array(
            [
                [size / crop.width, 0, -crop.left * size / crop.width],
                [0, size / crop.height, -crop.top * size / crop.height],
            ]
        )
        warp = to_crop[:, :2] @ turn, to_crop[:, 2]
        colours, mask, covered = self._warp(photo, target, warp, size)
        reference = mask > 0.5
        if reference.mean() < 0.01:
            return None
        if rng.random() < 0.25:
            colours, covered = self._paste_on_other(colours, mask, size, rng)
        if rng.random() < 0.2:
            colours = self._paste_behind(colours, mask, size, rng)
        colours = augmentation.recolour(colours, rng)
        crop_points = crop.to_crop(points).astype(np.float32)
        maps = encoder_input(colours, crop_points, covered)
        hand_noise = noise * size / float(np.sqrt(crop.width * crop.height))
        return TrainingSample(maps, reference.astype(np.uint8), hand_noise)

    def _warp(
        self,
        photo: Colours,
        target: TrainingObject,
        warp: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
        size: int,
    ) -> tuple[Colours, npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """One affine warp for photo and mask together (both bilinear, pixel centres at +0.5)."""
        linear, shift = warp
        # OpenCV puts pixel centres at whole numbers: x_cv = x - 0.5 on both sides.
        matrix = np.column_stack((linear, shift + linear @ (0.5, 0.5) - 0.5))
        shrink = float(np.sqrt(abs(np.linalg.det(linear))))
        source = photo
        if shrink < 0.6:  # bilinear would alias: soften first
            source = np.asarray(cv2.GaussianBlur(photo, (0, 0), 0.4 / shrink), np.uint8)
        colours = cv2.warpAffine(source, matrix, (size, size), flags=cv2.INTER_LINEAR)
        box_shift = matrix[:, :2] @ (target.left, target.top) + matrix[:, 2]
        box_matrix = np.column_stack((linear, box_shift))
        mask = cv2.warpAffine(
            target.mask.astype(np.float32) / 255, box_matrix, (size, size), flags=cv2.INTER_LINEAR
        )
        ones = np.ones(photo.shape[:2], np.uint8)
        covered = cv2.warpAffine(ones, matrix, (size, size), flags=cv2.INTER_NEAREST) > 0
        return np.asarray(colours, np.uint8), np.asarray(mask, np.float32), covered

    def _paste_on_other(
        self, colours: Colours, mask: npt.NDArray[np.float32], size: int, rng: np.random.Generator
    ) -> tuple[Colours, npt.NDArray[np.bool_]]:
        """Cut the object out and put it on a random window of another photo."""
        other = self.photos[int(rng.integers(len(self.photos)))]
        background = augmentation.random_window(other, size, rng)
        return augmentation.blend(colours, background, mask, rng), np.ones((size, size), np.bool_)

    def _paste_behind(
        self, colours: Colours, mask: npt.NDArray[np.float32], size: int, rng: np.random.Generator
    ) -> Colours:
        """Put another object behind this one, as a distracting edge; the mask stays as it is."""
        other = self.draw(rng)
        height, width = other.mask.shape
        part = self.photos[other.photo][
            other.top : other.top + height, other.left : other.left + width
        ]
        scale = size * rng.uniform(0.3, 0.9) / max(height, width)
        angle = rng.uniform(-40, 40)
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
        matrix[:, 2] += rng.uniform(0, size, 2) - (width / 2, height / 2)
        pasted = cv2.warpAffine(part, matrix, (size, size), flags=cv2.INTER_LINEAR)
        cover = cv2.warpAffine(other.mask, matrix, (size, size), flags=cv2.INTER_LINEAR)
        in_front = (np.asarray(cover, np.float32) / 255 * (1 - mask)).astype(np.float32)
        return augmentation.blend(np.asarray(pasted, np.uint8), colours, in_front, rng)


def _load(photo: ReferencePhoto) -> tuple[Colours, list[Mask]]:
    masks = [photo.read_mask(place) for place in range(len(photo.object_names))]
    return photo.read_photo(), masks
