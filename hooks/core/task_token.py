"""Grants and task tokens: what lets a worker's page use the click API, for one photo, for a while.

    grant   g1.<base64url(JSON claims)>.<base64url(HMAC-SHA-256 of what stands before it)>
    token   v1.<the same>

A task lies open for up to 30 days, and a page is readable by whoever sees it. So no page carries
what would be good for that long: pre-annotation writes a *grant* into an object of its own, the
page gets a link to it that Ground Truth signs when the task is shown and that soon ends, and
exchanges the grant for a *token* of some minutes. One cannot stand in for the other: the version
is signed with the rest.

Both are readable by the worker and hold no secret. They bind calls to a job, a data object and a
photo, so that nothing that the page sends decides what is read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hooks.core.allowance import Allowance
from hooks.core.errors import ContractError, TokenError, TokenExpiredError

GRANT_VERSION = "g1"
VERSION = "v1"
MAX_TOKEN_CHARACTERS = 4096
TOKEN_SECONDS = 600
"""How long a token is good for that a grant was exchanged for."""
ALLOWANCE_OF_OLD_TOKENS = Allowance(calls=20_000, per_second=5.0)
"""Of tokens that say nothing of it: pages made before there were grants have one for all the time
that a task lies open."""


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

    def know(self, token: str) -> bool:
        """False if a grant or token names a key that is not among these, and seems ours."""
        with suppress(ValueError, LookupError, TypeError, RecursionError):
            return json.loads(_decode(token.split(".")[1]))["kid"] in self.keys
        return True


@dataclass(frozen=True, slots=True)
class TaskGrant:
    """What may be exchanged for tokens, as long as its task may be open.

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
        return _mint(GRANT_VERSION, _claims(self), keys)

    @classmethod
    def verify(cls, grant: str, keys: SigningKeys, now: float) -> TaskGrant:
        """Raises TokenError unless we signed it, TokenExpiredError if that was too long ago."""
        claims = _verify(GRANT_VERSION, grant, keys, now)
        return cls(claims["job"], claims["object"], claims["image"], claims["exp"])

    def to_json(self, keys: SigningKeys) -> str:
        """The object that a page fetches."""
        return json.dumps({"schema_version": 1, "grant": self.mint(keys)})

    def token(self, now: float, token_id: str, allowance: Allowance) -> TaskToken:
        """A token of some minutes for the same photo; never longer than the grant itself."""
        expires = min(int(now) + TOKEN_SECONDS, self.expires)
        return TaskToken(self.job, self.data_object, self.image, expires, token_id, allowance)


@dataclass(frozen=True, slots=True)
class TaskToken:
    """What a token says: the same as a grant, and how much it may be used.

    Attributes:
        token_id: tells this token from others of the task; "" in those of old pages.
        allowance: of calls with it.
    """

    job: str
    data_object: str
    image: str
    expires: int
    token_id: str = ""
    allowance: Allowance = ALLOWANCE_OF_OLD_TOKENS

    def mint(self, keys: SigningKeys) -> str:
        claims = _claims(self)
        if self.token_id:
            claims["id"] = self.token_id
        if self.allowance != ALLOWANCE_OF_OLD_TOKENS:
            claims["calls"] = self.allowance.calls
            claims["rate"] = self.allowance.per_second
        return _mint(VERSION, claims, keys)

    @classmethod
    def verify(cls, token: str, keys: SigningKeys, now: float) -> TaskToken:
        """Raises TokenError unless we signed it, TokenExpiredError if that was too long ago."""
        claims = _verify(VERSION, token, keys, now)
        default = ALLOWANCE_OF_OLD_TOKENS
        return cls(
            job=claims["job"],
            data_object=claims["object"],
            image=claims["image"],
            expires=claims["exp"],
            token_id=claims.get("id", ""),
            allowance=Allowance(
                claims.get("calls", default.calls), claims.get("rate", default.per_second)
            ),
        )

    @property
    def name(self) -> str:
        """What its calls are counted under."""
        return f"{self.job}/{self.data_object}/{self.token_id}"


def grant_key(job_name: str, data_object: str) -> str:
    """The S3 key of a task's grant, the same for every retry.

    Args:
        data_object: `hash_data_object` of the manifest line.
    """
    return f"jobs/{job_name.lower()}/grants/{data_object}.json"


def hash_data_object(data_object: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of a data object's canonical JSON (sorted keys, no blanks)."""
    canonical = json.dumps(data_object, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _claims(subject: TaskGrant | TaskToken) -> dict[str, Any]:
    return {
        "job": subject.job,
        "object": subject.data_object,
        "image": subject.image,
        "exp": subject.expires,
    }


def _mint(version: str, claims: Mapping[str, Any], keys: SigningKeys) -> str:
    signed_claims = {"kid": keys.current, **claims}
    payload = _encode(json.dumps(signed_claims, separators=(",", ":")).encode())
    signed = f"{version}.{payload}"
    return f"{signed}.{_encode(_signature(signed, keys.keys[keys.current]))}"


def _verify(version: str, token: str, keys: SigningKeys, now: float) -> dict[str, Any]:
    """The claims of what `_mint` made with the same version."""
    given_version, _, rest = token.partition(".")
    payload, _, signature = rest.partition(".")
    if given_version != version or not payload or len(token) > MAX_TOKEN_CHARACTERS:
        raise TokenError("The task token is missing or malformed. Reload the page.")
    try:
        claims: dict[str, Any] = json.loads(_decode(payload))
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
    return claims


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
