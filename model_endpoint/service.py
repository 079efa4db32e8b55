"""What the endpoint does with a request's bytes, whichever server hands them over."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hooks.core.clicks import Click, ClickKind, ExtremePoints
from hooks.core.errors import ClickRequestError, PhotoError
from hooks.core.geometry import Point
from hooks.core.wire import (
    PrewarmRequest,
    PrewarmResponse,
    SegmentRequest,
    SegmentResponse,
    error_body,
    parse_request,
)
from model_endpoint.model_directory import CONFIG_FILE, SHIPPED, load_network
from model_endpoint.photo_store import DecodedPhoto, PhotoStore, S3PhotoReader, StorageError
from model_endpoint.predictor import ClickPredictor

SAGEMAKER_MODEL_DIRECTORY = Path("/opt/ml/model")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as the page reads it. `retryable`: the same request may succeed in a moment."""

    status: int
    code: str
    message: str
    retryable: bool = False

    @classmethod
    def of(cls, error: ClickRequestError | PhotoError | StorageError) -> Refusal:
        """What to answer in place of a mask."""
        if isinstance(error, ClickRequestError):
            return cls(error.status, error.code, str(error))
        if isinstance(error, StorageError):
            return cls(503, "storage-unavailable", str(error), retryable=True)
        if error.missing:
            return cls(404, "photo-missing", str(error))
        return cls(415, "not-a-photo", str(error))

    def to_json(self) -> str:
        return error_body(self.code, self.message, retryable=self.retryable)


REFUSED = (ClickRequestError, PhotoError, StorageError)
"""The errors of `SegmentService.answer` that are the request's fault, or the storage's."""
BUSY = Refusal(503, "busy", "The model is busy. Try again in a moment.", retryable=True)
FAILED = Refusal(
    500,
    "internal-error",
    "The model failed on this request. Try again, or use the brush.",
    retryable=True,
)


class SegmentService:
    """Answers segment requests; knows nothing of HTTP."""

    def __init__(self, predictor: ClickPredictor, photos: PhotoStore) -> None:
        self.predictor = predictor
        self.photos = photos

    def answer(self, body: bytes) -> SegmentResponse | PrewarmResponse:
        """Raises ClickRequestError, PhotoError or StorageError."""
        started = time.perf_counter()
        request = parse_request(body)
        photo = self._photo(request)
        if isinstance(request, PrewarmRequest):
            encode_ms = self.predictor.prewarm(photo.pixels, photo.key)
            timings = photo.timings_ms | {"encode": encode_ms}
            timings["total"] = (time.perf_counter() - started) * 1000
            return PrewarmResponse(self.predictor.network.name, timings)
        made = self.predictor.predict(
            photo.pixels,
            photo.key,
            request.extreme_points,
            request.clicks,
            request.previous_mask,
        )
        timings = photo.timings_ms | made.timings_ms
        timings["total"] = (time.perf_counter() - started) * 1000
        return SegmentResponse(
            object_id=request.object_id,
            sequence=request.sequence,
            mask=made.mask,
            score=made.score,
            previous_mask=made.previous_mask,
            model=self.predictor.network.name,
            timings_ms=timings,
        )

    def _photo(self, request: SegmentRequest | PrewarmRequest) -> DecodedPhoto:
        if request.image is not None and request.image_bytes is None:
            return self.photos.by_address(request.image)
        if request.image_bytes is not None and request.image is None:
            return self.photos.by_bytes(request.image_bytes)
        raise ClickRequestError(
            "bad-request", "The request must carry one of image and image_bytes."
        )

    def check_itself(self) -> None:
        """Segment a disk on a plain ground, then click. Raises RuntimeError if that fails."""
        rows, columns = np.mgrid[:96, :128]
        disk = (rows - 48) ** 2 + (columns - 64) ** 2 < 30**2
        photo = np.where(disk[..., None], np.uint8(220), np.uint8(40)).repeat(3, axis=2)
        points = ExtremePoints(Point(64, 18), Point(34, 48), Point(64, 78), Point(94, 48))
        clicks = (Click(Point(64, 48), ClickKind.INSIDE),)
        for placed in ((), clicks):
            made = self.predictor.predict(photo, "self-test", points, placed)
            if not 0 <= made.score <= 1 or made.mask.box.is_empty:
                raise RuntimeError("the model's answer to its self-test is not a mask")


def find_model_directory() -> Path:
    """SM_MODEL_DIR, else SageMaker's model directory if there is a model in it, else ours."""
    named = os.environ.get("SM_MODEL_DIR")
    if named:
        return Path(named)
    if (SAGEMAKER_MODEL_DIRECTORY / CONFIG_FILE).exists():
        return SAGEMAKER_MODEL_DIRECTORY
    return SHIPPED


def build_service(model_directory: Path) -> SegmentService:
    """The service for one model directory, reading photos from S3."""
    threads = max(1, min(2, os.cpu_count() or 1))
    predictor = ClickPredictor(load_network(model_directory, threads))
    return SegmentService(predictor, PhotoStore(S3PhotoReader()))
