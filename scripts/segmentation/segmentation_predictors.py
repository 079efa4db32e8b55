"""Who says what is on a photo: a model here, or an endpoint of SageMaker's built-in algorithm."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.errors import FewclickError
from hooks.core.masks import LabelMap
from scripts.segmentation.record_io import read_probabilities

if TYPE_CHECKING:
    from model_endpoint.segmentation_network import SegmentationModel

MAX_REQUEST_BYTES = 5_000_000
"""InvokeEndpoint takes 6,291,456 bytes."""
MASK_TYPE = "image/png"
PROBABILITY_TYPE = "application/x-protobuf"

Pixels = npt.NDArray[np.uint8]


class PredictionError(FewclickError):
    """An answer that is no prediction."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one photo.

    Attributes:
        label_map: uint8 (height, width) of the photo.
        confidence: mean probability of the class that was chosen; None if it is not known.
    """

    label_map: LabelMap
    confidence: float | None


class Predictor(Protocol):
    """Says what is on a photo."""

    def predict(self, photo: Pixels) -> Prediction:
        """Of a photo, uint8 RGB (height, width, 3)."""


@dataclass(frozen=True, slots=True)
class LocalPredictor:
    """A model directory of `fewclick train --local`."""

    model: SegmentationModel

    def predict(self, photo: Pixels) -> Prediction:
        shares = self.model.probabilities(photo)
        return Prediction(shares.argmax(0).astype(np.uint8), float(shares.max(0).mean()))


@dataclass(frozen=True, slots=True)
class EndpointPredictor:
    """An endpoint of SageMaker's built-in semantic segmentation.

    Attributes:
        runtime: a boto3 client of sagemaker-runtime.
        probabilities: ask for them, which is slower, in place of the mask.
    """

    runtime: Any
    endpoint: str
    probabilities: bool = False

    def predict(self, photo: Pixels) -> Prediction:
        answer = self.runtime.invoke_endpoint(
            EndpointName=self.endpoint,
            ContentType="image/jpeg",
            Accept=PROBABILITY_TYPE if self.probabilities else MASK_TYPE,
            Body=jpeg_of(photo),
        )
        body = answer["Body"].read()
        shape = (photo.shape[0], photo.shape[1])
        if not self.probabilities:
            return Prediction(read_mask(body, shape), None)
        shares = read_probabilities(body)
        label_map = stretched(shares.argmax(0).astype(np.uint8), shape)
        return Prediction(label_map, float(shares.max(0).mean()))


def jpeg_of(photo: Pixels) -> bytes:
    """The photo as a JPEG that a request can hold; halved as often as that takes."""
    image = Image.fromarray(photo)
    while True:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=95)
        if stream.tell() <= MAX_REQUEST_BYTES:
            return stream.getvalue()
        image = image.reduce(2)


def read_mask(body: bytes, shape: tuple[int, int]) -> LabelMap:
    """The label map of an answered PNG, at the photo's (height, width).

    Raises:
        PredictionError: not a PNG with one 8-bit value a pixel.
    """
    try:
        with Image.open(io.BytesIO(body), formats=("PNG",)) as image:
            values = np.asarray(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise PredictionError(f"the endpoint answered no PNG ({error}).") from error
    if values.ndim != 2 or values.dtype != np.uint8:
        raise PredictionError("the endpoint's PNG does not have one class a pixel.")
    return stretched(values, shape)


def stretched(label_map: LabelMap, shape: tuple[int, int]) -> LabelMap:
    """A label map at another (height, width), without classes in between."""
    if label_map.shape == shape:
        return label_map
    height, width = shape
    image = Image.fromarray(label_map).resize((width, height), Image.Resampling.NEAREST)
    return np.asarray(image)
