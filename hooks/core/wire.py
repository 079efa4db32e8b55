"""What the page, the click proxy and the model endpoint say to each other, as JSON.

    page -> proxy       SegmentRequest without an image; the task token names it
    proxy -> endpoint   the same request, with the image's address
    endpoint -> page    SegmentResponse

A PrewarmRequest goes the same way as soon as a photo is opened, so that the first click finds the
photo fetched and decoded. It is answered with a PrewarmResponse; nothing depends on it.

The request carries all that is needed to answer it, so any instance of the endpoint may do so.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hooks.core.clicks import Click, ExtremePoints, parse_clicks, parse_points
from hooks.core.errors import ClickRequestError
from hooks.core.masks import CroppedMask
from hooks.core.wire_fields import (
    SCHEMA_VERSION,
    read_address,
    read_fields,
    read_image_bytes,
    read_object_id,
    read_previous_mask,
    read_sequence,
    read_session,
)

MAX_REQUEST_BYTES = 256 * 1024
"""A click request as the page sends it; typically under 10 kB."""
SEGMENT = "segment"
PREWARM = "prewarm"


@dataclass(frozen=True, slots=True)
class SegmentRequest:
    """One object's points and clicks, and the mask that they correct.

    Attributes:
        object_id: the page's name for the object; comes back in the response.
        sequence: the page's counter of requests; comes back, so that stale answers are dropped.
        image: `s3://` address of the photo, None as long as the proxy has not added it.
        image_bytes: the photo itself, for callers that have no S3; never both.
        previous_mask: what the last response called `previous_mask`, unchanged.
        session: what the answer to the prewarm request called `session`; only the proxy reads it.
    """

    object_id: str
    sequence: int
    extreme_points: ExtremePoints
    clicks: tuple[Click, ...] = ()
    previous_mask: str | None = None
    image: str | None = None
    image_bytes: bytes | None = None
    session: str | None = None

    @classmethod
    def from_json(cls, body: str | bytes) -> SegmentRequest:
        """Parse a request; every problem is a ClickRequestError with a sentence for the worker."""
        return cls._from_fields(read_fields(body))

    @classmethod
    def _from_fields(cls, fields: Mapping[str, Any]) -> SegmentRequest:
        return cls(
            object_id=read_object_id(fields.get("object_id", "")),
            sequence=read_sequence(fields.get("sequence", 0)),
            extreme_points=ExtremePoints.from_points(
                parse_points(fields.get("extreme_points"), "extreme_points")
            ),
            clicks=parse_clicks(fields.get("clicks", [])),
            previous_mask=read_previous_mask(fields.get("previous_mask")),
            image=read_address(fields.get("image")),
            image_bytes=read_image_bytes(fields.get("image_bytes")),
            session=read_session(fields.get("session")),
        )

    def with_image(self, address: str) -> SegmentRequest:
        """The same request for the photo at `address`, as the endpoint reads it."""
        return replace(self, image=address, image_bytes=None, session=None)

    def to_json(self) -> str:
        fields: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "object_id": self.object_id,
            "sequence": self.sequence,
            "extreme_points": self.extreme_points.to_json(),
            "clicks": [click.to_json() for click in self.clicks],
            "previous_mask": self.previous_mask,
        }
        if self.session is not None:
            fields["session"] = self.session
        return json.dumps(fields | _image_fields(self), separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class PrewarmRequest:
    """Make a photo ready for its first click: `{"schema_version": 1, "action": "prewarm"}`.

    Attributes:
        image, image_bytes: as in SegmentRequest.
    """

    image: str | None = None
    image_bytes: bytes | None = None

    @classmethod
    def from_json(cls, body: str | bytes) -> PrewarmRequest:
        """Parse a request; every problem is a ClickRequestError."""
        fields = read_fields(body)
        if fields.get("action") != PREWARM:
            raise ClickRequestError("bad-request", f"action must be {PREWARM}.")
        return cls._from_fields(fields)

    @classmethod
    def _from_fields(cls, fields: Mapping[str, Any]) -> PrewarmRequest:
        return cls(read_address(fields.get("image")), read_image_bytes(fields.get("image_bytes")))

    def with_image(self, address: str) -> PrewarmRequest:
        """The same request for the photo at `address`."""
        return replace(self, image=address, image_bytes=None)

    def to_json(self) -> str:
        fields = {"schema_version": SCHEMA_VERSION, "action": PREWARM} | _image_fields(self)
        return json.dumps(fields, separators=(",", ":"))


def parse_request(body: str | bytes) -> SegmentRequest | PrewarmRequest:
    """What the endpoint is asked. Raises ClickRequestError with a sentence for the worker."""
    fields = read_fields(body)
    action = fields.get("action", SEGMENT)
    if action == PREWARM:
        return PrewarmRequest._from_fields(fields)
    if action != SEGMENT:
        raise ClickRequestError("bad-request", f"action must be {SEGMENT} or {PREWARM}.")
    return SegmentRequest._from_fields(fields)


@dataclass(frozen=True, slots=True)
class PrewarmResponse:
    """The photo is ready.

    Attributes:
        timings_ms: what it took, all 0 when it had been ready before.
        session: opaque; the page sends it with every click, so that the instance answers that
            has the photo at hand. None where the endpoint has no sessions.
    """

    model: str
    timings_ms: Mapping[str, float]
    session: str | None = None

    @classmethod
    def from_json(cls, body: str | bytes) -> PrewarmResponse:
        """Parse our own endpoint's answer. Raises KeyError, TypeError or ValueError if it isn't."""
        fields = json.loads(body)
        return cls(fields["model"], fields["timings_ms"], fields.get("session"))

    def to_json(self) -> str:
        fields = {
            "schema_version": SCHEMA_VERSION,
            "model": self.model,
            "timings_ms": _rounded(self.timings_ms),
            "session": self.session,
        }
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
            "timings_ms": _rounded(self.timings_ms),
        }
        return json.dumps(fields, separators=(",", ":"))


def error_body(code: str, message: str, *, retryable: bool = False) -> str:
    """What every error says: {"error": code, "message": sentence, "retryable": bool}."""
    return json.dumps({"error": code, "message": message, "retryable": retryable})


def _image_fields(request: SegmentRequest | PrewarmRequest) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if request.image is not None:
        fields["image"] = request.image
    if request.image_bytes is not None:
        fields["image_bytes"] = base64.b64encode(request.image_bytes).decode("ascii")
    return fields


def _rounded(timings_ms: Mapping[str, float]) -> dict[str, float]:
    return {stage: round(value, 2) for stage, value in timings_ms.items()}
