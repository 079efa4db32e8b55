"""Clicks for training: the network corrects its own mistakes, as RITM does, on crops."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from model_endpoint.click_simulator import BoolMask, Distances, next_click
from model_endpoint.guidance import PROMPT_STRIDE, CropClick, FloatMap, prompt_maps

BOUNDARY_SHARE = 0.55


def fast_distance(mask: BoolMask) -> Distances:
    """As click_simulator.distance_inside, by OpenCV (5 x 5 masks)."""
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    return np.asarray(distance, np.float32)


def fast_component(mask: BoolMask) -> BoolMask:
    """As click_simulator.largest_component, by OpenCV."""
    _, names, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    largest: BoolMask = names == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return largest


@dataclass(slots=True)
class ClickSequence:
    """One object's clicks so far and the mask that they led to."""

    reference: npt.NDArray[np.uint8]  # (s, s)
    hand_noise: float = 0.0
    """Sigma of the noise on clicks in crop pixels; 0 stands for a careful hand."""
    clicks: list[CropClick] = field(default_factory=list)
    previous: FloatMap | None = None  # (s/2, s/2) probability

    def add_click(self, probability: FloatMap, rng: np.random.Generator) -> None:
        """Correct an (s, s) probability with one click, placed a little wrong.

        A careful hand is off by a pixel or so, and never on the wrong side: that would teach the
        network to disobey. An unsteady one is off as far as it is, and only the photo tells.
        """
        size = self.reference.shape[0]
        self.previous = halve(probability)
        policy = "boundary" if rng.random() < BOUNDARY_SHARE else "region"
        careful = self.hand_noise == 0
        jitter = self.hand_noise
        if careful:
            jitter = rng.uniform(0, 1.5) * size / 192 if rng.random() < 0.7 else 0.0
        click = next_click(
            self.reference > 0,
            probability > 0.5,
            "boundary" if policy == "boundary" else "region",
            rng,
            jitter,
            distance=fast_distance,
            component=fast_component,
        )
        if click is None:
            return
        kind = click.kind
        if kind != "boundary" and jitter > 0 and careful:
            row, column = int(click.y), int(click.x)
            if bool(self.reference[row, column]) != (kind == "inside"):
                return
        self.clicks.append(CropClick(click.x, click.y, kind))

    def prompts(self) -> FloatMap:
        """(6, s/2, s/2)."""
        return prompt_maps(self.clicks, self.previous, self.reference.shape[0])


def halve(probability: FloatMap) -> FloatMap:
    """Mean over 2 x 2 blocks: (s, s) -> (s/2, s/2)."""
    side = probability.shape[0] // PROMPT_STRIDE
    blocks = probability.reshape(side, PROMPT_STRIDE, side, PROMPT_STRIDE)
    mean: FloatMap = blocks.mean((1, 3), dtype=np.float32)
    return mean


def spoil(reference: npt.NDArray[np.uint8], rng: np.random.Generator) -> FloatMap:
    """An (s, s) mask that is wrong in places, as an imported or hand-drawn one is."""
    size = reference.shape[0]
    shift = rng.normal(0, 0.02 * size, 2)
    scale = np.exp(rng.normal(0, 0.05))
    centre = size / 2
    matrix = np.array(
        [
            [scale, 0, centre * (1 - scale) + shift[0]],
            [0, scale, centre * (1 - scale) + shift[1]],
        ]
    )
    wrong = cv2.warpAffine(reference, matrix, (size, size), flags=cv2.INTER_NEAREST)
    for _ in range(int(rng.integers(0, 4))):
        x, y = (int(value) for value in rng.integers(0, size, 2))
        radius = int(size * rng.uniform(0.04, 0.15))
        cv2.circle(wrong, (x, y), radius, int(rng.integers(0, 2)), -1)
    return wrong.astype(np.float32)
