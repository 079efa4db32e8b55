"""Presigned S3 links, judged as S3 judges them: by their signature and their expiry.

moto takes any link. Both of the forms that boto3 makes are checked: Signature Version 4, and the
older one that `generate_presigned_url` still makes by default. The signature is computed anew
with botocore's own signers and compared.

A request that is not signed at all gets nothing, which keeps web pages out: one of them can send
a signed header only with a preflight, and that the buckets' CORS rules refuse. A signature in a
header is not verified; whoever can make one is a program on this machine.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from botocore.auth import HmacV1QueryAuth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

TIMESTAMP = "%Y%m%dT%H%M%SZ"
MAX_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why S3 would not serve a link: its error code and its message."""

    code: str
    message: str


UNSIGNED = Refusal("AccessDenied", "Access Denied")
EXPIRED = Refusal("AccessDenied", "Request has expired")
FORGED = Refusal(
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. "
    "Check your key and signing method.",
)
UNKNOWN_KEY = Refusal(
    "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."
)


def check_request(
    method: str, url: str, headers: Mapping[str, str], credentials: Credentials, now: datetime
) -> Refusal | None:
    """Why S3 would not serve a request; None if it would.

    Args:
        url: as it was asked for, path and query still percent-encoded.
        headers: of the request, names in lower case.
    """
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    if "X-Amz-Signature" in query:
        return _check_version_4(method, url, query, headers, credentials, now)
    if "Signature" in query and "AWSAccessKeyId" in query:
        return _check_version_2(method, url, query, headers, credentials, now)
    # A preflight is never signed.
    return None if "authorization" in headers or method == "OPTIONS" else UNSIGNED


def _check_version_4(
    method: str,
    url: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    credentials: Credentials,
    now: datetime,
) -> Refusal | None:
    scope = query.get("X-Amz-Credential", "").split("/")
    try:
        signed_at = datetime.strptime(query["X-Amz-Date"], TIMESTAMP).replace(tzinfo=UTC)
        lifetime = timedelta(seconds=int(query["X-Amz-Expires"]))
        access_key, _, region, service, _ = scope
    except (KeyError, ValueError, OverflowError):
        return Refusal("AuthorizationQueryParametersError", "The link's parameters are malformed.")
    if not timedelta(0) <= lifetime <= MAX_LIFETIME:
        return Refusal(
            "AuthorizationQueryParametersError",
            "X-Amz-Expires must be less than a week (in seconds); that is, 604800.",
        )
    if access_key != credentials.access_key:
        return UNKNOWN_KEY
    request = AWSRequest(method=method, url=_without(url, "X-Amz-Signature"))
    for name in query.get("X-Amz-SignedHeaders", "host").split(";"):
        request.headers[name] = headers.get(name, "")
    request.context["timestamp"] = query["X-Amz-Date"]
    signer = S3SigV4QueryAuth(credentials, service, region)
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    if not hmac.compare_digest(signer.signature(to_sign, request), query["X-Amz-Signature"]):
        return FORGED
    if now >= signed_at + lifetime:
        return EXPIRED
    return None


class _Version2Signer(HmacV1QueryAuth):
    """botocore's signer, with the expiry that the link states instead of one from now on."""

    def __init__(self, credentials: Credentials, expires: str) -> None:
        super().__init__(credentials)
        self._stated_expiry = expires

    def _get_date(self) -> str:
        return self._stated_expiry


def _check_version_2(
    method: str,
    url: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    credentials: Credentials,
    now: datetime,
) -> Refusal | None:
    if query["AWSAccessKeyId"] != credentials.access_key:
        return UNKNOWN_KEY
    try:
        expiry = datetime.fromtimestamp(int(query["Expires"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return Refusal("AccessDenied", "Query-string authentication requires a valid Expires.")
    signed: Any = HTTPHeaders()
    for name in ("content-md5", "content-type"):
        if name in headers:
            signed[name] = headers[name]
    for name, value in query.items():
        if name.lower().startswith("x-amz-"):
            signed[name.lower()] = value
    signer = _Version2Signer(credentials, query["Expires"])
    to_sign = signer.canonical_string(method, urlsplit(url), signed)
    if not hmac.compare_digest(signer.sign_string(to_sign), query["Signature"]):
        return FORGED
    if now >= expiry:
        return EXPIRED
    return None


def _without(url: str, parameter: str) -> str:
    """`url` without one parameter of its query, the rest exactly as it was."""
    parts = urlsplit(url)
    kept = [pair for pair in parts.query.split("&") if pair.partition("=")[0] != parameter]
    return urlunsplit(
        SplitResult(parts.scheme, parts.netloc, parts.path, "&".join(kept), parts.fragment)
    )
