"""How good a simulated worker is: how far a hand strays, how long the patience lasts, how often an
object is overlooked or given the wrong label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hooks.core.clicks import ExtremePoints
from hooks.core.errors import ClickRequestError
from hooks.core.geometry import Point, Size
from hooks.core.masks import Mask
from model_endpoint.click_simulator import extreme_points


@dataclass(frozen=True, slots=True)
class Habits:
    """How a worker works.

    Attributes:
        stray_px: standard deviation of every click, in pixels per 500 pixels of photo width.
        patience: corrective clicks spent on one object at most.
        content_at: the IoU with the reference at which the worker stops correcting.
        overlooks: share of objects that are left out.
        mislabels: share of objects that get a wrong label, if the job has another.
        seconds_per_click: what the answer says was spent; people need about this long.
    """

    name: str
    stray_px: float
    patience: int
    content_at: float
    overlooks: float
    mislabels: float
    seconds_per_click: float

    def overlook(self, rng: np.random.Generator) -> bool:
        """Whether the next object is left out."""
        return bool(rng.random() < self.overlooks)

    def choose(self, right: str, choices: Sequence[str], rng: np.random.Generator) -> str:
        """The right one of several, or in a slip another."""
        others = [name for name in choices if name != right]
        if others and rng.random() < self.mislabels:
            return others[int(rng.integers(len(others)))]
        return right

    def stray(self, point: Point, size: Size, rng: np.random.Generator) -> Point:
        """Where a click lands that was meant for `point`."""
        x, y = rng.normal(point, self.stray_px * size.width / 500)
        # The page does not let anyone click beside the photo.
        return Point(float(np.clip(x, 0, size.width)), float(np.clip(y, 0, size.height)))

    def find_extremes(
        self, mask: Mask, size: Size, rng: np.random.Generator
    ) -> ExtremePoints | None:
        """An object's extreme points as they are clicked; None when it is too small for that."""
        try:
            return ExtremePoints.from_points(
                [self.stray(Point(x, y), size, rng) for x, y in extreme_points(mask)]
            )
        except ClickRequestError:
            return None  # four points on top of each other: a person would see no object

    def seconds(self, clicks: int) -> float:
        """That so many clicks take."""
        return round(clicks * self.seconds_per_click, 1)


CAREFUL = Habits("careful", 0.6, 8, 0.96, 0.0, 0.0, 2.4)
SLOPPY = Habits("sloppy", 3.0, 2, 0.85, 0.05, 0.0, 1.5)
CARELESS = Habits("careless", 8.0, 0, 0.0, 0.2, 0.15, 0.9)
HABITS = (CAREFUL, SLOPPY, CARELESS)
