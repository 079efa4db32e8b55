"""Task tokens: what lets a worker's page use the click API, for one photo, for a while.

    v1.<base64url(JSON claims)>.<base64url(HMAC-SHA-256 of what stands before it)>

A token is readable by the worker and holds no secret. It binds calls to a job, a data object and a
photo, so that nothing that the page sends decides what is read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hooks.core.errors import ContractError, TokenError, TokenExpiredError

VERSION = "v1"
MAX_TOKEN_CHARACTERS = 4096


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The keys that sign tokens: the current one, and older ones that still verify."""

    current: str
    keys: Mapping[str, bytes]

    @classmethod
    def from_secret(cls, text: str) -> SigningKeys:
        """Parse the secret: {"current": "<key id>", "<key id>": "<secret text>", ...}."""
        try:
            fields = json.loads(text)
            current = fields.pop("current")
            keys = {key_id: value.encode() for key_id, value in fields.items()}
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise ContractError(
                "signing key", 'the secret must be {"current": "k1", "k1": "<secret>"}.'
            ) from error
        if current not in keys:
            raise ContractError("signing key", f'no key "{current}", which "current" names.')
        if min(map(len, keys.values())) < 32:
            raise ContractError("signing key", "a key must have at least 32 characters.")
        return cls(current, keys)


@dataclass(frozen=True, slots=True)
class TaskToken:
    """What a token says.

    Attributes:
        job: labeling job name, lower case.
        data_object: `hash_data_object` of the manifest line.
        image: `s3://` address of the photo.
        expires: seconds since 1970.
    """

    job: str
    data_object: str
    image: str
    expires: int

    def mint(self, keys: SigningKeys) -> str:
        claims = {
            "kid": keys.current,
            "job": self.job,
            "object": self.data_object,
            "image": self.image,
            "exp": self.expires,
        }
        payload = _encode(json.dumps(claims, separators=(",", ":")).encode())
        signed = f"{VERSION}.{payload}"
        return f"{signed}.{_encode(_signature(signed, keys.keys[keys.current]))}"

    @classmethod
    def verify(cls, token: str, keys: SigningKeys, now: float) -> TaskToken:
        """Raises TokenError unless we signed it, TokenExpiredError if that was too long ago."""
        version, _, rest = token.partition(".")
        payload, _, signature = rest.partition(".")
        if version != VERSION or not payload or len(token) > MAX_TOKEN_CHARACTERS:
            raise TokenError("The task token is missing or malformed. Reload the page.")
        try:
            claims = json.loads(_decode(payload))
            key = keys.keys.get(claims["kid"])
            given = _decode(signature)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise TokenError("The task token is malformed. Reload the page.") from error
        # An unknown key id takes as long as a wrong signature.
        expected = _signature(f"{version}.{payload}", key or b"no such key")
        if not hmac.compare_digest(given, expected) or key is None:
            raise TokenError("The task token is not valid. Reload the page.")
        if now >= claims["exp"]:
            raise TokenExpiredError("The time for this task is over. Reload the page.")
        return cls(claims["job"], claims["object"], claims["image"], claims["exp"])


def hash_data_object(data_object: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of a data object's canonical JSON (sorted keys, no blanks)."""
    canonical = json.dumps(data_object, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _signature(signed: str, key: bytes) -> bytes:
    return hmac.new(key, signed.encode(), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    padded = text + "=" * (-len(text) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
