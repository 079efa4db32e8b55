"""How good masks are after k clicks of a simulated worker, side by side for several methods.

The worker is that of `click_simulator`: it sees the reference mask, gives its four extreme points
and then corrects what is wrong, one click at a time, where its policy says. Jitter moves extreme
points and clicks alike. Every method gets the same objects and the same extreme points, and the
masks are compared at the photo's resolution.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hooks.core.clicks import Click, ClickKind, ExtremePoints
from hooks.core.geometry import Point, Size
from hooks.core.masks import CroppedMask, iou
from model_endpoint.click_metrics import boundary_iou, is_honoured, share_put_right
from model_endpoint.click_simulator import BoolMask, Policy, extreme_points, next_click
from model_endpoint.evaluation_result import NOC_THRESHOLDS, MethodResult, ObjectResult
from model_endpoint.octagon import octagon
from model_endpoint.predictor import Prediction
from model_endpoint.reference_photos import DataSet, ReferencePhoto

MIN_EXTENT_PIXELS = 4
"""Objects thinner than this have no four points worth the name; they are left out."""


class Segmenter(Protocol):
    """What can be measured: `ClickPredictor`, or a baseline with its interface."""

    def predict(
        self,
        photo: npt.NDArray[np.uint8],
        photo_key: Hashable,
        extreme_points: ExtremePoints,
        clicks: Sequence[Click] = (),
        previous_mask: str | None = None,
    ) -> Prediction: ...


class DrawnOctagon:
    """The octagon through the extreme points, drawn on the photo's pixels; deaf to clicks."""

    def predict(
        self,
        photo: npt.NDArray[np.uint8],
        photo_key: Hashable,
        extreme_points: ExtremePoints,
        clicks: Sequence[Click] = (),
        previous_mask: str | None = None,
    ) -> Prediction:
        corners = np.array(extreme_points.points(), np.float64)
        height, width = photo.shape[:2]
        return Prediction(CroppedMask.from_mask(octagon(corners, (height, width))), 0.0, "", {})


@dataclass(frozen=True, slots=True)
class Method:
    """A row of the table. Without a policy no clicks are made: the first mask stands for all."""

    name: str
    segmenter: Segmenter
    policy: Policy | None


@dataclass(frozen=True, slots=True)
class EvaluationObject:
    """A photo and one reference mask of it."""

    photo: npt.NDArray[np.uint8]
    reference: BoolMask
    name: str


def sample_objects(
    data: DataSet, count: int | None, excluded: Collection[str] = ()
) -> list[tuple[ReferencePhoto, int]]:
    """`count` objects spread evenly over a data set in its own order; all when `count` is None.

    Photos whose file's stem is in `excluded` are left out, for those that training has seen.
    """
    every = [
        (photo, place)
        for photo in data.photos
        if photo.stem not in excluded
        for place in range(len(photo.object_names))
    ]
    if count is None or count >= len(every):
        return every
    return [every[index * len(every) // count] for index in range(count)]


def read_objects(
    sampled: Iterable[tuple[ReferencePhoto, int]],
) -> Iterator[tuple[int, EvaluationObject]]:
    """Objects with their pixels and place, without those too thin to have four points."""
    for number, (photo, place) in enumerate(sampled):
        reference = photo.read_mask(place)
        rows, columns = np.nonzero(reference)
        if len(rows) and min(np.ptp(rows), np.ptp(columns)) >= MIN_EXTENT_PIXELS:
            name = photo.object_names[place]
            yield number, EvaluationObject(photo.read_photo(), reference, name)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How objects are clicked.

    Attributes:
        clicks: length of the curves.
        most_clicks: an object that has not reached the highest IoU asked for by then is clicked
            on, up to this many times; these clicks count for the mean clicks to an IoU only.
        jitter: sigma in photo pixels.
        seed: of the jitter.
    """

    methods: Sequence[Method]
    clicks: int = 10
    most_clicks: int = 20
    jitter: float = 0.0
    seed: int = 1

    def start(self) -> list[MethodResult]:
        """A result with no objects yet for every method, in order."""
        return [
            MethodResult(
                method.name,
                method.policy or "",
                self.clicks,
                max(self.clicks, self.most_clicks),
            )
            for method in self.methods
        ]

    def measure(self, item: EvaluationObject, results: Sequence[MethodResult]) -> None:
        """Click one object under every method and add what came out to `results`."""
        number = len(results[0].objects)
        rng = np.random.default_rng((self.seed, number))
        corners = extreme_points(item.reference, rng, self.jitter)
        points = ExtremePoints.from_points([Point(float(x), float(y)) for x, y in corners])
        for place, (method, result) in enumerate(zip(self.methods, results, strict=True)):
            noise = np.random.default_rng((self.seed, number, place))
            result.objects.append(self._click(method, item, points, noise))

    def _click(
        self,
        method: Method,
        item: EvaluationObject,
        points: ExtremePoints,
        rng: np.random.Generator,
    ) -> ObjectResult:
        reference = item.reference
        size = Size(reference.shape[1], reference.shape[0])
        found = ObjectResult(item.name)
        placed: list[Click] = []
        mask = np.zeros_like(reference)
        previous = None
        for count in range(max(self.clicks, self.most_clicks) + 1):
            if count > self.clicks and max(found.ious) >= max(NOC_THRESHOLDS):
                break
            if count:
                click = None
                if method.policy is not None:
                    click = next_click(reference, mask, method.policy, rng, self.jitter)
                if click is None:  # nothing left to correct, or nobody to hear it
                    self._repeat_last(found)
                    break
                placed.append(Click(Point(click.x, click.y), ClickKind(click.kind)))
            started = time.perf_counter()
            made = method.segmenter.predict(item.photo, item.name, points, placed, previous)
            elapsed = (time.perf_counter() - started) * 1000
            before, mask, previous = mask, made.mask.to_mask(size), made.previous_mask
            found.ious.append(iou(mask, reference))
            if count > self.clicks:
                continue
            found.boundary_ious.append(boundary_iou(mask, reference))
            if count == 0:
                found.first_ms = elapsed
                continue
            found.click_ms.append(elapsed)
            honoured = is_honoured(mask, placed[-1], points)
            found.honoured.append(honoured)
            found.heeded.append(honoured and not made.bent)
            found.put_right.append(share_put_right(reference, before, mask, placed[-1], points))
        return found

    def _repeat_last(self, found: ObjectResult) -> None:
        missing = self.clicks + 1 - len(found.boundary_ious)
        found.ious += found.ious[-1:] * missing
        found.boundary_ious += found.boundary_ious[-1:] * missing
