"""Random changes that keep a mask true: turns, colours, backgrounds, sloppy extreme points."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Colours = npt.NDArray[np.uint8]


def random_turn(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """(2, 2) matrix: mirror, rotation up to 30 degrees, stretch and shear."""
    angle = np.deg2rad(rng.uniform(-30, 30)) if rng.random() < 0.6 else 0.0
    if rng.random() < 0.08:
        angle += np.pi / 2 * int(rng.integers(1, 4))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stretch = np.exp(rng.uniform(-0.15, 0.15))
    shear = rng.uniform(-0.15, 0.15) if rng.random() < 0.3 else 0.0
    matrix: npt.NDArray[np.float64] = turn @ np.array([[stretch, shear], [0, 1 / stretch]])
    if rng.random() < 0.5:
        matrix[0] *= -1
    return matrix


def place_extreme_points(
    outline: npt.NDArray[np.float32] | npt.NDArray[np.float64], rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """(4, 2) top, left, bottom, right of an (n, 2) outline, placed as people place them.

    Of the outline within a pixel of the extreme, the middle or any point; then noise that grows
    with the object, and in one of twenty one point that is well off.
    """
    chosen = np.empty((4, 2))
    span = outline.max(0) - outline.min(0)
    for index, (axis, sign) in enumerate(((1, -1), (0, -1), (1, 1), (0, 1))):
        values = sign * outline[:, axis]
        near = outline[values >= values.max() - 0.9]
        along = near[:, 1 - axis]
        middle = (along.min() + along.max()) / 2
        pick = int(abs(along - middle).argmin())
        if rng.random() < 0.4:
            pick = int(rng.integers(len(near)))
        chosen[index] = near[pick]
    if rng.random() < 0.8:
        sigma = rng.uniform(0, 0.008) * span + rng.uniform(0, 1.2)
        chosen += rng.normal(0, 1, (4, 2)) * sigma
    if rng.random() < 0.05:
        chosen[int(rng.integers(4))] += rng.normal(0, 0.05, 2) * span
    return chosen


def random_window(photo: Colours, size: int, rng: np.random.Generator) -> Colours:
    """A random part of a photo, stretched to (size, size, 3)."""
    height, width = photo.shape[:2]
    side = rng.uniform(0.4, 1.0) * min(height, width)
    left, top = rng.uniform(0, width - side), rng.uniform(0, height - side)
    scale = size / side
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    if rng.random() < 0.5:
        matrix[0] = (-scale, 0, size + left * scale)
    window = cv2.warpAffine(
        photo, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return as_colours(window)


def blend(
    front: Colours, back: Colours, alpha: npt.NDArray[np.float32], rng: np.random.Generator
) -> Colours:
    """Front over back with a softened edge; sometimes the front takes on the back's brightness."""
    soft = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.5, 1.2))[..., None]
    over = front.astype(np.float32)
    if rng.random() < 0.5:
        inside = alpha > 0.5
        if inside.any():
            shift = back.mean((0, 1)) - front[inside].mean(0)
            over = over + shift * rng.uniform(0, 0.6)
    mixed = over * soft + back * (1 - soft)
    return mixed.clip(0, 255).astype(np.uint8)


def recolour(colours: Colours, rng: np.random.Generator) -> Colours:
    """Brightness, contrast, gamma, saturation, hue, blur and noise."""
    if rng.random() < 0.1:
        return colours
    table = np.arange(256, dtype=np.float32) / 255
    table = table ** np.exp(rng.uniform(-0.4, 0.4))
    table = (table - 0.5) * rng.uniform(0.65, 1.35) + 0.5 + rng.uniform(-0.15, 0.15)
    tables = np.stack([table * rng.uniform(0.9, 1.1) for _ in range(3)], -1)
    result = as_colours(cv2.LUT(colours, (tables * 255).clip(0, 255).astype(np.uint8)[None]))
    if rng.random() < 0.5:
        saturation = 0.0 if rng.random() < 0.1 else rng.uniform(0.4, 1.6)
        grey = cv2.cvtColor(cv2.cvtColor(result, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        result = as_colours(cv2.addWeighted(result, saturation, grey, 1 - saturation, 0))
    if rng.random() < 0.15:
        turned = as_colours(cv2.cvtColor(result, cv2.COLOR_RGB2HSV))
        turned[..., 0] = (turned[..., 0].astype(np.int16) + int(rng.integers(-20, 21))) % 180
        result = as_colours(cv2.cvtColor(turned, cv2.COLOR_HSV2RGB))
    if rng.random() < 0.2:
        result = as_colours(cv2.GaussianBlur(result, (0, 0), rng.uniform(0.4, 1.5)))
    elif rng.random() < 0.15:
        side = result.shape[0]
        small = int(side * rng.uniform(0.35, 0.8))
        shrunk = cv2.resize(result, (small, small), interpolation=cv2.INTER_AREA)
        result = as_colours(cv2.resize(shrunk, (side, side), interpolation=cv2.INTER_LINEAR))
    if rng.random() < 0.2:
        noise = rng.normal(0, rng.uniform(2, 10), result.shape[:2]).astype(np.float32)[..., None]
        result = (result + noise).clip(0, 255).astype(np.uint8)
    return result


def as_colours(array: npt.NDArray[Any]) -> Colours:
    """What OpenCV returned, typed: its stubs say any number. Copies nothing."""
    return np.asarray(array, np.uint8)
