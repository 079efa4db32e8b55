"""The fields of a request to the click service, each read from JSON that may be anything.

Every problem is a ClickRequestError with a sentence that a worker can read.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

from hooks.core.errors import ClickRequestError
from hooks.core.photo import MAX_PHOTO_BYTES

SCHEMA_VERSION = 1
MAX_PREVIOUS_MASK_CHARACTERS = 128 * 1024
MAX_OBJECT_ID_CHARACTERS = 64

_SESSION = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}")
"""InvokeEndpoint's own rule for session ids."""


def read_fields(body: str | bytes) -> Mapping[str, Any]:
    """The JSON object of a request in the schema version that is spoken here."""
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
    return fields


def read_object_id(value: object) -> str:
    """The page's name for an object."""
    if not isinstance(value, str) or len(value) > MAX_OBJECT_ID_CHARACTERS:
        raise ClickRequestError(
            "bad-request", f"object_id must be a text of at most {MAX_OBJECT_ID_CHARACTERS}."
        )
    return value


def read_sequence(value: object) -> int:
    """The page's counter of requests."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ClickRequestError("bad-request", "sequence must be a whole number.")
    return value


def read_previous_mask(value: object) -> str | None:
    """What an answer called `previous_mask`, not looked into here."""
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_PREVIOUS_MASK_CHARACTERS:
        raise ClickRequestError(
            "bad-request", "previous_mask must be what the last answer sent, or null."
        )
    return value


def read_session(value: object) -> str | None:
    """A session's id, not known to be open."""
    if value is None:
        return None
    if not isinstance(value, str) or not _SESSION.fullmatch(value):
        raise ClickRequestError(
            "bad-request", "session must be what the prewarm request was answered, or null."
        )
    return value


def read_address(value: object) -> str | None:
    """An `s3://` address; no other scheme is ever read."""
    if value is None:
        return None
    if not isinstance(value, str) or not value.startswith("s3://"):
        raise ClickRequestError("bad-request", "image must be an s3:// address.")
    return value


def read_image_bytes(value: object) -> bytes | None:
    """A photo's own bytes."""
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_PHOTO_BYTES * 4 // 3 + 4:
        raise ClickRequestError("photo-too-large", "image_bytes is too large.", status=413)
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ClickRequestError("bad-request", "image_bytes is not base64.") from error
