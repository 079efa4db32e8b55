"""From points and clicks on a photo to a mask: slow once per object, fast per click.

The features of the crop round the extreme points are computed once and kept; a click costs the
decoder only. Nothing else is remembered: a request carries all its clicks and the mask that the
newest one corrects, and where either is missing here it is made again.
"""

from __future__ import annotations

import base64
import binascii
import io
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.clicks import Click, ClickKind, ExtremePoints, check_point
from hooks.core.errors import ClickRequestError
from hooks.core.geometry import EMPTY_BOX, Box, Size
from hooks.core.masks import CroppedMask, bounding_box, encode_rle
from model_endpoint.crop import CropBox
from model_endpoint.feature_cache import ByteBoundedCache
from model_endpoint.guidance import PROMPT_STRIDE, CropClick, FloatMap
from model_endpoint.honouring import honour, reach_of_click
from model_endpoint.network_protocol import Features, Network

FEATURE_CACHE_BYTES = 256 * 1024 * 1024
"""About eighty objects of the shipped model."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One object's mask, ready to be sent.

    Attributes:
        mask: cropped to its box, in image pixels.
        score: expected IoU of the mask, were its pixels independent; 0 to 1.
        previous_mask: what the next click's request brings back.
        timings_ms: encode (0 when the features were kept), decode, write_mask.
        bent: the network had not heeded the newest click; the outline was bent to it.
    """

    mask: CroppedMask
    score: float
    previous_mask: str
    timings_ms: dict[str, float]
    bent: bool = False


class ClickPredictor:
    """A network, and the features that it computed lately. Safe to call from many threads."""

    def __init__(self, network: Network, cache_bytes: int = FEATURE_CACHE_BYTES) -> None:
        self.network = network
        self.features: ByteBoundedCache[Features] = ByteBoundedCache(cache_bytes)

    def predict(
        self,
        photo: npt.NDArray[np.uint8],
        photo_key: Hashable,
        extreme_points: ExtremePoints,
        clicks: Sequence[Click] = (),
        previous_mask: str | None = None,
    ) -> Prediction:
        """Segment one object.

        Args:
            photo: upright RGB, (height, width, 3).
            photo_key: names the photo's pixels; the same key must always mean the same pixels.
            previous_mask: `previous_mask` of the answer that the newest click corrects. Without
                it the clicks are replayed one by one from the first mask.

        Raises:
            ClickRequestError: a point lies outside the photo, or the previous mask is not one.
        """
        size = Size(photo.shape[1], photo.shape[0])
        extreme_points.check_inside(size)
        for click in clicks:
            check_point(click.point, size)
        bounds = extreme_points.bounds()
        crop = self._crop(size, bounds)
        previous = None
        if previous_mask is not None and clicks:
            previous = decode_previous(previous_mask, self.network.size // PROMPT_STRIDE)

        points = crop.to_crop(np.array(extreme_points.points(), np.float64)).astype(np.float32)
        features, encode_ms = self._features(photo, photo_key, crop, points)

        started = time.perf_counter()
        crop_clicks = _crop_clicks(clicks, crop)
        reach = reach_of_click(extreme_points)
        crop_reach = (reach * crop.size / crop.width, reach * crop.size / crop.height)
        logits, bent = self._decode(features, points, crop_clicks, previous, crop_reach)
        probability = 1 / (1 + np.exp(-logits.clip(-30, 30)))
        decode_ms = _milliseconds_since(started)

        started = time.perf_counter()
        box, pasted = crop.paste(logits, _reached(bounds, clicks), size)
        mask = _cropped(box, pasted)
        encoded = encode_previous(_halve(probability))
        timings = {
            "encode": encode_ms,
            "decode": decode_ms,
            "write_mask": _milliseconds_since(started),
        }
        return Prediction(mask, expected_iou(probability), encoded, timings, bent)

    def prewarm(self, photo: npt.NDArray[np.uint8], photo_key: Hashable) -> float:
        """Compute what can be before the first click; the milliseconds that it took.

        That is nothing for a network that looks at a crop round the object.
        """
        if not self.network.whole_photo:
            return 0.0
        crop = CropBox.whole(Size(photo.shape[1], photo.shape[0]), self.network.size)
        return self._features(photo, photo_key, crop, np.zeros((4, 2), np.float32))[1]

    def _crop(self, size: Size, bounds: tuple[float, float, float, float]) -> CropBox:
        if self.network.whole_photo:
            return CropBox.whole(size, self.network.size)
        return CropBox.around(bounds, self.network.size)

    def _features(
        self,
        photo: npt.NDArray[np.uint8],
        photo_key: Hashable,
        crop: CropBox,
        points: npt.NDArray[np.float32],
    ) -> tuple[Features, float]:
        """A crop's features, and the milliseconds spent on them: 0 when they were kept."""
        seeds = b"" if self.network.whole_photo else points.tobytes()
        key = (photo_key, self.network.name, crop, seeds)
        kept = self.features.get(key)
        if kept is not None:
            return kept, 0.0
        started = time.perf_counter()
        colours, covered = crop.cut(photo)
        features = self.network.encode(colours, covered, points)
        self.features.put(key, features, sum(array.nbytes for array in features))
        return features, _milliseconds_since(started)

    def _decode(
        self,
        features: Features,
        points: npt.NDArray[np.float32],
        clicks: Sequence[CropClick],
        previous: FloatMap | None,
        reach: tuple[float, float],
    ) -> tuple[FloatMap, bool]:
        """Logits that honour the newest click, and whether they had to be bent to it."""
        first = len(clicks) if previous is not None else 0
        logits, bent = None, False
        for count in range(first, len(clicks) + 1):
            if logits is not None:
                previous = _halve(1 / (1 + np.exp(-logits.clip(-30, 30))))
            logits = self.network.decode(features, points, clicks[:count], previous)
            if count and self.network.hears_clicks:
                heeded, logits = logits, honour(logits, clicks[count - 1], reach)
                bent = logits is not heeded
        assert logits is not None  # the loop ran at least once
        return logits, bent


def _milliseconds_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000


def _reached(
    bounds: tuple[float, float, float, float], clicks: Sequence[Click]
) -> tuple[float, float, float, float]:
    """The extreme points' (left, top, right, bottom), widened to the clicks that say that the
    object is there: an extreme point that was off must not silence a correction."""
    points = [click.point for click in clicks if click.kind is not ClickKind.OUTSIDE]
    xs, ys = [point.x for point in points], [point.y for point in points]
    left, top, right, bottom = bounds
    return (min([left, *xs]), min([top, *ys]), max([right, *xs]), max([bottom, *ys]))


def _crop_clicks(clicks: Sequence[Click], crop: CropBox) -> list[CropClick]:
    if not clicks:
        return []
    points = crop.to_crop(np.array([click.point for click in clicks], np.float64))
    return [
        CropClick(float(x), float(y), click.kind.value)
        for (x, y), click in zip(points, clicks, strict=True)
    ]


def _cropped(box: Box, mask: npt.NDArray[np.bool_]) -> CroppedMask:
    inner = bounding_box(mask)
    if inner.is_empty:
        return CroppedMask(EMPTY_BOX, "")
    moved = Box(box.left + inner.left, box.top + inner.top, inner.width, inner.height)
    return CroppedMask(moved, encode_rle(mask[inner.slices()]))


def _halve(probability: FloatMap) -> FloatMap:
    """(s, s) -> (s/2, s/2), and to the 8 bits that the wire keeps: replays equal round trips."""
    side = probability.shape[0] // PROMPT_STRIDE
    blocks = probability.reshape(side, PROMPT_STRIDE, side, PROMPT_STRIDE).mean((1, 3))
    rounded: FloatMap = (np.rint(blocks * 255) / 255).astype(np.float32)
    return rounded


def expected_iou(probability: FloatMap) -> float:
    """Expected intersection over expected union of the thresholded mask with the truth."""
    inside = probability > 0.5
    count = int(inside.sum())
    if count == 0:
        return 0.0
    agreed = float(probability[inside].sum())
    return agreed / (count + float(probability[~inside].sum()))


def encode_previous(probability: FloatMap) -> str:
    """A probability map as base64 of an 8-bit greyscale PNG."""
    stream = io.BytesIO()
    grey = np.rint(probability * 255).astype(np.uint8)
    Image.fromarray(grey).save(stream, "PNG", compress_level=1)
    return base64.b64encode(stream.getvalue()).decode("ascii")


def decode_previous(text: str, side: int) -> FloatMap:
    """The inverse of `encode_previous`; (side, side).

    Raises:
        ClickRequestError: not such a PNG, or another size.
    """
    unreadable = (binascii.Error, OSError, SyntaxError, ValueError, Image.DecompressionBombError)
    refusal = ClickRequestError(
        "bad-previous-mask",
        "The previous mask is not one that this service sent. Send null to start from the clicks.",
        status=422,
    )
    try:
        raw = base64.b64decode(text, validate=True)
        with Image.open(io.BytesIO(raw), formats=("PNG",)) as image:
            if image.size != (side, side) or image.mode != "L":
                raise refusal
            probability: FloatMap = np.asarray(image, np.float32) / np.float32(255)
            return probability
    except unreadable as error:
        raise refusal from error
