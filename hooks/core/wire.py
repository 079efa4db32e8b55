"""What the page, the click proxy and the model endpoint say to each other, as JSON.

    page -> proxy       SegmentRequest without an image; the task token names it
    proxy -> endpoint   the same request, with the image's address
    endpoint -> page    SegmentResponse

The request carries all that is needed to answer it, so any instance of the endpoint may do so.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hooks.core.clicks import Click, ExtremePoints, parse_clicks, parse_points
from hooks.core.errors import ClickRequestError
from hooks.core.masks import CroppedMask
from hooks.core.photo import MAX_PHOTO_BYTES

SCHEMA_VERSION = 1
MAX_REQUEST_BYTES = 256 * 1024
"""A click request as the page sends it; typically under 10 kB."""
MAX_PREVIOUS_MASK_CHARACTERS = 128 * 1024
MAX_OBJECT_ID_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class SegmentRequest:
    """One object's points and clicks, and the mask that they correct.

    Attributes:
        object_id: the page's name for the object; comes back in the response.
        sequence: the page's counter of requests; comes back, so that stale answers are dropped.
        image: `s3://` address of the photo, None as long as the proxy has not added it.
        image_bytes: the photo itself, for callers that have no S3; never both.
        previous_mask: what the last response called `previous_mask`, unchanged.
    """

    object_id: str
    sequence: int
    extreme_points: ExtremePoints
    clicks: tuple[Click, ...] = ()
    previous_mask: str | None = None
    image: str | None = None
    image_bytes: bytes | None = None

    @classmethod
    def from_json(cls, body: str | bytes) -> SegmentRequest:
        """Parse a request; every problem is a ClickRequestError with a sentence for the worker."""
        try:
            fields = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ClickRequestError("bad-request", "The request is not JSON.") from error
        if not isinstance(fields, Mapping):
            raise ClickRequestError("bad-request", "The request must be a JSON object.")
        version = fields.get("schema_version", SCHEMA_VERSION)
        if version != SCHEMA_VERSION:
            raise ClickRequestError(
                "unknown-schema-version",
                f"This service speaks schema version {SCHEMA_VERSION}, the page {version!r}. "
                "Reload the page.",
            )
        return cls(
            object_id=_object_id(fields.get("object_id", "")),
            sequence=_sequence(fields.get("sequence", 0)),
            extreme_points=ExtremePoints.from_points(
                parse_points(fields.get("extreme_points"), "extreme_points")
            ),
            clicks=parse_clicks(fields.get("clicks", [])),
            previous_mask=_previous_mask(fields.get("previous_mask")),
            image=_address(fields.get("image")),
            image_bytes=_image_bytes(fields.get("image_bytes")),
        )

    def with_image(self, address: str) -> SegmentRequest:
        """The same request for the photo at `address`."""
        return replace(self, image=address, image_bytes=None)

    def to_json(self) -> str:
        fields: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "object_id": self.object_id,
            "sequence": self.sequence,
            "extreme_points": self.extreme_points.to_json(),
            "clicks": [click.to_json() for click in self.clicks],
            "previous_mask": self.previous_mask,
        }
        if self.image is not None:
            fields["image"] = self.image
        if self.image_bytes is not None:
            fields["image_bytes"] = base64.b64encode(self.image_bytes).decode("ascii")
        return json.dumps(fields, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class SegmentResponse:
    """The mask of one object.

    Attributes:
        mask: in image pixels of the upright photo.
        score: the model's own estimate of the mask's IoU, 0 to 1.
        previous_mask: opaque; the page sends it back with the next click.
        model: name of the weights that answered.
        timings_ms: milliseconds by stage.
    """

    object_id: str
    sequence: int
    mask: CroppedMask
    score: float
    previous_mask: str
    model: str
    timings_ms: Mapping[str, float]

    @classmethod
    def from_json(cls, body: str | bytes) -> SegmentResponse:
        """Parse our own endpoint's answer. Raises KeyError, TypeError or ValueError if it isn't."""
        fields = json.loads(body)
        return cls(
            object_id=fields["object_id"],
            sequence=fields["sequence"],
            mask=CroppedMask.from_json(fields["mask"]),
            score=float(fields["score"]),
            previous_mask=fields["previous_mask"],
            model=fields["model"],
            timings_ms=fields["timings_ms"],
        )

    def to_json(self) -> str:
        fields = {
            "schema_version": SCHEMA_VERSION,
            "object_id": self.object_id,
            "sequence": self.sequence,
            "mask": self.mask.to_json(),
            "score": round(self.score, 4),
            "previous_mask": self.previous_mask,
            "model": self.model,
            "timings_ms": {stage: round(value, 2) for stage, value in self.timings_ms.items()},
        }
        return json.dumps(fields, separators=(",", ":"))


def error_body(code: str, message: str, *, retryable: bool = False) -> str:
    """What every error says: {"error": code, "message": sentence, "retryable": bool}."""
    return json.dumps({"error": code, "message": message, "retryable": retryable})


def _object_id(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_OBJECT_ID_CHARACTERS:
        raise ClickRequestError(
            "bad-request", f"object_id must be a text of at most {MAX_OBJECT_ID_CHARACTERS}."
        )
    return value


def _sequence(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ClickRequestError("bad-request", "sequence must be a whole number.")
    return value


def _previous_mask(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_PREVIOUS_MASK_CHARACTERS:
        raise ClickRequestError(
            "bad-request", "previous_mask must be what the last answer sent, or null."
        )
    return value


def _address(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.startswith("s3://"):
        raise ClickRequestError("bad-request", "image must be an s3:// address.")
    return value


def _image_bytes(value: object) -> bytes | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_PHOTO_BYTES * 4 // 3 + 4:
        raise ClickRequestError("photo-too-large", "image_bytes is too large.", status=413)
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ClickRequestError("bad-request", "image_bytes is not base64.") from error
